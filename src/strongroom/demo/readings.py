"""The ways one buffer of bytes is read when planted values are looked for in it.

Must never: skip a reading because a buffer looks harmless; a reading is left out only where it could not differ.
"""

from __future__ import annotations

import re
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

CHUNK_LEN = 4 << 20  # bytes read at once
OVERLAP_LEN = 4 << 10  # longest planted value in its longest dress that may straddle two chunks
ENCODED_CHARS_MIN = 12  # a shorter base64 or hex run holds less than a searchable value
UTF16_CHARS_MIN = 6

_SEPARATORS = b" -./()\t\r\n"
_ESCAPE = re.compile(rb"(?:\\u[0-9a-fA-F]{4})+")
_PERCENT = re.compile(rb"%[0-9a-fA-F]{2}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{%d,}" % ENCODED_CHARS_MIN)
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){%d,}" % (ENCODED_CHARS_MIN // 2))
_UTF16_LITTLE = re.compile(rb"(?:[^\x00][\x00-\x04]){%d,}" % UTF16_CHARS_MIN)
_UTF16_BIG = re.compile(rb"(?:[\x00-\x04][^\x00]){%d,}" % UTF16_CHARS_MIN)


def compact(raw: bytes) -> bytes:
    """`raw` without the separators that people and programs put between groups."""
    return raw.translate(None, _SEPARATORS)


def readings(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Pairs of a reading's name and the bytes so read; names ending in ``compact`` have no separators left."""
    for name, text in _decoded(raw):
        yield name, text
        yield f"{name} compact", compact(text)


def _decoded(raw: bytes) -> Iterator[tuple[str, bytes]]:
    yield "plain", raw
    if b"\\" in raw:
        unescaped = _ESCAPE.sub(_unescape, raw).replace(b"\\/", b"/").replace(b"\\n", b"\n")
        if unescaped != raw:
            yield "json", unescaped
    if b"%" in raw and _PERCENT.search(raw):
        yield "percent", unquote_to_bytes(raw)
    yield from _joined("utf-16", raw, _UTF16_LITTLE, lambda run: [_utf16(run, "utf-16-le")])
    yield from _joined("utf-16", raw, _UTF16_BIG, lambda run: [_utf16(run, "utf-16-be")])
    yield from _joined("base64", raw, _BASE64, _base64)
    yield from _joined("hex", raw, _HEX, lambda run: [bytes.fromhex(run.decode())])


def _joined(
    name: str, raw: bytes, pattern: re.Pattern[bytes], decode: Callable[[bytes], list[bytes]]
) -> Iterator[tuple[str, bytes]]:
    """All runs that `pattern` finds, decoded and set apart by a byte no value contains."""
    pieces = [piece for match in pattern.finditer(raw) for piece in decode(match.group())]
    if pieces:
        yield name, b"\x00".join(pieces)


def _unescape(match: re.Match[bytes]) -> bytes:
    units = bytes.fromhex(match.group().replace(b"\\u", b"").decode())
    return units.decode("utf-16-be", "replace").encode("utf-8", "replace")


def _utf16(run: bytes, codec: str) -> bytes:
    return run.decode(codec, "replace").encode("utf-8", "replace")


def _base64(run: bytes) -> list[bytes]:
    """The run decoded from each of the four places a quantum may start at."""
    decode = urlsafe_b64decode if b"-" in run or b"_" in run else b64decode
    decoded = []
    for start in range(4):
        whole = run[start : start + (len(run) - start) // 4 * 4]
        if b"-" in whole or b"_" in whole:
            whole = whole.translate(bytes.maketrans(b"+/", b"-_"))
        decoded.append(decode(whole))
    return decoded
