"""Secrets a person copies by hand: Crockford's base 32 in groups of four, with a check that finds slips.

    ABCD-EF01-...      case, dashes and spaces do not matter; O is read as 0, I and L as 1

The check is at least 20 bits of a hash of the bytes, so a mistyped copy is recognised (all but one in a million)
before anything expensive is tried with it.

Must never: accept a text of another length than the caller expects.
"""

from __future__ import annotations

import re

from strongroom.errors import FormatError
from strongroom.formats.surrogate import ALPHABET
from strongroom.primitives.digest import sha256

CHECK_BITS_MIN = 20
GROUP = 4
BYTES_MAX = 64

_LABEL = b"strongroom/copyable/1"
_ALIKE = str.maketrans("OIL", "011")
_GAPS = re.compile(r"[\s-]+", re.ASCII)
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


def write_copyable(raw: bytes) -> str:
    """`raw` (at most `BYTES_MAX` bytes) as text for people. Raises `FormatError` if it is longer or empty."""
    check = _check_bits(len(raw))
    number = int.from_bytes(raw, "big") << check | _check(raw, check)
    count = (len(raw) * 8 + check) // 5
    text = "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(count)))
    return "-".join(text[start : start + GROUP] for start in range(0, count, GROUP))


def read_copyable(text: str, length: int) -> bytes:
    """The `length` bytes that `text` spells.

    Raises `FormatError` if it has another length, a foreign character, or a slip that the check finds; the
    message never repeats the text.
    """
    check = _check_bits(length)
    plain = _GAPS.sub("", text).upper().translate(_ALIKE)
    expected = (length * 8 + check) // 5
    if len(plain) != expected:
        msg = f"{len(plain)} characters instead of {expected}"
        raise FormatError(msg)
    number = 0
    for place, character in enumerate(plain):
        if character not in _VALUES:
            msg = f"group {place // GROUP + 1} has a character that never occurs"
            raise FormatError(msg)
        number = number << 5 | _VALUES[character]
    raw = (number >> check).to_bytes(length, "big")
    if number & (1 << check) - 1 != _check(raw, check):
        msg = "a character is wrong somewhere"
        raise FormatError(msg)
    return raw


def _check_bits(length: int) -> int:
    if not 1 <= length <= BYTES_MAX:
        msg = f"only 1 to {BYTES_MAX} bytes can be copied by hand"
        raise FormatError(msg)
    # Enough further bits that the last character is used up.
    return CHECK_BITS_MIN + -(length * 8 + CHECK_BITS_MIN) % 5


def _check(raw: bytes, bits: int) -> int:
    return int.from_bytes(sha256(_LABEL + raw)[:4], "big") >> 32 - bits
