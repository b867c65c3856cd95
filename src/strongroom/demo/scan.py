"""Looking for planted values in bytes: everything upstream received, everything left on disk.

A value may leave in another dress, so each buffer is read several ways: as it stands (letter case aside), with the
separators between groups taken out, with JSON escapes, percent escapes, UTF-16, base64 and hex undone, and SQLite
files also cell by cell, because a long cell is scattered over pages.

A zero is only worth something from a scanner that can find: `require_working` plants values itself, in every dress,
and raises `ScannerBlindError` when one is missed.

Must never: put a planted value into a finding; a finding names the column or ticket, the file and the offset.
"""

from __future__ import annotations

import json
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import ahocorasick

from strongroom.demo.planted import Planted
from strongroom.demo.readings import CHUNK_LEN, OVERLAP_LEN, compact, readings
from strongroom.errors import IntegrityError

VALUE_CHARS_MIN = 6
"""Shorter values (a five-digit postcode) occur in random bytes by themselves; they are counted as not searched."""
DIGITS_UNBOUNDED_MIN = 11
"""A shorter run of digits counts only when it stands alone: timestamps and ids contain every short run."""
SQLITE_MAGIC = b"SQLite format 3\x00"
FINDINGS_MAX = 1000  # per scan; one is already a failure


class ScannerBlindError(IntegrityError):
    """The scanner overlooked a value planted for it, so its zero means nothing."""

    code = "scanner_blind"


@dataclass(frozen=True, slots=True)
class Finding:
    """One planted value met: where it was planted, where it was found, and in which dress."""

    planted: str
    place: str
    reading: str
    offset: int


@dataclass(frozen=True, slots=True)
class Scan:
    """What was looked at and what was found."""

    findings: tuple[Finding, ...]
    bytes_scanned: int
    places: int

    def __add__(self, other: Scan) -> Scan:
        return Scan(
            self.findings + other.findings,
            self.bytes_scanned + other.bytes_scanned,
            self.places + other.places,
        )


NOTHING = Scan((), 0, 0)


@dataclass(frozen=True, slots=True)
class _Pattern:
    planted: Planted
    bounded: bool


class Scanner:
    """Finds any of many planted values in bytes, in one pass per reading."""

    def __init__(self, planted: Iterable[Planted]) -> None:
        self._as_is = ahocorasick.Automaton()
        self._compact = ahocorasick.Automaton()
        self.searched = self.too_short = 0
        for item in planted:
            self._add(item)
        for automaton in (self._as_is, self._compact):
            automaton.make_automaton()

    def _add(self, item: Planted) -> None:
        value = item.value.strip()
        if len(value) < VALUE_CHARS_MIN:
            self.too_short += 1
            return
        self.searched += 1
        for form in {value, value.lower(), value.upper()}:
            bounded = form.isdigit() and len(form) < DIGITS_UNBOUNDED_MIN
            self._as_is.add_word(_folded(form.encode()), _Pattern(item, bounded))
            tight = compact(form.encode())
            if len(tight) >= (DIGITS_UNBOUNDED_MIN if tight.lstrip(b"+").isdigit() else VALUE_CHARS_MIN):
                self._compact.add_word(_folded(tight), _Pattern(item, bounded=False))

    def scan_bytes(self, buffer: bytes, place: str) -> Scan:
        """Every finding in `buffer`, each named after `place`."""
        return Scan(tuple(self._unique(self._findings(buffer, place))), len(buffer), 1)

    def scan_file(self, path: Path, place: str) -> Scan:
        """Every finding in one file; a file that vanished meanwhile holds nothing."""
        findings: list[Finding] = []
        size = 0
        try:
            with path.open("rb") as source:
                tail = b""
                while piece := source.read(CHUNK_LEN):
                    start = size - len(tail)
                    size += len(piece)
                    for found in self._findings(tail + piece, place):
                        findings.append(Finding(found.planted, place, found.reading, start + found.offset))
                    tail = piece[-OVERLAP_LEN:]
        except FileNotFoundError:
            return NOTHING
        if path.suffix in {".db", ".sqlite"} and size:
            findings += self._cells(path, place)
        return Scan(tuple(self._unique(findings)), size, 1)

    def scan_trees(
        self, roots: Sequence[Path], *, exclude: Sequence[Path] = (), advance: Callable[[int], None] | None = None
    ) -> Scan:
        """Every file below `roots` except below `exclude`; `advance` is told the bytes of each file."""
        total = NOTHING
        for path in walk(roots, exclude=exclude):
            scan = self.scan_file(path, path.name)
            total += scan
            if advance is not None:
                advance(scan.bytes_scanned)
        return total

    def _cells(self, path: Path, place: str) -> Iterator[Finding]:
        """SQLite read as a table, not as pages; a file that is no database has no cells."""
        with path.open("rb") as source:
            if source.read(len(SQLITE_MAGIC)) != SQLITE_MAGIC:
                return
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                quoted = table.replace('"', '""')
                for row in connection.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608 - an identifier, quoted
                    for cell in row:
                        raw = cell if isinstance(cell, bytes) else str(cell).encode()
                        yield from self._findings(raw, f"{place} table {table}")

    def _findings(self, buffer: bytes, place: str) -> Iterator[Finding]:
        for reading, text in readings(buffer):
            automaton = self._compact if reading.endswith("compact") else self._as_is
            if not len(automaton):
                continue
            folded = _folded(text)
            for end, pattern in automaton.iter(folded):
                if not pattern.bounded or _stands_alone(folded, pattern.planted.value, end):
                    yield Finding(pattern.planted.where, place, reading, end)

    @staticmethod
    def _unique(findings: Iterable[Finding]) -> Iterator[Finding]:
        seen: set[tuple[str, str, int]] = set()
        for found in findings:
            key = (found.planted, found.reading, found.offset)
            if key not in seen and len(seen) < FINDINGS_MAX:
                seen.add(key)
                yield found


