"""HMAC-SHA-256 (RFC 2104, FIPS 198-1) and constant-time comparison.

Must never: be compared with ``==``; `equal` exists so that a comparison does not leak where it stopped.
"""

from __future__ import annotations

import hmac

from strongroom.primitives.secret_memory import Secret

MAC_LEN = 32
"""The whole SHA-256 output; callers that need short codes truncate and say so in their spec."""


def mac(*, key: Secret, message: bytes) -> bytes:
    """HMAC-SHA-256 of `message`: 32 bytes."""
    return hmac.digest(key, message, "sha256")


def equal(a: bytes, b: bytes) -> bool:
    """Whether `a` and `b` are the same bytes, in time that depends on their length alone."""
    return hmac.compare_digest(a, b)
