"""Payment cards, bank accounts and wallets for the structured corpus, from what issuers and registries publish.

Must never: use an expression or a check of the catalogue; the corpus is what those are measured against.
"""

from __future__ import annotations

import hashlib
import re
from importlib import resources
from random import Random  # noqa: TID251 - repeatable on purpose
from typing import Final

ISSUERS: Final[tuple[tuple[str, int, tuple[int, ...]], ...]] = (
    ("4", 16, (4, 4, 4, 4)),
    ("4", 16, (4, 4, 4, 4)),
    ("4", 13, (4, 3, 3, 3)),
    ("51", 16, (4, 4, 4, 4)),
    ("55", 16, (4, 4, 4, 4)),
    ("2221", 16, (4, 4, 4, 4)),
    ("2720", 16, (4, 4, 4, 4)),
    ("34", 15, (4, 6, 5)),
    ("37", 15, (4, 6, 5)),
    ("6011", 16, (4, 4, 4, 4)),
    ("65", 16, (4, 4, 4, 4)),
    ("3530", 16, (4, 4, 4, 4)),
    ("36", 14, (4, 6, 4)),
    ("62", 16, (4, 4, 4, 4)),
    ("62", 19, (6, 13)),
    ("50", 16, (4, 4, 4, 4)),
    ("6304", 18, (4, 4, 4, 4, 2)),
    ("6521", 16, (4, 4, 4, 4)),
    ("2200", 16, (4, 4, 4, 4)),
)
"""Leading digits, length and printed groups: Visa, Mastercard, American Express, Discover, JCB, Diners Club,
UnionPay, Maestro, RuPay and Mir, as their operators publish them."""

_PIECE: Final = re.compile(r"(\d+)!([nac])")


def luhn_digit(body: str) -> str:
    """The last digit that makes `body` pass (ISO/IEC 7812-1)."""
    total = 0
    for place, char in enumerate(reversed(body)):
        doubled = int(char) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def digits(rng: Random, count: int) -> str:
    """So many random digits."""
    return "".join(rng.choices("0123456789", k=count))


def card(rng: Random) -> str:
    """A card of any issuer, run together, in printed groups or in fours, with spaces, hyphens or points."""
    prefix, length, groups = rng.choice(ISSUERS)
    body = prefix + digits(rng, length - len(prefix) - 1)
    number = body + luhn_digit(body)
    style = rng.random()
    if style < 0.4:
        return number
    sizes = groups if style < 0.85 else (4,) * 5
    parts, at = [], 0
    for size in sizes:
        parts.append(number[at : at + size])
        at += size
    return rng.choice((" ", " ", "-")).join(part for part in (*parts, number[at:]) if part)


def _registry() -> list[tuple[str, str]]:
    lines = resources.files("stdnum").joinpath("iban.dat").read_text(encoding="utf-8").splitlines()
    return [(line[:2], line.split('bban="')[1].rstrip('"')) for line in lines if line[:1].isalpha()]


REGISTRY: Final = _registry()
"""Country and structure of its account numbers, from the SWIFT IBAN registry."""


def iban(rng: Random) -> str:
    """An account of any country of the registry, in groups of four or run together, seldom in lower case."""
    country, structure = rng.choice(REGISTRY)
    alphabets = {"n": "0123456789", "a": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "c": "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"}
    bban = "".join("".join(rng.choices(alphabets[kind], k=int(n))) for n, kind in _PIECE.findall(structure))
    turned = "".join(str(int(char, 36)) for char in bban + country + "00")
    raw = f"{country}{98 - int(turned) % 97:02}{bban}"
    style = rng.random()
    if style < 0.45:
        return raw
    spaced = (" " if style < 0.9 else "-").join(raw[i : i + 4] for i in range(0, len(raw), 4))
    return spaced if style < 0.97 else raw.lower()


_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def bitcoin(rng: Random) -> str:
    """A pay-to-key-hash or pay-to-script-hash address, base58 with its checksum."""
    payload = rng.choice((b"\x00", b"\x05")) + rng.randbytes(20)
    check = hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, spelled = int.from_bytes(payload + check, "big"), ""
    while number:
        number, place = divmod(number, 58)
        spelled = _BASE58[place] + spelled
    return "1" * (payload[0] == 0) + spelled


def ethereum(rng: Random) -> str:
    """Forty hexadecimal digits, as wallets that do not mix cases print them."""
    return "0x" + rng.randbytes(20).hex()
