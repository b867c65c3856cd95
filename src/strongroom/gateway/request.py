"""A client's request on its way to the model: read by the table, inspected text by text, spliced.

Must never: change a byte in which nothing was found, or forward a body that was not read completely
(in enforce mode; monitor mode forwards every body as it came and reports).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from strongroom.canonical import tuple_bytes
from strongroom.errors import FormatError
from strongroom.formats.json_spans import Edit, splice
from strongroom.gateway.edit import Reading, protecting, read
from strongroom.gateway.files import REFUSED, FileRules, extracted, judge
from strongroom.gateway.offsets import Documents, asked
from strongroom.gateway.ports import SessionPort
from strongroom.gateway.wire import Wire, opening
from strongroom.gateway.wires.table import Place

TURNS = frozenset({"messages", "contents", "input"})
"""Where a wire keeps the turns of the conversation."""

HEADER_LEN_MAX = 200
"""A conversation's name is an identifier of the client's, not content."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request ready to be forwarded. `kinds` counts what was found by kind; values are nowhere.

    `documents` is where in them something was changed.
    """

    body: bytes
    kinds: Counter[str]
    documents: Documents = ()


def read_request(raw: bytes, wire: Wire, *, strict: bool, bytes_max: int, files: FileRules = REFUSED) -> Reading:
    """Read a request; the errors are those of `edit.read`, and a body that is no object is refused.

    When `strict`, `files` decide about what is no text; documents whose text is sent are read as that text.
    """
    judging = partial(judge, files) if strict else None
    reading = read(raw, wire.request, strict=strict, bytes_max=bytes_max, judge=judging)
    if reading.walk.files and (as_text := extracted(reading, files)) is not None:
        reading = read(as_text, wire.request, strict=strict, bytes_max=bytes_max, judge=judging)
    if not isinstance(reading.value, dict):
        msg = "the body is not a JSON object"
        raise FormatError(msg)
    return reading


def conversation_of(header: str, body: dict[str, Any]) -> str:
    """The name of the conversation: the client's, else a digest of its opening, else ``""`` (the principal).

    Raises `FormatError` for a header that is no identifier.
    """
    if header:
        if len(header) > HEADER_LEN_MAX or not header.isascii() or not header.isprintable():
            msg = f"Strongroom-Session: up to {HEADER_LEN_MAX} printable ASCII characters"
            raise FormatError(msg)
        return header
    texts = opening(body)
    if not texts:
        return ""
    digest = hashlib.sha256(tuple_bytes("strongroom/opening/1", len(texts)))
    for words in texts:
        encoded = words.encode()
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()[:32]


def protect_request(reading: Reading, session: SessionPort, *, apply: bool) -> Prepared:
    """Inspect every text; with `apply`, replace what the model must not see.

    Messages come last, in their order: what the house learns from a tool's result then never changes what
    stands before it, and the prefix a provider caches stays the same from turn to turn.
    """
    kinds: Counter[str] = Counter()
    edits: list[Edit] = []
    for place in _messages_last(reading.walk.places):
        found = protecting(reading, place, session)
        if found:
            kinds[place.field.kind.value] += len(found)
            edits += found
    if not edits or not apply:
        return Prepared(reading.parsed.raw, kinds)
    more, documents = asked(reading, edits)
    edits += more
    edits.sort()
    return Prepared(splice(reading.parsed.raw, edits), kinds, documents)


def _messages_last(places: list[Place]) -> Iterable[Place]:
    return sorted(places, key=_stands_in_messages)  # stable: document order on both sides


def _stands_in_messages(place: Place) -> bool:
    path = place.path
    while path[0]:
        path = path[0]
    return path[1] in TURNS
