"""A streamed answer on its way back: event by event, text restored as it comes, tool calls held to their end.

Theory: a surrogate may be cut anywhere, so every text of every block has its own hold-back; what is held is
never more than a surrogate is long. A tool call is only run when it is complete, so its arguments are held
until their block ends and restored as a whole. An event of which nothing is left goes out with an empty text
rather than not at all, and what is held when a block ends goes out in an event of our own just before; on a wire
that numbers its events, with the last event that had a piece of it (`outbox`). Events in which nothing changes
are forwarded as the bytes they were, and most are recognized without being parsed (`template`).

Must never: emit held text after the guard failed, change an opaque field, or wait for anything but the next
byte.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from strongroom.errors import FormatError, LimitExceededError
from strongroom.formats.json_spans import Edit, escape
from strongroom.gateway.dialect import EVERY_BLOCK, Block, FlatPath
from strongroom.gateway.edit import USER, Reading, read, restored_text, restoring, tool_of
from strongroom.gateway.offsets import Documents, Shift, moved, restored_with, returned, wanted
from strongroom.gateway.outbox import Outbox, Slot, Waiting
from strongroom.gateway.ports import Holdback, SessionPort
from strongroom.gateway.sse import DONE, EVENT_BYTES_MAX, Data
from strongroom.gateway.template import Template
from strongroom.gateway.wire import Wire
from strongroom.gateway.wires.table import Field, Kind, LinkedPath, Place, flat

HELD_CHARS_MAX = 16 << 20
"""Arguments held back in one stream; larger than any context window's worth of output."""


class _Text:
    """The hold-back of one text."""

    __slots__ = ("restorer",)

    def __init__(self, restorer: Holdback) -> None:
        self.restorer = restorer

    @property
    def waiting(self) -> bool:
        return self.restorer.waiting

    def feed(self, piece: str) -> str:
        return self.restorer.feed(piece)

    def end(self) -> str:
        return self.restorer.flush()


class _Call:
    """The held arguments of one tool call."""

    __slots__ = ("field", "pieces", "session", "tool")

    def __init__(self, field: Field, tool: str, session: SessionPort) -> None:
        self.field = field
        self.tool = tool
        self.session = session
        self.pieces: list[str] = []

    @property
    def waiting(self) -> bool:
        return bool(self.pieces)

    def feed(self, piece: str) -> str:
        self.pieces.append(piece)
        return ""

    def end(self) -> str:
        whole, self.pieces = "".join(self.pieces), []
        return restored_text(self.field, whole, self.session, self.tool) if whole else ""


_Held = _Text | _Call


