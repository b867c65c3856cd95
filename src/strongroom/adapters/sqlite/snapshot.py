"""Copies of the embedded store as of one moment: the data without the keys, the keys without the data.

SQLite's own backup reads a consistent state while other processes write (https://www.sqlite.org/backup.html).
The wrapped keys are then moved to a file of their own, and the rest is written anew (`VACUUM`), so that no freed
page of it still has them.

Must never: change the store it copies, or leave a wrapped key in the data.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import create_engine

from strongroom.adapters.sqlite.at_rest import file_index, segments
from strongroom.adapters.sqlite.database import FILE_MODE, translated
from strongroom.adapters.sqlite.keys import key_change, key_version
from strongroom.adapters.sqlite.meta import root_wrap
from strongroom.adapters.sqlite.schema import APPLICATION_ID, SCHEMA_VERSION, meta, metadata
from strongroom.at_rest.backup import SnapshotFacts
from strongroom.errors import IntegrityError, StoreDamagedError

KEY_TABLES = (key_version, key_change, root_wrap)
"""What opens something, and the journal that proves it genuine."""

_STORE_ID = f"SELECT value FROM {meta.name} WHERE name = 'store_id'"  # noqa: S608 - a constant


class SQLiteSnapshots:
    """`at_rest.backup.StoreSnapshots` over the store file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, data: Path, keys: Path) -> SnapshotFacts:
        """Write both halves. Raises `StoreFullError` and the other `StoreError`s."""
        with translated():
            with _new(data) as copy:
                with closing(sqlite3.connect(self._path)) as live:
                    live.backup(copy)
                copy.execute("PRAGMA journal_mode=MEMORY")
                facts = _facts(copy)
                _make_key_store(keys)
                copy.execute("ATTACH ? AS keys", (str(keys),))
                copy.execute("BEGIN IMMEDIATE")
                for table in (*KEY_TABLES, meta):
                    _pour(copy, table.name, "main", "keys")
                for table in KEY_TABLES:
                    copy.execute(f"DELETE FROM main.{table.name}")  # noqa: S608 - our own table's name
                copy.execute("COMMIT")
                copy.execute("DETACH keys")
                copy.execute("VACUUM")
            return facts

    def join(self, data: Path, keys: Path, target: Path) -> None:
        """Make a whole store of two halves. Raises `IntegrityError` if they are of two stores, or damaged."""
        with translated(), _new(target) as whole:
            with closing(sqlite3.connect(data)) as half:
                half.backup(whole)
            whole.execute("PRAGMA journal_mode=MEMORY")
            whole.execute("ATTACH ? AS keys", (str(keys),))
            ids = {whole.execute(_STORE_ID.replace(meta.name, f"{half}.{meta.name}")).fetchone()
                   for half in ("main", "keys")}  # fmt: skip
            if len(ids) != 1:
                msg = "the data and the keys are of different stores"
                raise IntegrityError(msg)
            whole.execute("BEGIN IMMEDIATE")
            for table in (*KEY_TABLES, meta):
                whole.execute(f"DELETE FROM main.{table.name}")  # noqa: S608 - our own table's name
                _pour(whole, table.name, "keys", "main")
            whole.execute("COMMIT")
            whole.execute("DETACH keys")
            if whole.execute("PRAGMA quick_check").fetchone() != ("ok",):
                msg = "the restored store is damaged"
                raise StoreDamagedError(msg)


def _facts(copy: sqlite3.Connection) -> SnapshotFacts:
    (store_id,) = copy.execute(_STORE_ID).fetchone() or (None,)
    if store_id is None:
        msg = "the store was never set up"
        raise StoreDamagedError(msg)
    (versions,) = copy.execute(f"SELECT count(*) FROM {key_version.name}").fetchone()  # noqa: S608 - a constant
    (changes,) = copy.execute(f"SELECT coalesce(max(sequence), 0) FROM {key_change.name}").fetchone()  # noqa: S608
    files = copy.execute(f"SELECT object_id, version FROM {file_index.name}")  # noqa: S608 - a constant
    names = [f"files/{object_id}.{version}.sealed" for object_id, version in files]
    names += [f"embeddings/{row[0]}.segment" for row in copy.execute(f"SELECT id FROM {segments.name}")]  # noqa: S608
    return SnapshotFacts(bytes(store_id).decode(), versions, changes, tuple(sorted(names)))


def _make_key_store(path: Path) -> None:
    with _new(path) as connection:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    engine = create_engine(f"sqlite:///{path}")
    try:
        metadata.create_all(engine, tables=[*KEY_TABLES, meta])
    finally:
        engine.dispose()


def _pour(connection: sqlite3.Connection, table: str, source: str, target: str) -> None:
    """All rows of a table of one attached database into that of another, by the names of its columns."""
    columns = ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA {source}.table_info({table})"))
    connection.execute(f"INSERT INTO {target}.{table} ({columns}) SELECT {columns} FROM {source}.{table}")  # noqa: S608


@contextmanager
def _new(path: Path) -> Iterator[sqlite3.Connection]:
    """A new database file, readable by its owner alone, that overwrites what is deleted in it."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, FILE_MODE))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        yield connection
