"""Bytes with exactly one spelling: the canonical encodings under AAD, MACs, digests and log entries.

Two encodings: `tuple_bytes` for fixed lists of fields (docs/spec/aad.md) and `json_bytes` for records that
other tools must read (docs/spec/audit-log.md). Both are injective: different input, different bytes.

Must never: be lossy, depend on dictionary order, or accept floats, whose text form is not unique.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import orjson

from strongroom.errors import FormatError

FIELD_BYTES_MAX = 1 << 20
"""A canonical field names or authenticates something; a megabyte is already a mistake."""

Json = str | int | bool | None | Sequence["Json"] | Mapping[str, "Json"]


def tuple_bytes(*fields: bytes | str | int) -> bytes:
    """Encode `fields` injectively: u16 count, then per field a type byte, a u32 length and the bytes.

    Strings are UTF-8 (type ``s``), byte strings raw (``b``), integers unsigned 64-bit big-endian (``i``).
    Raises `FormatError` for a negative or oversize integer, or an oversize or ill-formed field.
    """
    out = [struct.pack(">H", len(fields))]
    for value in fields:
        if isinstance(value, bool):
            msg = "canonical field: booleans have no encoding"
            raise FormatError(msg)
        if isinstance(value, int):
            if not 0 <= value < 1 << 64:
                msg = "canonical field: integer out of range"
                raise FormatError(msg)
            kind, raw = b"i", struct.pack(">Q", value)
        elif isinstance(value, str):
            kind, raw = b"s", _utf8(value)
        else:
            kind, raw = b"b", bytes(value)
        if len(raw) > FIELD_BYTES_MAX:
            msg = "canonical field: too long"
            raise FormatError(msg)
        out += (kind, struct.pack(">I", len(raw)), raw)
    return b"".join(out)


def _utf8(value: str) -> bytes:
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError as error:
        msg = "canonical field: text is not valid Unicode"
        raise FormatError(msg) from error


def json_bytes(value: Mapping[str, Json]) -> bytes:
    """Encode `value` as JSON with sorted keys and no spaces (RFC 8785 restricted to integers).

    Raises `FormatError` on floats, integers beyond 53 bits and anything that is not JSON.
    """
    _refuse_inexact(value)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        msg = "canonical JSON: the value is not plain JSON"
        raise FormatError(msg) from error


def _refuse_inexact(value: object) -> None:
    if isinstance(value, Mapping):
        for item in value.values():
            _refuse_inexact(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_inexact(item)
    elif isinstance(value, float) or (
        isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 53
    ):
        msg = "canonical JSON: only integers of up to 53 bits are exact"
        raise FormatError(msg)