class StreamRestorer:
    """Turns the provider's stream into the client's. `feed` it bytes as they come, then `finish` it.

    `reports` collects unknown fields, `garbage` counts events that were not what the wire says.
    """

    def __init__(self, wire: Wire, session: SessionPort, documents: Documents = ()) -> None:
        self._event_table = wire.event
        self._dialect = wire.dialect
        self._numbered = wire.numbered
        self._session = session
        self._documents = documents
        self._framer = wire.framer()
        self._held: dict[FlatPath, _Held] = {}
        self._shifts: dict[FlatPath, Shift] = {}
        self._tools: dict[FlatPath, str] = {}
        self._last: dict[str, Any] = {}
        self._template: tuple[Template, FlatPath] | None = None
        self._outbox = Outbox()
        self._sent = b""
        self._held_chars = 0
        self.events = 0
        self.garbage = 0
        self.reports: set[str] = set()

    def feed(self, chunk: bytes) -> bytes:
        """What can go out now that `chunk` has come; whatever the session raises is passed on."""
        out = b"".join([self._event(event) for event in self._framer.feed(chunk)])
        self._sent = out or self._sent
        return out

    def finish(self) -> bytes:
        """The rest, when the stream has ended, whether in good order or not."""
        rest = self._framer.rest()
        out = self._event(rest) if rest else b""
        out += self._end([EVERY_BLOCK]) + self._outbox.ready()
        self._sent = out or self._sent
        return out

    def broken(self, problem: bytes) -> bytes:
        """A problem, in the wire's own shape, to end the stream with; `finish` it first."""
        event = self._dialect.broken(problem)
        return self._framer.own(event if self._numbered is None else self._numbered(event, self._sent))

    # --- one event --------------------------------------------------------------------------------

    def _event(self, event: bytes) -> bytes:
        self.events += 1
        if self._template is not None and (found := self._template[0].match(event)) is not None:
            return self._again(event, self._template[1], *found)
        data = self._framer.data_of(event)
        if data is None:
            return self._out(event, None, [], [])
        if data.content == DONE:
            return self._end([EVERY_BLOCK]) + self._out(event, None, [], [])
        try:
            reading = read(data.content, self._event_table, strict=False, bytes_max=EVENT_BYTES_MAX)
        except (FormatError, LimitExceededError):
            self.garbage += 1  # it carries surrogates at most: nothing was restored in it
            return self._out(event, None, [], [])
        if not isinstance(reading.value, dict):
            self.garbage += 1
            return self._out(event, None, [], [])
        self._last = reading.value
        self.reports.update(reading.walk.reports)
        for path, name in reading.walk.names:
            self._tools.setdefault(self._dialect.tool_key(flat(path)), name)
        ended = self._dialect.ended(reading.value)
        edits, here = self._places(reading, ended)
        before = self._end(ended, besides=here.keys()) if ended else b""
        if len(reading.walk.places) == 1 and len(here) == 1 and not ended and data.start >= 0:
            key, slot = next(iter(here.items()))
            self._template = Template(event, data.start + slot.start, data.start + slot.end), key
        later = (lambda: self._moved(reading)) if reading.walk.offsets else None
        return before + self._out(event, data, edits, list(here.values()), later)

    def _out(
        self,
        event: bytes,
        data: Data | None,
        edits: list[Edit],
        slots: list[Slot],
        later: Callable[[], list[Edit]] | None = None,
    ) -> bytes:
        """`event` and what waited for it, unless it has to wait itself."""
        made = Waiting(event, data, edits, slots, later)
        if self._outbox.is_empty and not any(slot.is_open for slot in slots):
            return made.written()
        return self._outbox.put(made)

    def _again(self, event: bytes, key: FlatPath, start: int, end: int, piece: str) -> bytes:
        held = self._held[key]
        self._count(held, piece)
        out = held.feed(piece)
        if self._numbered is None or (not held.waiting and self._outbox.is_empty):
            return event if out == piece else event[:start] + escape(out) + event[end:]
        slot = Slot(start, end, piece, out)
        self._carry(key, held, slot)
        return self._out(event, None, [], [slot])

    def _carry(self, key: FlatPath, held: _Held, slot: Slot) -> None:
        """On a wire that adds no events: `slot` is now the last piece of its text, and carries what is held."""
        if self._numbered is not None:
            self._outbox.settle(key)
            if held.waiting:
                self._outbox.open(key, slot)

    def _places(self, reading: Reading, ended: Sequence[Block]) -> tuple[list[Edit], dict[FlatPath, Slot]]:
        """The edits of this event, and which held texts had a piece in it."""
        edits: list[Edit] = []
        here: dict[FlatPath, Slot] = {}
        counted = wanted(reading) if reading.walk.offsets else {}
        for place in reading.walk.places:
            if not place.field.fragment:
                edits += self._whole(reading, place, counted)
                continue
            key = self._dialect.stream_key(flat(place.path))
            held = self._holder(key, place)
            if held is None:
                continue
            self._count(held, place.value)
            out = held.feed(place.value)
            if _is_in(self._dialect.block(key), ended):
                out += held.end()
            start, end = reading.parsed.spans[place.met]
            here[key] = Slot(start + 1, end - 1, place.value, out)
            self._carry(key, held, here[key])
        return edits, here

    def _whole(self, reading: Reading, place: Place, counted: Mapping[LinkedPath, Sequence[Place]]) -> list[Edit]:
        """The edits of a text that came as a whole, and of the offsets that count in it."""
        if counted and place.path in counted and isinstance(place.value, str):
            return restored_with(reading, place, counted[place.path], self._session)
        tool = tool_of(place) or self._tools.get(self._dialect.tool_key(flat(place.path)), "")
        return restoring(reading, place, self._session, tool)

    def _moved(self, reading: Reading) -> list[Edit]:
        """The edits of offsets that count in a streamed text, or in a document of the request."""
        edits = returned(reading, self._documents)
        for path, places in wanted(reading).items():
            shift = self._shifts.get(self._dialect.stream_key(flat(path)))
            if shift is not None:
                edits += moved(reading.parsed, places, shift)
        return edits

    def _holder(self, key: FlatPath, place: Place) -> _Held | None:
        held = self._held.get(key)
        if held is None:
            kind = place.field.kind
            if kind is Kind.TEXT:
                restorer = self._session.restorer(USER)
                held = _Text(restorer)
                self._shifts[key] = Shift(restorer.changes)
            else:
                tool = place.field.tool or self._tools.get(self._dialect.tool_key(key))
                if tool is None:
                    return None  # a hosted tool's call, or nobody's: nothing is restored in it
                held = _Call(place.field, tool, self._session)
            self._held[key] = held
        return held

    def _count(self, held: _Held, piece: str) -> None:
        if isinstance(held, _Call):
            self._held_chars += len(piece)
            if self._held_chars > HELD_CHARS_MAX:
                msg = f"tool arguments: longer than {HELD_CHARS_MAX} characters"
                raise LimitExceededError(msg)

    # --- the end of blocks ------------------------------------------------------------------------

    def _end(self, blocks: Sequence[Block], besides: Collection[FlatPath] = ()) -> bytes:
        """Events with what is still held in `blocks`; those that have a piece in this event said it there."""
        out = []
        for key in [key for key in self._held if _is_in(self._dialect.block(key), blocks)]:
            held = self._held.pop(key)
            self._template = None
            if key in besides:
                continue
            rest = held.end()
            if self._numbered is not None:
                self._outbox.settle(key, rest)
            elif rest:
                out.append(self._dialect.piece(key, rest, self._last))
        return b"".join(out)


def _is_in(block: Block, blocks: Sequence[Block]) -> bool:
    """Whether `block` is one of `blocks`, or a part of one."""
    return any(block[: len(ended)] == ended for ended in blocks)
