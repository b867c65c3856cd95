"""Streets whose kind no list knows: what stands right before a town, if it has a house number.

Must never: take a line without a number for a street, or a line that could be a person's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from strongroom.classify.address import extras
from strongroom.classify.address import vocabulary as words
from strongroom.classify.address.parts import SMALL_HOUSE, is_house
from strongroom.classify.address.tokens import Sort, Token, is_edge, peek

PASSED_MAX: Final = 2
"""Lines between a numbered one and the town: a district, and a village."""

PASSED_WORDS_MAX: Final = 4
SEGMENT_TOKENS_MAX: Final = 7

_NO_STREET: Final = words.NOT_CITIES | words.NOT_BEFORE | words.UNIT_NAMED
_NO_NAME: Final = words.NOT_CITIES | words.EN_NOT_NAMES


def numbered_line(tokens: Sequence[Token], town_at: int, floor: int) -> int | None:
    """Where the line begins, up to a few before the town, that starts with a house number or is a flat's."""
    at = town_at
    for _ in range(PASSED_MAX + 1):
        end = at - 1
        if end < floor or not tokens[end].divides:
            return None
        end -= end > floor and tokens[end].sort is Sort.LINE_END and tokens[end - 1].text == ","
        start, house = _segment(tokens, end - 1, floor)
        if house is not None or start is None or end - start > PASSED_WORDS_MAX:
            return house
        at = start
    return None


def _segment(tokens: Sequence[Token], last: int, floor: int) -> tuple[int | None, int | None]:
    """The stretch that ends at `last`: where it begins if it may be passed, and where its house number stands."""
    for at in range(last, max(floor - 1, last - SEGMENT_TOKENS_MAX), -1):
        token = tokens[at]
        if token.divides or token.sort is Sort.OTHER:
            return (at + 1 if token.divides and at < last else None), None
        if is_house(token) and at < last:
            return None, at if _begins_street(tokens, at, last) else None
        if extras.unit(tokens, at) == last:
            return None, at
        known = token.is_capital or token.is_number or token.low in words.PARTICLES
        if not known and not (at == last and token.is_word):
            return None, None
    return (floor if floor <= last < floor + SEGMENT_TOKENS_MAX else None), None


def _begins_street(tokens: Sequence[Token], at: int, last: int) -> bool:
    before = peek(tokens, at - 1)
    begins = is_edge(tokens, at - 1) or (before.is_word and before.text.islower())
    return (
        begins
        and before.low not in words.NOT_BEFORE
        and not any(word.low in _NO_NAME for word in tokens[at + 1 : last + 1])
    )


def named_number(tokens: Sequence[Token], town_at: int, floor: int) -> int | None:
    """Where the name begins that stands with its number right before the town: "Zeil 29, 60313 Frankfurt"."""
    at = town_at - 1
    if at - 2 < floor or not tokens[at].divides or not is_house(tokens[at - 1], SMALL_HOUSE):
        return None
    first = at - 1
    while first > floor and at - first <= PASSED_WORDS_MAX and _may_be_name(tokens[first - 1]):
        first -= 1
    named = tokens[first : at - 1]
    if not named or not named[0].is_capital or any(token.low in _NO_STREET for token in named):
        return None
    begins = first == floor or is_edge(tokens, first - 1) or tokens[first - 1].text.islower()
    return first if begins else None


def _may_be_name(token: Token) -> bool:
    return token.is_word and (token.is_capital or token.low in words.PARTICLES)
