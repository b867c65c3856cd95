"""Files as survey items: text, JSON, JSON Lines and CSV; a SQLite or Parquet file is recognized left to others.

Must never: read past a limit without saying so, follow a symbolic link, or drop what is not valid UTF-8.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, Generic, TypeVar

from strongroom.classify.leaves import Leaves
from strongroom.classify.survey import Column, Item, Limits, Passage, Skipped, Table

Row = TypeVar("Row")

HEAD_BYTES: Final = 8192
PASSAGE_CHARS: Final = 1 << 18
"""Text is handed on in pieces of about this size, cut at line ends."""

SQLITE_MAGIC: Final = b"SQLite format 3\0"
PARQUET_MAGIC: Final = b"PAR1"
_PACKED: Final = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd", b"Rar!")
_WIDE: Final = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def form_of(path: Path) -> str:
    """What a file is, by its first bytes and then its name.

    ``sqlite``, ``parquet``, ``csv``, ``jsonl``, ``json`` or ``text``; ``packed``, ``binary`` or ``empty`` for what
    holds no text to read. Raises `OSError` when it cannot be opened.
    """
    head = _head(path)
    if not head:
        return "empty"
    if head.startswith(SQLITE_MAGIC):
        return "sqlite"
    if head.startswith(PARQUET_MAGIC):
        return "parquet"
    if head.startswith(_PACKED):
        return "packed"
    if head[:2] not in _WIDE and b"\0" in head:
        return "binary"
    by_name = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json"}
    return by_name.get(path.suffix.lower(), "text")


def file_items(path: Path, form: str, place: str, limits: Limits) -> Iterator[Item]:
    """The items of one file of the `form` that `form_of` gave, reported under the name `place`."""
    match form:
        case "csv":
            yield from _csv(path, place, limits)
        case "jsonl":
            yield from _json_lines(path, place, limits)
        case "json":
            yield from _json(path, place, limits)
        case "text":
            yield from _text(path, place, limits)
        case "packed":
            yield Skipped(place, "a compressed file or archive; unpack it to have it inspected")
        case "binary":
            yield Skipped(place, "binary: neither text nor a form that is known")


def _decoded(raw: bytes) -> tuple[str, str]:
    """The text of `raw`, and a note when it is not UTF-8; every byte stands for something."""
    wide = _WIDE.get(raw[:2])
    try:
        return raw.decode(wide or "utf-8-sig"), "UTF-16" if wide else ""
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace"), "not UTF-8: read as Windows-1252"


def _read(path: Path, place: str, limits: Limits) -> tuple[str, str, list[Skipped]]:
    with path.open("rb") as file:
        raw = file.read(limits.file_bytes)
        more = bool(file.read(1))
    text, note = _decoded(raw)
    rest = [Skipped(place, f"what lies beyond the first {limits.file_bytes} bytes")] if more else []
    return text, note, rest


def _text(path: Path, place: str, limits: Limits) -> Iterator[Item]:
    text, note, rest = _read(path, place, limits)
    start = 0
    while start < len(text):
        end = text.find("\n", start + PASSAGE_CHARS)
        end = min(len(text) if end < 0 else end + 1, start + 2 * PASSAGE_CHARS)
        yield Passage(place, text[start:end], note)
        start = end
    yield from rest


def _json(path: Path, place: str, limits: Limits) -> Iterator[Item]:
    text, note, rest = _read(path, place, limits)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        yield from (Passage(place, text[at : at + PASSAGE_CHARS], "not JSON: read as text")
                    for at in range(0, len(text), PASSAGE_CHARS))  # fmt: skip
        yield from rest
        return
    leaves = Leaves(limits.rows, limits.cell_chars)
    rows = document if isinstance(document, list) else [document]
    for row in _spread_rows(rows, limits.rows):
        leaves.add(row)
    yield Table(place, path.stem, leaves.columns(), leaves.rows, len(rows), note)


def _spread_rows(rows: list[object], count: int) -> list[object]:
    return rows[:: max(1, -(-len(rows) // count))]


class Thinned(Generic[Row]):
    """At most `limit` of the rows that are added, evenly spread over all of them, not knowing how many will come.

    When twice as many are held, every other one goes and the stride doubles.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._stride = 1
        self.rows: list[Row] = []
        self.total = 0

    def add(self, row: Row) -> None:
        """Count `row`, and keep it if it is its turn."""
        if self.total % self._stride == 0:
            self.rows.append(row)
            if len(self.rows) >= 2 * self._limit:
                self.rows = self.rows[::2]
                self._stride *= 2
        self.total += 1


