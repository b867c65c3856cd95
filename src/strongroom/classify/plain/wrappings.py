"""Encodings that hold text inside text: what each run of them says.

Percent-encoding (RFC 3986 section 2.1, with the plus sign of HTML forms), HTML character references, JSON and C
escapes, quoted-printable (RFC 2045 section 6.7), base64 and base16 (RFC 4648). Bytes are read as UTF-8; those
that are not, as Windows-1252: mapped, never dropped.

Must never: give more text than was there, or read a key, a digest or a path as text.
"""

from __future__ import annotations

import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from strongroom.classify.plain.limits import OPAQUE_CHARS_MIN
from strongroom.classify.plain.mapped import Edit
from strongroom.classify.plain.signs import RUN_CHARS_MIN

PERCENT: Final = "percent"
FORM: Final = "form"
ENTITY: Final = "entity"
ESCAPE: Final = "escape"
QUOTED: Final = "quoted-printable"
BASE64: Final = "base64"
BASE16: Final = "base16"

LINE_CHARS_MIN: Final = 60
"""Mail folds base64 at 76 characters, PEM at 64; shorter lines are no folded run."""

_FOLDED: Final = re.compile(r"(?:\r?\n[A-Za-z0-9+/]{60,})*\r?\n[A-Za-z0-9+/]{2,}={0,2}")

RIM_CHARS: Final = 64
"""How far before a run the URL-safe signs are followed back."""

_PERCENT: Final = re.compile(r"(?:%[0-7][0-9A-Fa-f])|(?:%[89A-Fa-f][0-9A-Fa-f])+")
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31}(?=;));?")
_ESCAPE: Final = re.compile(r"(?:\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2})"
                            r"|\\u[0-9A-Fa-f]{4}|\\x[0-7][0-9A-Fa-f]|(?:\\x[89A-Fa-f][0-9A-Fa-f])+")  # fmt: skip
_QUOTED: Final = re.compile(r"=(?:\r?\n|[0-7][0-9A-F])|(?:=[89A-F][0-9A-F])+")
_FORM: Final = re.compile(r"(?<==)[A-Za-z0-9%._~+-]*\+[A-Za-z0-9%._~+-]*")
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_URL_ALPHABET: Final = frozenset((_ALPHABET + b"-_").decode())
_IN_RUN: Final = bytes(code in _ALPHABET for code in range(256))
_SHORTEST: Final = bytes([1]) * RUN_CHARS_MIN
_BEHIND: Final = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_WORD: Final = re.compile(r"[A-Za-z]?[a-z]*|[A-Z]*|[0-9]*")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_UNSEEN: Final = frozenset({"Cf", "Zs", "Zl", "Zp"})
_URL_SAFE: Final = str.maketrans("-_", "+/")
_LAST_QUANTUM: Final = (None, None, "==", "=")


def wrapping_edits(text: str) -> Iterator[Edit]:
    """What every encoded run of `text` reads as; in no order, and some may overlap."""
    if "%" in text:
        yield from (_bytes_edit(found, PERCENT, "%") for found in _PERCENT.finditer(text))
    if "+" in text and "=" in text:
        for form in _FORM.finditer(text):
            at = form.start()
            yield from (Edit(at + i, at + i + 1, " ", FORM) for i, char in enumerate(form.group()) if char == "+")
    if "&" in text:
        for found in _ENTITY.finditer(text):
            if (read := html.unescape(found.group())) != found.group():
                yield Edit(found.start(), found.end(), read, ENTITY)
    if "\\" in text:
        yield from _escapes(text)
    if "=" in text:
        for found in _QUOTED.finditer(text):
            soft = found.group()[-1] == "\n"
            yield Edit(found.start(), found.end(), "", QUOTED) if soft else _bytes_edit(found, QUOTED, "=")


def _bytes_edit(found: re.Match[str], wrapping: str, sign: str) -> Edit:
    return Edit(found.start(), found.end(), _text_of(bytes.fromhex(found.group().replace(sign, ""))), wrapping)


