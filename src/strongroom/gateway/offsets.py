"""Numbers that count characters of a text that changed: citations and annotations move with what they point at.

A surrogate and its value are rarely of one length. Towards the client an offset in an answer's own text moves to
the restored text; one in a document that the client sent moves from the text the model saw back to the client's.
Towards the model the same offsets move the other way, so that the model finds what it once wrote.

Must never: look at what a text says, or move an offset of a text that did not change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from strongroom.errors import FormatError
from strongroom.formats.json_spans import Edit, Parsed, escape
from strongroom.gateway.edit import USER, Reading
from strongroom.gateway.ports import SessionPort
from strongroom.gateway.wires.table import LinkedPath, Place, Target
from strongroom.surrogates.restore import Change

_NUMBER = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*(-?[0-9]+)")


class Shift:
    """What changed in one text, in ascending order; it may still grow."""

    __slots__ = ("changes",)

    def __init__(self, changes: Sequence[Change] = ()) -> None:
        self.changes = changes

    def there(self, offset: int, *, end: bool) -> int:
        """Where `offset` of the text before stands after the changes; inside one, at its `end` or its start."""
        moved = 0
        for start, stop, length in self.changes:
            if offset <= start:
                break
            if offset < stop:
                return start + moved + (length if end else 0)
            moved += length - (stop - start)
        return offset + moved

    def back(self, offset: int, *, end: bool) -> int:
        """Where `offset` of the text after the changes stood before them."""
        moved = 0
        for start, stop, length in self.changes:
            now = start + moved
            if offset <= now:
                break
            if offset < now + length:
                return stop if end else start
            moved += length - (stop - start)
        return offset - moved


Documents = tuple[Shift, ...]
"""What was changed in the documents of a request, in their order."""


def target_path(place: Place, target: Target) -> LinkedPath:
    """The path of the text that the offset at `place` counts in."""
    path = place.path
    for _ in range(target.up):
        path = path[0]
    return (path, target.name)


def wanted(reading: Reading) -> dict[LinkedPath, list[Place]]:
    """The offsets of a message by the text they count in; those in documents are not among them."""
    found: dict[LinkedPath, list[Place]] = {}
    for place in reading.walk.offsets:
        target = place.field.target
        if target is not None and target.up:
            found.setdefault(target_path(place, target), []).append(place)
    return found


def number_edit(parsed: Parsed, place: Place, value: int) -> list[Edit]:
    """The edit that writes `value` in the place of an offset; none when it is the same."""
    if value == place.value:
        return []
    number = _NUMBER.match(parsed.raw, parsed.spans[place.met][1])
    if number is None:
        msg = f"JSON: no whole number follows the key at byte {parsed.spans[place.met][0]}"
        raise FormatError(msg)
    return [(*number.span(1), b"%d" % value)]


def moved(parsed: Parsed, places: Sequence[Place], shift: Shift) -> list[Edit]:
    """The edits that move the offsets at `places` with the text they count in."""
    edits = []
    for place in places:
        target = place.field.target
        end = target is not None and target.end
        edits += number_edit(parsed, place, shift.there(place.value, end=end))
    return edits


# --- towards the client -----------------------------------------------------------------------------


def restored_with(reading: Reading, place: Place, counted: Sequence[Place], session: SessionPort) -> list[Edit]:
    """The edits that restore the text at `place` and move the offsets that count in it."""
    restorer = session.restorer(USER)
    out = restorer.feed(place.value) + restorer.flush()
    edits = moved(reading.parsed, counted, Shift(restorer.changes))
    if out != place.value:
        start, end = reading.parsed.spans[place.met]
        edits.append((start + 1, end - 1, escape(out)))
    return edits


def returned(reading: Reading, documents: Documents) -> list[Edit]:
    """The edits that move offsets in documents back to the text that the client sent."""
    edits = []
    for place, shift, end in _in_documents(reading, documents):
        edits += number_edit(reading.parsed, place, shift.back(place.value, end=end))
    return edits


def _in_documents(reading: Reading, documents: Documents) -> Iterator[tuple[Place, Shift, bool]]:
    for place in reading.walk.offsets if documents else ():
        target, number = place.field.target, place.parent.get("document_index")
        if target is not None and not target.up and isinstance(number, int) and 0 <= number < len(documents):
            yield place, documents[number], target.end


# --- towards the model ------------------------------------------------------------------------------


def asked(reading: Reading, edits: Sequence[Edit]) -> tuple[list[Edit], Documents]:
    """What else changes in a request whose texts change by `edits`, and what changed in its documents."""
    documents = _documents(reading, edits)
    if not reading.walk.offsets or not edits:
        return [], documents
    more: list[Edit] = []
    counted = wanted(reading)
    for place in reading.walk.places if counted else ():
        if isinstance(place.value, str) and place.path in counted:
            more += moved(reading.parsed, counted[place.path], Shift(_changes(reading.parsed, place, edits)))
    for place, shift, end in _in_documents(reading, documents):
        more += number_edit(reading.parsed, place, shift.there(place.value, end=end))
    return more, documents


def _changes(parsed: Parsed, place: Place, edits: Sequence[Edit]) -> list[Change]:
    """The `edits` of one string literal, in characters."""
    start, end = parsed.spans[place.met]
    done, characters = start + 1, 0
    changes = []
    for first, last, text in sorted(edits):
        if start < first and last < end:
            begin = characters + _length(parsed.raw[done:first])
            characters = begin + _length(parsed.raw[first:last])
            done = last
            changes.append((begin, characters, _length(text)))
    return changes


def _length(content: bytes) -> int:
    return len(orjson.loads(b'"' + content + b'"'))


def _documents(reading: Reading, edits: Sequence[Edit]) -> Documents:
    parsed = reading.parsed
    if not edits or b'"document"' not in parsed.raw:
        return ()
    texts = {id(place.parent): place for place in reading.walk.places if isinstance(place.value, str)}
    shifts = []
    for block in _blocks(reading.value.get("messages")):
        place = texts.get(id(block.get("source")))
        shifts.append(Shift(_changes(parsed, place, edits) if place is not None else ()))
    return tuple(shifts) if any(shift.changes for shift in shifts) else ()


def _blocks(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every document block, in the order in which citations number them."""
    if isinstance(node, dict):
        if node.get("type") == "document":
            yield node
        else:
            for item in node.values():
                yield from _blocks(item)
    elif isinstance(node, list):
        for item in node:
            yield from _blocks(item)
