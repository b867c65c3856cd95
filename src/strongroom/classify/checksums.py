"""Check digits computed here: schemes that python-stdnum does not have, and those on the hot path.

Must never: accept on shape alone; each function states the scheme and where it is published.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import Final

_LUHN_DOUBLE: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)

IBAN_LENGTHS: Final[dict[str, int]] = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}  # fmt: skip
"""Length by country, from the SWIFT IBAN Registry."""


_BASE58: Final = {
    char: place for place, char in enumerate("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
}
_BASE58_CHECK: Final = 4


def base58check(text: str) -> bool:
    """Base 58 whose last four bytes are the double SHA-256 of the rest (Bitcoin's wallet import format)."""
    number = 0
    for char in text:
        number = number * 58 + _BASE58[char]
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    body, check = raw[:-_BASE58_CHECK], raw[-_BASE58_CHECK:]
    return hashlib.sha256(hashlib.sha256(body).digest()).digest()[:_BASE58_CHECK] == check


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 Annex B over a string of ASCII digits."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        digit = ord(char) - 48
        total += _LUHN_DOUBLE[digit] if place % 2 else digit
    return total % 10 == 0


def mod97(iban: str) -> bool:
    """ISO 7064 MOD 97-10 over a compact upper-case IBAN (ISO 13616)."""
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def digit_sum_weighted(digits: str, weights: tuple[int, ...]) -> int:
    """Sum of the cross sums of digit times weight: the core of several German schemes."""
    return sum(sum(divmod(int(d) * w, 10)) for d, w in zip(digits, weights, strict=True))


def letter_number(letter: str) -> str:
    """Two digits for a letter, A = 01 (VKVV section 2, and the KVNR specification)."""
    return f"{ord(letter) - 64:02}"


def rvnr(number: str) -> bool:
    """German pension insurance number: area, birth date, initial, serial, check (VKVV section 2 and 4)."""
    day = int(number[2:4])
    spelled = number[:8] + letter_number(number[8]) + number[9:11]
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    return 1 <= day <= 81 and digit_sum_weighted(spelled, weights) % 10 == int(number[11])  # noqa: PLR2004 - 31 + 50: the serial's overflow mark


def kvnr(number: str) -> bool:
    """German health insurance number: a letter, eight digits, check digit (SGB V section 290)."""
    spelled = letter_number(number[0]) + number[1:9]
    return digit_sum_weighted(spelled, (1, 2) * 5) % 10 == int(number[9])


def icao_check(text: str) -> int:
    """The 7-3-1 check digit of machine-readable travel documents (ICAO Doc 9303 part 3)."""
    return sum(int(char, 36) * (7, 3, 1)[place % 3] for place, char in enumerate(text)) % 10


def vin(number: str) -> bool:
    """The check digit in the ninth place (49 CFR 565.15); a number made of digits alone is refused."""
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True))
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum((values[c] if c.isalpha() else int(c)) * w for c, w in zip(number, weights, strict=True))
    return number[8] == "0123456789X"[total % 11] and not number.isdigit()


def dea(number: str) -> bool:
    """US Drug Enforcement Administration registration: two letters, seven digits, the last a check."""
    digits = [int(char) for char in number[2:]]
    return (sum(digits[0:6:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def nric(number: str) -> bool:
    """Singapore NRIC and FIN check letter (series S, T, F, G and M)."""
    total = sum(int(d) * w for d, w in zip(number[1:8], (2, 7, 6, 5, 4, 3, 2), strict=True))
    series = number[0]
    total += {"T": 4, "G": 4, "M": 3}.get(series, 0)
    table = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "XWUTRQPNJLK"}
    return number[8] == table[series][total % 11]


def lanr(number: str) -> bool:
    """German doctor number: six digits, a check digit, two digits of specialty (KBV directive on LANR)."""
    total = sum(int(d) * w for d, w in zip(number[:6], (4, 9, 4, 9, 4, 9), strict=True))
    return (10 - total % 10) % 10 == int(number[6])


def weighted(digits: str, weights: tuple[int, ...]) -> int:
    """Sum of digit times weight, as far as the weights go."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def snils(digits: str) -> bool:
    """Russian insurance number: nine digits and the weighted sum modulo 101 (Order 99n of the pension fund)."""
    check = weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, 1)) % 101
    return len(digits) == 11 and check % 100 == int(digits[9:])  # noqa: PLR2004 - its length


def pis(digits: str) -> bool:
    """Brazilian PIS/PASEP: ten digits and a check digit modulo 11 (Caixa Econômica Federal)."""
    check = 11 - weighted(digits, (3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return len(digits) == 11 and int(digits[10]) == (0 if check > 9 else check)  # noqa: PLR2004 - length, one digit


def au_medicare(digits: str) -> bool:
    """Australian Medicare card: the ninth digit checks the first eight (Services Australia)."""
    return weighted(digits, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == int(digits[8])


_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def crc62(token: str) -> bool:
    """Tokens ``prefix_body`` whose last six characters are the CRC-32 of the body in base 62 (GitHub, npm)."""
    body, check = token.split("_", 1)[1][:-6], token[-6:]
    number = zlib.crc32(body.encode())
    spelled = ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        spelled = _BASE62[digit] + spelled
    return spelled == check