def _text_of(raw: bytes) -> str:
    """`raw` as UTF-8, else by Windows-1252, else (five bytes have no meaning there) by Latin-1."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def _escapes(text: str) -> Iterator[Edit]:
    for found in _ESCAPE.finditer(text):
        whole = found.group()
        if whole[1] == "x":
            yield _bytes_edit(found, ESCAPE, "\\x")
            continue
        units = b"".join(int(unit, 16).to_bytes(2, "big") for unit in whole.split("\\u")[1:])
        read = units.decode("utf-16-be", "surrogatepass")
        if not "\ud800" <= read < "\ue000":
            yield Edit(found.start(), found.end(), read, ESCAPE)


def run_edits(text: str) -> Iterator[Edit]:
    """What runs of base64 and base16 read as; long ones that hold no text come back with ``text == ""``."""
    done = 0
    marks = text.encode("latin-1", "replace").translate(_IN_RUN)  # a byte for each character: in a run or not
    end = 0
    while (start := marks.find(_SHORTEST, end)) >= 0:
        end = marks.find(0, start)
        end = end if end >= 0 else len(text)
        if start < done or _WORD.fullmatch(text, start, end):
            continue
        start, end = _whole_run(text, max(done, start - RIM_CHARS), start, end)
        done = end
        run = text[start:end]
        if len(run) >= LINE_CHARS_MIN and (folded := _FOLDED.match(text, end)) is not None:
            read = _decoded("".join((run + folded.group()).split()))
            if read is not None:
                done = folded.end()
                yield Edit(start, done, *read)
                continue
        read = _decoded(run)
        if read is not None:
            yield Edit(start, end, *read)
            continue
        held = False
        for piece in _pieces(run):
            read = _decoded(run[slice(*piece)])
            if read is not None:
                held = True
                yield Edit(start + piece[0], start + piece[1], *read)
        if not held and len(run) >= OPAQUE_CHARS_MIN:
            yield Edit(start, end, "", BASE64)


def _whole_run(text: str, earliest: int, start: int, end: int) -> tuple[int, int]:
    """The run widened by the two signs of the URL-safe alphabet, and its padding."""
    if start and text[start - 1] in "-_":
        while start > earliest and text[start - 1] in _URL_ALPHABET:
            start -= 1
    behind = _BEHIND.match(text, end)
    return start, behind.end() if behind else end


def _pieces(run: str) -> Iterator[tuple[int, int]]:
    """The parts of a run that may be encoded by themselves: path segments, and what stands behind a dash."""
    for sign in "/-_":
        if sign in run:
            start = 0
            for piece in run.split(sign):
                if RUN_CHARS_MIN <= len(piece) < len(run):
                    yield start, start + len(piece)
                start += len(piece) + 1


def _decoded(run: str) -> tuple[str, str] | None:
    """The text in a run and the name of its encoding, when it is one."""
    if _HEX.fullmatch(run):
        read = _as_text(bytes.fromhex(run))
        if read is not None:
            return read, BASE16
    bare = run.rstrip("=")
    padding = _LAST_QUANTUM[len(bare) % 4] if len(bare) % 4 else ""
    if padding is None:
        return None
    if "=" in bare:
        return None
    read = _as_text(binascii.a2b_base64((bare.translate(_URL_SAFE) + padding).encode()))
    return None if read is None else (read, BASE64)


def _as_text(raw: bytes) -> str | None:
    """`raw` if it is text: UTF-8 (or UTF-16 of Latin characters) and nothing but what can be printed."""
    if raw[1:2] == b"\0" and len(raw) % 2 == 0:
        try:
            read = raw.decode("utf-16-le")
        except UnicodeDecodeError:
            return None
    else:
        try:
            read = raw.decode()
        except UnicodeDecodeError:
            return None
    seen = read.replace("\n", "").replace("\t", "").replace("\r", "")
    return read if seen and (seen.isprintable() or _is_marked(seen)) else None


def _is_marked(text: str) -> bool:
    """Whether nothing but invisible characters and spaces of other kinds keeps it from being printable."""
    return all(char.isprintable() or unicodedata.category(char) in _UNSEEN for char in text)
