"""Death at every write, and a disk that is full: afterwards everything is as before or as wanted, never between.

The port has one way to write, `commit`. A process can die right before it or right after it took effect; each
act is killed at every commit it makes, both ways, and what another process then finds is compared with both.
"""

from collections.abc import Callable
from typing import Any

import pytest

from strongroom.adapters.memory import MemoryKeyStore
from strongroom.errors import KeyAccessError, StoreFullError
from strongroom.keys import KeyPath, KeyRotation, State, Use
from strongroom.keys.store import Commit

ENVIRONMENT = KeyPath("acme", "prod")
SUBJECTS = [KeyPath("acme", "prod", "health", f"s-{number}") for number in range(3)]


class KilledError(Exception):
    """Stands for SIGKILL: nothing after it runs."""


class MortalStore(MemoryKeyStore):
    """Dies at its n-th commit, before or after it took effect; or its disk is full from then on."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 0
        self.after = False
        self.full = False

    def arm(self, commits: int, *, after: bool) -> None:
        self.left, self.after = commits, after

    def commit(self, commit: Commit) -> bool:
        if self.full:
            raise StoreFullError("full")
        self.left -= 1
        if self.left == 0 and not self.after:
            raise KilledError
        done = super().commit(commit)
        if self.left == 0 and self.after:
            raise KilledError
        return done


Act = Callable[[Any, KeyRotation], object]


def renew(stand: Any, rotation: KeyRotation) -> None:
    while rotation.renew_below(ENVIRONMENT, stand.managing, limit=2):
        pass


def rotate_all(stand: Any, rotation: KeyRotation) -> None:
    before = 1_800_000_000_000  # when the clock of the tests stands still
    stand.clock.wall = 1_800_000_001.0
    while rotation.rotate_older(ENVIRONMENT, stand.managing, before_ms=before, limit=2):
        pass


def rewrap(stand: Any, _: KeyRotation) -> None:
    stand.admin.rewrap(stand.path, stand.managing)


def announce(stand: Any, rotation: KeyRotation) -> None:
    rotation.schedule_deactivation(stand.path, stand.managing, version=1, after_s=0)


def deactivate(stand: Any, rotation: KeyRotation) -> None:
    rotation.deactivate(stand.path, stand.managing, version=1, gate=lambda _row, _wraps: None)


def prepared(stand: Any, _: KeyRotation) -> None:
    """Three subjects under a category that has been rotated once."""
    for path in SUBJECTS:
        stand.keyring.sealing_key(path, stand.sealing)
    stand.keyring.purpose_key(SUBJECTS[0], "codes")
    stand.admin.rotate(stand.path, stand.managing)


ACTS: dict[str, tuple[list[Act], Act]] = {
    "publish": ([], lambda stand, rotation: rotation.publish(stand.path, stand.managing)),
    "promote": (
        [lambda stand, rotation: rotation.publish(stand.path, stand.managing)],
        lambda stand, rotation: rotation.promote(stand.path, stand.managing),
    ),
    "rotate": ([], lambda stand, _: stand.admin.rotate(stand.path, stand.managing)),
    "rotate all": ([], rotate_all),
    "rewrap": ([], rewrap),
    "announce": ([], announce),
    "deactivate": ([announce], deactivate),
    "disable": ([], lambda stand, _: stand.admin.disable(stand.path, stand.managing)),
    "compromise": ([], lambda stand, _: stand.admin.compromise(stand.path, stand.managing)),
    "renew below": ([lambda stand, _: stand.admin.compromise(stand.path, stand.managing)], renew),
    "erase": ([], lambda stand, _: stand.admin.erase("acme", "prod", "s-1", stand.permit("erase"))),
    "destroy": ([], lambda stand, _: stand.admin.destroy(stand.path, stand.managing)),
    "seal anew": (
        [],
        lambda stand, _: stand.keyring.sealing_key(KeyPath("acme", "prod", "new", "s"), stand.sealing),
    ),
}
"""What has to have happened before, and the act."""

COMMITS_MAX = 12
REVOKING = {State.DISABLED, State.COMPROMISED, State.DESTROYED, State.DESTROY_SCHEDULED}


def outcome(store: MemoryKeyStore) -> list[tuple[str, str, int, str]]:
    """Every version and its state, whatever references it was given."""
    return sorted((str(r.path), r.use.value, r.version, r.state.value) for r in store.rows.values())


def require_sound(stand: Any, store: MortalStore, sealed: list[Any]) -> None:
    """What another process finds holds together: one primary per path in service, and states that are obeyed."""
    other = stand.beside()
    other.admin.journal_size()
    states = {row.keyref: row for row in store.rows.values()}
    served = {row.path for row in states.values() if row.state not in REVOKING and row.use is Use.DATA}
    primaries = [row.path for row in states.values() if row.state is State.PRIMARY and row.use is Use.DATA]
    assert sorted(primaries) == sorted(served)
    for key in sealed:
        row, refused = states[key.keyref], False
        while True:
            refused = refused or row.state in REVOKING
            if row.parent_keyref == 0:
                break
            row = states[row.parent_keyref]
        try:
            opened = other.keyring.opening_key(key.keyref, key.path, other.opening)
        except KeyAccessError:
            assert refused
        else:
            assert not refused
            assert opened.material == key.material


def made(make_stand: Callable[..., Any], before: list[Act]) -> tuple[Any, MortalStore, KeyRotation, list[Any]]:
    store = MortalStore()
    stand = make_stand(store=store)
    rotation = KeyRotation(stand.admin.changes)
    prepared(stand, rotation)
    sealed = [stand.keyring.sealing_key(path, stand.sealing) for path in [*SUBJECTS, stand.path]]
    for act in before:
        act(stand, rotation)
    return stand, store, rotation, sealed


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", ACTS)
def test_death_at_every_commit(
    make_stand: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, name: str, *, after: bool
) -> None:
    monkeypatch.setattr("strongroom.keys.lifecycle.REWRAP_BATCH", 2)
    before, act = ACTS[name]
    whole, whole_store, rotation, _ = made(make_stand, before)
    start = outcome(whole_store)
    act(whole, rotation)
    wanted = outcome(whole_store)
    deaths = 0
    for number in range(1, COMMITS_MAX):
        stand, store, rotation, sealed = made(make_stand, before)
        assert outcome(store) == start
        store.arm(number, after=after)
        try:
            act(stand, rotation)
        except KilledError:
            deaths += 1
        else:
            break
        store.arm(0, after=False)
        if number == 1 and not after:
            assert outcome(store) == start
        require_sound(stand, store, sealed)
        reborn = stand.beside()
        if outcome(store) != wanted:
            act(reborn, KeyRotation(reborn.admin.changes))
        assert outcome(store) == wanted
        require_sound(stand, store, sealed)
    assert 1 <= deaths < COMMITS_MAX - 1


@pytest.mark.parametrize("name", ACTS)
def test_a_full_disk_changes_nothing(make_stand: Callable[..., Any], name: str) -> None:
    before, act = ACTS[name]
    stand, store, rotation, sealed = made(make_stand, before)
    start = outcome(store)
    store.full = True
    with pytest.raises(StoreFullError):
        act(stand, rotation)
    assert outcome(store) == start
    assert stand.epoch.value() % 2 == 0
    require_sound(stand, store, sealed)
    store.full = False
    act(stand, rotation)
    assert outcome(store) != start or name == "rewrap"  # which moves wraps and no state
