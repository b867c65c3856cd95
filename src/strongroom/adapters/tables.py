"""Foreign files as tables of text: SQLite, CSV, JSON Lines, and text files as one ticket each.

Must never: guess past damage; a file that cannot be read completely is refused with its name and place.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from strongroom.errors import InputError

FILE_BYTES_MAX = 512 << 20  # a source is read whole
ROWS_MAX = 1_000_000
CELL_CHARS_MAX = 1 << 20  # the csv module's own limit is lower; a longer cell is no customer's value

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one file or one SQLite table; every cell is text, NULL is the empty string."""

    path: Path
    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_tables(directory: Path) -> Iterator[Table]:
    """Every table in `directory`, not descending into folders; text files form the table ``text files``.

    A path to one file gives that file's tables.

    Raises `InputError` naming the file (and line) that cannot be read.
    """
    letters: list[dict[str, str]] = []
    for path in [directory] if directory.is_file() else sorted(directory.iterdir()):
        if not path.is_file() or path.name.startswith("."):
            continue
        if path.stat().st_size > FILE_BYTES_MAX:
            msg = f"{path.name}: larger than {FILE_BYTES_MAX >> 20} MiB"
            raise InputError(msg)
        match path.suffix.lower():
            case ".db" | ".sqlite" | ".sqlite3":
                yield from _sqlite(path)
            case ".csv":
                yield _csv(path)
            case ".jsonl" | ".ndjson":
                yield _json_lines(path)
            case ".txt" | ".md" | ".eml":
                letters.append({"id": path.stem, "text": _text(path)})
            case _:
                continue
    if letters:
        yield Table(directory, "text files", ("id", "text"), tuple(letters))


def _sqlite(path: Path) -> Iterator[Table]:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            query = (
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            )
            for (name,) in connection.execute(query).fetchall():
                quoted = name.replace('"', '""')
                cursor = connection.execute(f'SELECT * FROM "{quoted}" LIMIT {ROWS_MAX}')  # noqa: S608 - an identifier, quoted
                columns = tuple(column[0] for column in cursor.description)
                rows = tuple(dict(zip(columns, map(_cell, row), strict=True)) for row in cursor)
                yield Table(path, name, columns, rows)
    except sqlite3.Error as error:
        msg = f"{path.name}: not a readable SQLite database ({error})"
        raise InputError(msg) from None


def _csv(path: Path) -> Table:
    lines = _text(path).splitlines(keepends=True)
    sample = "".join(lines[:20])
    try:
        dialect = csv.Sniffer().sniff(sample, delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    csv.field_size_limit(CELL_CHARS_MAX)
    reader = csv.DictReader(lines, dialect=dialect)
    try:
        rows = []
        for row in reader:
            if None in row or None in row.values():
                msg = f"{path.name}, line {reader.line_num}: not as many cells as the first line has columns"
                raise InputError(msg)
            rows.append({column: _cell(value) for column, value in row.items()})
    except csv.Error as error:
        msg = f"{path.name}, line {reader.line_num}: {error}"
        raise InputError(msg) from None
    return Table(path, path.stem, tuple(reader.fieldnames or ()), tuple(rows))


def _json_lines(path: Path) -> Table:
    rows = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            msg = f"{path.name}, line {number}, column {error.colno}: not JSON"
            raise InputError(msg) from None
        if not isinstance(entry, dict):
            msg = f"{path.name}, line {number}: each line must be one JSON object"
            raise InputError(msg)
        rows.append({column: _cell(value) for column, value in entry.items()})
    columns = tuple(dict.fromkeys(column for row in rows for column in row))
    return Table(path, path.stem, columns, tuple(rows))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{path.name}, byte {error.start}: not UTF-8"
        raise InputError(msg) from None


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False)
