"""Reads a JSON message by its table and turns what the guard says into splices of its bytes.

Both directions use it: `protect` on the way to the model, `restore` on the way back.

Must never: emit a byte that is neither the client's, the provider's nor the guard's.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import orjson

from strongroom.errors import FormatError, LimitExceededError
from strongroom.formats.json_spans import Edit, Parsed, escape, literal_edits, parse
from strongroom.gateway.ports import SessionPort
from strongroom.gateway.wires.table import ROOT, Field, Judge, Kind, Node, Place, Walk
from strongroom.guard.sinks import Sink

USER = Sink.user()

_TO_VALUE = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*")
_BRACKETS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


class Reading(NamedTuple):
    """A message, parsed and read by its table."""

    parsed: Parsed
    walk: Walk

    @property
    def value(self) -> Any:
        """The parsed message."""
        return self.parsed.value


def read(raw: bytes, table: Node, *, strict: bool, bytes_max: int, judge: Judge | None = None) -> Reading:
    """Parse `raw` and read it by `table`.

    Raises `FormatError` (not JSON, duplicate keys), `LimitExceededError`, and, when `strict`,
    `RequestRefusedError` naming an unknown field. `judge` decides about binary ones.
    """
    parsed = parse(raw, bytes_max=bytes_max)
    walk = Walk(strict=strict, judge=judge)
    try:
        table.walk(parsed.value, walk, ROOT, {})
    except RecursionError:  # the parser accepts 1024 levels, the walk needs two frames for each
        msg = "JSON: nested too deeply"
        raise LimitExceededError(msg) from None
    parsed.require_count(walk.met)
    return Reading(parsed, walk)


def tree_span(parsed: Parsed, place: Place) -> tuple[int, int]:
    """The bytes of the array or object that stands under the key which is literal number `place.met`."""
    raw = parsed.raw
    lead = _TO_VALUE.match(raw, parsed.spans[place.met][1])
    start = lead.end() if lead else -1
    depth = 0
    for found in _BRACKETS.finditer(raw, start) if lead else ():
        bracket = raw[found.start()]
        if bracket in b"[{":
            depth += 1
        elif bracket in b"]}":
            depth -= 1
            if depth == 0:
                return start, found.end()
    msg = f"JSON: no array or object follows the key at byte {parsed.spans[place.met][0]}"
    raise FormatError(msg)


def protecting(reading: Reading, place: Place, session: SessionPort) -> list[Edit]:
    """The edits that keep from the model what it must not see at `place`."""
    parsed = reading.parsed
    if isinstance(place.value, str):
        changes = session.protect(place.value, origin=place.field.origin)
        if not changes:
            return []
        start, end = parsed.spans[place.met]
        return literal_edits(
            parsed.raw, start + 1, end - 1, place.value, [(item.start, item.end, item.text) for item in changes]
        )
    start, end = tree_span(parsed, place)
    text = parsed.raw[start:end].decode()
    changes = session.protect(text, origin=place.field.origin)
    if text.isascii():
        return [(start + item.start, start + item.end, item.text.encode()) for item in changes]
    edits = []
    characters = 0
    for item in changes:  # ascending, so each character is encoded once
        start += len(text[characters : item.start].encode())
        size = len(text[item.start : item.end].encode())
        edits.append((start, start + size, item.text.encode()))
        start += size
        characters = item.end
    return edits


def restoring(reading: Reading, place: Place, session: SessionPort, tool: str) -> list[Edit]:
    """The edits that put back at `place` what policy lets out there; `tool` is whose arguments they are."""
    parsed = reading.parsed
    if isinstance(place.value, str):
        restored = restored_text(place.field, place.value, session, tool)
        if restored == place.value:
            return []
        start, end = parsed.spans[place.met]
        return [(start + 1, end - 1, escape(restored))]
    start, end = tree_span(parsed, place)
    text = parsed.raw[start:end].decode()
    restored = session.restore_arguments(tool, text)
    return [] if restored == text else [(start, end, restored.encode())]


def restored_text(field: Field, content: str, session: SessionPort, tool: str) -> str:
    """A whole string of `field` with what may come out there."""
    if field.kind is Kind.TEXT:
        restorer = session.restorer(USER)
        return restorer.feed(content) + restorer.flush()
    if field.kind is Kind.ARGUMENTS:
        return session.restore_arguments(tool, content)
    # A custom tool gets plain text: it is the one parameter of that tool.
    wrapped = session.restore_arguments(tool, f'{{"{field.parameter}":{orjson.dumps(content).decode()}}}')
    inner = orjson.loads(wrapped)[field.parameter]
    return inner if isinstance(inner, str) else content


def tool_of(place: Place) -> str:
    """The tool a whole call is for: what the table says, else the `name` beside its arguments."""
    name = place.field.tool or place.parent.get("name")
    return name if isinstance(name, str) else ""
