"""Events that wait for the end of what they carry, in the order in which they came.

Some streams number their events, so none may be added or left out. What is held back of a text then goes out with
the last event that had a piece of it: that event waits until the next piece of the same text, or its end, has
come. Whatever came after it waits behind it.

Must never: change the order of events, or hold more than `WAITING_BYTES_MAX`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from strongroom.errors import LimitExceededError
from strongroom.formats.json_spans import Edit, escape, splice
from strongroom.gateway.dialect import FlatPath
from strongroom.gateway.sse import Data, edited

WAITING_BYTES_MAX = 16 << 20
"""A waiting event is followed by the next piece of its text within a few others; nothing legitimate is larger."""


class Slot:
    """The piece of a text that one event carries: from `start` to `end` there stood `was`, now stands `out`."""

    __slots__ = ("end", "is_open", "out", "start", "was")

    def __init__(self, start: int, end: int, was: str, out: str) -> None:
        self.start = start
        self.end = end
        self.was = was
        self.out = out
        self.is_open = False


class Waiting:
    """One event. Offsets are those of its `data`, or of the event itself without.

    `later` makes the edits that depend on what waits before this event.
    """

    __slots__ = ("data", "edits", "event", "later", "slots")

    def __init__(
        self,
        event: bytes,
        data: Data | None,
        edits: list[Edit],
        slots: list[Slot],
        later: Callable[[], list[Edit]] | None = None,
    ) -> None:
        self.event = event
        self.data = data
        self.edits = edits
        self.slots = slots
        self.later = later

    def written(self) -> bytes:
        """The event as it goes out."""
        edits = self.edits + [
            (slot.start, slot.end, escape(slot.out)) for slot in self.slots if slot.out != slot.was
        ]
        if self.later is not None:
            edits += self.later()
        if not edits:
            return self.event
        edits.sort()
        return splice(self.event, edits) if self.data is None else edited(self.event, self.data, edits)


class Outbox:
    """See the module."""

    __slots__ = ("_bytes", "_open", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[Waiting] = deque()
        self._open: dict[FlatPath, Slot] = {}
        self._bytes = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def open(self, key: FlatPath, slot: Slot) -> None:
        """`slot` carries what is held back of the text `key` from now on."""
        slot.is_open = True
        self._open[key] = slot

    def settle(self, key: FlatPath, rest: str = "") -> None:
        """The event that carries the text `key` waits no more; `rest` goes out with it."""
        slot = self._open.pop(key, None)
        if slot is not None:
            slot.out += rest
            slot.is_open = False

    def put(self, event: Waiting) -> bytes:
        """Append `event`; what can go out now. Raises `LimitExceededError` when too much waits."""
        self._waiting.append(event)
        self._bytes += len(event.event)
        out = self.ready()
        if self._bytes > WAITING_BYTES_MAX:
            msg = f"stream: more than {WAITING_BYTES_MAX} bytes wait for the end of a piece"
            raise LimitExceededError(msg)
        return out

    def ready(self) -> bytes:
        """The events that wait for nothing, from the first one on."""
        out = []
        waiting = self._waiting
        while waiting and not any(slot.is_open for slot in waiting[0].slots):
            event = waiting.popleft()
            self._bytes -= len(event.event)
            out.append(event.written())
        return b"".join(out)
