"""Leases: two hosts share a store and no epoch; a revocation reaches both, or nobody is served."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from strongroom.adapters.memory import MemoryEpoch
from strongroom.adapters.sqlite import Database, SQLiteKeyStore
from strongroom.adapters.sqlite.leases import FORGOTTEN_AFTER_MS, SQLiteLeases
from strongroom.errors import KeyLeaseError, KeyStateError, StoreLockedError
from strongroom.keys import DataKey, KeyPath, Keyring
from strongroom.keys.lease import LIFETIME_S, RENEWALS_PER_LIFETIME, Lease, LeaseHolder, Settlement

RENEWAL_S = LIFETIME_S / RENEWALS_PER_LIFETIME


class Line:
    """The way from a host to the shared store, which can be cut."""

    def __init__(self, leases: SQLiteLeases) -> None:
        self.leases_there = leases
        self.cut = False
        self.renewals = 0

    def renew(self, lease: Lease) -> int:
        if self.cut:
            raise StoreLockedError("cut")
        self.renewals += 1
        return self.leases_there.renew(lease)

    def leases(self) -> tuple[Lease, ...]:
        return self.leases_there.leases()

    def release(self, holder: str) -> None:
        if self.cut:
            raise StoreLockedError("cut")
        self.leases_there.release(holder)


class Host:
    """A keyring on a host of its own: an epoch nobody shares, and a lease."""

    def __init__(self, stand: Any, leases: SQLiteLeases, name: str) -> None:
        self.stand = stand
        self.line = Line(leases)
        self.holder = LeaseHolder(self.line, stand.clock, holder=name, host=name)
        self.keyring = Keyring(
            store=stand.store, root=stand.root, epoch=MemoryEpoch(), office=stand.office, clock=stand.clock,
            lease=self.holder,
        )  # fmt: skip

    def open(self, key: DataKey) -> DataKey:
        return self.keyring.opening_key(key.keyref, key.path, self.stand.permit("open"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "strongroom.db")
    yield database
    database.close()


@pytest.fixture
def leases(database: Database) -> SQLiteLeases:
    return SQLiteLeases(database)


@pytest.fixture
def here(make_stand: Callable[..., Any], database: Database) -> Any:
    stand = make_stand(store=SQLiteKeyStore(database))
    stand.admin.create(stand.path, stand.managing)
    return stand


@pytest.fixture
def far(here: Any, leases: SQLiteLeases) -> Host:
    return Host(here, leases, "far")


def manage(stand: Any) -> Any:
    return stand.permit("manage_key")


def test_another_host_refuses_after_its_next_renewal(here: Any, far: Host) -> None:
    key = here.keyring.sealing_key(here.path, here.sealing)
    assert far.open(key) == key
    here.admin.disable(here.path, manage(here))
    here.clock.ticks += RENEWAL_S - 0.001
    assert far.open(key) == key  # the bound: this host may not know yet
    here.clock.ticks += 0.001
    with pytest.raises(KeyStateError, match="disabled"):
        far.open(key)


def test_a_host_that_is_cut_off_refuses_everything_when_its_lease_ends(here: Any, far: Host) -> None:
    key = here.keyring.sealing_key(here.path, here.sealing)
    far.open(key)
    start = here.clock.ticks
    far.line.cut = True
    here.admin.disable(here.path, manage(here))
    here.clock.ticks = start + LIFETIME_S - 0.001
    assert far.open(key) == key
    here.clock.ticks = start + LIFETIME_S
    for _ in range(2):
        with pytest.raises(KeyLeaseError):
            far.open(key)
        with pytest.raises(KeyLeaseError):
            far.keyring.sealing_key(here.path, here.permit("seal"))
        with pytest.raises(KeyLeaseError):
            far.keyring.purpose_key(here.path, "codes")
    far.line.cut = False
    with pytest.raises(KeyStateError, match="disabled"):
        far.open(key)
    here.admin.enable(here.path, manage(here))
    here.clock.ticks += RENEWAL_S
    assert far.open(key) == key


def test_an_answer_that_comes_after_the_lifetime_is_none(here: Any, far: Host) -> None:
    key = here.keyring.sealing_key(here.path, here.sealing)
    renew = far.line.renew

    def slowly(lease: Lease) -> int:
        here.clock.ticks += LIFETIME_S
        return renew(lease)

    far.line.renew = slowly  # type: ignore[method-assign]
    with pytest.raises(KeyLeaseError):
        far.open(key)


def test_a_host_that_never_reached_the_store_serves_nothing(here: Any, leases: SQLiteLeases) -> None:
    host = Host(here, leases, "lost")
    host.line.cut = True
    with pytest.raises(KeyLeaseError):
        host.keyring.sealing_key(here.path, here.sealing)


@pytest.mark.parametrize("jump", [-1e7, 1e7])
def test_no_jump_of_the_wall_clock_moves_the_bound(
    here: Any, far: Host, leases: SQLiteLeases, jump: float
) -> None:
    key = here.keyring.sealing_key(here.path, here.sealing)
    far.open(key)
    far.line.cut = True
    here.admin.disable(here.path, manage(here))
    settled = Settlement(leases, here.clock, revision=here.admin.journal_size())
    here.clock.wall += jump
    assert far.open(key) == key
    assert [lease.holder for lease in settled.waiting_for()] == ["far"]
    here.clock.ticks += LIFETIME_S
    with pytest.raises(KeyLeaseError):
        far.open(key)
    assert settled.waiting_for() == ()


def test_a_change_is_settled_when_every_holder_has_acknowledged_it(
    here: Any, far: Host, leases: SQLiteLeases
) -> None:
    near = Host(here, leases, "near")
    key = here.keyring.sealing_key(here.path, here.sealing)
    for host in (far, near):
        host.open(key)
    here.admin.rotate(here.path, manage(here))
    settled = Settlement(leases, here.clock, revision=here.admin.journal_size())
    assert [lease.holder for lease in settled.waiting_for()] == ["far", "near"]
    here.clock.ticks += RENEWAL_S
    far.open(key)  # learns of it
    assert [lease.holder for lease in settled.waiting_for()] == ["far", "near"]
    far.open(key)  # and says so, now that its cache is new
    assert [lease.holder for lease in settled.waiting_for()] == ["near"]
    near.open(key)
    near.open(key)
    assert settled.waiting_for() == ()


def test_a_renewal_that_finds_nothing_new_keeps_the_cache(here: Any, far: Host) -> None:
    key = here.keyring.sealing_key(here.path, here.sealing)
    far.open(key)
    far.open(key)
    before = far.keyring._cached
    renewals = far.line.renewals
    here.clock.ticks += RENEWAL_S
    far.open(key)
    assert far.line.renewals == renewals + 1
    assert far.keyring._cached is before
    for _ in range(7):  # beyond the lifetime of any cache
        here.clock.ticks += RENEWAL_S
        far.open(key)
    assert far.keyring._cached is not before


def test_a_local_change_of_the_epoch_still_needs_the_lease(here: Any, far: Host) -> None:
    key = here.keyring.sealing_key(here.path, here.sealing)
    far.open(key)
    far.line.cut = True
    far.keyring._epoch.bump()
    assert far.open(key) == key
    here.clock.ticks += LIFETIME_S
    far.keyring._epoch.bump()
    with pytest.raises(KeyLeaseError):
        far.open(key)


def test_a_lease_is_given_back_and_old_ones_are_swept(here: Any, far: Host, leases: SQLiteLeases) -> None:
    near = Host(here, leases, "near")
    far.holder.held()
    near.holder.held()
    near.holder.close()
    assert [lease.holder for lease in leases.leases()] == ["far"]
    here.clock.wall += FORGOTTEN_AFTER_MS / 1000 + LIFETIME_S + 1
    Host(here, leases, "new").holder.held()
    assert [lease.holder for lease in leases.leases()] == ["new"]
    far.line.cut = True
    far.holder.close()


def test_an_unknown_version_is_asked_for_without_a_lease_being_renewed(here: Any, far: Host) -> None:
    # A reader meets a version made a moment ago on another host: it looks into the store and is not refused.
    key = here.keyring.sealing_key(here.path, here.sealing)
    far.open(key)
    here.admin.rotate(here.path, manage(here))
    fresh = here.keyring.sealing_key(here.path, here.permit("seal"))
    assert fresh.version == 2
    assert far.open(fresh) == fresh
    assert far.open(DataKey(key.keyref, KeyPath("acme", "prod", "health"), 1, b"")).version == 1
