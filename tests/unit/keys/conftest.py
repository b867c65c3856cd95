"""Keys in memory under a clock that stands still, for every test of the room."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from strongroom.adapters.memory import MemoryEpoch, MemoryKeyStore
from strongroom.clock import Entropy, system_entropy
from strongroom.keys import KeyAdmin, KeyPath, Keyring, KeyStore
from strongroom.permit import Permit, PermitOffice

ROOT = bytes(range(32))


@dataclass
class StillClock:
    """Moves when a test says so."""

    wall: float = 1_800_000_000.0
    ticks: float = 0.0

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks


@dataclass
class Stand:
    """One process: a keyring and its administration over a store that another `Stand` may share."""

    store: KeyStore = field(default_factory=MemoryKeyStore)
    epoch: MemoryEpoch = field(default_factory=MemoryEpoch)
    clock: StillClock = field(default_factory=StillClock)
    root: bytes = ROOT
    entropy: Entropy = system_entropy

    def __post_init__(self) -> None:
        self.office = PermitOffice(self.clock)
        self.keyring = Keyring(
            store=self.store, root=self.root, epoch=self.epoch, office=self.office, clock=self.clock,
            entropy=self.entropy,
        )  # fmt: skip
        self.admin = KeyAdmin(
            store=self.store, keyring=self.keyring, epoch=self.epoch, office=self.office, clock=self.clock
        )
        self.sealing = self.permit("seal")
        self.opening = self.permit("open")
        self.managing = self.permit("manage_key")
        self.path = KeyPath("acme", "prod", "health")
        self.subject = KeyPath("acme", "prod", "health", "cust-812")

    def permit(
        self, action: str, *, tenant: str = "acme", environment: str = "prod", category: str = "*",
        resource: str = "*",
    ) -> Permit:  # fmt: skip
        return self.office.mint(
            principal="test", tenant=tenant, environment=environment, action=action, category=category,
            resource=resource, policy_version="1",
        )  # fmt: skip

    def beside(self) -> "Stand":
        """Another process on the same store."""
        return Stand(self.store, self.epoch, self.clock, self.root)


@pytest.fixture
def stand() -> Stand:
    return Stand()


@pytest.fixture
def make_stand() -> Callable[..., Stand]:
    return Stand
