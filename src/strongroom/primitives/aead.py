"""AES-256-GCM, the one bulk cipher (NIST SP 800-38D).

AES-GCM does not commit to its key, so nothing stored is sealed with this module alone: `formats.field`,
`formats.record` and `primitives.chunked` derive a fresh key per message and store a commitment to it.

Must never: generate a nonce, or keep a key beyond its message. The caller derives the nonce together with the
key, so a repeated nonce cannot happen without a repeated key derivation.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: TID251 - its one room

from strongroom.errors import DecryptionError
from strongroom.primitives.secret_memory import Secret

Buffer = bytes | bytearray | memoryview
"""What AEAD functions read without copying."""

KEY_LEN = 32
"""AES-256."""

NONCE_LEN = 12
"""The only length GCM uses without hashing the nonce first (SP 800-38D section 5.2.1.1)."""

TAG_LEN = 16
"""The full tag; shorter tags weaken GCM more than proportionally (SP 800-38D appendix C)."""


class Aead:
    """One key for the several segments of one message; dropped with the message.

    The library's key schedule is the dearest part of a short seal, so it is set up once here.
    """

    __slots__ = ("_cipher",)

    def __init__(self, key: Secret) -> None:
        self._cipher = AESGCM(key)

    def seal(self, nonce: bytes, plaintext: Buffer, aad: bytes) -> bytes:
        """As `aead_seal`."""
        return self._cipher.encrypt(nonce, plaintext, aad)

    def open(self, nonce: bytes, ciphertext: Buffer, aad: bytes) -> bytes:
        """As `aead_open`."""
        try:
            return self._cipher.decrypt(nonce, ciphertext, aad)
        except InvalidTag as error:
            raise DecryptionError(reason="tag") from error

    def __repr__(self) -> str:
        return "<Aead>"


def aead_seal(*, key: bytes, nonce: bytes, plaintext: Buffer, aad: bytes) -> bytes:
    """Return ciphertext followed by the 16-byte tag.

    `key` is 32 bytes and `nonce` 12 bytes; a pair of them must never be used twice.
    """
    return AESGCM(key).encrypt(nonce, plaintext, aad)


def aead_open(*, key: bytes, nonce: bytes, ciphertext: Buffer, aad: bytes) -> bytes:
    """Return the plaintext of `ciphertext` (which ends with the tag).

    Raises `DecryptionError` with reason ``"tag"`` if anything was altered, or key, nonce or AAD differ.
    """
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, aad)
    except InvalidTag as error:
        raise DecryptionError(reason="tag") from error
