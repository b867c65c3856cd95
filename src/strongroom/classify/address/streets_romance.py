"""Streets whose kind comes first: "rue de la Paix", "Calle Mayor", "Via Roma", "Rua das Flores", "Laan van X".

Must never: run on over a comma into a name, unless a number right behind it shows that the street had not ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from strongroom.classify.address import vocabulary as words
from strongroom.classify.address.parts import SMALL_HOUSE, STREET, Part, is_house
from strongroom.classify.address.tokens import Token, is_edge, peek

NAME_WORDS_MAX: Final = 7
YEAR_DIGITS: Final = 4

_NUMBER_SIGNS: Final = words.listed("n nº n° no nr num núm número numero numéro km")
_NO_NUMBER: Final = frozenset({"s/n", "snc", "sn"})
_ITALIAN_IN: Final = words.listed("in alla presso sede abita residente indirizzo da")
_FILLERS: Final = frozenset({"bis", "ter", "quater"})
_NUMBER_LETTERS: Final = frozenset("abcdefABCDEF")
_OF: Final = frozenset({"du", "del", "des"})
_BLOCKS: Final = frozenset({"quadra", "qd", "carrera", "provinciale", "statale", "plein", "calle"})
"""Kinds whose name may be a number, with the house number behind it: "Carrera 7, 28"."""

_MONTHS: Final = words.listed(
    "mai juin juillet août novembre septembre mars avril mayo julio noviembre aprile maggio giugno settembre "
    "abril maio juni juli oktober"
)
_LONE_VIA: Final = frozenset({"gran"})


def kind_first(tokens: Sequence[Token], at: int) -> Part | None:
    """A street whose kind is the token at `at`, with its number before (French) or behind."""
    if not _is_kind(tokens, at):
        return None
    if tokens[at].low == "vía" and peek(tokens, at - 1).low in _LONE_VIA:
        number = _number_behind(tokens, at)
        return None if number is None else Part(at - 1, number, STREET, strong=True)
    name_end = _name_end(tokens, at + 1)
    if name_end is None or (name_end == at + 1 and tokens[name_end].is_word and len(tokens[name_end].text) == 1):
        return None
    kind = tokens[at]
    before = _number_before(tokens, at) if kind.low in words.FR_TYPES else None
    if before is not None:
        strong = kind.low not in words.TYPES_AMBIGUOUS or _is_french(tokens, before, at, name_end)
        return Part(before, name_end, STREET, strong)
    behind = _number_behind(tokens, name_end)
    if behind is not None:
        return Part(at, behind, STREET, _proves(tokens, at, behind))
    weak = kind.is_capital and kind.low not in words.TYPES_AMBIGUOUS
    return Part(at, name_end, STREET, strong=False) if weak else None


def _is_kind(tokens: Sequence[Token], at: int) -> bool:
    kind = tokens[at]
    if kind.low not in words.TYPES_FIRST or (len(kind.low) == 1 and not (kind.dotted and kind.is_capital)):
        return False
    if kind.low in words.DE_FIRST:
        romance = kind.low in words.FR_TYPES | words.NL_FIRST
        return kind.is_capital and (romance or peek(tokens, at + 1).low in {"der", "des"})
    return kind.is_capital or kind.low in words.TYPES_LOWER or _number_before(tokens, at) is not None


def _name_end(tokens: Sequence[Token], first: int) -> int | None:
    """The last token of the street's name; None when nothing there can be one."""
    end: int | None = None
    for at in range(first, min(first + NAME_WORDS_MAX, len(tokens))):
        token = tokens[at]
        if token.is_number and _is_inside_name(tokens, at):
            end = at
        elif not token.is_word or _ends_name(tokens, at):
            break
        elif token.is_capital or (end is None and _follows_particle(tokens, at)):
            end = at
        elif token.low not in words.PARTICLES:
            break
    return end


