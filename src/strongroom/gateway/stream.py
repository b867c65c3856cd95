"""A streamed answer on its way back: event by event, text restored as it comes, tool calls held to their end.

Theory: a surrogate may be cut anywhere, so every text of every block has its own hold-back; what is held is
never more than a surrogate is long. A tool call is only run when it is complete, so its arguments are held
until their block ends and restored as a whole. An event of which nothing is left goes out with an empty text
rather than not at all, and what is held when a block ends goes out in an event of our own just before.
Events in which nothing changes are forwarded as the bytes they were.

Most events differ from the one before in a single string. When the bytes around that string are the same,
and what stands between them is the content of one JSON string, the event has the same structure: it is
restored without being parsed.

Must never: emit held text after the guard failed, change an opaque field, or wait for anything but the next
byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from strongroom.errors import FormatError, LimitExceededError
from strongroom.formats.json_spans import Edit, escape
from strongroom.gateway.dialect import EVERY_BLOCK, Block, FlatPath
from strongroom.gateway.edit import USER, Reading, read, restored_text, restoring, tool_of
from strongroom.gateway.ports import Holdback, SessionPort
from strongroom.gateway.sse import DONE, EVENT_BYTES_MAX, edited
from strongroom.gateway.wire import Wire
from strongroom.gateway.wires.table import Kind, Place, flat

HELD_CHARS_MAX = 16 << 20
"""Arguments held back in one stream; larger than any context window's worth of output."""


class _Text:
    """The hold-back of one text."""

    __slots__ = ("restorer",)

    def __init__(self, restorer: Holdback) -> None:
        self.restorer = restorer

    def feed(self, piece: str) -> str:
        return self.restorer.feed(piece)

    def end(self) -> str:
        return self.restorer.flush()


class _Call:
    """The held arguments of one tool call."""

    __slots__ = ("kind", "pieces", "session", "tool")

    def __init__(self, kind: Kind, tool: str, session: SessionPort) -> None:
        self.kind = kind
        self.tool = tool
        self.session = session
        self.pieces: list[str] = []

    def feed(self, piece: str) -> str:
        self.pieces.append(piece)
        return ""

    def end(self) -> str:
        whole, self.pieces = "".join(self.pieces), []
        return restored_text(self.kind, whole, self.session, self.tool) if whole else ""


_Held = _Text | _Call


class _Template:
    """An event whose only variable part is one piece of one text."""

    __slots__ = ("held", "length", "prefix", "suffix")

    def __init__(self, prefix: bytes, suffix: bytes, held: _Held) -> None:
        self.prefix = prefix
        self.suffix = suffix
        self.length = len(prefix) + len(suffix)
        self.held = held


