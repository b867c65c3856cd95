"""What stands around a street or a town: parts of a house, a name it is in care of, boxes and countries.

Must never: count for anything alone, except a post office box.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from strongroom.classify.address import vocabulary as words
from strongroom.classify.address.parts import BOX, Part
from strongroom.classify.address.tokens import Token, is_edge, peek

CARE_WORDS_MAX: Final = 4
COUNTRY_WORDS_MAX: Final = 4
_IDENT: Final = re.compile(
    r"(?:\d{1,5}(?:-?[A-Za-z]{1,2})?|[A-Z]{1,2}\d{0,4}|[a-z]\d{0,3}|[A-Z]-?\d{1,4}|\d{1,4}[-/]\d{1,4})"
)
_ORDINAL: Final = re.compile(r"\d{1,3}(?:st|nd|rd|th|er|e|ème|eme|ter|º|ª|°|\.º)?")
_DOOR: Final = re.compile(r"\d{1,5}[A-Za-z]?")
_BOX_NUMBER: Final = re.compile(r"\d{1,6}[A-Z]?")
_PAIR: Final = re.compile(r"\d{2}")
_FLOOR: Final = re.compile(r"\d{1,2}[ºª°]")


def unit(tokens: Sequence[Token], at: int) -> int | None:
    """The last token of a part of a house that begins at `at`: "Apt 4B", "3. OG links", "#402", "2º B"."""
    token, behind = peek(tokens, at), peek(tokens, at + 1)
    if token.text == "#":
        return at + 1 if _DOOR.fullmatch(behind.text) else None
    if token.is_number:
        return _numbered_unit(tokens, at)
    if token.low in words.ORDINALS and behind.low in words.UNIT_BEHIND | {"level"}:
        return at + 1
    if token.low in words.UNIT_ALONE:
        return _side(tokens, at)
    if token.is_word and token.low in words.UNIT_NAMED:
        ident = at + 1 + (behind.text == "#" or behind.low in {"no", "nr", "n"})
        return _side(tokens, ident) if _IDENT.fullmatch(peek(tokens, ident).text) else None
    return None


def _numbered_unit(tokens: Sequence[Token], at: int) -> int | None:
    """For "3. OG links", "2nd Floor", "2º B", and "3º" alone."""
    text, behind = tokens[at].text, peek(tokens, at + 1)
    if _ORDINAL.fullmatch(text) and behind.low in words.UNIT_BEHIND:
        return _side(tokens, at + 1)
    if not _FLOOR.fullmatch(text):
        return None
    if behind.low in words.UNIT_SIDES or (behind.is_word and len(behind.text) == 1):
        return at + 1
    return at if is_edge(tokens, at + 1) else None


def _side(tokens: Sequence[Token], last: int) -> int:
    """Left or right of the stairs."""
    return last + 1 if peek(tokens, last + 1).low in words.UNIT_SIDES else last


def box(tokens: Sequence[Token], at: int) -> Part | None:
    """A post office box that begins at `at`: "P.O. Box 88", "Postfach 12 34 56", "Apartado de Correos 7"."""
    if tokens[at].low not in words.BOX_FIRST:
        return None
    if tokens[at].low in words.BOX_CAPITAL and not tokens[at].is_capital:
        return None
    for phrase in words.BOXES:
        end = at + len(phrase)
        if tuple(token.low for token in tokens[at:end]) != phrase:
            continue
        end += peek(tokens, end).low in {"no", "nr", "nº", "n"}
        if not _BOX_NUMBER.fullmatch(peek(tokens, end).text):
            return None
        while _goes_on(tokens, end):
            end += 1
        plain = phrase[0] not in words.BOX_CAPITAL
        return Part(at, end, BOX, strong=plain)
    return None


def _goes_on(tokens: Sequence[Token], at: int) -> bool:
    """Whether a number is written in groups of two: "12 34 56"."""
    return bool(_PAIR.fullmatch(tokens[at].text) and _PAIR.fullmatch(peek(tokens, at + 1).text))


def care_of(tokens: Sequence[Token], last: int) -> int | None:
    """Where "c/o Name" that ends at `last` begins, if it does."""
    for at in range(last, max(-1, last - CARE_WORDS_MAX), -1):
        token = tokens[at]
        if token.low == "c/o":
            return at if at < last else None
        if not token.is_word or not (token.is_capital or token.low in words.PARTICLES):
            return None
    return None


def country(tokens: Sequence[Token], at: int) -> int | None:
    """The last token of a country's name that begins at `at`."""
    longest = None
    for last in range(at, min(at + COUNTRY_WORDS_MAX, len(tokens))):
        if not tokens[last].is_word:
            break
        name = " ".join(token.low for token in tokens[at : last + 1])
        if name in words.COUNTRIES and tokens[at].is_capital:
            longest = last
    return longest
