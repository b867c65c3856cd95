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
