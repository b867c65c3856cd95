"""How people write numbers and names in free text: grouped, dashed, nationally, in capitals.

Must never: change a value, only its spelling; `plain` of a spelling of a number is the number again.
"""

from __future__ import annotations

from collections.abc import Iterator

GROUP_LEN = 4  # cards and IBANs are printed in groups of four
SEPARATORS = " -./()\u00a0"
_DROPPED = str.maketrans("", "", SEPARATORS)


def plain(value: str) -> str:
    """The value without the separators people put between groups."""
    return value.translate(_DROPPED)


def grouped(value: str, separator: str) -> str:
    """The value in groups of four."""
    return separator.join(_groups(value))


def _groups(value: str) -> Iterator[str]:
    for start in range(0, len(value), GROUP_LEN):
        yield value[start : start + GROUP_LEN]


def card_spellings(number: str) -> tuple[str, ...]:
    """A card number as printed, as typed, and with dashes."""
    return (grouped(number, " "), number, grouped(number, "-"))


def iban_spellings(number: str) -> tuple[str, ...]:
    """An IBAN in groups and in one run."""
    return (grouped(number, " "), number)


def phone_spellings(number: str) -> tuple[str, ...]:
    """An E.164 number with the country code, spaced the way its country does."""
    if number.startswith("+1"):
        area, exchange, line = number[2:5], number[5:8], number[8:]
        return (number, f"+1 {area}-{exchange}-{line}", f"+1 ({area}) {exchange}-{line}")
    area_len = 3 if number.startswith("+49221") else 2
    area, line = number[3 : 3 + area_len], number[3 + area_len :]
    return (number, f"+49 {area} {line}", f"+49 {area} {line[:3]} {line[3:]}", f"0049 {area} {line}")
