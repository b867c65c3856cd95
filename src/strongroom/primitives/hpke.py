"""HPKE (RFC 9180) to a key that is kept offline: for escrow and for moving a root, never for single values.

The one suite is MLKEM768-X25519 (draft-ietf-hpke-pq; the KEM is X-Wing, draft-connolly-cfrg-xwing-kem) with
HKDF-SHA-256 and AES-256-GCM. What is sealed today stays shut for whoever records it and has a quantum computer
later, and for whoever breaks only one of the two KEMs.

Must never: show a private key in a `repr`, let it be pickled or copied, or open under another `info` than it was
sealed with.
"""

from __future__ import annotations

import hashlib
from typing import NoReturn, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke  # noqa: TID251 - its one room
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519  # noqa: TID251 - its one room

from strongroom.clock import Entropy
from strongroom.errors import DecryptionError, FormatError

SEED_LEN = 32
"""What a person keeps; both private keys are expanded from it as X-Wing section 5.2 says."""

PUBLIC_LEN = 1184 + 32
"""ML-KEM-768's encapsulation key, then X25519's public key."""

OVERHEAD = 1088 + 32 + 16
"""Encapsulated key and tag, in front of and behind the ciphertext."""

_MLKEM_SEED_LEN = 64
_MLKEM_PUBLIC_LEN = 1184
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class OfflineKey:
    """A private key that is kept away from every store. Its public half is `.public`, `PUBLIC_LEN` bytes."""

    __slots__ = ("_private", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_LEN:
            msg = "an offline key has 32 bytes"
            raise FormatError(msg)
        expanded = hashlib.shake_256(seed).digest(_MLKEM_SEED_LEN + 32)
        lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_LEN])
        curve = x25519.X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_LEN:])
        self._private = hpke.MLKEM768X25519PrivateKey(lattice, curve)
        self.public: bytes = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()

    @classmethod
    def generate(cls, entropy: Entropy) -> tuple[bytes, Self]:
        """A new seed, which is what has to be kept, and its key."""
        seed = entropy(SEED_LEN)
        return seed, cls(seed)

    def open(self, sealed: bytes, *, info: bytes) -> bytes:
        """What `seal_to` sealed. Raises `DecryptionError` with reason ``"tag"``."""
        try:
            return self._private_open(sealed, info)
        except InvalidTag as error:
            raise DecryptionError(reason="tag") from error

    def _private_open(self, sealed: bytes, info: bytes) -> bytes:
        return _SUITE.decrypt(sealed, self._private, info=info)

    def __repr__(self) -> str:
        return f"<OfflineKey {self.public.hex()[:16]}>"

    def __reduce__(self) -> NoReturn:
        msg = "offline keys do not leave their process"
        raise TypeError(msg)

    def __copy__(self) -> NoReturn:
        self.__reduce__()

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__reduce__()


def seal_to(public: bytes, plaintext: bytes, *, info: bytes) -> bytes:
    """`plaintext` for the holder of `public` alone, bound to `info`; `OVERHEAD` bytes longer.

    Anybody can do this: it proves nothing about who sealed. Raises `FormatError` for bytes that are no public key.
    """
    if len(public) != PUBLIC_LEN:
        msg = f"escrow key: {len(public)} bytes instead of {PUBLIC_LEN}"
        raise FormatError(msg)
    try:
        lattice = mlkem.MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC_LEN])
        curve = x25519.X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC_LEN:])
    except ValueError as error:
        msg = "escrow key: the bytes are no public key"
        raise FormatError(msg) from error
    return _SUITE.encrypt(plaintext, hpke.MLKEM768X25519PublicKey(lattice, curve), info=info)
