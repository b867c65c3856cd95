"""Numbers that were taken apart: by spaces between digits, at a line's end, by letters in the place of digits.

Putting them together is a guess. Who uses it keeps only what then proves to be a value (see `merge`).

Must never: join across more than one line end, or touch a text whose digits stand in columns of words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from strongroom.classify.plain.mapped import Edit
from strongroom.classify.plain.signs import Sign

DIGITS_MIN: Final = 9
"""Fewer joined digits prove nothing."""

_SPELLED: Final = re.compile(r"(?<![0-9])[0-9](?:[ \t._-]{1,3}[0-9](?![0-9])){6,}")
_SPACED: Final = re.compile(r"(?<![0-9+-])[0-9+][0-9-]*(?:[ \t]{1,4}[0-9-]{2,}){1,9}")
_LETTERED: Final = re.compile(r"(?<![A-Za-z0-9])[0-9OoIl|](?:[ -]?[0-9OoIl|]){11,}(?![A-Za-z0-9])")
_LETTER_DIGITS: Final = str.maketrans("OoIl|", "00111")
_ENDS: Final = frozenset("0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_STARTS: Final = _ENDS - {"-"}
_RIMS: Final = 24
"""Characters on either side of a line end that are looked at for digits."""

_BEFORE: Final = re.compile(r"[0-9A-Z][0-9A-Z -]*\Z")
_BEHIND: Final = re.compile(r"(?:[A-Z]{0,3}[0-9]|[A-Z]{4} ?[0-9])[0-9A-Z -]*")
_GROUPED: Final = re.compile(r"(?:[0-9A-Z]+ )*([0-9A-Z]+) ([0-9A-Z]+)\Z")


def number_edits(text: str, shown: Sequence[int]) -> Iterator[Edit]:
    """The changes that put broken numbers of `text` together, for the signs it has `shown`; some may overlap."""
    if Sign.SPELLED in shown:
        for found in _SPELLED.finditer(text):
            yield from _gaps(text, found.start(), found.end(), "")
    if Sign.SPACED in shown:
        for found in _SPACED.finditer(text):
            if "  " in found.group() or "\t" in found.group():
                yield from _gaps(text, found.start(), found.end(), " ")
    if Sign.LINE_END in shown:
        yield from _line_ends(text)
    if Sign.LETTERED in shown:
        yield from _letters(text)


def _letters(text: str) -> Iterator[Edit]:
    """Letters in the place of digits, in a number that is mostly digits."""
    for found in _LETTERED.finditer(text):
        whole = found.group()
        plain = sum(char.isdigit() for char in whole)
        if plain * 3 >= len(whole) > plain + whole.count(" ") + whole.count("-"):
            for at, char in enumerate(whole, found.start()):
                if char in "OoIl|":
                    yield Edit(at, at + 1, char.translate(_LETTER_DIGITS))


def _gaps(text: str, start: int, end: int, joint: str) -> Iterator[Edit]:
    """Every run of separators between two digits of a number, replaced by `joint`."""
    at = start
    while at < end:
        if text[at].isdigit() or (text[at] in "+-" and joint):
            at += 1
            continue
        stop = at
        while not text[stop].isdigit():
            stop += 1
        if text[at:stop] != joint:
            yield Edit(at, stop, joint)
        at = stop


def _line_ends(text: str) -> Iterator[Edit]:
    """Line ends inside a number: nothing is put in their place, or what separates its groups."""
    at = text.find("\n")
    while at >= 0:
        start, end = at, at + 1
        while start and text[start - 1] in " \t\r" and at - start < _RIMS:
            start -= 1
        while end < len(text) and text[end] in " \t>|" and end - at < _RIMS:
            end += 1
        if start and end < len(text) and text[start - 1] in _ENDS and text[end] in _STARTS:
            rim = text[max(0, start - _RIMS) : start]
            before, behind = _BEFORE.search(rim), _BEHIND.match(text, end, end + _RIMS)
            whole = before.group() + behind.group() if before and behind else ""
            if sum(char.isdigit() for char in whole) >= DIGITS_MIN:
                yield Edit(start, end, " " if _is_grouped(rim) else "")
        at = text.find("\n", at + 1)


def _is_grouped(rim: str) -> bool:
    """Whether the number that breaks off here was written in groups, the last of which is complete."""
    group = _GROUPED.search(rim)
    return group is not None and len(group.group(1)) == len(group.group(2))
