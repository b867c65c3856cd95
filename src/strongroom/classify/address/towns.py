"""Towns: a postcode in one of the shapes that countries use, with the name of the place before or behind it.

Must never: take five digits before any capital word for a town by itself; German counts its nouns so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from strongroom.classify.address import vocabulary as words
from strongroom.classify.address.cities import (
    CITY_WORDS_LEFT,
    city_left,
    city_right,
    city_tail,
    lower_follows,
)
from strongroom.classify.address.parts import TOWN, Part
from strongroom.classify.address.tokens import Token, is_edge, peek

_OUTWARD: Final = re.compile(r"(?:[A-Z]{1,2}\d[A-Z\d]?|GIR|BFPO)")
_INWARD: Final = re.compile(r"\d[A-Z]{2}")
_UK_JOINED: Final = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}")
_CANADA: Final = (re.compile(r"[A-Z]\d[A-Z]"), re.compile(r"\d[A-Z]\d"))
_CANADA_JOINED: Final = re.compile(r"[A-Z]\d[A-Z]-?\d[A-Z]\d")
_EIRCODE: Final = (re.compile(r"(?:[A-Z]\d{2}|D6W)"), re.compile(r"(?=\w*\d)[A-Z0-9]{4}"))
_ZIP: Final = re.compile(r"\d{5}(?:-\d{4})?")
_FIVE: Final = re.compile(r"\d{5}")
_FOUR: Final = re.compile(r"[1-9]\d{3}")
_TWO_LETTERS: Final = re.compile(r"[A-Z]{2}")
_JOINED_BEFORE: Final = re.compile(
    r"[1-9]\d{3}[A-Z]{2}|[1-9]\d{3}-\d{3}"  # Netherlands, Portugal
    r"|(?:D|DE|A|AT|CH|F|FR|E|ES|I|IT|NL|B|BE|L|LU|P|PT|DK|FL|S|SE|N|PL|CZ)-\d{4,5}"
)
_BRAZIL: Final = re.compile(r"\d{5}-\d{3}")
_POSTAL_DISTRICT: Final = re.compile(r"\d{1,2}|6W")
_NOT_DUTCH: Final = words.codes("AM PM EU US UK KB MB GB TB KM MM CM KG ML CA AD BC OK IN IT AT")
_INTRODUCING: Final = words.listed("in aus nach plz ort near from to at à a en em te zip postcode wohnhaft")
_EVERYDAY: Final = frozenset({"in", "de", "la", "or", "me", "al", "as", "hi", "ok"})

LOWER_REACH: Final = CITY_WORDS_LEFT + 3
"""Tokens from a street to its state where nothing is capital: a city, and a flat before it."""

Reader = Callable[[Sequence[Token], int, int], Part | None]


def town(tokens: Sequence[Token], at: int, floor: int) -> Part | None:
    """A town whose postcode ends with, or is, the token at `at`; nothing before token `floor` is taken."""
    if not tokens[at].is_word and not tokens[at].is_number:
        return None
    for read in _READERS:
        found = read(tokens, at, floor)
        if found is not None:
            return found
    return None


def _british(tokens: Sequence[Token], at: int, floor: int) -> Part | None:
    """For "Oxford OX3 7AB", "London SW1A2AA"."""
    if _INWARD.fullmatch(tokens[at].text) and _OUTWARD.fullmatch(peek(tokens, at - 1).text):
        return _behind_city(tokens, at - 1, at, floor)
    if _UK_JOINED.fullmatch(tokens[at].text):
        found = _behind_city(tokens, at, at, floor)
        return found if found.first < at else None
    return None


def _canadian(tokens: Sequence[Token], at: int, floor: int) -> Part | None:
    """For "Toronto, ON M5V 2T6"; the code proves itself."""
    if _CANADA[1].fullmatch(tokens[at].text) and _CANADA[0].fullmatch(peek(tokens, at - 1).text):
        return _behind_region(tokens, at - 1, at, floor) or Part(at - 1, at, TOWN, strong=True)
    return _behind_region(tokens, at, at, floor) if _CANADA_JOINED.fullmatch(tokens[at].text) else None


def _irish(tokens: Sequence[Token], at: int, floor: int) -> Part | None:
    """For "Bandon, Co. Cork P72 X285", "Dublin 4"."""
    text = tokens[at].text
    if text in {"Dublin", "DUBLIN"} and _POSTAL_DISTRICT.fullmatch(peek(tokens, at + 1).text):
        code = at + 2 + peek(tokens, at + 2).divides
        if _is_eircode(tokens, code + 1):
            return Part(at, code + 1, TOWN, strong=True)
        return Part(at, at + 1, TOWN, strong=False)
    if not _is_eircode(tokens, at):
        return None
    found = _behind_city(tokens, at - 1, at, floor)
    return found if found.first < at - 1 else Part(at - 1, at, TOWN, strong=False)


def _is_eircode(tokens: Sequence[Token], at: int) -> bool:
    return bool(_EIRCODE[1].fullmatch(peek(tokens, at).text) and _EIRCODE[0].fullmatch(peek(tokens, at - 1).text))


def _with_state(tokens: Sequence[Token], at: int, floor: int) -> Part | None:
    """For "Springfield, IL 62704", "Parramatta NSW 2150"."""
    shaped = _ZIP.fullmatch(tokens[at].text) or _FOUR.fullmatch(tokens[at].text)
    return _behind_region(tokens, at, at, floor) if shaped else None


def _code_first(tokens: Sequence[Token], at: int, _: int) -> Part | None:
    """For "1017GA Amsterdam", "1200-109 Lisboa", "CH-8001 Zürich": the shape is enough."""
    return _before_city(tokens, at, at, strong=True) if _JOINED_BEFORE.fullmatch(tokens[at].text) else None


def _brazilian(tokens: Sequence[Token], at: int, floor: int) -> Part | None:
    """For "01310-100 São Paulo/SP", "São Paulo - SP, 01310-100", "São Paulo/SP - CEP 01310-100"."""
    if not _BRAZIL.fullmatch(tokens[at].text):
        return None
    first = at - (peek(tokens, at - 1).low == "cep")
    state = first - 1 - peek(tokens, first - 1).divides
    if peek(tokens, state).text not in words.BR_STATES:
        return _before_city(tokens, first, at, strong=True) or Part(first, at, TOWN, strong=first < at)
    joint = peek(tokens, state - 1)
    city = city_left(tokens, state - 1 - (joint.divides or joint.text == "/"), floor)
    return Part(state if city is None else city, at, TOWN, strong=True)


def _dutch(tokens: Sequence[Token], at: int, _: int) -> Part | None:
    """For "1017 GA Amsterdam"."""
    letters = peek(tokens, at + 1)
    if not _FOUR.fullmatch(tokens[at].text) or not _TWO_LETTERS.fullmatch(letters.text) or letters.dotted:
        return None
    return _before_city(tokens, at, at + 1, strong=letters.text not in _NOT_DUTCH)


def _four_digits(tokens: Sequence[Token], at: int, _: int) -> Part | None:
    """For "8001 Zürich", "1070 Wien": weak, a year before a noun looks the same."""
    return _before_city(tokens, at, at, strong=False) if _FOUR.fullmatch(tokens[at].text) else None


def _five_digits(tokens: Sequence[Token], at: int, floor: int) -> Part | None:
    """For "10969 Berlin", "75002 Paris"; and "Madrid, 28013", which counts beside a street only."""
    if not _FIVE.fullmatch(tokens[at].text):
        return None
    found = _before_city(tokens, at, at, strong=_stands_alone(tokens, at))
    if found is not None or peek(tokens, at - 1).text != "," or not is_edge(tokens, at + 1):
        return found
    first = city_left(tokens, at - 2, floor)
    return None if first is None else Part(first, at, TOWN, strong=False)


_READERS: Final[tuple[Reader, ...]] = (
    _british, _canadian, _irish, _with_state, _code_first, _brazilian, _dutch, _four_digits, _five_digits,
)  # fmt: skip


def _behind_city(tokens: Sequence[Token], code_at: int, last: int, floor: int) -> Part:
    """A postcode behind its city, with at most one divider between: "Oxford, OX3 7AB"."""
    first = city_left(tokens, code_at - 1 - peek(tokens, code_at - 1).divides, floor)
    if first is not None and tokens[first].low == "co" and peek(tokens, first - 1).divides:
        of_county = city_left(tokens, first - 2, floor)
        first = first if of_county is None else of_county
    return Part(code_at if first is None else first, last, TOWN, strong=True)


def _behind_region(tokens: Sequence[Token], code_at: int, last: int, floor: int) -> Part | None:
    """A postcode behind a state, in letters or spelled out, and the state behind its city."""
    region = _region(tokens, code_at - 1 - peek(tokens, code_at - 1).divides, floor)
    australian = _FOUR.fullmatch(tokens[code_at].text) is not None
    if region is None or (australian and tokens[region].text in words.REGION_CODES - words.AU_STATES):
        return None
    lower = tokens[region].text.islower()
    first = city_left(tokens, region - 1 - peek(tokens, region - 1).divides, floor, lower=lower)
    if first is None and australian:
        return None
    return Part(region if first is None else first, last, TOWN, strong=first is not None)


def _region(tokens: Sequence[Token], at: int, floor: int) -> int | None:
    """Where the state that ends with the token at `at` begins."""
    if at < floor or not peek(tokens, at).is_word:
        return None
    token = tokens[at]
    if token.text in words.REGION_CODES or token.low in words.REGIONS:
        return at
    if at > floor and f"{tokens[at - 1].low} {token.low}" in words.REGIONS:
        return at - 1
    lower = token.text.islower() and token.low.upper() in words.US_STATES and token.low not in _EVERYDAY
    return at if lower and floor > 0 and 0 < at - floor <= LOWER_REACH else None


def _before_city(tokens: Sequence[Token], code_at: int, last: int, *, strong: bool) -> Part | None:
    """A postcode before its city; a province behind the city proves both."""
    before = peek(tokens, code_at - 1)
    end = city_right(tokens, last + 1, runs_on=before.is_number or (before.is_word and before.is_capital))
    if end is None:
        return None
    tail = city_tail(tokens, end)
    return Part(code_at, tail, TOWN, strong or tail > end)


def _stands_alone(tokens: Sequence[Token], at: int) -> bool:
    """Whether five digits and a capital word are a town without a street: on their own line, or introduced."""
    end = city_right(tokens, at + 1)
    if end is None or tokens[at].text.endswith("00"):
        return False
    if not (is_edge(tokens, end + 1) or lower_follows(tokens, end)):
        return False
    before = peek(tokens, at - 1)
    if before.is_word:
        return before.low in _INTRODUCING
    return is_edge(tokens, at - 1) and before.text not in {"=", "<", "("}
