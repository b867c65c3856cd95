"""A JSON array that arrives as a stream, cut into its items with every byte kept.

What Gemini answers to a stream request without ``alt=sse``. Each item is cut off with
what stands before it (bracket, comma, spaces), and the closing bracket is an event of its own.

Must never: drop or reorder a byte of a complete item, or buffer more than one.
"""

from __future__ import annotations

import re

from strongroom.errors import LimitExceededError
from strongroom.gateway.sse import DONE, EVENT_BYTES_MAX, Data

_MARK = re.compile(rb'["{}\[\]]')
_IN_STRING = re.compile(rb'["\\]')
_BEFORE_ITEM = b"[, \t\r\n"
_OUTSIDE = 0
_IN_ARRAY = 1


class ItemFramer:
    """Cuts the bytes of one array into events, like `sse.Framer` cuts a stream of server-sent events."""

    __slots__ = ("_begun", "_depth", "_scanned", "_tail", "_text")

    def __init__(self) -> None:
        self._tail = b""
        self._scanned = 0
        self._depth = _OUTSIDE
        self._text = False
        self._begun = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The items that `chunk` completes; raises `LimitExceededError` when one grows beyond the limit."""
        tail = self._tail + chunk if self._tail else chunk
        events = []
        start = 0
        at = self._scanned
        while found := (_IN_STRING if self._text else _MARK).search(tail, at):
            at = found.end()
            if not self._advance(found.group()):
                at += found.group() == b"\\"  # the escaped character is no mark
                continue
            events.append(tail[start:at])
            start = at
        self._tail = tail[start:]
        self._scanned = max(at, len(tail)) - start
        self._begun = self._begun or bool(events)
        if len(self._tail) > EVENT_BYTES_MAX:
            msg = f"stream item: longer than {EVENT_BYTES_MAX} bytes"
            raise LimitExceededError(msg)
        return events

    def _advance(self, mark: bytes) -> bool:
        """Take one mark; whether an event ends with it."""
        if self._text:
            self._text = mark != b'"'
        elif mark == b'"':
            self._text = True
        elif mark in b"{[":
            self._depth += 1
        else:
            self._depth -= 1
            return self._depth <= (_IN_ARRAY if mark == b"}" else _OUTSIDE)
        return False

    def rest(self) -> bytes:
        """What came after the last event; an item that broke off is not passed on, for nobody could read it."""
        tail, self._tail, self._scanned = self._tail, b"", 0
        return b"" if tail.strip() else tail

    def data_of(self, event: bytes) -> Data | None:
        """The item without what stands before it; at the closing bracket, the word that ends a stream."""
        content = event.lstrip(_BEFORE_ITEM)
        if content.startswith(b"]"):
            return Data(DONE, -1)
        return Data(content, len(event) - len(content)) if content else None

    def own(self, event: bytes) -> bytes:
        """An event of our own (``,`` and an item), as the first of the array if none came before."""
        return event if self._begun else b"[" + event.removeprefix(b",")
