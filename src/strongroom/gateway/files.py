"""What cannot be read as text: images, sounds, films, documents and addresses of such, decided by kind.

Each kind is refused, or passed with an entry in the log, or, for documents, its text is taken out and sent in the
place of the file; that text is then inspected like any other. What a thing is, is told by its declared type, never
by its content, so the rule of a kind covers what a client says is of that kind.

Must never: pass what has no kind (tokens of a text, archives), take text out of a thing that another place of the
message needs as a file, or put a file's content or name into an error.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import orjson

from strongroom.errors import FormatError, RequestRefusedError
from strongroom.formats.json_spans import Edit, splice
from strongroom.gateway.edit import Reading
from strongroom.gateway.wires.table import Place, dotted
from strongroom.settings import Files

Rule = Literal["refuse", "pass", "extract"]

_DATA_URL = re.compile(r"data:([a-z0-9.+-]+/[a-z0-9.+-]+)?(?:;[a-z0-9.=_-]+)*?(;base64)?,", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{1,15}://", re.IGNORECASE)
_HANDLE = re.compile(
    r"https://generativelanguage\.googleapis\.com/v1(?:beta|alpha)?/files/[a-z0-9-]{1,64}", re.ASCII
)
"""A file the provider keeps already: nothing leaves with its name."""

_TYPE_FIELDS = ("media_type", "mimeType", "mime_type")
_NAME_FIELDS = ("filename", "displayName", "display_name")
_FAMILIES = {"image": "image", "audio": "audio", "video": "video", "text": "document", "application": "document"}

TextOf = Callable[[bytes, str], str]
"""The text of a document, given its bytes and its type; raises `FormatError` when there is none to be had."""


@dataclass(frozen=True, slots=True)
class FileRules:
    """What happens to each kind: image, audio, video, document, address; what is not named is refused."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    text_of: TextOf | None = None

    def of(self, kind: str) -> Rule:
        """The rule of a kind."""
        return self.rules.get(kind, "refuse")


REFUSED = FileRules()


def rules_of(settings: Files, text_of: TextOf) -> FileRules:
    """The rules in a room's settings."""
    rules: dict[str, Rule] = {
        "image": settings.images,
        "audio": settings.audio,
        "video": settings.video,
        "document": settings.documents,
        "address": settings.addresses,
    }
    return FileRules(rules, text_of)


class Thing(NamedTuple):
    """What stands at a place: its kind, its declared type, and its content in base64 if it is here so."""

    kind: str
    mime: str
    content: str | None


def thing_at(place: Place) -> Thing:
    """What the field and its neighbours say it is; the kind is ``""`` for what has none."""
    value, media = place.value, place.field.media
    if not isinstance(value, str) or not media:
        return Thing("", "", None)
    mime = next((name for key in _TYPE_FIELDS if isinstance(name := place.parent.get(key), str)), "")
    if _HANDLE.fullmatch(value):
        return Thing("handle", mime, None)
    if _ADDRESS.match(value) or media == "address":
        return Thing("address", mime, None)
    content: str | None
    if prefix := _DATA_URL.match(value[:256]):
        mime = prefix.group(1) or "text/plain"
        content = value[prefix.end() :] if prefix.group(2) else None
    else:
        content = value
    return Thing(kind_of(mime, "" if media == "any" else media), mime.lower(), content)


def kind_of(mime: str, otherwise: str) -> str:
    """Of which kind a type is; `otherwise` when it does not say."""
    return _FAMILIES.get(mime.partition("/")[0].lower(), otherwise)


def judge(rules: FileRules, place: Place) -> str:
    """Why what stands at `place` is refused; ``""`` when it may stay or its text will take its place."""
    thing = thing_at(place)
    if thing.kind == "handle":
        return ""
    rule = rules.of(thing.kind)
    if rule == "extract" and (place.field.instead is None or rules.text_of is None):
        return "no text can take the place of this file"
    return "content of this kind cannot be inspected" if rule == "refuse" else ""


def extracted(reading: Reading, rules: FileRules) -> bytes | None:
    """The message with the text of every document in the document's place; None when there is none to take out.

    Raises `RequestRefusedError` naming the place of a document without text.
    """
    edits: list[Edit] = []
    for place in reading.walk.files:
        thing = thing_at(place)
        if rules.of(thing.kind) == "extract":
            edits.append(_as_text(reading, place, thing, rules))
    if not edits:
        return None
    return splice(reading.parsed.raw, sorted(edits))


def _as_text(reading: Reading, place: Place, thing: Thing, rules: FileRules) -> Edit:
    instead = place.field.instead
    if instead is None or rules.text_of is None:  # pragma: no cover - `judge` lets only those through
        raise AssertionError
    try:
        words = rules.text_of(_bytes(thing.content), thing.mime)
    except FormatError as error:
        msg = f"{dotted(place.path)}: {error}"
        raise RequestRefusedError(msg) from None
    name = next((name for key in _NAME_FIELDS if isinstance(name := place.parent.get(key), str) and name), "")
    start, end = enclosing(reading.parsed.raw, reading.parsed.spans[place.met][0], instead.up)
    return start, end, orjson.dumps(instead.made(f"{name}\n\n{words}" if name else words))


def _bytes(content: str | None) -> bytes:
    """What base64 of either alphabet stands for; raises `FormatError`."""
    if content is not None:
        plain = content.replace("-", "+").replace("_", "/").rstrip("=")
        try:
            return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except binascii.Error:
            pass
    msg = "the file is not in base64"
    raise FormatError(msg)


_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


def enclosing(raw: bytes, offset: int, up: int) -> tuple[int, int]:
    """The span of the `up`-th object around the literal at `offset`; raises `FormatError` when there are fewer."""
    opened: list[int] = []
    wanted = -1
    for found in _TOKENS.finditer(raw):
        at = found.start()
        if at == offset:
            objects = [start for start in opened if raw[start] == ord("{")]
            if len(objects) < up:
                break
            wanted = objects[-up]
        elif raw[at] in b"[{":
            opened.append(at)
        elif raw[at] in b"]}" and opened.pop() == wanted:
            return wanted, found.end()
    msg = "JSON: no object around a file"
    raise FormatError(msg)


def passed(reading: Reading) -> Counter[str]:
    """How many things of each kind stay in the message as they are."""
    kinds = (thing_at(place).kind for place in reading.walk.files)
    return Counter(kind for kind in kinds if kind != "handle")
