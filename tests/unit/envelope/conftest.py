"""A key source over a dictionary: every rule of the port that the envelope relies on, none of its storage."""

from dataclasses import dataclass, field

import pytest

from strongroom.clock import SystemClock
from strongroom.envelope import Envelope
from strongroom.errors import DecryptionError, KeyStateError
from strongroom.keys.path import KeyPath
from strongroom.permit import OPENING, SEALING, Permit, PermitOffice


@dataclass(frozen=True)
class HeldKey:
    keyref: int
    path: KeyPath
    material: bytes


@dataclass
class HeldKeys:
    office: PermitOffice = field(default_factory=lambda: PermitOffice(SystemClock()))
    versions: list[HeldKey] = field(default_factory=list)
    disabled: set[int] = field(default_factory=set)

    def sealing_key(self, path: KeyPath, permit: Permit) -> HeldKey:
        self._require(path, permit, SEALING)
        found = [key for key in self.versions if key.path == path]
        return found[-1] if found else self.rotate(path)

    def opening_key(self, keyref: int, path: KeyPath, permit: Permit) -> HeldKey:
        self._require(path, permit, OPENING)
        key = next((key for key in self.versions if key.keyref == keyref), None)
        if key is None or key.path != path:
            raise DecryptionError(reason="key_path" if key else "key_unknown")
        if keyref in self.disabled:
            raise KeyStateError
        return key

    def rotate(self, path: KeyPath) -> HeldKey:
        number = len(self.versions) + 1
        self.versions.append(HeldKey(number, path, bytes([number]) * 32))
        return self.versions[-1]

    def permit(self, action: str, category: str = "health") -> Permit:
        return self.office.mint(
            principal="bot", tenant="acme", environment="prod", action=action, category=category, resource="*",
            policy_version="1",
        )  # fmt: skip

    def _require(self, path: KeyPath, permit: Permit, actions: frozenset[str]) -> None:
        self.office.require(
            permit, actions, tenant=path.tenant, environment=path.environment, category=path.category
        )


@pytest.fixture
def keys() -> HeldKeys:
    return HeldKeys()


@pytest.fixture
def envelope(keys: HeldKeys) -> Envelope:
    return Envelope(keys)
