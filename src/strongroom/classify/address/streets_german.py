"""Streets of German and Dutch writing: the kind of street is the end of a word, and the number stands behind it.

Must never: take a person's name that stands before a street. Only what the language says can belong to a
street's name is taken to the left of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from strongroom.classify.address import vocabulary as words
from strongroom.classify.address.parts import SMALL_HOUSE, STREET, Part, is_house
from strongroom.classify.address.streets_english import is_isolated
from strongroom.classify.address.tokens import Token, peek

COMPOUND_CHARS_MIN: Final = 6
"""A compound shorter than this ("Umweg", "Hof") is an everyday word."""

LOWER_CHARS_MIN: Final = 8
"""The same in a text without capitals."""

LEFT_WORDS_MAX: Final = 4

_STRONG: Final = (*words.DE_STRONG, *words.NL_STRONG)
_WEAK: Final = (*words.DE_WEAK, *words.NL_WEAK)
_OF_TOWNS: Final = (
    *("berg", "burg", "dorp", "feld", "bach", "au", "hagen", "horst"),
    *("stein", "wald", "see", "born", "bruch", "hausen"),
)
"""Towns end so too: "Nürnberg 5, Bamberg 3" is a result."""

_SIDES: Final = frozenset({"noord", "zuid", "oost", "west", "nord", "süd", "ost"})
_OPEN_KINDS: Final = frozenset({"platz", "markt", "hof", "berg", "wall"})
"""Kinds that stand behind other words too: "Freier Platz 3"."""

_ADJECTIVES: Final = words.DE_ADJECTIVES | words.NL_BEFORE
_LEFT_OF_NAME: Final = words.DE_ADJECTIVES | {"bad", "an", "am", "in", "zur", "zum"}
_NAME_PARTS: Final = frozenset({"jan", "van", "de"})
"""Beginnings of Dutch streets that are parts of persons' names too."""

_HOUSE_LETTERS: Final = frozenset("abcdefghABCDEF")
_HOUSE_ENDINGS: Final = frozenset({"bis", "ter", "hs"})


def compound(tokens: Sequence[Token], at: int) -> Part | None:
    """A street whose house number is at `at`: "Lindenstraße 7", "Berliner Platz 3", "Kerkstraat 12a"."""
    kind_at = at - 1 - (peek(tokens, at - 1).low in _SIDES)  # "Rijksweg Noord 2"
    kind = peek(tokens, kind_at)
    if not is_house(tokens[at], SMALL_HOUSE) or not kind.is_word or kind.low in words.DE_NOT_STREETS:
        return None
    last = _house_end(tokens, at)
    if kind.low in words.DE_TYPES:
        found = _separate(tokens, kind_at, last) if kind.is_capital else None
        return found or _prepositional(tokens, kind_at, last)
    strong = kind.low.endswith(_STRONG)
    if len(kind.low) >= COMPOUND_CHARS_MIN and (strong or kind.low.endswith(_WEAK)):
        if not kind.is_capital and not (strong and len(kind.low) >= LOWER_CHARS_MIN):
            return None
        first = _left_of_compound(tokens, kind_at)
        isolated = not kind.low.endswith(_OF_TOWNS) and is_isolated(tokens, first, last)
        return Part(first, last, STREET, strong or isolated)
    return _prepositional(tokens, kind_at, last)


def _house_end(tokens: Sequence[Token], at: int) -> int:
    """Where a house number that goes on ("12 a", "12 bis") ends."""
    token = peek(tokens, at + 1)
    goes_on = token.text in _HOUSE_LETTERS or token.low in _HOUSE_ENDINGS
    return at + 1 if goes_on and tokens[at].text.isdigit() else at


def _separate(tokens: Sequence[Token], kind_at: int, last: int) -> Part | None:
    """A kind of street that is a word of its own, with the name before it: "Berliner Straße 7"."""
    first = _left_of_kind(tokens, kind_at)
    if first is None:
        return None
    name = tokens[first].low
    strong = tokens[kind_at].low not in _OPEN_KINDS or first < kind_at - 1
    return Part(first, last, STREET, strong or name.endswith("er") or name in _ADJECTIVES)


def _left_of_compound(tokens: Sequence[Token], kind_at: int) -> int:
    """Where a street begins that a compound ends: "Alte Poststraße", "Burgemeester van Walsumweg"."""
    first = kind_at
    for at in range(kind_at - 1, max(-1, kind_at - LEFT_WORDS_MAX), -1):
        token, before = tokens[at], peek(tokens, at - 1)
        if token.low not in _ADJECTIVES or not (token.is_capital or token.low in words.NL_PARTICLES):
            break
        if token.low in _NAME_PARTS and before.is_word and before.is_capital and before.low not in words.NL_BEFORE:
            break  # "Anna de Kerkstraat": a person's name goes on to the left
        first = at
    before = peek(tokens, first - 1)
    if before.is_capital and before.low in words.DE_PREPOSITIONS:
        first -= 1
    return first if tokens[first].is_capital else kind_at


def _left_of_kind(tokens: Sequence[Token], kind_at: int) -> int | None:
    """Where the name before a separate "Straße" or "Platz" begins; None when there is none."""
    before = peek(tokens, kind_at - 1)
    if not _is_name(before):
        return None
    first = kind_at - 1
    if before.low in words.DE_PREPOSITIONS:
        return first
    if not before.low.endswith(("er", "en", "e")) and _is_name(peek(tokens, first - 1)):
        first -= 1
    left = peek(tokens, first - 1)
    return first - 1 if left.is_capital and left.low in _LEFT_OF_NAME else first


def _is_name(token: Token) -> bool:
    return token.is_word and token.is_capital and token.low not in words.DE_NOT_NAMES


def _prepositional(tokens: Sequence[Token], last_word: int, last: int) -> Part | None:
    """A street that is named by where it lies: "Unter den Linden 77", "An der Alten Mühle 7"; weak by itself."""
    for at in range(last_word - 1, max(-1, last_word - 1 - LEFT_WORDS_MAX), -1):
        token = tokens[at]
        if not token.is_word:
            return None
        if token.low in words.DE_PREPOSITIONS and token.is_capital:
            name = tokens[last_word].low
            inner = tokens[at + 1 : last_word + 1]
            fits = all(word.is_word and (word.is_capital or word.low in words.DE_ARTICLES) for word in inner)
            if not fits or name in words.NOT_CITIES or name in words.NOT_BEFORE:
                return None
            return Part(at, last, STREET, strong=False)
    return None
