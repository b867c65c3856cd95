"""A survey: what a file, a directory or a database holds, told by column and by text, with what was not inspected.

Readers (adapters) turn the outside thing into `Table`, `Passage` and `Skipped` items; `columns` judges them.

Must never: keep a value in a finding, or leave out what a reader could not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from strongroom.label import Level

ROWS: Final = 1000
"""Rows looked at per table, spread over all of it. Kinds of columns are plain long before."""

CELL_CHARS: Final = 4096
"""Characters of a cell that are looked at; what is longer is a document, and is noted."""

FILE_BYTES: Final = 64 << 20
"""Bytes of a text or JSON file that are read."""

FILES: Final = 10_000
"""Files of a directory that are opened."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a survey; whatever lies beyond one of them is reported as not inspected."""

    rows: int = ROWS
    cell_chars: int = CELL_CHARS
    file_bytes: int = FILE_BYTES
    files: int = FILES


@dataclass(frozen=True, slots=True)
class Column:
    """A column and the values of it that were read, as text. `declared` is the type its source gives it."""

    name: str
    values: tuple[str, ...]
    declared: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns that belong together. `place` is where they are; `total` counts the rows, None when unknown."""

    place: str
    name: str
    columns: tuple[Column, ...]
    sampled: int
    total: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of running text; `note` says how it had to be read."""

    place: str
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was not inspected, and why."""

    place: str
    reason: str


Item = Table | Passage | Skipped


@dataclass(frozen=True, slots=True)
class ColumnFinding:
    """What a column holds.

    `kind` is what all of it is (empty: no one thing), decided by `basis`: its ``name``, its ``values`` or both.
    `share` is the part of the values that agree, None when the kind has no form that could be checked. `holds`
    has the kinds found inside free text, with the share of values that have one.
    """

    name: str
    declared: str
    kind: str = ""
    category: str = ""
    level: Level = Level.PUBLIC
    basis: str = ""
    share: float | None = None
    values: int = 0
    holds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableFinding:
    """A table by its columns; `level` is what they are together, with `reasons` when that is more than alone."""

    place: str
    name: str
    columns: tuple[ColumnFinding, ...]
    sampled: int
    total: int | None
    level: Level
    reasons: tuple[str, ...] = ()
    subject_column: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class TextFinding:
    """A text by the kinds found in it and how often."""

    place: str
    chars: int
    kinds: Mapping[str, int]
    level: Level
    note: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """Everything that was found, and everything that was not looked at."""

    target: str
    tables: tuple[TableFinding, ...]
    texts: tuple[TextFinding, ...]
    skipped: tuple[Skipped, ...]

    @property
    def level(self) -> Level:
        """The highest level of anything found."""
        levels = [table.level for table in self.tables] + [text.level for text in self.texts]
        return max(levels, default=Level.PUBLIC)


def without_password(target: str) -> str:
    """`target` as it may be shown: the address of a database without its password."""
    scheme, found, rest = target.partition("://")
    user, at, where = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}@{where}" if found and at else target
