"""SHA-256 (FIPS 180-4): for Merkle leaves, catalogue versions and fingerprints.

Must never: be used where a key is needed; an unkeyed digest of a short value can be guessed.
"""

from __future__ import annotations

import hashlib

DIGEST_LEN = 32
"""Bytes of a SHA-256 digest."""


def sha256(content: bytes | bytearray | memoryview) -> bytes:
    """The 32-byte digest of `content`."""
    return hashlib.sha256(content).digest()


class Digest:
    """A digest of what passes by. `length` counts its bytes."""

    __slots__ = ("_hash", "length")

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.length = 0

    def update(self, block: bytes) -> bytes:
        """Take `block` in, and give it back."""
        self._hash.update(block)
        self.length += len(block)
        return block

    def hex(self) -> str:
        """The digest so far, in hexadecimal."""
        return self._hash.hexdigest()