def _ends_name(tokens: Sequence[Token], at: int) -> bool:
    low = tokens[at].low
    if low in _NUMBER_SIGNS:
        return _is_number(tokens, at + 1)
    return (low in words.NOT_CITIES and low not in _MONTHS) or low in _NO_NUMBER or low in _FILLERS


def _follows_particle(tokens: Sequence[Token], at: int) -> bool:
    """For "rue des lilas"."""
    plain = len(tokens[at].text) > 2 and tokens[at].low not in words.PARTICLES  # noqa: PLR2004 - "a", "et"
    return plain and tokens[at - 1].low in words.PARTICLES


def _is_inside_name(tokens: Sequence[Token], at: int) -> bool:
    """Whether a number belongs to the name: "Rua 25 de Abril", "rue du 8 Mai 1945", "Straße des 17. Juni"."""
    token, before, behind = tokens[at], tokens[at - 1], peek(tokens, at + 1)
    if not token.text.isdigit() or len(token.text) > YEAR_DIGITS:
        return False
    if before.low in _BLOCKS:
        return _is_number(tokens, at + 1) or (is_edge(tokens, at + 1) and _is_number(tokens, at + 2))
    if behind.low in {"de", "di"} and (before.low in words.TYPES_FIRST or before.low in {"del", "de"}):
        return True
    if behind.is_word and behind.is_capital and before.low in _OF:
        return True
    return before.low in _MONTHS and len(token.text) == YEAR_DIGITS


def _is_number(tokens: Sequence[Token], at: int) -> bool:
    return is_house(peek(tokens, at), SMALL_HOUSE)


def _number_behind(tokens: Sequence[Token], name_end: int) -> int | None:
    """Where the house number behind a name ends: "Mayor, 12", "Garibaldi n. 5", "Colón s/n", "Flores 12 a"."""
    at = name_end + 1 + (peek(tokens, name_end + 1).text == ",")
    if peek(tokens, at).low in _NO_NUMBER:
        return at
    at += peek(tokens, at).low in _NUMBER_SIGNS
    if not _is_number(tokens, at):
        return None
    behind = peek(tokens, at + 1)
    letter = behind.text in _NUMBER_LETTERS and tokens[at].text.isdigit()
    return at + 1 if letter or behind.low in _FILLERS else at


def _number_before(tokens: Sequence[Token], at: int) -> int | None:
    """Where a French number before the kind of street begins: "12, rue", "12 bis rue", "5B avenue"."""
    index = at - 1 - (peek(tokens, at - 1).text == ",")
    token = peek(tokens, index)
    index -= token.low in _FILLERS or token.text in _NUMBER_LETTERS
    number = peek(tokens, index)
    if not is_house(number) or number.dotted or peek(tokens, index - 1).low in words.NOT_BEFORE:
        return None
    return index


def _proves(tokens: Sequence[Token], first: int, last: int) -> bool:
    """Whether a kind before a name and a number is enough: it is when the kind is no everyday word elsewhere."""
    kind, before, behind = tokens[first], peek(tokens, first - 1), peek(tokens, last + 1)
    if kind.low == "via" and not kind.is_capital:
        return before.low in _ITALIAN_IN
    if kind.low not in words.TYPES_AMBIGUOUS:
        return True
    if not kind.is_capital:
        return False
    sentence = before.is_word and not before.is_capital
    ends = is_edge(tokens, first - 1) and behind.is_word and behind.text.islower()
    return kind.dotted or sentence or ends or is_edge(tokens, last + 1) or kind.low in {"via", "corso"}


def _is_french(tokens: Sequence[Token], first: int, kind_at: int, end: int) -> bool:
    """Whether an ambiguous kind ("place", "cours") reads as French: a name or particle behind it, and an edge."""
    inner = tokens[kind_at + 1]
    if not (inner.low in words.PARTICLES or inner.is_capital):
        return False
    return tokens[kind_at].text.islower() or is_edge(tokens, end + 1) or is_edge(tokens, first - 1)
