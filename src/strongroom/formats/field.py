"""field/1: one small value under a key, committing, bound to its context (docs/spec/field.md).

    suite(1) = 0x01 | keyref(4) | salt(16) | commitment(32) | ciphertext | tag(16)

Per message, HKDF-Expand gives a fresh AES-256-GCM key, nonce and a 32-byte commitment from the data key, the
header and the context. So a data key has no practical message limit, the same bytes cannot open under two
keys, and a wrong context fails before any decryption. The header names exactly one key version.

Must never: be opened by trying keys, or release plaintext before the commitment was compared.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from strongroom.errors import DecryptionError, FormatError
from strongroom.primitives.aead import KEY_LEN, NONCE_LEN, TAG_LEN, aead_open, aead_seal
from strongroom.primitives.kdf import expand
from strongroom.primitives.mac import equal

SUITE_FIELD = 0x01
"""HKDF-Expand-SHA-512 and AES-256-GCM with a 32-byte commitment."""

SALT_LEN = 16
"""Random per message: 2^48 messages under one key *and one context* collide with probability 2^-33."""

COMMITMENT_LEN = 32
"""128-bit commitment security; half of it would leave 2^64 work."""

HEADER_LEN = 1 + 4 + SALT_LEN
PREFIX_LEN = HEADER_LEN + COMMITMENT_LEN
FIELD_OVERHEAD = PREFIX_LEN + TAG_LEN
"""69 bytes on top of the plaintext."""

PLAINTEXT_LEN_MAX = 1 << 24
"""16 MiB in memory at once; larger data is an object (docs/spec/object.md)."""

KEYREF_MAX = (1 << 32) - 1

_LABEL = b"strongroom/field/1"
_DERIVED_LEN = KEY_LEN + NONCE_LEN + COMMITMENT_LEN
_HEADER = struct.Struct(">BI16s")


@dataclass(frozen=True, slots=True)
class FieldParts:
    """The parts of a sealed field; `body` is ciphertext and tag."""

    suite: int
    keyref: int
    salt: bytes
    commitment: bytes
    body: bytes


def pack(parts: FieldParts) -> bytes:
    """The bytes of `parts`. Raises `FormatError` if a part does not have its fixed length or range."""
    if parts.suite != SUITE_FIELD or not 0 <= parts.keyref <= KEYREF_MAX:
        msg = "field: suite or keyref is out of range"
        raise FormatError(msg)
    if len(parts.salt) != SALT_LEN or len(parts.commitment) != COMMITMENT_LEN:
        msg = "field: salt or commitment has the wrong length"
        raise FormatError(msg)
    if not TAG_LEN <= len(parts.body) <= PLAINTEXT_LEN_MAX + TAG_LEN:
        msg = "field: body has an impossible length"
        raise FormatError(msg)
    return _HEADER.pack(parts.suite, parts.keyref, parts.salt) + parts.commitment + parts.body


def parse(raw: bytes) -> FieldParts:
    """The parts of `raw`. Raises `FormatError` naming the part and its offset."""
    _require_frame(raw)
    suite, keyref, salt = _HEADER.unpack_from(raw)
    return FieldParts(suite, keyref, salt, raw[HEADER_LEN:PREFIX_LEN], raw[PREFIX_LEN:])


def keyref_of(raw: bytes) -> int:
    """The key version that sealed `raw`. Raises `FormatError` as `parse` does."""
    _require_frame(raw)
    return int.from_bytes(raw[1:5], "big")


def seal_field(*, key: bytes, keyref: int, salt: bytes, context: bytes, plaintext: bytes) -> bytes:
    """Seal `plaintext` (at most `PLAINTEXT_LEN_MAX` bytes) under the 32-byte `key` that `keyref` names.

    `salt` is 16 fresh random bytes; `context` the encoded `Binding`. Raises `FormatError` for a value over
    the cap, a keyref over 32 bits or a salt of another length.
    """
    if len(plaintext) > PLAINTEXT_LEN_MAX:
        msg = "field: plaintext is larger than a field may be"
        raise FormatError(msg)
    if len(salt) != SALT_LEN or not 0 <= keyref <= KEYREF_MAX:
        msg = "field: salt or keyref has the wrong size"
        raise FormatError(msg)
    header = _HEADER.pack(SUITE_FIELD, keyref, salt)
    derived = _derive(key, header, context)
    body = aead_seal(key=derived[:32], nonce=derived[32:44], plaintext=plaintext, aad=header)
    return b"".join((header, derived[44:], body))


def open_field(*, key: bytes, context: bytes, sealed: bytes) -> bytes:
    """The plaintext of `sealed`, checked against `key` and `context`.

    Raises `FormatError` for bytes that are no field, `DecryptionError` with reason ``"commitment"`` for a
    wrong key, context or header, and ``"tag"`` for an altered body.
    """
    _require_frame(sealed)
    header = sealed[:HEADER_LEN]
    derived = _derive(key, header, context)
    if not equal(derived[44:], sealed[HEADER_LEN:PREFIX_LEN]):
        raise DecryptionError("commitment")  # noqa: EM101 - a reason constant, not a message
    return aead_open(
        key=derived[:32], nonce=derived[32:44], ciphertext=memoryview(sealed)[PREFIX_LEN:], aad=header
    )


def _derive(key: bytes, header: bytes, context: bytes) -> bytes:
    info = b"".join((_LABEL, header, len(context).to_bytes(4, "big"), context))
    return expand(key=key, info=info, length=_DERIVED_LEN)


def _require_frame(raw: bytes) -> None:
    if len(raw) < FIELD_OVERHEAD:
        msg = f"field: {len(raw)} bytes are too short (offset 0)"
        raise FormatError(msg)
    if raw[0] != SUITE_FIELD:
        msg = "field: unknown suite (offset 0)"
        raise FormatError(msg)
    if len(raw) > PLAINTEXT_LEN_MAX + FIELD_OVERHEAD:
        msg = f"field: body is larger than a field may be (offset {PREFIX_LEN})"
        raise FormatError(msg)
