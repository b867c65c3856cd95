"""The address recognizer: looks closer only where a number stands in a place that numbers of addresses stand in.

Cost is bounded by the numbers in a text: each brings a window of fixed size to the grammar, and overlapping
windows are read once.

Must never: keep state between texts, or report a place whose parts prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import re2

from strongroom.classify.address import extras, towns
from strongroom.classify.address import vocabulary as words
from strongroom.classify.address.joining import Whole, wholes
from strongroom.classify.address.parts import BOX, STREET, TOWN, Part
from strongroom.classify.address.streets_english import english
from strongroom.classify.address.streets_german import compound
from strongroom.classify.address.streets_romance import kind_first
from strongroom.classify.address.tokens import Token, tokens_of
from strongroom.classify.span import ADDRESS, Span

KIND: Final = "ADDRESS"

SCORE_FULL: Final = 0.78
"""A street or box with its town. Below every validated pattern, above a model's guess about a part of it."""

SCORE_STREET: Final = 0.66
SCORE_BOX: Final = 0.64
SCORE_TOWN: Final = 0.6

LEFT_CHARS: Final = 110
RIGHT_CHARS: Final = 150
"""How far around a number an address may reach."""

NEAR_LEFT: Final = 40
NEAR_RIGHT: Final = 48
"""How far from a number the word must stand that makes it worth a look."""

_NUMBER: Final = re.compile(
    r"[0-9](?:(?<![\w:.@%$€£+=*~&?/\\\-][0-9])|(?<=\\n[0-9])|(?<=[A-Za-zß]\.[0-9])|(?<=[A-Z]-[0-9])|(?<=\b[A-Z][0-9]))"
    r"[0-9]{0,5}(?![0-9]|\.[0-9]|:[0-9]|-[0-9]{2}-)"
)
_BLANK: Final = frozenset({" ", "\u00a0", ".", "\t"})
_NO_LEAD: Final = frozenset(":=0123456789")
"""Before these a blank and a number are a field and its value, or two numbers."""

_GOES_ON: Final = re.compile(
    r"[A-Za-z\u00bd]{0,3}(?:[-/\u2013][0-9A-Za-z]{1,5}){0,3}\.?,?(?:\s|\\n){1,3}[>#*'\u2019(]?\s?[^\W_]"
)
_CODE_LENGTHS: Final = frozenset({1, 4, 5})
_CODE_BEHIND: Final = re.compile(
    r"[A-Z]{2}\b|[A-Z][0-9]\b|(?:-[0-9]{3,4})?[ ,]+(?:['\u2019]s-)?[A-ZÀ-Þ]|-[0-9]{3,4}\b| [A-Z]{2} "
)
_EIRCODE_BEHIND: Final = re.compile(r" (?=[A-Z]*[0-9])[A-Z0-9]{4}\b")
_STATE_BEFORE: Final = re.compile(r"\b(?:[A-Z]{2,3}|[a-z]{2}|[A-Z][a-z]{3,}),?(?: {1,2}|\\n|\n)\Z|CEP:? \Z")
_near: Final = re2.compile(
    rf"(?i:\b(?:{'|'.join(sorted(map(re2.escape, words.NEAR)))})(?:\b|[^a-z]))"
    rf"|(?i:straße|{'|'.join(words.DE_STRONG + words.NL_STRONG)})[.,]{{0,2}} {{0,2}}\x00"
    r"|\bR\. "
    rf"|[A-Z][a-z\x{{e0}}-\x{{ff}}]+(?:{'|'.join(words.DE_WEAK + words.NL_WEAK)}) {{1,2}}\x00"
).search
_ABBREVIATIONS: Final = words.listed(
    "st str rd ave av dr blvd ln ct pl ter hwy pkwy cir sq avda dcha izq esq dto fte apt ste n s e w ne "
    "nw se sw n.w n.e s.w s.e u.s.a u.k u.s no fl izqda dta pza ctra bldg"
)


class AddressRecognizer:
    """Finds postal addresses in English, German, French, Spanish, Italian, Dutch and Portuguese writing."""

    name = ADDRESS
    kinds = (KIND,)

    def spans(self, text: str) -> Sequence[Span]:
        """The addresses in `text`, ascending and not overlapping."""
        found: list[Span] = []
        for start, end in _windows(text):
            tokens = tokens_of(text, start, end)
            found += [_span(tokens, one) for one in wholes(tokens, _parts(tokens))]
        return found


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """The stretches worth reading, ascending, joined where they overlap."""
    start = end = -1
    for match in _NUMBER.finditer(text):
        first, last = match.span()
        if not _is_near(text, first, last):
            continue
        left, right = _line_left(text, first), min(len(text), last + RIGHT_CHARS)
        if end < 0:
            start, end = left, right
        elif left <= end:
            end = right
        else:
            yield start, end
            start, end = left, right
    if end >= 0:
        yield start, end


def _line_left(text: str, first: int) -> int:
    """Where a window begins: not within a word."""
    left = max(0, first - LEFT_CHARS)
    while 0 < left < first and text[left - 1].isalnum():
        left += 1
    return left


def _is_near(text: str, first: int, last: int) -> bool:
    """Whether beside a number a word of addresses stands, or the number is written as postcodes are."""
    behind = text[last : last + NEAR_RIGHT]
    led = text[first - 1 : first] in _BLANK and (
        text[first - 2 : first - 1] not in _NO_LEAD or behind[:1].isupper()
    )
    if not led and _GOES_ON.match(behind) is None:
        return False
    before = text[first - NEAR_LEFT if first > NEAR_LEFT else 0 : first]
    length = last - first
    if length in _CODE_LENGTHS and (
        (_CODE_BEHIND.match(behind) is not None and (length > 1 or behind[:1].isupper()))
        or (length > 1 and _STATE_BEFORE.search(before) is not None)
    ):
        return True
    if before[-1:].isupper() and _EIRCODE_BEHIND.match(behind) is not None:
        return True
    return _near(f"{before}\0{behind}".encode("utf-8", "replace")) is not None


def _parts(tokens: Sequence[Token]) -> list[Part]:
    """Streets, boxes and towns, ascending and not overlapping; what begins first is read first."""
    found: list[Part] = []
    at = floor = 0
    while at < len(tokens):
        part = _part(tokens, at, floor)
        if part is None or part.first < floor:
            at += 1
            continue
        found.append(part)
        at = floor = part.last + 1
    return found


def _part(tokens: Sequence[Token], at: int, floor: int) -> Part | None:
    token = tokens[at]
    if token.is_number:
        behind = compound(tokens, at)
        if behind is not None and behind.strong and behind.first >= floor:
            return behind
        return english(tokens, at) or behind or towns.town(tokens, at, floor)
    if not token.is_word:
        return None
    return extras.box(tokens, at) or kind_first(tokens, at) or towns.town(tokens, at, floor)


def _span(tokens: Sequence[Token], one: Whole) -> Span:
    last = tokens[one.last]
    end = last.end + (last.dotted and last.low in _ABBREVIATIONS)
    if TOWN in one.sorts:
        score, reason = (
            (SCORE_FULL, "street and town") if len(one.sorts) > 1 else (SCORE_TOWN, "postcode and town")
        )
    elif BOX in one.sorts and STREET not in one.sorts:
        score, reason = SCORE_BOX, "post office box"
    else:
        score, reason = SCORE_STREET, "street and number"
    return Span(tokens[one.first].start, end, KIND, score, ADDRESS, reasons=(reason,))
