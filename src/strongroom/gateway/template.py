"""An event like the one before but for a few places: recognized without being parsed.

Most events of a stream differ in one piece of one text, and on some wires in a running number and in padding. When
the bytes around these places are the same, a number is a number, padding is padding, and the piece is the content
of one JSON string, then the event has the same structure.

Must never: take an event for its like that a parser would read differently.
"""

from __future__ import annotations

import re

import orjson

_VARYING = re.compile(rb'"(?:sequence_number|obfuscation)" ?: ?(?:"([A-Za-z0-9]*)"|([0-9]+))')
_PIECE, _PADDING, _NUMBER = 0, 1, 2


class Template:
    """One event, with its piece between `start` and `end`."""

    __slots__ = ("_first", "_kinds", "_last", "_least", "_literals")

    def __init__(self, event: bytes, start: int, end: int) -> None:
        holes = [(start, end, _PIECE)]
        for found in _VARYING.finditer(event):
            kind = _PADDING if found.group(2) is None else _NUMBER
            if found.end() <= start or end <= found.start():
                holes.append((*found.span(kind), kind))
        holes.sort()
        ends = [hole[0] for hole in holes[1:]]
        self._first = event[: holes[0][0]]
        self._last = event[holes[-1][1] :]
        self._literals = [event[hole[1] : stop] for hole, stop in zip(holes, ends, strict=False)]
        self._kinds = [hole[2] for hole in holes]
        self._least = len(self._first) + len(self._last)

    def match(self, event: bytes) -> tuple[int, int, str] | None:
        """Where the piece of `event` stands and what it says; None when it has another structure."""
        if len(event) < self._least or not event.startswith(self._first) or not event.endswith(self._last):
            return None
        at, stop = len(self._first), len(event) - len(self._last)
        piece: tuple[int, int, str] | None = None
        for number, kind in enumerate(self._kinds):
            literal = self._literals[number] if number < len(self._literals) else b""
            end = event.find(literal, at, stop) if literal else stop
            if end < 0:
                return None
            content = event[at:end]
            if kind == _PIECE:
                said = string_of(content)
                if said is None:
                    return None
                piece = at, end, said
            elif not (content.isdigit() if kind == _NUMBER else not content or content.isalnum()):
                return None
            at = end + len(literal)
        return piece


def string_of(content: bytes) -> str | None:
    """The text that `content` is between two quotes; None when it is not the content of one string."""
    try:
        piece = orjson.loads(b'"' + content + b'"')
    except orjson.JSONDecodeError:
        return None
    return piece if isinstance(piece, str) else None
