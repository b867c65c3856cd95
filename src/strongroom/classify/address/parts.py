"""A part of an address: which tokens it takes, and how much it proves by itself.

Must never: overlap another part of the same reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from strongroom.classify.address.tokens import Token

HOUSE: Final = re.compile(r"\d{1,6}[a-zA-Z]?½?(?:[-\u2013/]\d{1,5}[a-zA-Z]?|[-\u2013/][a-zA-Z])*")
"""A house number: ``7``, ``12a``, ``12-14``, ``5/12``, ``12/3/14``, ``221B``."""

SMALL_HOUSE: Final = re.compile(
    r"(?:\d{1,4}[a-zA-Z]?½?|\d{1,4}[a-zA-Z]?[-\u2013/]\d{1,4}[a-zA-Z]?|\d{1,4}[-\u2013/][a-zA-Z\d/]{1,8})"
)
"""The same where numbers stay below five digits, so that a postcode is none."""


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens `first` to `last` (inclusive) are a street, a town or a box; `strong` ones need no other."""

    first: int
    last: int
    sort: str
    strong: bool


STREET: Final = "street"
TOWN: Final = "town"
BOX: Final = "box"


def is_house(token: Token, pattern: re.Pattern[str] = HOUSE) -> bool:
    """Whether a token is written as house numbers are."""
    return token.is_number and pattern.fullmatch(token.text) is not None
