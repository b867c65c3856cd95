"""A secret split among people: any k of n shares give it back, k - 1 of them say nothing about it (Shamir 1979).

docs/spec/shares.md is the normative text. Each byte of the secret is the constant term of a random polynomial of
degree k - 1 over GF(2^8), the field of AES; share number x is the polynomials' values at x. A share names its set,
its number and how many are needed, and its written form carries a check that finds slips.

Theory: arithmetic runs without tables or branches that depend on a secret; Python gives no further promise about
timing, and shares are combined by a person at a prompt.

Must never: give a share the number 0 (that value is the secret), or combine shares of two sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from strongroom.clock import Entropy
from strongroom.errors import ConfigurationError, FormatError, PermitError, ShareError
from strongroom.formats.copyable import read_copyable, write_copyable

SECRET_LEN = 32
SET_LEN = 6
"""48 random bits: enough that a share found in a drawer is not taken for one of another set."""

SHARES_MAX = 255
"""Every nonzero element of the field once."""

THRESHOLD_MIN = 2
"""With one share needed, each share would be the secret."""

VERSION = 1
SHARE_LEN = 1 + SET_LEN + 2 + SECRET_LEN
"""41 bytes, 70 characters on paper."""

_REDUCTION = 0x1B
"""x^8 = x^4 + x^3 + x + 1 (FIPS 197, section 4.2)."""


@dataclass(frozen=True, slots=True)
class Share:
    """One person's part. `number` is 1 to 255, `threshold` how many of the set are needed."""

    set_id: bytes
    threshold: int
    number: int
    value: bytes = field(repr=False)

    def __reduce__(self) -> NoReturn:
        msg = "shares do not leave their process"
        raise PermitError(msg)

    def raw(self) -> bytes:
        """The share's bytes: version, set, threshold, number, value."""
        return bytes([VERSION]) + self.set_id + bytes([self.threshold, self.number]) + self.value

    def text(self) -> str:
        """The share as a person copies it: groups of four characters (docs/spec/unseal.md, section 2)."""
        return write_copyable(self.raw())

    @property
    def name(self) -> str:
        """What messages call it: its number and its set, nothing of its value."""
        return f"share {self.number} of set {self.set_id.hex()}"

    @classmethod
    def parse(cls, text: str) -> Share:
        """The share that `text` spells. Raises `ShareError` saying where it was mistyped, without repeating it."""
        try:
            raw = read_copyable(text, SHARE_LEN)
        except FormatError as error:
            msg = f"a share was mistyped: {error}"
            raise ShareError(msg) from error
        share = cls(raw[1 : 1 + SET_LEN], raw[1 + SET_LEN], raw[2 + SET_LEN], raw[3 + SET_LEN :])
        if raw[0] != VERSION or share.threshold < THRESHOLD_MIN or share.number == 0:
            msg = "a share was made by a newer program, or is none"
            raise ShareError(msg)
        return share


def require_counts(threshold: int, count: int) -> None:
    """Raise `ConfigurationError` unless `threshold` of `count` shares can be made."""
    if not THRESHOLD_MIN <= threshold <= count <= SHARES_MAX:
        msg = f"shares: K/N needs {THRESHOLD_MIN} <= K <= N <= {SHARES_MAX}, such as 3/5"
        raise ConfigurationError(msg)


def split(secret: bytes, *, threshold: int, count: int, entropy: Entropy) -> tuple[Share, ...]:
    """`count` shares of the 32-byte `secret`, any `threshold` of which give it back.

    Raises `ConfigurationError` for impossible numbers.
    """
    require_counts(threshold, count)
    if len(secret) != SECRET_LEN:
        msg = "only secrets of 32 bytes are split"
        raise ValueError(msg)
    set_id = entropy(SET_LEN)
    higher = [entropy(SECRET_LEN) for _ in range(threshold - 1)]
    return tuple(
        Share(set_id, threshold, number, _evaluate((secret, *higher), number)) for number in range(1, count + 1)
    )


def combine(shares: Sequence[Share]) -> bytes:
    """The secret. More shares than needed are allowed and must agree.

    Raises `ShareError` for shares of two sets, one given twice, too few, or more that do not agree.
    """
    require_one_set(shares)
    first = shares[0] if shares else None
    if first is None or len(shares) < first.threshold:
        needed = first.threshold if first else "some"
        msg = f"{len(shares)} shares were given, {needed} are needed"
        raise ShareError(msg)
    used, spare = shares[: first.threshold], shares[first.threshold :]
    for share in spare:
        if _interpolate(used, share.number) != share.value:
            msg = "the shares do not agree with one another: at least one was altered"
            raise ShareError(msg)
    return _interpolate(used, 0)


def require_one_set(shares: Sequence[Share]) -> None:
    """Raise `ShareError`, naming the odd one, unless all are different shares of the same set."""
    seen: set[int] = set()
    for share in shares:
        if (share.set_id, share.threshold) != (shares[0].set_id, shares[0].threshold):
            msg = f"{share.name} does not belong with {shares[0].name}"
            raise ShareError(msg)
        if share.number in seen:
            msg = f"{share.name} was given twice"
            raise ShareError(msg)
        seen.add(share.number)


def _evaluate(coefficients: Sequence[bytes], point: int) -> bytes:
    """Each byte's polynomial at `point`, by Horner's rule; the first coefficient is the constant term."""
    value = bytes(SECRET_LEN)
    for coefficient in reversed(coefficients):
        value = bytes(_times(byte, point) ^ added for byte, added in zip(value, coefficient, strict=True))
    return value


def _interpolate(shares: Sequence[Share], point: int) -> bytes:
    """The polynomials through `shares`, at `point` (Lagrange)."""
    total = bytes(SECRET_LEN)
    for share in shares:
        weight = 1
        for other in shares:
            if other.number != share.number:
                above = point ^ other.number
                weight = _times(weight, _times(above, _inverse(share.number ^ other.number)))
        total = bytes(byte ^ _times(part, weight) for byte, part in zip(total, share.value, strict=True))
    return total


def _times(left: int, right: int) -> int:
    """The product in GF(2^8): eight steps whatever the factors are."""
    product = 0
    for _ in range(8):
        product ^= left & -(right & 1)
        left = (left << 1 ^ _REDUCTION & -(left >> 7)) & 0xFF
        right >>= 1
    return product


def _inverse(value: int) -> int:
    """The inverse in GF(2^8) as value^254; 0 has none and gives 0, which no caller asks for."""
    power, result = value, 1
    for _ in range(7):
        power = _times(power, power)
        result = _times(result, power)
    return result
