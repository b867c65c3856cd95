"""A multipart/form-data body, taken apart strictly and put together again.

Source: RFC 7578 (the form) and RFC 2046 section 5.1 (the boundary). Clients' SDKs write the plain form, so what
two readers could take apart differently is refused: a preamble, a nested or encoded part, any other header.

Must never: guess where a part ends, or put its content into an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from strongroom.errors import FormatError

PARTS_MAX = 32
"""An upload is one file and a few fields."""

HEAD_BYTES_MAX = 4096

_BOUNDARY = re.compile(
    rb'multipart/form-data;\s*boundary=(?:"([!-~]{1,70})"|([!#-+\--9<-~]{1,70}))\s*', re.IGNORECASE
)
_HEAD = re.compile(
    rb'Content-Disposition: form-data; name="(?P<name>[A-Za-z0-9_.\[\]-]{1,64})"'
    rb'(?:; filename="(?P<file>[^"\r\n]{0,512})")?'
    rb"(?:\r\nContent-Type: (?P<type>[!-~][ -~]{0,127}))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One field of the form. `filename` is None when it is no file; `mime` is its declared type in lower case."""

    name: str
    filename: str | None
    mime: str
    content: bytes


def boundary_of(content_type: bytes) -> bytes:
    """The boundary a content type names; raises `FormatError` when it is none of multipart/form-data."""
    found = _BOUNDARY.fullmatch(content_type.strip())
    if found is None:
        msg = "the body has to be multipart/form-data with a boundary and nothing else"
        raise FormatError(msg)
    return found.group(1) or found.group(2)


def parts_of(body: bytes, boundary: bytes) -> list[Part]:
    """The parts of `body`. Raises `FormatError` with the number of the part that is not of the plain form."""
    first, line = b"--" + boundary + b"\r\n", b"\r\n--" + boundary
    if not body.startswith(first):
        msg = "multipart: the body does not begin with its boundary"
        raise FormatError(msg)
    pieces = body[len(first) :].split(line)
    if pieces.pop() not in (b"--\r\n", b"--") or not pieces or len(pieces) > PARTS_MAX:
        msg = f"multipart: expected 1 to {PARTS_MAX} parts and the closing boundary"
        raise FormatError(msg)
    return [_part(number, piece) for number, piece in enumerate(pieces)]


def _part(number: int, piece: bytes) -> Part:
    if number:
        if not piece.startswith(b"\r\n"):
            msg = f"multipart: part {number + 1} does not begin after its boundary"
            raise FormatError(msg)
        piece = piece[2:]
    head, separator, content = piece.partition(b"\r\n\r\n")
    found = _HEAD.fullmatch(head) if separator and len(head) <= HEAD_BYTES_MAX else None
    try:
        names = {key: value.decode() for key, value in found.groupdict(b"").items()} if found else {}
    except UnicodeDecodeError:
        names = {}
    if found is None or not names:
        msg = f"multipart: part {number + 1} has another head than a name, a file name and a content type"
        raise FormatError(msg)
    filename = None if found.group("file") is None else names["file"]
    return Part(names["name"], filename, names["type"].partition(";")[0].strip().lower(), content)


def form(parts: list[Part], boundary: bytes) -> bytes:
    """The body of `parts`; a boundary that stands in one of them is refused with `FormatError`."""
    out = []
    for part in parts:
        if b"--" + boundary in part.content:
            msg = "multipart: the boundary stands in a part"
            raise FormatError(msg)
        head = f'Content-Disposition: form-data; name="{part.name}"'
        head += "" if part.filename is None else f'; filename="{part.filename}"'
        head += f"\r\nContent-Type: {part.mime}" if part.mime else ""
        out.append(b"--" + boundary + b"\r\n" + head.encode() + b"\r\n\r\n" + part.content + b"\r\n")
    return b"".join(out) + b"--" + boundary + b"--\r\n"
