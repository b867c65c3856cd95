"""The store file: what opens, what is refused and why, and that a transaction is all or nothing."""

import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select

from strongroom.adapters.sqlite import SCHEMA_VERSION, Database
from strongroom.adapters.sqlite.schema import meta
from strongroom.errors import (
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreLockedError,
    StoreVersionError,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "strongroom.db", busy_timeout_s=0.2)
    yield opened
    opened.close()


def rows(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(meta)).scalar_one()


def put(connection: Connection, name: str, value: bytes = b"v") -> None:
    connection.execute(insert(meta).values(name=name, value=value))


def test_a_commit_survives_reopening(tmp_path: Path) -> None:
    first = Database.open(tmp_path / "home" / "strongroom.db")
    with first.write() as connection:
        put(connection, "a")
    first.close()
    again = Database.open(tmp_path / "home" / "strongroom.db")
    assert rows(again) == 1
    again.close()


def test_the_file_is_private(database: Database) -> None:
    with database.write() as connection:
        put(connection, "a")
    for path in database.path.parent.glob("strongroom.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_the_durability_settings_hold_on_every_connection(database: Database) -> None:
    for transaction in (database.read, database.write):
        with transaction() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
            assert connection.exec_driver_sql("PRAGMA secure_delete").scalar_one() == 1


def test_an_error_inside_a_transaction_undoes_it(database: Database) -> None:
    def half() -> None:
        with database.write() as connection:
            put(connection, "a")
            raise LookupError

    with pytest.raises(LookupError):
        half()
    assert rows(database) == 0


def test_readers_see_one_moment_and_do_not_block_a_writer(database: Database) -> None:
    with database.read() as reader:
        before = reader.execute(select(func.count()).select_from(meta)).scalar_one()
        with database.write() as writer:
            put(writer, "a")
        assert reader.execute(select(func.count()).select_from(meta)).scalar_one() == before
    assert rows(database) == before + 1


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "strongroom.db"
    Database.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    with pytest.raises(StoreVersionError, match=f"schema {SCHEMA_VERSION + 1}"):
        Database.open(path)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "strongroom.db"
    path.write_bytes(b"not a database, but somebody's notes\n" * 40)
    with pytest.raises(StoreDamagedError) as refusal:
        Database.open(path)
    assert "--home" in refusal.value.diagnostics()
    assert path.read_bytes().startswith(b"not a database")


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "strongroom.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StoreDamagedError, match="another program"):
        Database.open(path)
    assert path.read_bytes() == before


def test_a_damaged_page_is_named_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "strongroom.db"
    opened = Database.open(path)
    with opened.write() as connection:
        for number in range(200):
            put(connection, f"row-{number}", b"x" * 500)
    opened.close()
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = b"\xff" * (len(damaged) - 4096)
    path.write_bytes(bytes(damaged))

    with pytest.raises(StoreDamagedError):
        rows(Database.open(path))


def test_an_unreachable_directory_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be opened"):
        Database.open(tmp_path / "file" / "strongroom.db")


def test_a_directory_or_a_forbidden_file_in_its_place_is_a_store_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "strongroom.db").mkdir()
    with pytest.raises(StoreError):
        Database.open(tmp_path / "strongroom.db")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(StoreError, match="no permission"):
        Database.open(tmp_path / "strongroom.db")


def test_a_store_that_left_wal_mode_is_brought_back(database: Database) -> None:
    database.close()
    with closing(sqlite3.connect(database.path)) as connection:
        assert connection.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
    again = Database.open(database.path)
    with again.read() as reading:
        assert reading.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    again.close()


def test_opening_takes_no_lock_unless_a_table_is_missing(database: Database) -> None:
    with database.write():
        Database.open(database.path, busy_timeout_s=0.1).close()
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE meta")
    with database.write(), pytest.raises(StoreLockedError):
        Database.open(database.path, busy_timeout_s=0.1)
    Database.open(database.path).close()
    assert rows(database) == 0


def test_a_full_disk_is_named_and_loses_nothing(database: Database) -> None:
    with database.write() as connection:
        put(connection, "kept")
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")

    def too_much() -> None:
        with database.write() as connection:
            put(connection, "lost", b"x" * 100_000)

    with pytest.raises(StoreFullError):
        too_much()
    assert rows(database) == 1


def test_a_writer_in_the_way_is_named_after_the_busy_timeout(database: Database) -> None:
    other = Database.open(database.path)
    with other.write(), pytest.raises(StoreLockedError), database.write():
        pytest.fail("two writers at once")
    other.close()


def test_messages_carry_no_values(database: Database) -> None:
    def twice() -> None:
        with database.write() as connection:
            put(connection, "planted-name", b"planted-value")
            put(connection, "planted-name", b"planted-value")

    with pytest.raises(StoreError) as refusal:
        twice()
    error: BaseException | None = refusal.value
    while error is not None:
        assert "planted" not in str(error)
        error = error.__cause__


def test_a_misuse_of_the_store_is_a_store_error_too(database: Database) -> None:
    with pytest.raises(StoreError, match="refused"), database.read() as connection:
        connection.execute(select(meta)).scalar_one()


def test_many_processes_worth_of_opens_at_once(tmp_path: Path) -> None:
    path = tmp_path / "strongroom.db"

    def open_and_write(number: int) -> None:
        opened = Database.open(path)
        with opened.write() as connection:
            put(connection, f"row-{number}")
        opened.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(open_and_write, range(16)))
    opened = Database.open(path)
    assert rows(opened) == 16
    opened.close()
