"""From parts to whole addresses: a street, what belongs to it, and the town it is in, over a few lines if need be.

Must never: join two addresses that stand below each other in a list, or reach over a line that could be a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from strongroom.classify.address import extras
from strongroom.classify.address import vocabulary as words
from strongroom.classify.address.parts import BOX, STREET, TOWN, Part
from strongroom.classify.address.reaching import named_number, numbered_line
from strongroom.classify.address.tokens import Sort, Token, peek

UNIT_TOKENS_MAX: Final = 6
LOCALITIES_MAX: Final = 2
"""Parts of a town between a street and its town: "12 High Street, Headington, Oxford OX3 7AB"."""

LOCALITY_WORDS_MAX: Final = 4
_LINKS: Final = frozenset({"in", "à", "a", "en", "em"})


@dataclass(frozen=True, slots=True)
class Whole:
    """An address: tokens `first` to `last`, the sorts of parts it has, and whether it proves itself."""

    first: int
    last: int
    sorts: frozenset[str]
    strong: bool


def wholes(tokens: Sequence[Token], parts: Sequence[Part]) -> list[Whole]:
    """The addresses that `parts`, ascending, make; weak ones that nothing supports are left out."""
    found: list[Whole] = []
    for part in parts:
        one = _surrounded(tokens, part, found[-1].last + 1 if found else 0)
        if found and _joins(tokens, found[-1], one):
            before = found.pop()
            strong = before.strong or one.strong or TOWN in before.sorts | one.sorts
            one = Whole(before.first, one.last, before.sorts | one.sorts, strong)
        found.append(one)
    kept = []
    for index, one in enumerate(found):
        floor = found[index - 1].last + 1 if index else 0
        reached = _reached(tokens, one, floor)
        if reached.strong:
            kept.append(_finished(tokens, reached, floor))
    return kept


def _surrounded(tokens: Sequence[Token], part: Part, floor: int) -> Whole:
    """A part with the parts of a house around it."""
    first, last, strong = part.first, part.last, part.strong
    if part.sort != TOWN:
        while (end := _unit_behind(tokens, last)) is not None:
            last = end
        while (start := _unit_before(tokens, first, floor)) is not None:
            first = start
        strong = strong or (first, last) != (part.first, part.last)
    return Whole(first, last, frozenset({part.sort}), strong)


def _unit_behind(tokens: Sequence[Token], last: int) -> int | None:
    at = last + 1
    if peek(tokens, at).divides:
        at += 1
        at += peek(tokens, at).sort is Sort.LINE_END
    return extras.unit(tokens, at + (peek(tokens, at).text in {"(", "/"}))


def _unit_before(tokens: Sequence[Token], first: int, floor: int) -> int | None:
    for start in range(first - 1, max(floor - 1, first - UNIT_TOKENS_MAX), -1):
        end = extras.unit(tokens, start)
        if end is not None and _divided(tokens, end, first, dividers=1):
            return start
    return None


def _divided(tokens: Sequence[Token], last: int, first: int, *, dividers: int = 2) -> bool:
    """Whether between two tokens only dividers stand, and at most one line end among them."""
    between = tokens[last + 1 : first]
    ends = sum(token.sort is Sort.LINE_END for token in between)
    return len(between) <= dividers and ends <= 1 and all(token.divides for token in between)


def _joins(tokens: Sequence[Token], before: Whole, one: Whole) -> bool:
    if TOWN in one.sorts:
        if TOWN in before.sorts:
            return False
        link = peek(tokens, one.first - 1)
        near = _divided(tokens, before.last, one.first)
        linked = link.low in _LINKS and _divided(tokens, before.last, one.first - 1)
        return near or linked or _over_localities(tokens, before.last, one.first)
    if before.sorts == {TOWN}:
        between = tokens[before.last + 1 : one.first]
        return len(between) == 1 and between[0].text in {",", "-", "\u2013"}
    if BOX in one.sorts or before.sorts == {BOX}:
        return TOWN not in before.sorts and _divided(tokens, before.last, one.first)
    return False


def _over_localities(tokens: Sequence[Token], last: int, first: int) -> bool:
    """Whether between a street and a town only names of districts stand, divided from both."""
    between = tokens[last + 1 : first]
    if not between or not between[0].divides or len(between) > LOCALITIES_MAX * (LOCALITY_WORDS_MAX + 1) + 1:
        return False
    length = count = 0
    for token in between:
        if token.divides:
            length = 0
            continue
        if not _may_be_locality(token):
            return False
        count += length == 0
        length += 1
        if length > LOCALITY_WORDS_MAX:
            return False
    return count <= LOCALITIES_MAX


def _may_be_locality(token: Token) -> bool:
    if not token.is_word or token.low in words.NOT_CITIES or token.dotted:
        return False
    return token.is_capital or token.low in words.CITY_PARTICLES


def _reached(tokens: Sequence[Token], one: Whole, floor: int) -> Whole:
    """A town with the street before it, when that is known by its number alone."""
    if one.sorts != {TOWN}:
        return one
    first = numbered_line(tokens, one.first, floor) if one.strong else None
    if first is None:
        first = named_number(tokens, one.first, floor)
    return one if first is None else replace(one, first=first, sorts=one.sorts | {STREET}, strong=True)


def _finished(tokens: Sequence[Token], one: Whole, floor: int) -> Whole:
    """With what stands at its two ends: parts of a house and "c/o" before, the country behind."""
    first = one.first
    while STREET in one.sorts and (start := _unit_before(tokens, first, floor)) is not None:
        first = start
    before = first - 1 - peek(tokens, first - 1).divides
    care = extras.care_of(tokens, before) if before >= floor else None
    if care is not None and care >= floor:
        first = care
    behind = one.last + 1
    behind += peek(tokens, behind).divides
    behind += peek(tokens, behind).divides
    end = extras.country(tokens, behind)
    return replace(one, first=first, last=one.last if end is None else end)
