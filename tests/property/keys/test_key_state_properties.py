"""Every sequence of acts, on the table alone and on a store: what may never happen does not."""

import itertools
from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from strongroom.adapters.memory import MemoryEpoch, MemoryKeyStore
from strongroom.errors import DecryptionError, KeyAccessError
from strongroom.keys import DataKey, KeyAdmin, KeyPath, Keyring, KeyRotation, State, Use
from strongroom.keys.state import TRANSITIONS, may_open, may_seal
from strongroom.permit import Permit, PermitOffice

DEPTH = 7
"""Two more moves than the longest life without a repeated state needs to show everything."""


@pytest.mark.parametrize("start", State, ids=lambda state: state.value)
def test_every_life_of_a_version(start: State) -> None:
    lives: list[tuple[State, ...]] = [(start,)]
    for _ in range(DEPTH):
        lives = [(*life, state) for life in lives for state in TRANSITIONS[life[-1]]]
        for life in lives:
            ended = next((place for place, state in enumerate(life) if state is State.DESTROYED), len(life))
            assert all(state is State.DESTROYED for state in life[ended:])
            hit = next((place for place, state in enumerate(life) if state is State.COMPROMISED), len(life))
            assert not any(may_open(state) or may_seal(state) for state in life[hit:])
            for before, after in itertools.pairwise(life):
                assert after is not State.DESTROYED or not may_open(before)


@dataclass
class FrozenClock:
    """Stands still."""

    wall: float = 1_800_000_000.0

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return 0.0


ENVIRONMENT = KeyPath("acme", "prod")
PATHS = [ENVIRONMENT, KeyPath("acme", "prod", "health"), KeyPath("acme", "prod", "health", "cust-1")]
VERSIONS = st.integers(1, 5)


