"""A desk to issue surrogates at: real envelope, real permits, keys that can be taken away."""

import runpy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from strongroom.adapters.sqlite import Database
from strongroom.adapters.sqlite.surrogates import SQLiteSurrogateStore
from strongroom.envelope.envelope import Envelope
from strongroom.errors import KeyStateError
from strongroom.keys.keyring import DataKey
from strongroom.keys.path import KeyPath
from strongroom.label import Label, Level
from strongroom.permit import MANY, OPENING, SEALING, Permit, PermitOffice
from strongroom.surrogates.issue import Scope, Surrogates

MemoryStore = runpy.run_path(str(Path(__file__).with_name("memory_store.py")))["MemoryStore"]


class StillClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds


class Keys:
    """One key per path; `gone` paths refuse, and so does everything below them."""

    def __init__(self, office: PermitOffice) -> None:
        self._office = office
        self._paths: list[KeyPath] = []
        self.gone: set[KeyPath] = set()

    def sealing_key(self, path: KeyPath, permit: Permit) -> DataKey:
        return self._key(path, permit, SEALING)

    def opening_key(self, keyref: int, path: KeyPath, permit: Permit) -> DataKey:
        return self._key(path, permit, OPENING)

    def _key(self, path: KeyPath, permit: Permit, actions: frozenset[str]) -> DataKey:
        self._office.require(
            permit, actions, tenant=path.tenant, environment=path.environment, category=path.category
        )
        if path not in self._paths:
            self._paths.append(path)
        above: KeyPath | None = path
        while above is not None:
            if above in self.gone:
                msg = "the key is destroyed"
                raise KeyStateError(msg)
            above = above.parent
        number = self._paths.index(path) + 1
        return DataKey(keyref=number, path=path, version=1, material=bytes([number]) * 32)


@dataclass
class Desk:
    """Everything a test of `Surrogates` touches."""

    store: Any
    clock: StillClock = field(default_factory=StillClock)
    purposes: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.office = PermitOffice(self.clock)
        self.keys = Keys(self.office)
        self.surrogates = self.another()
        self.scope = Scope("acme", "prod", "conversation", "c-1")
        self.tenant_scope = Scope("acme", "prod", "tenant", "")

    def another(self) -> Surrogates:
        """What a second process on the same store would have."""
        return Surrogates(
            store=self.store,
            envelope=Envelope(self.keys),
            purpose_key=self._purpose_key,
            clock=self.clock,
            office=self.office,
        )

    def _purpose_key(self, path: KeyPath, purpose: str) -> bytes:
        self.purposes.append((str(path), purpose))
        return f"{path}/{purpose}".encode().ljust(32, b".")[:32]

    def permit(self, action: str, category: str = "pii", tenant: str = "acme") -> Permit:
        return self.office.mint(
            principal="bot", tenant=tenant, environment="prod", action=action, category=category, resource=MANY,
            policy_version="1",
        )  # fmt: skip

    def issue(
        self, value: str, *, at: Surrogates | None = None, scope: Scope | None = None, kind: str = "EMAIL",
        label: Label | None = None, permit: Permit | None = None,
    ) -> str:  # fmt: skip
        return (at or self.surrogates).issue(
            scope or self.scope, kind=kind, value=value, normalized=value.casefold(), label=label or pii(),
            permit=permit or self.permit("tokenize"),
        )  # fmt: skip

    def resolve(self, surrogate: str, *, at: Surrogates | None = None, scope: Scope | None = None) -> str:
        return (at or self.surrogates).resolve(scope or self.scope, surrogate, self.permit("detokenize"))


def pii(
    subject: str = "", level: Level = Level.CONFIDENTIAL, sinks: tuple[str, ...] = ("user", "record.lookup")
) -> Label:
    return Label("pii", level, "EMAIL", subject, "typed", frozenset(sinks))


@pytest.fixture
def make_label() -> Callable[..., Label]:
    return pii


@pytest.fixture
def desk() -> Desk:
    """On the in-memory store."""
    return Desk(MemoryStore())


@pytest.fixture
def stored_desk(tmp_path: Path) -> Iterator[Desk]:
    """On SQLite."""
    database = Database.open(tmp_path / "strongroom.db")
    yield Desk(SQLiteSurrogateStore(database))
    database.close()
