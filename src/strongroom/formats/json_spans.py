"""JSON that is edited without being written again: every literal with its path and its bytes.

Theory: `loads` then `dumps` changes numbers, escapes, key order and spaces, and breaks provider caches and
signatures. So the text is parsed only to look at it, one C-level scan over the same bytes finds every string
literal in document order, and a pre-order walk over the parsed value names them: the n-th literal is the
n-th string. The two counts differ exactly when the parser dropped a duplicated key, whose meaning depends
on who parses (RFC 8259 section 4), so such a text is refused. Changes are splices into the original bytes.

Must never: rewrite a byte outside an edit, accept a text two parsers could read differently (duplicate
keys, byte order mark, NaN, ill-formed UTF-8), or put content into an error: positions only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal as Kinds
from typing import NamedTuple

import orjson

from strongroom.errors import FormatError, LimitExceededError

BYTES_MAX = 64 << 20
"""Twice the largest request body a provider accepts (Anthropic: 32 MB); callers pass smaller limits."""

DEPTH_MAX = 128
"""No provider request nests deeper than about 30; the walk is recursive and must not exhaust the stack."""

Path = tuple[str | int, ...]
Edit = tuple[int, int, bytes]
"""Replace the bytes from the first to before the second offset."""

_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_STRINGS = re.compile(_STRING, re.DOTALL)
_STRINGS_AND_NUMBERS = re.compile(_STRING + rb"|-?[0-9][0-9.eE+-]*", re.DOTALL)
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL
)


class Literal(NamedTuple):
    """One string or number in the text.

    `start` and `end` are byte offsets of the raw content: between the quotes of a string, the whole of a
    number. `value` is the decoded text of a string and the spelling of a number. `path` holds keys and
    indexes from the root; a key's own path ends with itself.
    """

    path: Path
    start: int
    end: int
    value: str
    kind: Kinds["key", "string", "number"]

    @property
    def is_key(self) -> bool:
        """Whether this is an object's key and not a value."""
        return self.kind == "key"


class Parsed:
    """A text, its value, and the `spans` of its string literals in document order, quotes included.

    For callers with a walk of their own: they must meet every string, keys included, in pre-order, and
    call `require_count` with how many they met before trusting any span. The spans are only looked for when
    somebody asks for one; counting needs them only in a text with escapes.
    """

    __slots__ = ("_pattern", "_spans", "raw", "value")

    def __init__(self, raw: bytes, value: object, pattern: re.Pattern[bytes] = _STRINGS) -> None:
        self.raw = raw
        self.value = value
        self._pattern = pattern
        self._spans: list[tuple[int, int]] | None = None

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Where each literal starts and ends."""
        if self._spans is None:
            self._spans = [found.span() for found in self._pattern.finditer(self.raw)]
        return self._spans

    def require_count(self, met: int) -> None:
        """Raise `FormatError` unless the walk met every literal: fewer means a duplicated key."""
        plain = self._pattern is _STRINGS and b"\\" not in self.raw
        if met != (self.raw.count(b'"') // 2 if plain else len(self.spans)):
            msg = "JSON: an object has a duplicated key"
            raise FormatError(msg)


def parse(raw: bytes, *, bytes_max: int = BYTES_MAX, numbers: bool = False) -> Parsed:
    """Parse `raw` (UTF-8 JSON, RFC 8259) and find its string literals, and its `numbers` if asked.

    Raises `LimitExceededError` when it is longer than `bytes_max` or deeper than the parser can go, and
    `FormatError`, with the byte position, when it is not JSON. Duplicate keys show in `require_count`.
    """
    if len(raw) > bytes_max:
        msg = f"JSON: {len(raw)} bytes, the limit is {bytes_max}"
        raise LimitExceededError(msg)
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _refusal(raw, error) from None  # the parser's error carries the whole text
    return Parsed(raw, value, _STRINGS_AND_NUMBERS if numbers else _STRINGS)


def _refusal(raw: bytes, error: orjson.JSONDecodeError) -> FormatError | LimitExceededError:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in raw[:4]:
        return FormatError("JSON: the text is UTF-16 or UTF-32, only UTF-8 is read (byte 0)")
    try:
        text = raw.decode()
    except UnicodeDecodeError as undecodable:
        return FormatError(f"JSON: invalid UTF-8 at byte {undecodable.start}")
    position = len(text[: error.pos].encode())
    if "depth limit" in error.msg:
        return LimitExceededError(f"JSON: nested too deeply at byte {position}")
    return FormatError(f"JSON: {_reason(error.msg)} at byte {position}")


def _reason(message: str) -> str:
    """The parser's reason; its messages are constants and quote nothing of the text."""
    return message[:1].lower() + message[1:80]


