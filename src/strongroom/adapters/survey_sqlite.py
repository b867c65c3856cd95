"""A SQLite file as survey items, opened read-only.

Must never: change the file (no journal is made beside it), or stop at one table that cannot be read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from strongroom.classify.survey import Column, Item, Limits, Skipped, Table

_TABLES = """
SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"""
_EVERY = """
SELECT * FROM (SELECT *, row_number() OVER () AS strongroom_row FROM {table}) WHERE strongroom_row % {step} = 0"""
"""Every so many rows in the order of the table: the first ones are often test data."""


def sqlite_items(path: Path, place: str, limits: Limits) -> Iterator[Item]:
    """Every table and view of the database in `path`."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.text_factory = _text
            for (name,) in connection.execute(_TABLES).fetchall():
                try:
                    yield from _table(connection, name, place, limits)
                except sqlite3.Error as error:
                    yield Skipped(f"{place}: {name}", f"cannot be read ({type(error).__name__})")
    except sqlite3.Error as error:
        yield Skipped(place, f"not a readable SQLite database ({type(error).__name__})")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _table(connection: sqlite3.Connection, name: str, place: str, limits: Limits) -> Iterator[Item]:
    table = _quoted(name)
    declared = {row[1]: row[2] for row in connection.execute(f"PRAGMA table_xinfo({table})")}
    total = int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - an identifier, quoted
    step = max(1, -(-total // limits.rows))
    query = _EVERY if step > 1 else "SELECT * FROM {table}"
    cursor = connection.execute(query.format(table=table, step=step))
    names = [column[0] for column in cursor.description if column[0] != "strongroom_row"]
    values: list[list[str]] = [[] for _ in names]
    binary = [0] * len(names)
    sampled = 0
    for row in cursor:
        sampled += 1
        for at in range(len(names)):
            cell = _cell(row[at])
            if cell is None:
                binary[at] += 1
            elif cell:
                values[at].append(cell[: limits.cell_chars])
    for at, column in enumerate(names):
        if binary[at]:
            yield Skipped(
                f"{place}: {name}.{column}", f"binary values ({binary[at]} of {sampled} that were sampled)"
            )
    columns = tuple(Column(column, tuple(values[at]), declared.get(column, "")) for at, column in enumerate(names))
    yield Table(place, name, columns, sampled, total)


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _cell(value: object) -> str | None:
    """A cell as text, empty for NULL; None for bytes that are no text."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return None
    return str(value)
