"""kms-wrap/1: the root as an unseal path by a key management service keeps it (docs/spec/unseal-kms.md).

    version(1) = 1 | name length(2) | key name | ciphertext length(2) | ciphertext | the root as a sealed field

The service encrypts a random protector, never the root. The key of the field is derived from the protector and
everything that stands before the field, and the field is bound to the store; so neither the service alone nor the
store alone has the root, and no byte of a wrap can be changed.

Must never: be trusted for which key to ask for; whoever unseals compares the name with the key they chose.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from strongroom.errors import FormatError
from strongroom.primitives.kdf import expand

VERSION = 1

NAME_BYTES_MAX = 1024
"""Amazon resource names have at most 2048 characters, key names in practice well under 300 everywhere."""

CIPHERTEXT_BYTES_MAX = 8192
"""AWS KMS returns at most 6144 bytes (its API reference, `CiphertextBlob`); the others far less for 32 bytes."""

FIELD_BYTES_MAX = 1024
"""A sealed root has 101 bytes; the cap leaves room for another suite."""

FIELD_KEY_LEN = 32

_LABEL = b"strongroom/kms-wrap/1"
_VERSION_AND_LENGTH = struct.Struct(">BH")
_LENGTH = struct.Struct(">H")


@dataclass(frozen=True, slots=True)
class KmsWrap:
    """`key` as the service names it, `ciphertext` of the protector, `field` with the root, `header` before it."""

    key: str
    ciphertext: bytes
    header: bytes
    field: bytes


def field_key(protector: bytes, header: bytes) -> bytes:
    """The 32-byte key of the field, of the 32-byte `protector` and the `header` before the field."""
    return expand(key=protector, info=_LABEL + header, length=FIELD_KEY_LEN)


def pack_header(key: str, ciphertext: bytes) -> bytes:
    """What stands before the field.

    Raises `FormatError` if a part is empty or too long, or the name is not printable ASCII.
    """
    name = key.encode("ascii", "replace")
    if not 1 <= len(name) <= NAME_BYTES_MAX or name.decode() != key or not key.isprintable():
        msg = "kms wrap: the key's name has an impossible form"
        raise FormatError(msg)
    if not 1 <= len(ciphertext) <= CIPHERTEXT_BYTES_MAX:
        msg = "kms wrap: the ciphertext has an impossible length"
        raise FormatError(msg)
    return b"".join(
        (_VERSION_AND_LENGTH.pack(VERSION, len(name)), name, _LENGTH.pack(len(ciphertext)), ciphertext)
    )


def parse(raw: bytes) -> KmsWrap:
    """The parts of `raw`. Raises `FormatError` naming the part and its offset."""
    if len(raw) < _VERSION_AND_LENGTH.size:
        msg = f"kms wrap: {len(raw)} bytes are too short (offset 0)"
        raise FormatError(msg)
    version, length = _VERSION_AND_LENGTH.unpack_from(raw)
    if version != VERSION:
        msg = "kms wrap: unknown version (offset 0)"
        raise FormatError(msg)
    name, offset = _part(raw, "key name", _VERSION_AND_LENGTH.size, length, NAME_BYTES_MAX)
    if not name.isascii() or not name.decode("ascii").isprintable():
        msg = f"kms wrap: key name is not printable ASCII (offset {_VERSION_AND_LENGTH.size})"
        raise FormatError(msg)
    if len(raw) < offset + _LENGTH.size:
        msg = f"kms wrap: ciphertext length is cut off (offset {offset})"
        raise FormatError(msg)
    (length,) = _LENGTH.unpack_from(raw, offset)
    ciphertext, offset = _part(raw, "ciphertext", offset + _LENGTH.size, length, CIPHERTEXT_BYTES_MAX)
    field, _ = _part(raw, "field", offset, len(raw) - offset, FIELD_BYTES_MAX)
    return KmsWrap(name.decode("ascii"), ciphertext, raw[:offset], field)


def _part(raw: bytes, what: str, offset: int, length: int, limit: int) -> tuple[bytes, int]:
    if not 1 <= length <= limit:
        msg = f"kms wrap: {what} has an impossible length (offset {offset})"
        raise FormatError(msg)
    if len(raw) < offset + length:
        msg = f"kms wrap: {what} is cut off (offset {offset})"
        raise FormatError(msg)
    return raw[offset : offset + length], offset + length
