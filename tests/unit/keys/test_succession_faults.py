"""A new root is taken completely or not at all: a power cut before every write, a full disk, a race."""

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from strongroom.adapters.memory import MemoryEpoch
from strongroom.adapters.root_shares import SharesRoot
from strongroom.adapters.sqlite import Database, SQLiteRootStore
from strongroom.adapters.sqlite.keys import SQLiteKeyStore
from strongroom.adapters.sqlite.succession import SQLiteSuccession
from strongroom.clock import SystemClock, system_entropy
from strongroom.errors import RootError, RootMissingError, RootRotatedError, StoreError, StoreFullError
from strongroom.keys import KeyAdmin, KeyPath, Keyring, initialise, succession, unseal
from strongroom.keys.succession import RootInForce
from strongroom.permit import PermitOffice

PATH = KeyPath("acme", "prod", "health", "cust-812")
STAGING = KeyPath("acme", "staging", "pii")
STORE_ID = "store-1"
WRITES = ("UPDATE", "INSERT", "DELETE", "COMMIT")


class PowerCut(BaseException):
    """Ends the process as far as the store can tell."""


@dataclass
class Store:
    """One process on a store, with whatever root it was unsealed by."""

    database: Database
    root: bytes

    def __post_init__(self) -> None:
        self.roots = SQLiteRootStore(self.database)
        self.present = RootInForce.of(self.roots, self.root)
        self.proposals = SQLiteSuccession(self.database)
        keys = SQLiteKeyStore(self.database, mark=self.present.mark)
        clock, epoch = SystemClock(), MemoryEpoch()
        self.office = PermitOffice(clock)
        self.keyring = Keyring(
            store=keys, root=self.root, epoch=epoch, office=self.office, clock=clock,
            subject_key=self.present.subject_key,
        )  # fmt: skip
        self.admin = KeyAdmin(store=keys, keyring=self.keyring, epoch=epoch, office=self.office, clock=clock)
        self.epoch = epoch

    def permit(self, action: str, path: KeyPath = PATH) -> Any:
        return self.office.mint(
            principal="test", tenant=path.tenant, environment=path.environment, action=action, category="*",
            resource="*", policy_version="1",
        )  # fmt: skip

    def material(self) -> dict[int, bytes]:
        """What every serving data key at the path is."""
        rows = [row for row in self.admin.versions(PATH, self.permit("manage_key")) if row.use.value == "data"]
        return {
            row.keyref: bytes(self.keyring.opening_key(row.keyref, PATH, self.permit("open")).material)
            for row in rows
        }

    def propose(self) -> SharesRoot:
        provider = SharesRoot.create(2, 2, store_id=STORE_ID)
        succession.propose(
            self.proposals, self.present, providers=[provider], entropy=system_entropy, now_ms=1_800_000_000_000
        )
        return provider

    def take(self) -> int:
        return succession.take(self.proposals, self.present, self.epoch, system_entropy)


@pytest.fixture
def old(tmp_path: Path) -> Iterator[tuple[Store, SharesRoot]]:
    """A store with keys of two environments in several states, and the path to its first root."""
    database = Database.open(tmp_path / "old" / "strongroom.db")
    provider = SharesRoot.create(2, 3, store_id=STORE_ID)
    root = initialise(SQLiteRootStore(database), store_id=STORE_ID, providers=[provider], entropy=system_entropy)
    store = Store(database, root)
    for path in (PATH, STAGING):
        store.keyring.sealing_key(path, store.permit("seal", path))
        store.keyring.purpose_key(path, "codes")
        store.admin.rotate(path, store.permit("manage_key", path))
    store.admin.rotate(KeyPath("acme", "prod"), store.permit("manage_key"))
    store.admin.compromise(KeyPath("acme", "staging"), store.permit("manage_key", STAGING))
    store.admin.destroy(STAGING, store.permit("manage_key", STAGING))
    yield store, provider
    database.close()


def beside(store: Store, tmp_path: Path, name: str) -> Path:
    """A copy of the store as it lies on disk."""
    shutil.copytree(store.database.path.parent, tmp_path / name)
    return tmp_path / name / "strongroom.db"