def scan(raw: bytes, *, numbers: bool = False, bytes_max: int = BYTES_MAX) -> list[Literal]:
    """Every string literal of `raw` in document order, keys included; with `numbers` also every number.

    Raises `FormatError` or `LimitExceededError` with a position, never with content.
    """
    parsed = parse(raw, bytes_max=bytes_max, numbers=numbers)
    walk = _Walk(parsed, numbers=numbers)
    walk.visit(parsed.value, (), 0)
    parsed.require_count(len(walk.out))
    return walk.out


class _Walk:
    """The pre-order walk that names the literals."""

    __slots__ = ("_numbers", "_raw", "_spans", "out")

    def __init__(self, parsed: Parsed, *, numbers: bool) -> None:
        self._raw = parsed.raw
        self._spans = parsed.spans
        self._numbers = numbers
        self.out: list[Literal] = []

    def visit(self, node: object, path: Path, depth: int) -> None:
        if depth > DEPTH_MAX:
            msg = f"JSON: nested deeper than {DEPTH_MAX}"
            raise LimitExceededError(msg)
        if isinstance(node, str):
            self._take(path, node, "string")
        elif isinstance(node, dict):
            for key, item in node.items():
                below = (*path, key)
                self._take(below, key, "key")
                self.visit(item, below, depth + 1)
        elif isinstance(node, list):
            for index, item in enumerate(node):
                self.visit(item, (*path, index), depth + 1)
        elif self._numbers and isinstance(node, int | float) and not isinstance(node, bool):
            self._take(path, "", "number")

    def _take(self, path: Path, value: str, kind: Kinds["key", "string", "number"]) -> None:
        met = len(self.out)
        if met >= len(self._spans):  # cannot happen for what the parser accepted; never guess a span
            msg = "JSON: the literals of the text and of its value do not agree"
            raise FormatError(msg)
        start, end = self._spans[met]
        if kind == "number":
            self.out.append(Literal(path, start, end, self._raw[start:end].decode("ascii"), kind))
        else:
            self.out.append(Literal(path, start + 1, end - 1, value, kind))


def escape(text: str) -> bytes:
    """`text` as the content of a JSON string, without its quotes, in UTF-8.

    Raises `FormatError` when the text has a lone surrogate and so no UTF-8 form.
    """
    try:
        return orjson.dumps(text)[1:-1]
    except TypeError:
        msg = "JSON: the text is not valid Unicode"
        raise FormatError(msg) from None


def literal_edits(
    raw: bytes, start: int, end: int, value: str, changes: Iterable[tuple[int, int, str]]
) -> list[Edit]:
    """Edits that change characters ``[from, to)`` of a string literal's decoded `value`, and nothing else.

    `start` and `end` bound the literal's raw content; `changes` are ascending and do not overlap. Escapes
    outside a change keep their spelling. Raises `FormatError` when a change lies outside the value.
    """
    offsets = _offsets(raw, start, end, value)
    edits = []
    for first, last, text in changes:
        if not 0 <= first <= last <= len(value):
            msg = f"JSON: a change reaches outside the literal at byte {start}"
            raise FormatError(msg)
        if offsets is None:
            edits.append((start + first, start + last, escape(text)))
        else:
            edits.append((start + offsets[first], start + offsets[last], escape(text)))
    return edits


def _offsets(raw: bytes, start: int, end: int, value: str) -> Sequence[int] | None:
    """For each character of `value`, and its end, the offset in the raw content; None: they are the same."""
    if len(value) == end - start:  # an escape or a non-ASCII character is always longer than one byte
        return None
    out = [0]
    for found in _CHARACTER.finditer(raw[start:end].decode()):
        spelling = found.group()
        out.append(out[-1] + (len(spelling.encode()) if len(spelling) == 1 else len(spelling)))
    if len(out) != len(value) + 1:
        msg = f"JSON: the value given is not the literal at byte {start}"
        raise FormatError(msg)
    return out


def splice(raw: bytes, edits: Sequence[Edit]) -> bytes:
    """`raw` with `edits` applied; `raw` itself when there are none.

    Raises `FormatError` when the edits are not ascending, overlap or reach outside.
    """
    if not edits:
        return raw
    out: list[bytes] = []
    position = 0
    for start, end, replacement in edits:
        if not position <= start <= end <= len(raw):
            msg = f"JSON: the edit at byte {start} is out of order or range"
            raise FormatError(msg)
        out += (raw[position:start], replacement)
        position = end
    out.append(raw[position:])
    return b"".join(out)