class StreamRestorer:
    """Turns the provider's stream into the client's. `feed` it bytes as they come, then `finish` it.

    `reports` collects unknown fields, `garbage` counts events that were not what the wire says.
    """

    def __init__(self, wire: Wire, session: SessionPort) -> None:
        self._event_table = wire.event
        self._dialect = wire.dialect
        self._session = session
        self._framer = wire.framer()
        self._held: dict[FlatPath, _Held] = {}
        self._tools: dict[FlatPath, str] = {}
        self._last: dict[str, Any] = {}
        self._template: _Template | None = None
        self._held_chars = 0
        self.events = 0
        self.garbage = 0
        self.reports: set[str] = set()

    def feed(self, chunk: bytes) -> bytes:
        """What can go out now that `chunk` has come; whatever the session raises is passed on."""
        return b"".join([self._event(event) for event in self._framer.feed(chunk)])

    def finish(self) -> bytes:
        """The rest, when the stream has ended, whether in good order or not."""
        rest = self._framer.rest()
        out = self._event(rest) if rest else b""
        return out + self._end([EVERY_BLOCK])

    def broken(self, problem: bytes) -> bytes:
        """A problem, in the wire's own shape, to end the stream with; `finish` it first."""
        return self._framer.own(self._dialect.broken(problem))

    # --- one event --------------------------------------------------------------------------------

    def _event(self, event: bytes) -> bytes:
        self.events += 1
        template = self._template
        if template is not None and event.startswith(template.prefix) and event.endswith(template.suffix):
            content = event[len(template.prefix) : len(event) - len(template.suffix)]
            if len(event) >= template.length and (piece := _string(content)) is not None:
                return self._again(event, template, piece)
        data = self._framer.data_of(event)
        if data is None:
            return event
        if data.content == DONE:
            return self._end([EVERY_BLOCK]) + event
        try:
            reading = read(data.content, self._event_table, strict=False, bytes_max=EVENT_BYTES_MAX)
        except (FormatError, LimitExceededError):
            self.garbage += 1  # it carries surrogates at most: nothing was restored in it
            return event
        if not isinstance(reading.value, dict):
            self.garbage += 1
            return event
        self._last = reading.value
        self.reports.update(reading.walk.reports)
        for path, name in reading.walk.names:
            self._tools.setdefault(self._dialect.tool_key(flat(path)), name)
        ended = self._dialect.ended(reading.value)
        edits, here = self._places(reading, ended)
        before = self._end(ended, besides=here) if ended else b""
        if len(reading.walk.places) == 1 and len(here) == 1 and not ended and data.start >= 0:
            self._remember(event, data.start, reading, next(iter(here)))
        return before + (edited(event, data, edits) if edits else event)

    def _again(self, event: bytes, template: _Template, piece: str) -> bytes:
        self._count(template.held, piece)
        out = template.held.feed(piece)
        return event if out == piece else template.prefix + escape(out) + template.suffix

    def _remember(self, event: bytes, offset: int, reading: Reading, key: FlatPath) -> None:
        start, end = reading.parsed.spans[reading.walk.places[0].met]
        self._template = _Template(event[: offset + start + 1], event[offset + end - 1 :], self._held[key])

    def _places(self, reading: Reading, ended: Sequence[Block]) -> tuple[list[Edit], set[FlatPath]]:
        """The edits of this event, and which held texts had a piece in it."""
        edits: list[Edit] = []
        here: set[FlatPath] = set()
        for place in reading.walk.places:
            if not place.field.fragment:
                edits += restoring(reading, place, self._session, tool_of(place))
                continue
            key = self._dialect.stream_key(flat(place.path))
            held = self._holder(key, place)
            if held is None:
                continue
            here.add(key)
            self._count(held, place.value)
            out = held.feed(place.value)
            if _is_in(self._dialect.block(key), ended):
                out += held.end()
            if out != place.value:
                start, end = reading.parsed.spans[place.met]
                edits.append((start + 1, end - 1, escape(out)))
        return edits, here

    def _holder(self, key: FlatPath, place: Place) -> _Held | None:
        held = self._held.get(key)
        if held is None:
            kind = place.field.kind
            if kind is Kind.TEXT:
                held = _Text(self._session.restorer(USER))
            else:
                tool = self._tools.get(self._dialect.tool_key(key))
                if tool is None:
                    return None  # a hosted tool's call, or nobody's: nothing is restored in it
                held = _Call(kind, tool, self._session)
            self._held[key] = held
        return held

    def _count(self, held: _Held, piece: str) -> None:
        if isinstance(held, _Call):
            self._held_chars += len(piece)
            if self._held_chars > HELD_CHARS_MAX:
                msg = f"tool arguments: longer than {HELD_CHARS_MAX} characters"
                raise LimitExceededError(msg)

    # --- the end of blocks ------------------------------------------------------------------------

    def _end(self, blocks: Sequence[Block], besides: set[FlatPath] | None = None) -> bytes:
        """Events with what is still held in `blocks`; those that have a piece in this event said it there."""
        out = []
        for key in [key for key in self._held if _is_in(self._dialect.block(key), blocks)]:
            held = self._held.pop(key)
            self._template = None
            if besides and key in besides:
                continue
            if rest := held.end():
                out.append(self._dialect.piece(key, rest, self._last))
        return b"".join(out)


def _is_in(block: Block, blocks: Sequence[Block]) -> bool:
    return any(ended in (EVERY_BLOCK, block) for ended in blocks)


def _string(content: bytes) -> str | None:
    """The text that `content` is between two quotes; None when it is not the content of one string."""
    try:
        piece = orjson.loads(b'"' + content + b'"')
    except orjson.JSONDecodeError:
        return None
    return piece if isinstance(piece, str) else None
