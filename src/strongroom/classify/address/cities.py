"""Names of towns beside their postcodes: where they begin, and where they end.

Must never: take a person's name that follows a town. A second word belongs to a town only when the first one, a
particle between them, a province behind them or the end of the line says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from strongroom.classify.address import vocabulary as words
from strongroom.classify.address.tokens import Token, is_edge, peek

CITY_WORDS_MAX: Final = 5
"""Words of a town's name behind its postcode: "San Sebastián de los Reyes"."""

CITY_WORDS_LEFT: Final = 4
"""The same before a state: "Salt Lake City" and one more."""

_CAPITAL_PARTICLES: Final = frozenset({"Di", "Del", "Della", "De", "Da", "Do", "Dos", "Dei", "Delle"})
_NOT_A_NAME: Final = words.NOT_CITIES | {"cedex"}
_LOOSE_PARTICLES: Final = frozenset({"in", "on", "of", "y", "e", "im", "a"})
"""Everyday words: they join a town's name only when it ends behind the next word."""

_DISTRICT: Final = re.compile(r"\d{1,2}(?:er|e|ème|º)")
_NUMBER: Final = re.compile(r"\d{1,2}")
_JOINTS: Final = frozenset({"-", "\u2013", "/", ","})


def city_left(tokens: Sequence[Token], last: int, floor: int, *, lower: bool = False) -> int | None:
    """Where the city that ends with the token at `last` begins; None when no city is there.

    Nothing before token `floor` is taken. With `lower` a city may be written without capitals.
    """
    at = last
    while at >= floor and last - at < CITY_WORDS_LEFT and _may_be_city(tokens[at], lower=lower):
        at -= 1
    first = at + 1
    while first <= last and not (tokens[first].is_capital or lower):
        first += 1
    if first > last:
        return None
    goes_on = at >= floor and at + 1 == first and tokens[at].is_word and tokens[at].is_capital
    if goes_on and last - at >= CITY_WORDS_LEFT:
        return last - (tokens[last - 1].low in words.CITY_PREFIXES)
    return first


def _may_be_city(token: Token, *, lower: bool) -> bool:
    if not token.is_word or (token.low in words.NOT_CITIES and token.text != "The"):
        return False
    if token.dotted and token.low not in words.CITY_PREFIXES and token.low != "co":
        return False
    return token.is_capital or lower or token.low in words.CITY_PARTICLES


def city_right(tokens: Sequence[Token], first: int, *, runs_on: bool = False) -> int | None:
    """Where the city that begins at `first` ends; None when no city begins there.

    In a text that `runs_on` without commas the end of the line does not say that a second word belongs to it.
    """
    if not _begins_city(peek(tokens, first)):
        return None
    end = first
    for at in range(first + 1, first + CITY_WORDS_MAX):
        word = peek(tokens, at)
        if not word.is_word or word.low in _NOT_A_NAME:
            break
        if word.low in words.CITY_PARTICLES and (word.text.islower() or word.text in _CAPITAL_PARTICLES):
            if not _particle_joins(tokens, at):
                break
            continue
        if not word.is_capital or not _joins(tokens, first, end, at, runs_on=runs_on):
            break
        end = at
    return end


def _begins_city(token: Token) -> bool:
    return token.is_word and token.is_capital and token.low not in _NOT_A_NAME and len(token.text) > 1


def _particle_joins(tokens: Sequence[Token], at: int) -> bool:
    """Whether the particle at `at`, and those behind it, lead to another word of the name: "am Main"."""
    inner = at + 1
    while peek(tokens, inner).is_word and peek(tokens, inner).low in words.CITY_PARTICLES:
        inner += 1
    named = peek(tokens, inner)
    if not named.is_word or not named.is_capital or named.low in _NOT_A_NAME:
        return False
    return tokens[at].low not in _LOOSE_PARTICLES or closes(tokens, inner)


def _joins(tokens: Sequence[Token], first: int, end: int, at: int, *, runs_on: bool) -> bool:
    """Whether the capital word at `at` belongs to the city that goes from `first` to `end` so far."""
    if tokens[at - 1].low in words.CITY_PREFIXES or tokens[at - 1].low in words.CITY_PARTICLES:
        return True
    if _province_follows(tokens, at) or _province_follows(tokens, at + 1):
        return True
    second = end == first or (end == first + 1 and tokens[first].low in words.CITY_PREFIXES)
    return second and not runs_on and closes(tokens, at) and tokens[at].low not in words.COUNTRIES


def _province_follows(tokens: Sequence[Token], at: int) -> bool:
    """Whether behind the word at `at` the code of a province says that a city ends there: "(RM)", "RM"."""
    word, behind = peek(tokens, at), peek(tokens, at + 1)
    if not word.is_word or not word.is_capital or word.text in words.REGION_TAILS:
        return False
    if behind.text == "(":
        return peek(tokens, at + 2).text in words.REGION_TAILS and peek(tokens, at + 3).text == ")"
    return behind.text in words.REGION_TAILS and (is_edge(tokens, at + 2) or lower_follows(tokens, at + 1))


def closes(tokens: Sequence[Token], at: int) -> bool:
    """Whether nothing capital follows the token at `at`, so that it ends what began before it."""
    if tokens[at].text in words.REGION_TAILS:
        return False
    if tokens[at].dotted or _province_follows(tokens, at) or is_edge(tokens, at + 1):
        return True
    behind = peek(tokens, at + 1)
    return not (behind.is_word and behind.is_capital)


def lower_follows(tokens: Sequence[Token], at: int) -> bool:
    """Whether a word without a capital stands behind the token at `at`."""
    behind = peek(tokens, at + 1)
    return behind.is_word and not behind.is_capital


def city_tail(tokens: Sequence[Token], end: int) -> int:
    """With what countries put behind a city: "(RM)", "- SP", "/SP", "Cedex 08", "ZH"."""
    token, second = peek(tokens, end + 1), peek(tokens, end + 2)
    if token.low == "cedex":
        return end + 1 + (_NUMBER.fullmatch(second.text) is not None)
    if _DISTRICT.fullmatch(token.text) or (token.text in words.REGION_TAILS and not token.dotted):
        return end + 1
    if token.text == "(" and second.is_capital and peek(tokens, end + 3).text == ")":
        return end + 3
    if token.text in _JOINTS and second.text in words.REGION_TAILS and is_edge(tokens, end + 3):
        return end + 2
    return end
