"""The derivation that field/1, record/1 and the object header share: one-time key and commitment.

    key(32) | commitment(32) = HKDF-Expand-SHA-512(data key, label | header | u32 length of context | context)

The header holds suite, keyref and salt. Binding all of it, and the context, in the derivation rather than in
the AAD alone means that key and commitment depend on it at once. The two fill one block of SHA-512 exactly. The
key serves one message, so its nonces are only the numbers of the message's parts (`part_nonce`).

Must never: be used with two layouts under one label; a label is the name of exactly one format.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from strongroom.errors import DecryptionError, FormatError
from strongroom.primitives.aead import KEY_LEN, NONCE_LEN
from strongroom.primitives.kdf import expand_block
from strongroom.primitives.mac import equal
from strongroom.primitives.secret_memory import Secret

SALT_LEN = 16
"""Random per message: 2^48 messages under one key *and one context* collide with probability 2^-33."""

COMMITMENT_LEN = 32
"""128-bit commitment security; half of it would leave 2^64 work."""

HEADER_LEN = 1 + 4 + SALT_LEN
"""Suite, keyref, salt."""

PREFIX_LEN = HEADER_LEN + COMMITMENT_LEN
"""What stands before the ciphertext: 53 bytes."""

KEYREF_MAX = (1 << 32) - 1

_HEADER = struct.Struct(">BI16s")
FIRST = bytes(NONCE_LEN)
"""The nonce of part 0, which is all of a field."""


@dataclass(frozen=True, slots=True)
class FieldParts:
    """The parts of a field or an object header; `body` is ciphertext and tag."""

    suite: int
    keyref: int
    salt: bytes
    commitment: bytes
    body: bytes


def pack_header(*, suite: int, keyref: int, salt: bytes) -> bytes:
    """The 21 header bytes. Raises `FormatError` for a keyref over 32 bits or a salt of another length."""
    if len(salt) != SALT_LEN or not 0 <= keyref <= KEYREF_MAX:
        msg = "header: salt or keyref has the wrong size"
        raise FormatError(msg)
    return _HEADER.pack(suite, keyref, salt)


def unpack_header(raw: bytes) -> tuple[int, int, bytes]:
    """Suite, keyref and salt of the first 21 bytes of `raw`, which the caller knows to be there."""
    suite, keyref, salt = _HEADER.unpack_from(raw)
    return suite, keyref, salt


def derive(*, label: bytes, key: Secret, header: bytes, context: bytes) -> tuple[bytes, bytes]:
    """The one-time key and the commitment of one message."""
    derived = expand_block(key=key, info=b"".join((label, header, len(context).to_bytes(4, "big"), context)))
    return derived[:KEY_LEN], derived[KEY_LEN:]


def part_nonce(number: int) -> bytes:
    """The nonce of part `number` of a message: the number itself, 12 bytes."""
    return number.to_bytes(NONCE_LEN, "big")


def derive_committed(*, label: bytes, key: Secret, context: bytes, prefix: bytes) -> bytes:
    """The one-time key of a message that starts with the 53 bytes `prefix`.

    Raises `DecryptionError` with reason ``"commitment"`` if key, context, header or commitment is not the one
    the message was sealed with; the comparison is in constant time and comes before any decryption.
    """
    message_key, commitment = derive(label=label, key=key, header=prefix[:HEADER_LEN], context=context)
    if not equal(commitment, prefix[HEADER_LEN:PREFIX_LEN]):
        raise DecryptionError(reason="commitment")
    return message_key
