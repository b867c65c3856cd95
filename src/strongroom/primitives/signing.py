"""Ed25519 signatures (RFC 8032), for audit checkpoints and receipts.

Must never: show the private key in a `repr`, let it be pickled or copied, or answer a verification with a bool.
"""

from __future__ import annotations

from typing import NoReturn, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey  # noqa: TID251 - its one room

from strongroom.clock import Entropy
from strongroom.errors import IntegrityError

SEED_LEN = 32
PUBLIC_LEN = 32
SIGNATURE_LEN = 64


class SigningKey:
    """A private Ed25519 key. Its public half is `.public`, 32 bytes."""

    __slots__ = ("_private", "public")

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public: bytes = self._private.public_key().public_bytes_raw()

    @classmethod
    def generate(cls, entropy: Entropy) -> Self:
        """A new key from 32 bytes of `entropy`."""
        return cls(entropy(SEED_LEN))

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The key of a 32-byte seed (RFC 8032 section 5.1.5). Raises `ValueError` for another length."""
        return cls(seed)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of `message`."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"<SigningKey {self.public.hex()[:16]}>"

    def __reduce__(self) -> NoReturn:
        msg = "signing keys do not leave their process"
        raise TypeError(msg)

    def __copy__(self) -> NoReturn:
        self.__reduce__()

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__reduce__()


def verify_signature(*, public: bytes, message: bytes, signature: bytes) -> None:
    """Raise `IntegrityError` unless `signature` is `public`'s signature of `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        # ValueError: a public key of the wrong length or off the curve verifies nothing either
        msg = "signature does not verify"
        raise IntegrityError(msg) from error
