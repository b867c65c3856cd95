"""Looking for planted values in bytes: everything upstream received, everything left on disk.

A value may leave in another dress, so each buffer is read several ways: as it stands (letter case aside), with the
separators between groups taken out, with JSON escapes, percent escapes, UTF-16, base64 and hex undone, and SQLite
files also cell by cell, because a long cell is scattered over pages.

Must never: put a planted value into a finding; a finding names the column or ticket, the file and the offset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import ahocorasick

from strongroom.demo.planted import Planted
from strongroom.demo.readings import CHUNK_LEN, OVERLAP_LEN, compact, readings
from strongroom.demo.store_files import cells, readable

VALUE_CHARS_MIN = 6
"""Shorter values (a five-digit postcode) occur in random bytes by themselves; they are counted as not searched."""
DIGITS_UNBOUNDED_MIN = 11
"""A shorter run of digits counts only when it stands alone: timestamps and ids contain every short run."""
FINDINGS_MAX = 1000  # per scan; one is already a failure


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
            with readable(path) as source:
                tail = b""
                while piece := source.read(CHUNK_LEN):
                    start = size - len(tail)
                    size += len(piece)
                    findings += [
                        Finding(found.planted, place, found.reading, start + found.offset)
                        for found in self._findings(tail + piece, place)
                    ]
                    tail = piece[-OVERLAP_LEN:]
        except FileNotFoundError:
            return NOTHING
        for table, cell in cells(path):
            findings += self._findings(cell, f"{place} table {table}")
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


def _folded(raw: bytes) -> str:
    """Bytes as the automaton reads them: one character per byte, ASCII letters in lower case."""
    return raw.lower().decode("latin-1")


def _stands_alone(text: str, value: str, end: int) -> bool:
    start = end - len(value) + 1
    before, after = text[start - 1 : start] if start else "", text[end + 1 : end + 2]
    return not (before.isalnum() or after.isalnum())