def walk(roots: Sequence[Path], *, exclude: Sequence[Path] = ()) -> Iterator[Path]:
    """Every regular file below `roots`, sorted, without what lies below `exclude`."""
    shut = [path.resolve() for path in exclude]
    for root in roots:
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            real = path.resolve()
            if path.is_file() and not any(real == wall or wall in real.parents for wall in shut):
                yield path


def require_working(scanner: Scanner, samples: Sequence[Planted]) -> int:
    """Plant `samples` in every dress and demand that each is found; returns the bytes of the control buffers.

    Raises `ScannerBlindError` naming the dress that was overlooked, and when there is nothing to plant.
    """
    if not samples:
        msg = "there is no planted value to try the scanner with"
        raise ScannerBlindError(msg)
    scanned = 0
    for sample in samples:
        for dress, control in _dresses(sample.value):
            padded = b"\x00\xff before:" + control + b": after\n"
            scanned += len(padded)
            if not scanner.scan_bytes(padded, "control").findings:
                msg = f"the scanner overlooked a value planted as {dress}"
                raise ScannerBlindError(msg)
    return scanned


def _dresses(value: str) -> Iterator[tuple[str, bytes]]:
    raw = value.encode()
    yield "plain text", raw
    yield "capitals", value.upper().encode()
    yield "a JSON string", json.dumps({"text": f"{value}ü"}).encode()
    yield "UTF-16 little endian", value.encode("utf-16-le")
    yield "UTF-16 big endian", value.encode("utf-16-be")
    yield "hex", raw.hex().encode()
    yield "percent escapes", b"q=" + quote(value, safe="").encode()
    for shift in range(3):
        yield "base64", b64encode(b"x" * shift + raw + b" and some more")
    if value.isalnum() and len(value) >= DIGITS_UNBOUNDED_MIN:
        yield "groups of four", " ".join(value[at : at + 4] for at in range(0, len(value), 4)).encode()


def _folded(raw: bytes) -> str:
    """Bytes as the automaton reads them: one character per byte, ASCII letters in lower case."""
    return raw.lower().decode("latin-1")


def _stands_alone(text: str, value: str, end: int) -> bool:
    start = end - len(value) + 1
    before, after = text[start - 1 : start] if start else "", text[end + 1 : end + 2]
    return not (before.isalnum() or after.isalnum())
