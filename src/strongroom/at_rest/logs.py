"""Logs of agents and tools: every line sealed on its own, so that one subject's lines can be erased.

A frame is a u16 length and canonical JSON saying which key opens it (category, subject, boot, number), then
a u32 length and ``field/1``. The frame's fields are part of what the line is bound to.

Must never: raise into the program that logs, or drop a line silently: a line that cannot be sealed is
counted in `lost` and reported through logging's own error channel.
"""

from __future__ import annotations

import logging
import struct
import threading
from pathlib import Path

import orjson

from strongroom.at_rest.custody import Custody
from strongroom.canonical import json_bytes
from strongroom.clock import Entropy, system_entropy
from strongroom.errors import FormatError, StrongroomError

CATEGORY = "operational"
_META = struct.Struct(">H")
_LENGTH = struct.Struct(">I")
LINE_BYTES_MAX = 1 << 20
"""A longer line is cut: a log is not a file store."""


class SealedLogHandler(logging.Handler):
    """A `logging.Handler` whose lines are sealed. ``extra={"subject": …}`` seals a line under that subject."""

    def __init__(
        self, custody: Custody, path: Path, *, category: str = CATEGORY, entropy: Entropy = system_entropy
    ) -> None:
        super().__init__()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.lost = 0
        self._custody = custody
        self._category = category
        self._boot = entropy(8).hex()
        self._number = 0
        self._file = path.open("ab")
        self._name = path.name
        self._writing = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Seal one line. A line logged while sealing a line is dropped: it would never end."""
        if getattr(self._writing, "busy", False):
            return
        self._writing.busy = True
        try:
            self._write(record)
        except (StrongroomError, OSError):
            self.lost += 1
            self.handleError(record)
        finally:
            self._writing.busy = False

    def _write(self, record: logging.LogRecord) -> None:
        subject = str(getattr(record, "subject", ""))
        text = self.format(record).encode("utf-8", "replace")[:LINE_BYTES_MAX]
        place: dict[str, str | int] = {"b": self._boot, "c": self._category, "n": self._number, "s": subject}
        self._number += 1
        sealed = self._custody.seal(
            text, "log", _object_id(self._name, place), category=self._category, subject=subject
        )
        meta = json_bytes(place)
        self._file.write(_META.pack(len(meta)) + meta + _LENGTH.pack(len(sealed)) + sealed)
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def read_log(custody: Custody, path: Path, *, subject: str | None = None) -> list[str]:
    """The lines of a sealed log in order; with `subject`, only the lines about it.

    Raises `FormatError` for a torn file (with the byte), `DecryptionError` or `KeyStateError` for a line that
    does not open.
    """
    out: list[str] = []
    raw = path.read_bytes()
    position = 0
    while position < len(raw):
        try:
            (meta_len,) = _META.unpack_from(raw, position)
            place = orjson.loads(raw[position + 2 : position + 2 + meta_len])
            body = position + 2 + meta_len
            (sealed_len,) = _LENGTH.unpack_from(raw, body)
            wanted = {name: place[name] for name in ("b", "c", "n", "s")}
        except (struct.error, orjson.JSONDecodeError, KeyError, TypeError):
            msg = f"sealed log: torn at byte {position}"
            raise FormatError(msg) from None
        sealed = raw[body + 4 : body + 4 + sealed_len]
        if subject is None or subject == wanted["s"]:
            line = custody.open(
                sealed, "log", _object_id(path.name, wanted), category=wanted["c"], subject=wanted["s"]
            )
            out.append(line.decode("utf-8"))
        position = body + 4 + sealed_len
    return out


def whole_frames(path: Path) -> int:
    """How many bytes of a sealed log are complete frames: what a copy of a log in use may take."""
    position, end = 0, path.stat().st_size
    with path.open("rb") as file:
        while len(head := file.read(_META.size)) == _META.size:
            body = position + _META.size + _META.unpack(head)[0]
            file.seek(body)
            length = file.read(_LENGTH.size)
            after = body + _LENGTH.size + (_LENGTH.unpack(length)[0] if len(length) == _LENGTH.size else end)
            if after > end:
                break
            position = after
            file.seek(position)
    return position


def _object_id(name: str, place: dict[str, str | int]) -> str:
    return f"{name}/{place['b']}/{place['n']}"