def _lines(file: BinaryIO, limits: Limits, notes: set[str]) -> Iterator[str]:
    """Lines of a file as text, each decoded by itself, a line of at most `limits.file_bytes`."""
    while raw := file.readline(limits.file_bytes):
        text, note = _decoded(raw)
        if note:
            notes.add(note)
        yield text


def _json_lines(path: Path, place: str, limits: Limits) -> Iterator[Item]:
    kept: Thinned[str] = Thinned(limits.rows)
    notes: set[str] = set()
    with path.open("rb") as file:
        for line in _lines(file, limits, notes):
            if line.strip():
                kept.add(line)
    leaves = Leaves(limits.rows, limits.cell_chars)
    broken = []
    for line in kept.rows:
        try:
            leaves.add(json.loads(line))
        except (ValueError, RecursionError):
            broken.append(line)
    if broken:
        yield Passage(place, "".join(broken), f"{len(broken)} lines that are not JSON, read as text")
    yield Table(place, path.stem, leaves.columns(), leaves.rows, kept.total, "; ".join(sorted(notes)))


def _csv(path: Path, place: str, limits: Limits) -> Iterator[Item]:
    wide = _head(path)[:2] in _WIDE
    notes: set[str] = set()
    with path.open("rb") as file:
        lines = io.StringIO(_decoded(file.read(limits.file_bytes))[0]) if wide else _lines(file, limits, notes)
        yield from _csv_table(path, place, limits, lines, notes)


def _csv_table(path: Path, place: str, limits: Limits, lines: Iterator[str], notes: set[str]) -> Iterator[Item]:
    sample = [line for _, line in zip(range(20), lines, strict=False)]
    csv.field_size_limit(limits.file_bytes)
    reader = csv.reader(itertools.chain(sample, lines), dialect=_dialect(path, "".join(sample)))
    kept: Thinned[list[str]] = Thinned(limits.rows)
    names: list[str] = []
    width = 0
    try:
        for row in reader:
            if not names:
                names = _names(row)
                if names != row:
                    kept.add(row)
                continue
            width = max(width, len(row))
            if row:
                kept.add(row)
    except csv.Error as error:
        yield Skipped(place, f"what lies behind line {reader.line_num}: {error}")
    if width > len(names):
        notes.add(f"rows of up to {width} cells under {len(names)} names")
        names += [f"column {at + 1}" for at in range(len(names), width)]
    columns = tuple(
        Column(name, tuple(row[at][: limits.cell_chars] for row in kept.rows if at < len(row) and row[at].strip()))
        for at, name in enumerate(names)
    )
    yield Table(place, path.stem, columns, len(kept.rows), kept.total, "; ".join(sorted(notes)))


def _names(first: list[str]) -> list[str]:
    """The names of the columns: the first row, unless it holds what no name does (a number, an e-mail address)."""
    values = any("@" in cell or cell.strip().lstrip("+-").replace(".", "", 1).isdigit() for cell in first)
    if values or len(set(first)) < len(first):
        return [f"column {at + 1}" for at in range(len(first))]
    return first


def _dialect(path: Path, sample: str) -> type[csv.Dialect]:
    if path.suffix.lower() == ".tsv":
        return csv.excel_tab
    try:
        return csv.Sniffer().sniff(sample, delimiters=",;\t|")
    except csv.Error:
        return csv.excel


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)
