"""The embedded store's file: opening it, transactions on it, and what its failures mean.

Theory: one SQLite file in WAL mode. Readers see a snapshot and never block; writers take the write lock at
the start (`BEGIN IMMEDIATE`), so a transaction cannot fail half-way because another process wrote meanwhile.
`synchronous=FULL` makes a commit survive power loss, at the price of one disk flush each.

Must never: let a SQLite exception through (its text may name columns and values), or write to a store that
a newer program made.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from strongroom.adapters.sqlite.schema import APPLICATION_ID, SCHEMA_VERSION, metadata
from strongroom.errors import (
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreLockedError,
    StoreVersionError,
)

BUSY_TIMEOUT_S = 10.0
"""Longest wait for another process's write transaction; ours last milliseconds."""

CONNECTIONS_MAX = 16
"""Kept open per process; more threads than that wait for one, they do not open a seventeenth."""

FILE_MODE = 0o600
"""The store holds wrapped keys and sealed values only, yet nobody else has business reading it."""

_IMMEDIATE = "strongroom_immediate"


class Database:
    """One store file, usable from many threads; other processes open their own `Database` on it."""

    def __init__(self, engine: Engine, path: Path, busy_timeout_s: float) -> None:
        self._engine = engine
        self._busy_timeout_s = busy_timeout_s
        self.path = path

    @classmethod
    def open(cls, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Database:
        """Open the store at `path`, making the file and any missing table.

        Raises `StoreVersionError` for a store made by a newer program, `StoreDamagedError` for a file that is
        not a Strongroom store, `StoreLockedError` and `StoreFullError` as their names say, `StoreError`
        when the file cannot be reached.
        """
        _make_file(path)
        with _setting_up(path), translated():
            _require_ours(path, busy_timeout_s)
        engine = create_engine(
            f"sqlite:///{path}",
            poolclass=QueuePool,
            pool_size=CONNECTIONS_MAX,
            max_overflow=0,
            pool_timeout=busy_timeout_s,
            connect_args={"timeout": busy_timeout_s, "check_same_thread": False},
            hide_parameters=True,
        )
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
        database = cls(engine, path, busy_timeout_s)
        try:
            with _setting_up(path):
                database._make_missing_tables()
        except StoreError:
            database.close()
            raise
        return database

    def _make_missing_tables(self) -> None:
        with self.read() as connection:
            present = set(connection.exec_driver_sql("SELECT name FROM sqlite_schema").scalars())
        # Looked up first, because making takes the write lock, which somebody may be using.
        if not metadata.tables.keys() <= present:
            with self.write() as connection:
                metadata.create_all(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot of the store: everything read inside is from one moment."""
        with translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start; committed on leaving, undone on an error.

        Raises `StoreLockedError` if another process keeps the lock beyond the busy timeout and
        `StoreFullError` if the disk is full; in both cases nothing was written.
        """
        with (
            translated(),
            self._engine.connect().execution_options(**{_IMMEDIATE: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def empty_log(self) -> None:
        """Move the write-ahead log into the file and empty it, so that overwritten content stands nowhere.

        Does nothing if another connection is reading just now; SQLite's own checkpoints do it later.
        """
        with translated():
            connection = self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("PRAGMA busy_timeout=0")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                cursor.execute(f"PRAGMA busy_timeout={int(self._busy_timeout_s * 1000)}")
                cursor.close()
            finally:
                connection.close()

    def close(self) -> None:
        """Close every idle connection; those in use close when they are returned."""
        self._engine.dispose()


@contextmanager
def translated() -> Iterator[None]:
    """Turn SQLite's and SQLAlchemy's exceptions into `StoreError`s without their text."""
    try:
        yield
    except DBAPIError as error:
        raise _meaning(error.orig) from error
    except sqlite3.Error as error:
        raise _meaning(error) from error
    except SQLAlchemyError as error:
        msg = f"the store refused the operation ({type(error).__name__})"
        raise StoreError(msg) from error


_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})


def _meaning(error: BaseException | None) -> StoreError:
    extended = getattr(error, "sqlite_errorcode", 0) or 0
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    primary = extended & 0xFF
    if extended in _FULL or primary in _FULL:
        return StoreFullError("the disk is full: the store took nothing of this change")
    if primary in _LOCKED:
        return StoreLockedError("the store is locked by another process")
    if primary in _DAMAGED:
        return StoreDamagedError("the store file is damaged or is not a Strongroom store")
    return StoreError(f"the store could not be read or written ({name})")


def _configure(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling would begin late and deferred; `_begin` does it instead.
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    # Overwritten rows are zeroed in the file: a destroyed key's wrap does not linger in a free page.
    connection.execute("PRAGMA secure_delete=ON")


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(_IMMEDIATE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _make_file(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Never open a file that is there: closing any descriptor of it would drop the POSIX locks that another
        # connection of this process holds, and a second process would then delete the log under its feet
        # (https://www.sqlite.org/howtocorrupt.html, 2.2).
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, FILE_MODE))
    except FileExistsError:
        if not os.access(path, os.R_OK | os.W_OK):
            msg = "the store cannot be opened for writing (no permission)"
            raise StoreError(msg) from None
    except OSError as error:
        msg = f"the store cannot be opened for writing ({error.strerror})"
        raise StoreError(msg) from error


@contextmanager
def _setting_up(path: Path) -> Iterator[None]:
    """Hold the directory's lock: SQLite does not wait its busy timeout while the journal mode changes."""
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _require_ours(path: Path, busy_timeout_s: float) -> None:
    with closing(sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if application == 0 and tables == 0:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
            connection.execute("COMMIT")
        elif application != APPLICATION_ID:
            msg = "the file is an SQLite database of another program"
            raise StoreDamagedError(msg)
        elif version > SCHEMA_VERSION:
            msg = f"the store has schema {version}; this program knows {SCHEMA_VERSION}"
            raise StoreVersionError(msg)
        elif connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            connection.execute("PRAGMA journal_mode=WAL")