class Administration(RuleBasedStateMachine):
    """Two processes on one store: one administers, the other uses keys and caches them."""

    @initialize()
    def start(self) -> None:
        self.clock = FrozenClock()
        self.store = MemoryKeyStore()
        self.epoch = MemoryEpoch()
        self.office = PermitOffice(self.clock)
        self.keyrings = [self._keyring() for _ in range(2)]
        self.admin = KeyAdmin(
            store=self.store, keyring=self.keyrings[0], epoch=self.epoch, office=self.office, clock=self.clock
        )
        self.rotation = KeyRotation(self.admin.changes)
        self.sealed: list[DataKey] = []
        self.final: dict[int, State] = {}
        self.sealing, self.opening, self.managing = map(self._permit, ("seal", "open", "manage_key"))

    def _keyring(self) -> Keyring:
        return Keyring(store=self.store, root=bytes(32), epoch=self.epoch, office=self.office, clock=self.clock)

    def _permit(self, action: str) -> Permit:
        return self.office.mint(
            principal="p", tenant="acme", environment="prod", action=action, category="*", resource="*",
            policy_version="1",
        )  # fmt: skip

    @rule(path=st.sampled_from(PATHS))
    def rotate(self, path: KeyPath) -> None:
        self._try("rotate", path)

    @rule(path=st.sampled_from(PATHS))
    def disable(self, path: KeyPath) -> None:
        self._try("disable", path)

    @rule(path=st.sampled_from(PATHS))
    def enable(self, path: KeyPath) -> None:
        self._try("enable", path)

    @rule(path=st.sampled_from(PATHS), act=st.sampled_from(["disable", "enable"]), version=VERSIONS)
    def switch_a_version(self, path: KeyPath, act: str, version: int) -> None:
        self._try(act, path, version=version)

    @rule(path=st.sampled_from(PATHS), act=st.sampled_from(["create", "rewrap", "destroy_due"]))
    def tend(self, path: KeyPath, act: str) -> None:
        self._try(act, path)

    @rule(
        path=st.sampled_from(PATHS),
        act=st.sampled_from(["compromise", "cancel_destroy", "destroy"]),
        version=st.one_of(VERSIONS, st.none()),
    )
    def end(self, path: KeyPath, act: str, version: int | None) -> None:
        self._try(act, path, version=version)

    @rule(path=st.sampled_from(PATHS), version=st.one_of(VERSIONS, st.none()), after=st.integers(0, 20))
    def schedule(self, path: KeyPath, version: int | None, after: int) -> None:
        self._try("schedule_destroy", path, version=version, after_s=after)

    @rule(path=st.sampled_from(PATHS), act=st.sampled_from(["publish", "promote", "renew_below"]))
    def rotate_in_phases(self, path: KeyPath, act: str) -> None:
        self._try(act, path)

    @rule(path=st.sampled_from(PATHS), version=VERSIONS, after=st.integers(0, 20))
    def announce(self, path: KeyPath, version: int, after: int) -> None:
        self._try("schedule_deactivation", path, version=version, after_s=after)

    @rule(path=st.sampled_from(PATHS), version=VERSIONS)
    def deactivate(self, path: KeyPath, version: int) -> None:
        self._try("deactivate", path, version=version, gate=lambda _row, _wraps: None)

    @rule(path=st.sampled_from(PATHS), version=VERSIONS)
    def take_the_end_back(self, path: KeyPath, version: int) -> None:
        self._try("cancel_deactivation", path, version=version)

    @rule(age=st.integers(0, 10))
    def rotate_what_is_old(self, age: int) -> None:
        self._try("rotate_older", ENVIRONMENT, before_ms=int((self.clock.wall - age) * 1000))

    @rule(seconds=st.integers(-5, 15))
    def let_time_pass(self, seconds: int) -> None:
        self.clock.wall += seconds

    @rule()
    def restart_a_process(self) -> None:
        self.keyrings[1] = self._keyring()

    @rule(path=st.sampled_from(PATHS), which=st.integers(0, 1))
    def seal(self, path: KeyPath, which: int) -> None:
        try:
            key = self.keyrings[which].sealing_key(path, self.sealing)
        except KeyAccessError:
            assert not self._may_seal(path)
            return
        assert self._may_seal(path)
        self.sealed.append(key)

    def _try(self, act: str, path: KeyPath, **options: object) -> None:
        try:
            getattr(self.admin if hasattr(self.admin, act) else self.rotation, act)(path, self.managing, **options)
        except KeyAccessError:
            assert self.epoch.value() % 2 == 0

    def _may_seal(self, path: KeyPath) -> bool:
        stored = self.keyrings[0].hierarchy.conceal(path)
        rows = [row for row in self.store.rows.values() if row.path == stored and row.use is Use.DATA]
        if any(row.state is State.PRIMARY for row in rows):
            return all(self._opens(row.keyref) for row in rows if row.state is State.PRIMARY)
        return not rows and (path.parent is None or self._may_seal(path.parent))

    def _opens(self, keyref: int) -> bool:
        while keyref:
            row = self.store.rows[keyref]
            if not may_open(row.state):
                return False
            keyref = row.parent_keyref
        return True

    @invariant()
    def what_opens_is_what_the_states_say(self) -> None:
        for sealed in getattr(self, "sealed", []):
            for keyring in self.keyrings:
                try:
                    opened = keyring.opening_key(sealed.keyref, sealed.path, self.opening)
                except KeyAccessError:
                    assert not self._opens(sealed.keyref)
                else:
                    assert self._opens(sealed.keyref)
                    assert opened.material == sealed.material

    @invariant()
    def at_most_one_primary(self) -> None:
        primaries = [
            (row.path, row.use) for row in getattr(self, "store", MemoryKeyStore()).rows.values()
            if row.state is State.PRIMARY
        ]  # fmt: skip
        assert len(primaries) == len(set(primaries))

    @invariant()
    def what_ended_stays_ended(self) -> None:
        for row in getattr(self, "store", MemoryKeyStore()).rows.values():
            before = self.final.get(row.keyref)
            assert before is not State.DESTROYED or row.state is State.DESTROYED
            assert before is not State.COMPROMISED or row.state in (State.COMPROMISED, State.DESTROYED)
            assert (row.state is State.DESTROYED) == (row.wrapped == b"")
            self.final[row.keyref] = row.state

    @invariant()
    def another_path_never_opens(self) -> None:
        for sealed in getattr(self, "sealed", [])[-2:]:
            with pytest.raises(DecryptionError):
                self.keyrings[0].opening_key(sealed.keyref, KeyPath("acme", "prod", "pii"), self.opening)


Administration.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAdministration = Administration.TestCase
