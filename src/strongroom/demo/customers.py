"""The customer database as the agent's tool queries it: the user's own SQLite file, or a copy in memory.

Must never: write to the user's database, or put records on disk that came from elsewhere.
"""

from __future__ import annotations

import sqlite3
from types import TracebackType
from typing import Self

from strongroom.demo.input import Records
from strongroom.demo.spelling import plain

SQLITE_SUFFIXES = frozenset({".db", ".sqlite", ".sqlite3"})


class CustomerDatabase:
    """Looks records up. A context manager."""

    def __init__(self, records: Records) -> None:
        self._table = _quoted(records.table.name)
        self._columns = sorted({*records.private, records.id_column})
        path = records.table.path
        if path.suffix.lower() in SQLITE_SUFFIXES:
            self._connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        else:
            self._connection = _in_memory(records, self._table)
        self._connection.row_factory = sqlite3.Row
        self._connection.create_function("folded", 1, _folded, deterministic=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def find(self, key: str) -> dict[str, str] | None:
        """The first record whose id or a private column is `key` in any spelling; None when there is none."""
        if not (folded := _folded(key)):
            return None
        anywhere = " OR ".join(f"folded({_quoted(column)}) = ?" for column in self._columns)
        query = f"SELECT * FROM {self._table} WHERE {anywhere} LIMIT 1"  # noqa: S608 - identifiers, quoted
        row = self._connection.execute(query, [folded] * len(self._columns)).fetchone()
        return None if row is None else {key: "" if row[key] is None else str(row[key]) for key in row.keys()}  # noqa: SIM118 - sqlite3.Row iterates over values


def _in_memory(records: Records, table: str) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    columns = records.table.columns
    connection.execute(f"CREATE TABLE {table} ({', '.join(map(_quoted, columns))})")
    insert = f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - identifiers, quoted
    connection.executemany(insert, ([row.get(column, "") for column in columns] for row in records.table.rows))
    return connection


def _folded(cell: object) -> str:
    return plain(str(cell or "")).casefold()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
