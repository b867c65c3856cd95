"""object/1: the header of a large object (docs/spec/object.md); the body is in `primitives.chunked`.

    magic(8) | suite(1) = 0x21 | keyref(4) | salt(16) | commitment(32) | wrapped object key(32) | tag(16)

Every object has a one-time key of its own. The header wraps it under the category or subject key by the
derivation of field/1 under another label, so a sealed field can never pass for a wrapped object key. The
header has one length, hence a rewrap replaces its bytes in place and never touches the body.

Must never: hold two wraps, or a length that foreign bytes choose.
"""

from __future__ import annotations

from strongroom.errors import FormatError
from strongroom.formats.commitment import (
    COMMITMENT_LEN,
    FIRST,
    HEADER_LEN,
    PREFIX_LEN,
    FieldParts,
    derive,
    derive_committed,
    pack_header,
    unpack_header,
)
from strongroom.primitives.aead import KEY_LEN, TAG_LEN, aead_open, aead_seal
from strongroom.primitives.secret_memory import Secret

MAGIC = b"\x89SRO\r\n\x1a\n"
"""Not text, and broken by any tool that translates line ends (the idea of PNG, RFC 2083 section 3.1)."""

SUITE_OBJECT = 0x21
"""Header as field/1's suite, body Cobblestone-256."""

_WRAPPED_LEN = KEY_LEN + TAG_LEN
OBJECT_HEADER_LEN = len(MAGIC) + PREFIX_LEN + _WRAPPED_LEN
"""109 bytes, always."""

_LABEL = b"strongroom/object/1"


def pack(parts: FieldParts) -> bytes:
    """The header bytes of `parts`. Raises `FormatError` if a part does not have its fixed length or range."""
    if parts.suite != SUITE_OBJECT or len(parts.commitment) != COMMITMENT_LEN or len(parts.body) != _WRAPPED_LEN:
        msg = "object: a header part has the wrong length or suite"
        raise FormatError(msg)
    header = pack_header(suite=parts.suite, keyref=parts.keyref, salt=parts.salt)
    return b"".join((MAGIC, header, parts.commitment, parts.body))


def parse(raw: bytes) -> FieldParts:
    """The parts of the 109 header bytes `raw`. Raises `FormatError` naming the part and its offset."""
    inner = _require_frame(raw)
    suite, keyref, salt = unpack_header(inner)
    return FieldParts(suite, keyref, salt, inner[HEADER_LEN:PREFIX_LEN], inner[PREFIX_LEN:])


def keyref_of(raw: bytes) -> int:
    """The key version under which the object key is wrapped. Raises `FormatError` as `parse` does."""
    return int.from_bytes(_require_frame(raw)[1:5], "big")


def wrap_object_key(*, key: Secret, keyref: int, salt: bytes, context: bytes, object_key: bytes) -> bytes:
    """The header that wraps the 32-byte `object_key` under `key`, which `keyref` names.

    `salt` is 16 fresh random bytes. Raises `FormatError` for parts of another size.
    """
    if len(object_key) != KEY_LEN:
        msg = "object: the object key has the wrong length"
        raise FormatError(msg)
    header = pack_header(suite=SUITE_OBJECT, keyref=keyref, salt=salt)
    message_key, commitment = derive(label=_LABEL, key=key, header=header, context=context)
    wrapped = aead_seal(key=message_key, nonce=FIRST, plaintext=object_key, aad=header)
    return b"".join((MAGIC, header, commitment, wrapped))


def unwrap_object_key(*, key: Secret, context: bytes, header: bytes) -> bytes:
    """The object key in `header`.

    Raises `FormatError` for bytes that are no header, `DecryptionError` with reason ``"commitment"`` for a
    wrong key, context or header, and ``"tag"`` for an altered wrap.
    """
    inner = _require_frame(header)
    prefix = inner[:PREFIX_LEN]
    message_key = derive_committed(label=_LABEL, key=key, context=context, prefix=prefix)
    return aead_open(key=message_key, nonce=FIRST, ciphertext=inner[PREFIX_LEN:], aad=prefix[:HEADER_LEN])


def body_context(context: bytes) -> bytes:
    """What the body's key derivation is bound to: this format, and the encoded binding."""
    return b"".join((_LABEL, b"/body", len(context).to_bytes(4, "big"), context))


def _require_frame(raw: bytes) -> bytes:
    if raw[: len(MAGIC)] != MAGIC:
        msg = "object: foreign magic (offset 0)"
        raise FormatError(msg)
    if len(raw) != OBJECT_HEADER_LEN:
        msg = f"object: header has {len(raw)} bytes (offset 0)"
        raise FormatError(msg)
    if raw[len(MAGIC)] != SUITE_OBJECT:
        msg = f"object: unknown suite (offset {len(MAGIC)})"
        raise FormatError(msg)
    return raw[len(MAGIC) :]
