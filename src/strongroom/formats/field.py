"""field/1: one small value under a key, committing, bound to its context (docs/spec/field.md).

    suite(1) = 0x01 | keyref(4) | salt(16) | commitment(32) | ciphertext | tag(16)

Per message, HKDF-Expand gives a fresh AES-256-GCM key and a 32-byte commitment from the data key, the header and
the context; the nonce is zero. So a data key has no practical message limit, the same bytes cannot open under two
keys, and a wrong context fails before any decryption. The header names exactly one key version.

Must never: be opened by trying keys, or release plaintext before the commitment was compared.
"""

from __future__ import annotations

from strongroom.errors import FormatError, LimitExceededError
from strongroom.formats.commitment import (
    COMMITMENT_LEN,
    FIRST,
    HEADER_LEN,
    KEYREF_MAX,
    PREFIX_LEN,
    SALT_LEN,
    FieldParts,
    derive,
    derive_committed,
    pack_header,
    unpack_header,
)
from strongroom.primitives.aead import TAG_LEN, aead_open, aead_seal
from strongroom.primitives.secret_memory import Secret

__all__ = [
    "FIELD_OVERHEAD", "PLAINTEXT_LEN_MAX", "SALT_LEN", "SUITE_FIELD", "FieldParts", "keyref_of", "open_field",
    "pack", "parse", "seal_field",
]  # fmt: skip

SUITE_FIELD = 0x01
"""HKDF-Expand-SHA-512 and AES-256-GCM with a 32-byte commitment."""

FIELD_OVERHEAD = PREFIX_LEN + TAG_LEN
"""69 bytes on top of the plaintext."""

PLAINTEXT_LEN_MAX = 1 << 24
"""16 MiB in memory at once; larger data is an object (docs/spec/object.md)."""

_LABEL = b"strongroom/field/1"


def pack(parts: FieldParts) -> bytes:
    """The bytes of `parts`. Raises `FormatError` if a part does not have its fixed length or range."""
    if parts.suite != SUITE_FIELD or not 0 <= parts.keyref <= KEYREF_MAX:
        msg = "field: suite or keyref is out of range"
        raise FormatError(msg)
    if len(parts.commitment) != COMMITMENT_LEN:
        msg = "field: commitment has the wrong length"
        raise FormatError(msg)
    if not TAG_LEN <= len(parts.body) <= PLAINTEXT_LEN_MAX + TAG_LEN:
        msg = "field: body has an impossible length"
        raise FormatError(msg)
    header = pack_header(suite=parts.suite, keyref=parts.keyref, salt=parts.salt)
    return header + parts.commitment + parts.body


def parse(raw: bytes) -> FieldParts:
    """The parts of `raw`. Raises `FormatError` naming the part and its offset."""
    _require_frame(raw)
    suite, keyref, salt = unpack_header(raw)
    return FieldParts(suite, keyref, salt, raw[HEADER_LEN:PREFIX_LEN], raw[PREFIX_LEN:])


def keyref_of(raw: bytes) -> int:
    """The key version that sealed `raw`. Raises `FormatError` as `parse` does."""
    _require_frame(raw)
    return int.from_bytes(raw[1:5], "big")


def seal_field(*, key: Secret, keyref: int, salt: bytes, context: bytes, plaintext: bytes) -> bytes:
    """Seal `plaintext` (at most `PLAINTEXT_LEN_MAX` bytes) under the 32-byte `key` that `keyref` names.

    `salt` is 16 fresh random bytes; `context` the encoded `Binding`. Raises `LimitExceededError` for a value
    over the cap, `FormatError` for a keyref over 32 bits or a salt of another length.
    """
    if len(plaintext) > PLAINTEXT_LEN_MAX:
        msg = f"field: a value has at most {PLAINTEXT_LEN_MAX} bytes; seal it as an object"
        raise LimitExceededError(msg)
    header = pack_header(suite=SUITE_FIELD, keyref=keyref, salt=salt)
    message_key, commitment = derive(label=_LABEL, key=key, header=header, context=context)
    body = aead_seal(key=message_key, nonce=FIRST, plaintext=plaintext, aad=header)
    return b"".join((header, commitment, body))


def open_field(*, key: Secret, context: bytes, sealed: bytes) -> bytes:
    """The plaintext of `sealed`, checked against `key` and `context`.

    Raises `FormatError` for bytes that are no field, `DecryptionError` with reason ``"commitment"`` for a
    wrong key, context or header, and ``"tag"`` for an altered body.
    """
    _require_frame(sealed)
    prefix = sealed[:PREFIX_LEN]
    message_key = derive_committed(label=_LABEL, key=key, context=context, prefix=prefix)
    body = memoryview(sealed)[PREFIX_LEN:]
    return aead_open(key=message_key, nonce=FIRST, ciphertext=body, aad=prefix[:HEADER_LEN])


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
