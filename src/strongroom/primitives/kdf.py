"""Key derivation: HKDF with SHA-512 (RFC 5869) from keys, Argon2id (RFC 9106) from passphrases.

Must never: be fed a passphrase through HKDF, or a label that two callers share; every `info` starts with the
name and version of the format it is for.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA512  # noqa: TID251 - its one room
from cryptography.hazmat.primitives.hmac import HMAC  # noqa: TID251 - its one room
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: TID251 - its one room
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand  # noqa: TID251 - its one room

from strongroom.primitives.secret_memory import Secret

EXPAND_LEN_MAX = 255 * 64
"""RFC 5869 section 2.3: at most 255 blocks of the hash."""

_SHA512 = SHA512()
_FIRST_BLOCK = b"\x01"


def expand(*, key: Secret, info: bytes, length: int) -> bytes:
    """HKDF-Expand-SHA-512: `length` bytes (at most `EXPAND_LEN_MAX`) from a uniformly random `key`.

    The extract step is left out because the key is uniform already (RFC 5869 section 3.3, NIST SP 800-108).
    """
    return HKDFExpand(_SHA512, length, info).derive(key)


def expand_block(*, key: Secret, info: bytes) -> bytes:
    """HKDF-Expand-SHA-512 for exactly one block, 64 bytes: the HMAC of `info` and the counter 1.

    The same as `expand` with that length, for the path every value takes: it costs two thirds of it.
    """
    block = HMAC(key, _SHA512)
    block.update(info + _FIRST_BLOCK)
    return block.finalize()


def extract_expand(*, key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA-512 in full: for key material that has entropy but is not uniform."""
    return HKDF(_SHA512, length, salt, info).derive(key)


@dataclass(frozen=True, slots=True)
class Argon2Profile:
    """Cost of one passphrase guess: memory in KiB, passes over it, lanes.

    The default is RFC 9106's second recommended option (64 MiB, 3 passes, 4 lanes), for machines that also
    serve; the numbers are stored with every wrap, so they can be raised without locking anyone out.
    """

    memory_kib: int = 65536
    iterations: int = 3
    lanes: int = 4


def passphrase_key(*, passphrase: bytes, salt: bytes, profile: Argon2Profile) -> bytes:
    """A 32-byte key from a passphrase by Argon2id; `salt` is at least 8 random bytes (RFC 9106 section 3.1).

    Raises `ValueError` for a profile or salt that RFC 9106 does not allow.
    """
    derivation = Argon2id(
        salt=salt,
        length=32,
        iterations=profile.iterations,
        lanes=profile.lanes,
        memory_cost=profile.memory_kib,
    )
    return derivation.derive(passphrase)
