"""Sealed files under the home directory, counted by the key version their headers name.

Files and embedding segments are sealed objects with one header each; a sealed log has one header per line.

Must never: open a file for writing, or read more than headers.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from strongroom.errors import FormatError, StoreError
from strongroom.formats import field
from strongroom.formats.object import OBJECT_HEADER_LEN, keyref_of
from strongroom.keys.gate import Holding

OBJECTS = {"files": "files/*.sealed", "embedding segments": "embeddings/*.segment"}
LOGS = "logs/*.sealed"

_META = struct.Struct(">H")
_LENGTH = struct.Struct(">I")


class SealedFiles:
    """`keys.gate.Inventory` over the files of one home."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def holdings(self, keyrefs: Collection[int]) -> tuple[Holding, ...]:
        """How many files, and log lines, name each of these versions.

        Raises `StoreError` if a file cannot be read or is not what its name says: what cannot be counted may
        need the key.
        """
        wanted = set(keyrefs)
        found: list[Holding] = []
        try:
            for place, pattern in OBJECTS.items():
                named = Counter(_object(path) for path in sorted(self._home.glob(pattern)))
                found += [Holding(keyref, place, count) for keyref, count in named.items() if keyref in wanted]
            lines = Counter(keyref for path in sorted(self._home.glob(LOGS)) for keyref in _lines(path))
            found += [Holding(keyref, "log lines", count) for keyref, count in lines.items() if keyref in wanted]
        except (OSError, FormatError, struct.error) as error:
            msg = f"sealed files cannot be counted ({type(error).__name__})"
            raise StoreError(msg) from error
        return tuple(found)


def _object(path: Path) -> int:
    with path.open("rb") as file:
        return keyref_of(file.read(OBJECT_HEADER_LEN))


def _lines(path: Path) -> Iterator[int]:
    """The key version of each frame: u16 length and meta, then u32 length and a sealed field."""
    with path.open("rb") as file:
        while head := file.read(_META.size):
            file.seek(_META.unpack(head)[0], 1)
            (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
            start = file.read(min(length, field.FIELD_OVERHEAD))
            if len(start) < field.FIELD_OVERHEAD:
                return  # the line that is being written just now, or was torn by a crash
            yield field.keyref_of(start)
            file.seek(length - len(start), 1)