def cut_before(database: Database, count: int) -> Any:
    """Cut the power before write number `count`, the commit counted too."""
    left = [count]

    def step(statement: str) -> None:
        if statement.split(None, 1)[0] in WRITES:
            if left[0] == 0:
                raise PowerCut
            left[0] -= 1

    event.listen(database._engine, "before_cursor_execute", lambda *given: step(given[2]))
    event.listen(database._engine, "commit", lambda _: step("COMMIT"))
    return left


def test_a_power_cut_before_every_write_of_the_taking(old, tmp_path: Path) -> None:
    store, first = old
    before = store.material()
    second = store.propose()
    for count in range(100):
        path = beside(store, tmp_path, f"cut-{count}")
        doomed = Store(Database.open(path), store.root)
        left = cut_before(doomed.database, count)
        try:
            doomed.take()
        except PowerCut:
            doomed.database.close()
        else:
            doomed.database.close()
            assert left[0] >= 0
            break
        survivor = Store(Database.open(path), unseal_path(path, first))
        assert survivor.material() == before
        assert survivor.take() > 0, "the proposal still waits, and is taken the second time"
        survivor.database.close()
        renewed = Store(Database.open(path), unseal_path(path, second))
        assert renewed.material() == before
        renewed.database.close()
    assert count > 6


def unseal_path(path: Path, provider: SharesRoot) -> bytes:
    database = Database.open(path)
    try:
        return unseal(SQLiteRootStore(database), provider)
    finally:
        database.close()


def test_a_power_cut_before_every_write_of_the_proposal(old, tmp_path: Path) -> None:
    store, first = old
    for count in range(10):
        path = beside(store, tmp_path, f"cut-{count}")
        doomed = Store(Database.open(path), store.root)
        cut_before(doomed.database, count)
        try:
            doomed.propose()
        except PowerCut:
            doomed.database.close()
        else:
            doomed.database.close()
            break
        assert unseal_path(path, first) == store.root
        again = Store(Database.open(path), store.root)
        assert again.proposals.pending() is None
        again.propose()
        again.database.close()
    assert count >= 2


def test_nothing_of_the_old_root_works_afterwards(old) -> None:
    store, first = old
    before = store.material()
    second = store.propose()
    assert store.take() > 0
    with pytest.raises(RootError):
        unseal(store.roots, first)
    renewed = Store(store.database, unseal(store.roots, second))
    assert renewed.root != store.root
    assert renewed.present.subject_key == store.present.subject_key
    assert renewed.present.made_at == 1_800_000_000_000
    assert renewed.material() == before
    states = [
        row.state.value
        for row in renewed.admin.list(KeyPath("acme", "staging"), renewed.permit("manage_key", STAGING))
    ]
    assert "compromised" in states
    assert "destroyed" in states
    for act in (store.material, store.take, lambda: store.keyring.sealing_key(PATH, store.permit("seal"))):
        with pytest.raises((RootRotatedError, RootMissingError)):
            act()
    with pytest.raises(RootRotatedError):
        store.propose()


def test_a_writer_with_the_old_root_writes_nothing_beside_the_new_one(old) -> None:
    store, _ = old
    late = Store(store.database, store.root)
    late.keyring.sealing_key(PATH, late.permit("seal"))  # its journal and rows are read
    second = store.propose()
    store.take()
    new_environment = KeyPath("acme", "dev", "pii")
    with pytest.raises(RootRotatedError):
        late.keyring.sealing_key(new_environment, late.permit("seal", new_environment))
    renewed = Store(store.database, unseal(store.roots, second))
    assert renewed.admin.list(KeyPath("acme", "dev"), renewed.permit("manage_key", new_environment)) == []


def test_of_two_who_take_it_one_does(old) -> None:
    store, _ = old
    other = Store(store.database, store.root)
    store.propose()
    assert store.take() > 0
    with pytest.raises(RootMissingError):
        other.take()


def test_a_full_disk_leaves_the_old_root(old) -> None:
    store, first = old
    before = store.material()
    store.propose()

    def full(*given: Any) -> None:
        if given[2].startswith("UPDATE key_version"):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

    event.listen(store.database._engine, "before_cursor_execute", full)
    with pytest.raises((StoreFullError, StoreError, sqlite3.OperationalError)):
        store.take()
    event.remove(store.database._engine, "before_cursor_execute", full)
    assert unseal(store.roots, first) == store.root
    assert store.material() == before
    assert store.take() > 0
