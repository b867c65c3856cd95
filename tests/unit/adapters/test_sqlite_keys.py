"""Keys in the store's file: what somebody with an SQLite shell can do, and what destroying leaves behind."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from strongroom.adapters.memory import MemoryEpoch
from strongroom.adapters.sqlite import Database, SQLiteKeyStore, SQLiteRootStore
from strongroom.clock import SystemClock
from strongroom.errors import KeyDestroyedError, StoreFullError, StoreTamperedError
from strongroom.keys import KeyAdmin, KeyPath, Keyring, RootWrap
from strongroom.permit import Permit, PermitOffice

PATH = KeyPath("acme", "prod", "health")
SUBJECT = KeyPath("acme", "prod", "health", "cust-812")


@dataclass
class Process:
    """A keyring and its administration over the file."""

    database: Database

    def __post_init__(self) -> None:
        clock, epoch = SystemClock(), MemoryEpoch()
        self.office = PermitOffice(clock)
        self.store = SQLiteKeyStore(self.database)
        self.keyring = Keyring(store=self.store, root=bytes(32), epoch=epoch, office=self.office, clock=clock)
        self.admin = KeyAdmin(store=self.store, keyring=self.keyring, epoch=epoch, office=self.office, clock=clock)
        self.sealing, self.opening, self.managing = map(self.permit, ("seal", "open", "manage_key"))

    def permit(self, action: str) -> Permit:
        return self.office.mint(
            principal="test", tenant="acme", environment="prod", action=action, category="*", resource="*",
            policy_version="1",
        )  # fmt: skip


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    database = Database.open(tmp_path / "strongroom.db")
    yield Process(database)
    database.close()


def shell(process: Process, *statements: str) -> None:
    """What somebody with write access to the file does."""
    with closing(sqlite3.connect(process.database.path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    "edit",
    [
        "state = 'primary'",
        "environment = 'staging'",
        "wrapped = zeroblob(101)",
        "wrapped = 7",
        "wrapped = 'text'",
        "state = 'wonderful'",
        "use = 'anything'",
        "tenant = 'NOT A NAME'",
        "version = 'many'",
        "resumes = 'hope'",
        "authenticator = x'00'",
        "change = 0",
    ],
)
def test_an_edited_row_is_refused(process: Process, edit: str) -> None:
    key = process.keyring.sealing_key(PATH, process.sealing)
    process.admin.rotate(PATH, process.managing)
    update = f"UPDATE key_version SET {edit} WHERE keyref = {key.keyref}"  # noqa: S608 - this is the attack
    shell(process, "DROP INDEX key_one_primary", update)
    other = Process(process.database)
    with pytest.raises(StoreTamperedError):
        other.keyring.opening_key(key.keyref, PATH, other.opening)


def test_a_row_put_back_from_a_copy_is_refused(process: Process) -> None:
    key = process.keyring.sealing_key(PATH, process.sealing)
    shell(process, "CREATE TABLE kept AS SELECT * FROM key_version")
    process.admin.disable(PATH, process.managing)
    shell(process, "DELETE FROM key_version", "INSERT INTO key_version SELECT * FROM kept")
    other = Process(process.database)
    for each in (process, other):
        with pytest.raises(StoreTamperedError, match="put back"):
            each.keyring.opening_key(key.keyref, PATH, each.opening)


def test_a_row_that_vanishes_during_an_act_stops_it(process: Process) -> None:
    process.keyring.sealing_key(PATH, process.sealing)
    real = process.store.commit
    tried: list[int] = []

    def commit(commit: object) -> bool:
        tried.append(1)
        shell(process, "DELETE FROM key_version")
        return real(commit)  # type: ignore[arg-type]

    process.store.commit = commit  # type: ignore[method-assign]
    with pytest.raises(StoreTamperedError, match="vanished"):
        process.admin.disable(PATH, process.managing)
    assert tried == [1]


def test_a_destroyed_wrap_stands_nowhere_in_the_files(process: Process) -> None:
    key = process.keyring.sealing_key(SUBJECT, process.sealing)
    row = process.store.row(key.keyref)
    assert row is not None

    def found() -> bool:
        assert row is not None
        files = process.database.path.parent.glob("strongroom.db*")
        return any(row.wrapped in path.read_bytes() for path in files)

    assert found()
    process.admin.erase("acme", "prod", "cust-812", process.permit("erase"))
    assert not found()
    with pytest.raises(KeyDestroyedError):
        process.keyring.opening_key(key.keyref, SUBJECT, process.opening)


def test_a_reader_in_the_way_does_not_hold_up_a_destruction(process: Process) -> None:
    key = process.keyring.sealing_key(SUBJECT, process.sealing)
    with process.database.read() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM key_version").scalar_one()
        assert process.admin.erase("acme", "prod", "cust-812", process.permit("erase")) == 1
    with pytest.raises(KeyDestroyedError):
        process.keyring.opening_key(key.keyref, SUBJECT, process.opening)


def test_a_replaced_root_wrap_stands_nowhere_in_the_files(process: Process) -> None:
    roots = SQLiteRootStore(process.database)
    wrapped = b"a wrap by the passphrase that somebody else has learnt"
    roots.put_wrap(RootWrap("passphrase", wrapped))
    roots.put_wrap(RootWrap("passphrase", b"a wrap by the new one"))
    assert not any(wrapped in path.read_bytes() for path in process.database.path.parent.glob("strongroom.db*"))


def test_a_removed_root_wrap_stands_nowhere_in_the_files(process: Process) -> None:
    roots = SQLiteRootStore(process.database)
    wrapped = b"a wrap of the root that is long enough to be found"
    roots.put_wrap(RootWrap("passphrase", wrapped))
    roots.put_wrap(RootWrap("recovery", b"another"))
    roots.remove_wrap("passphrase")
    assert roots.wraps() == (RootWrap("recovery", b"another"),)
    assert not any(wrapped in path.read_bytes() for path in process.database.path.parent.glob("strongroom.db*"))


def test_a_full_disk_leaves_the_keys_as_they_were(process: Process) -> None:
    key = process.keyring.sealing_key(PATH, process.sealing)
    # One connection after the other gets the limit, because the pool hands out any of them.
    with process.database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    paths = [KeyPath("acme", "prod", "health", f"s-{number}") for number in range(200)]
    with pytest.raises(StoreFullError):
        process.keyring.prepare(paths, process.sealing)
    assert process.keyring.sealing_key(PATH, process.sealing) == key
    assert len(process.admin.list(KeyPath("acme", "prod"), process.managing)) == 2


def test_no_subject_and_no_key_stands_in_the_file(process: Process) -> None:
    key = process.keyring.sealing_key(SUBJECT, process.sealing)
    process.admin.rotate(SUBJECT, process.managing)
    for path in process.database.path.parent.glob("strongroom.db*"):
        content = path.read_bytes()
        assert b"cust-812" not in content
        assert key.material not in content
