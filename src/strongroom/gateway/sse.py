"""Server-sent events out of a byte stream cut anywhere, with every byte of every event kept.

Source: the event stream format of the HTML standard (section 9.2): lines end in LF, CRLF or CR, an empty line
ends an event, `data` lines are joined by LF, a line that begins with a colon is a comment.

Must never: decode what is not `data`, drop or reorder a byte, or buffer more than one event.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from strongroom.errors import LimitExceededError
from strongroom.formats.json_spans import Edit, splice

EVENT_BYTES_MAX = 16 << 20
"""One event may carry a whole answer, or a generated image; nothing legitimate is larger."""

DONE = b"[DONE]"
"""The data with which OpenAI's streams end."""

_END = re.compile(rb"(?:\r\n|\r(?!\n)|\n){2}")
_DATA = re.compile(rb"(?:^|(?<=[\r\n])|(?<=^\xef\xbb\xbf))data(?:: ?|(?=[\r\n]|$))([^\r\n]*)")


class Framing(Protocol):
    """Cuts a stream into events; `Framer` does it for server-sent ones."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The events that `chunk` completes."""
        ...

    def rest(self) -> bytes:
        """What came after the last event, when the stream has ended."""
        ...

    def data_of(self, event: bytes) -> Data | None:
        """What an event holds; None when it holds nothing."""
        ...

    def own(self, event: bytes) -> bytes:
        """An event of our own, as it stands in this stream."""
        ...


class Framer:
    """Cuts a byte stream into events. Concatenated, they are the stream."""

    __slots__ = ("_scanned", "_tail")

    def __init__(self) -> None:
        self._tail = b""
        self._scanned = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """The events that `chunk` completes, each with the empty line that ends it.

        Raises `LimitExceededError` when one event grows beyond `EVENT_BYTES_MAX`.
        """
        tail = self._tail + chunk if self._tail else chunk
        events = []
        start = 0
        for end in _ends(tail, self._scanned):
            events.append(tail[start:end])
            start = end
        self._tail = tail[start:] if start else tail
        self._scanned = max(0, len(self._tail) - 3)  # an end may already have begun
        if len(self._tail) > EVENT_BYTES_MAX:
            msg = f"stream event: longer than {EVENT_BYTES_MAX} bytes"
            raise LimitExceededError(msg)
        return events

    def rest(self) -> bytes:
        """What came after the last event, when the stream has ended."""
        tail, self._tail, self._scanned = self._tail, b"", 0
        return tail

    def data_of(self, event: bytes) -> Data | None:
        """`data_of`, for who does not know what the stream is framed by."""
        return data_of(event)

    def own(self, event: bytes) -> bytes:
        """An event of our own, as it stands in this stream."""
        return event


def _ends(tail: bytes, start: int) -> Iterator[int]:
    """Where each event of `tail` ends."""
    if b"\r" in tail:
        for found in _END.finditer(tail, start):
            yield found.end()
    else:  # what every provider sends
        while (at := tail.find(b"\n\n", start)) >= 0:
            start = at + 2
            yield start


class Data(NamedTuple):
    """The data of one event. `start` is its offset in the event when it stands in a single line, else -1."""

    content: bytes
    start: int


def data_of(event: bytes) -> Data | None:
    """What the event's `data` lines hold, joined; None for a comment or an event without data."""
    found = list(_DATA.finditer(event))
    if len(found) == 1:
        return Data(found[0].group(1), found[0].start(1))
    if not found:
        return None
    return Data(b"\n".join(line.group(1) for line in found), -1)


def edited(event: bytes, data: Data, edits: Sequence[Edit]) -> bytes:
    """`event` with `edits` (offsets in its data) made; every other byte stays.

    An event whose data stands in several lines keeps its line ends; edits never cross one, because a JSON
    string holds none.
    """
    if data.start >= 0:
        return splice(event, [(data.start + start, data.start + end, text) for start, end, text in edits])
    spans = [found.span(1) for found in _DATA.finditer(event)]
    moved = []
    base = 0
    remaining = list(edits)
    for start, end in spans:
        length = end - start
        while remaining and remaining[0][0] <= base + length:
            first, last, text = remaining.pop(0)
            moved.append((start + first - base, start + last - base, text))
        base += length + 1
    return splice(event, moved)
