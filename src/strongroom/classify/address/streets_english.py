"""Streets of English writing: a number, a name, and the kind of street behind it.

Must never: take "5 minutes down the road" for a street, or run past a comma.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from strongroom.classify.address import vocabulary as words
from strongroom.classify.address.parts import STREET, Part, is_house
from strongroom.classify.address.tokens import Token, is_edge, peek

NAME_WORDS_MAX: Final = 6
"""Words between a number and the kind of its street."""

LOWER_WORDS_MAX: Final = 3
"""The same in a text without capitals, where more of them are a sentence."""

ROAD_DIGITS_MAX: Final = 4
"""No road has a number of five digits, and postcodes do."""

LETTERS_MAX: Final = 2
"""Letters of a lettered road or of a direction: "Avenue H", "Road KK", "NW"."""

ORDINAL_CHARS_MAX: Final = 6
"""For "5th", "116th", "1st-2nd"."""

ABBREVIATION_CHARS_MAX: Final = 3
"""A longer word with a dot ends a sentence: "St. John Street", "24 August. My way"."""

_ROADS: Final = frozenset({"road", "rd", "highway", "hwy", "route", "rte"})
_INTRODUCING: Final = frozenset(
    {"at", "to", "address", "in", "adresse", "wohnhaft", "wohnt", "is", "lives", "residing"}
)


def english(tokens: Sequence[Token], at: int) -> Part | None:
    """A street whose number is the token at `at`: "12 N Main St", "5/12 Smith Street", "14442 County Road 546"."""
    if not is_house(tokens[at]) or tokens[at].dotted:  # "3. Place of birth" is a list
        return None
    first = at + 1
    letter = peek(tokens, first)
    if len(letter.text) == 1 and letter.text.isupper() and not letter.dotted:
        first += letter.low not in words.DIRECTIONS  # "11719 B Jefferson Ave"
    numbered = _numbered(tokens, first)
    if numbered is not None:
        return Part(at, _behind(tokens, numbered), STREET, not counts(tokens, at))
    last = _kind(tokens, first)
    if last is None:
        alone = peek(tokens, first)
        named = alone.low in words.EN_ALONE and alone.is_capital
        return Part(at, first, STREET, is_isolated(tokens, at, first)) if named else None
    strong = tokens[last].low in words.EN_STRONG
    if strong and tokens[last].text.islower():
        strong = last - first <= LOWER_WORDS_MAX or is_edge(tokens, last + 1)
    end = _behind(tokens, last)
    proves = (strong and not counts(tokens, at)) or is_isolated(tokens, at, end)
    return Part(at, end, STREET, proves)


def _numbered(tokens: Sequence[Token], first: int) -> int | None:
    """Where "County Road 12", "State Route 21", "Highway 59" or "Avenue H" ends, if one begins at `first`."""
    for at in range(first, first + 4):
        token = peek(tokens, at)
        if token.low in words.EN_NUMBERED and token.is_capital and _is_road_number(peek(tokens, at + 1)):
            return at + 1
        if token.low not in words.EN_BEFORE_NUMBERED and token.low not in words.DIRECTIONS:
            return None
    return None


def _is_road_number(token: Token) -> bool:
    if token.low in words.DIRECTIONS or token.text in words.US_STATES:
        return False
    letter = token.is_word and len(token.text) <= LETTERS_MAX and token.text.isupper()
    return letter or (token.is_number and len(token.text) <= ROAD_DIGITS_MAX)


def _kind(tokens: Sequence[Token], first: int) -> int | None:
    """Where the kind of street stands behind a name that begins at `first`."""
    best: int | None = None
    for at in range(first, min(first + NAME_WORDS_MAX, len(tokens))):
        token = tokens[at]
        if token.divides or (token.low in words.NOT_CITIES and token.text.islower()):
            break
        known = token.low in words.EN_STRONG or token.low in words.EN_WEAK
        if known and at > first and _is_name(tokens[first:at], token):
            if best is not None and (token.low in words.EN_TITLES or token.low in words.EN_WEAK or at > best + 1):
                break
            best = at
        elif best is not None or not _may_be_inside(token):
            break
    return best


def _may_be_inside(token: Token) -> bool:
    """Whether a street's name may go on behind the token: not over the end of a sentence."""
    if token.dotted and len(token.text) > ABBREVIATION_CHARS_MAX:
        return False
    return token.is_word or (token.is_number and len(token.text) <= ORDINAL_CHARS_MAX)


def _is_name(named: Sequence[Token], kind: Token) -> bool:
    """Whether the tokens before a kind of street can be its name: capitals and ordinals, or plain lower case."""
    bare = [token for token in named if token.low not in words.DIRECTIONS]
    if kind.is_capital and not bare:
        return True  # "511 South Street"
    capital = all(
        (token.is_capital and not _is_plain(token)) or token.is_number or token.low in words.PARTICLES
        for token in bare
    )
    if bare and capital and not all(token.text in words.PARTICLES for token in bare):
        return kind.is_capital or kind.low in words.EN_STRONG
    lower = kind.text.islower() and kind.low in words.EN_STRONG and 0 < len(bare) <= LOWER_WORDS_MAX
    return lower and all(_may_be_lower(token) for token in bare)


def _may_be_lower(token: Token) -> bool:
    everyday = token.low in words.EN_NOT_NAMES or token.low in words.PARTICLES
    return not everyday and not token.dotted and len(token.text) > 1


def _is_plain(token: Token) -> bool:
    """A capitalised everyday word: "3 Minutes Drive" is no street."""
    return token.low in words.EN_NOT_STREETS and len(token.text) > 1 and not token.text.isupper()


def _behind(tokens: Sequence[Token], last: int) -> int:
    """A direction behind a street belongs to it, and a number behind a road: "Vermont Avenue Northwest"."""
    token = peek(tokens, last + 1)
    if tokens[last].low in _ROADS and token.text.isdigit() and len(token.text) <= ROAD_DIGITS_MAX:
        return _behind(tokens, last + 1)
    if token.low not in words.DIRECTIONS or not (token.is_capital or tokens[last].text.islower()):
        return last
    return last + 1 if len(token.text) <= LETTERS_MAX or is_edge(tokens, last + 2) else last


def counts(tokens: Sequence[Token], at: int) -> bool:
    """Whether what stands before a number says that it counts something, or that it is a year."""
    return peek(tokens, at - 1).low in words.NOT_BEFORE


def is_isolated(tokens: Sequence[Token], first: int, last: int) -> bool:
    """Whether a street fills its line or its place between commas, or is introduced as a place."""
    behind = peek(tokens, last + 1)
    introduced = is_edge(tokens, first - 1) or peek(tokens, first - 1).low in _INTRODUCING
    ends = is_edge(tokens, last + 1) or (behind.is_word and behind.text.islower())
    return introduced and ends and not counts(tokens, first)
