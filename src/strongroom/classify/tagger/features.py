"""What the tagger knows about a token: numbers made from its spelling, its lists and its neighbours.

A feature is a 32-bit number, the hash of what it says ("ends with -ski", "the word before is *dear*"), so that a
text becomes one array and the weights one table. Words are described once and remembered; what depends on
neighbours is mixed from those descriptions by arithmetic on whole columns.

Must never: differ between training and use, or remember more words than it says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from strongroom.classify.tagger.tokens import LINE_END

Ids = npt.NDArray[np.uint32]

LISTS: Final = ("given", "family", "place", "country", "street", "common")
"""The word lists a token can stand in, in the order of their columns."""
WORDS_MAX: Final = 1 << 14
"""So many words are remembered before all are forgotten."""
SPELLED_MAX: Final = 32
"""Longer words are described by so many of their first letters."""

WORD, CLASS, PRE2, PRE3, PRE4, SUF2, SUF3, SUF4, SUF3_CLASS, LENGTH, LISTED, LISTED_CLASS = range(12)
FIRST_LIST: Final = 12
COLUMNS: Final = FIRST_LIST + len(LISTS)
MEMORISED: Final = (WORD, PRE4, SUF4)
"""Columns that tell single words apart; training hides them from time to time."""
LISTED_COLUMNS: Final = (LISTED, LISTED_CLASS, *range(FIRST_LIST, COLUMNS))

_PLAIN: Final = str.maketrans("0123456789\u2019`", "0000000000''")
_SPAN: Final = 12
"""A key (``name:``) reaches so many tokens to the right."""
_KEY_SIGNS: Final = frozenset(":=>")
_CLOSED: Final = frozenset(",;{}")
_LENGTHS: Final = (1, 2, 3, 5, 8, 12)


def shape(word: str) -> str:  # noqa: PLR0911 - one answer per class
    """The class of a word by the case of its letters: ``Xx``, ``XX``, ``x``, ``xX``, figures or the sign."""
    first = word[0]
    if first == "\0":
        return word
    if first.isdigit():
        return "0" * min(len(word), 6) if word.isdigit() else "0x"
    if not first.isalpha():
        return first
    if word.islower():
        return "x" if len(word) > 1 else "x1"
    if len(word) == 1:
        return "X"
    if word.isupper():
        return "XX" if word.isalpha() else "X0"
    if first.isupper() and word[1:].islower():
        return "Xx"
    return ("XxX" if first.isupper() else "xX") if word.isalpha() else "X0"


def fold(word: str) -> str:
    """How a word is looked up: lower case, figures as zeros."""
    return word[:SPELLED_MAX].lower().translate(_PLAIN)


def number(text: str) -> int:
    """The 32-bit number of a saying; never 0, which says nothing."""
    return crc32(text.encode("utf-8", "surrogatepass")) or 1


def describe(word: str, listed: Callable[[str], Sequence[bool]]) -> list[int]:
    """The columns of one word; 0 where it has nothing to say."""
    low, kind = fold(word), shape(word)
    row = [0] * COLUMNS
    row[WORD], row[CLASS] = number(f"w{low}"), number(f"c{kind}")
    if not word[0].isalpha():
        return row
    row[PRE2], row[PRE3] = number(f"p{low[:2]}"), number(f"p{low[:3]}")
    row[SUF2], row[SUF3] = number(f"s{low[-2:]}"), number(f"s{low[-3:]}")
    row[PRE4] = number(f"p{low[:4]}")
    row[SUF4] = number(f"s{low[-4:]}")
    row[SUF3_CLASS] = number(f"t{low[-3:]}{kind}")
    row[LENGTH] = number(f"n{sum(len(low) > length for length in _LENGTHS)}{kind}")
    flags = listed(low)
    signature = "".join("01"[flag] for flag in flags)
    row[LISTED], row[LISTED_CLASS] = number(f"l{signature}"), number(f"m{signature}{kind}")
    for at, flag in enumerate(flags):
        if flag:
            row[FIRST_LIST + at] = number(f"g{at}{kind}")
    return row


class Words:
    """The descriptions of words met so far. Shared between threads: entries are added, or all replaced at once."""

    def __init__(self, listed: Callable[[str], Sequence[bool]]) -> None:
        self._listed = listed
        self._known: dict[str, list[int]] = {}

    def columns(self, words: Sequence[str]) -> Ids:
        """One row per token, `COLUMNS` wide."""
        known = self._known
        if len(known) > WORDS_MAX:
            known = self._known = {}
        rows = []
        for word in words:
            row = known.get(word)
            if row is None:
                row = known[word] = describe(word, self._listed)
            rows.append(row)
        return np.array(rows, dtype=np.uint32).reshape(len(rows), COLUMNS)


def keys(  # noqa: C901 - one pass over the text in each direction
    words: Sequence[str],
) -> tuple[list[int], list[int], list[int], list[int]]:
    """For each token: the word of the key it stands behind, the words beside it past signs, and its line's case.

    Words are given as their index, -1 where there is none; a line's case is 0 for mixed, 1 for all lower case, 2
    for all capitals.
    """
    count = len(words)
    key, left, right, case = [-1] * count, [-1] * count, [-1] * count, [0] * count
    last = current = -1
    since = line = 0
    lower = upper = False
    for at, word in enumerate(words):
        left[at] = last
        if word == LINE_END:
            _paint(case, line, at, lower=lower, upper=upper)
            line, lower, upper, current, last = at + 1, False, False, -1, -1
            continue
        if word in _KEY_SIGNS:
            current, since = last, at
        elif current >= 0 and at - since <= _SPAN:
            key[at] = current
            if word in _CLOSED:
                current = -1
        if word[0].isalnum():
            last = at
            lower = lower or word[0].islower()
            upper = upper or not word.islower()
            if lower and upper:
                continue
    _paint(case, line, count, lower=lower, upper=upper)
    following = -1
    for at in range(count - 1, -1, -1):
        right[at] = following
        word = words[at]
        if word == LINE_END:
            following = -1
        elif word[0].isalnum():
            following = at
    return key, left, right, case


def _paint(case: list[int], start: int, end: int, *, lower: bool, upper: bool) -> None:
    if lower and not upper:
        case[start:end] = [1] * (end - start)
    elif upper and not lower:
        case[start:end] = [2] * (end - start)


def _shifted(column: Ids, by: int) -> Ids:
    """`column` moved so that every token sees the one `by` places from it; 0 beyond the ends."""
    out = np.zeros_like(column)
    if by > 0:
        out[:-by] = column[by:]
    else:
        out[-by:] = column[:by]
    return out


def _salted(column: Ids, salt: int) -> Ids:
    """Another number for the same saying in another place; 0 stays 0."""
    mixed: Ids = (column ^ np.uint32(salt * 0x9E3779B1 & 0xFFFFFFFF)) * np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(15)
    mixed[column == 0] = 0
    return mixed


def _paired(one: Ids, other: Ids, salt: int) -> Ids:
    """One number for two sayings together."""
    return _salted(one * np.uint32(0xC2B2AE35) + other * np.uint32(0x27D4EB2F) + np.uint32(1), salt)


_BESIDE: Final[Mapping[int, tuple[int, ...]]] = {
    -1: (WORD, CLASS, SUF3, LISTED_CLASS),
    1: (WORD, CLASS, SUF3, LISTED_CLASS),
    -2: (WORD, CLASS, LISTED_CLASS),
    2: (WORD, CLASS, LISTED_CLASS),
}


def features(columns: Ids, words: Sequence[str]) -> Ids:
    """All features of all tokens, one row each; `columns` are the words' descriptions, some perhaps hidden."""
    key, left, right, case = keys(words)
    out = [columns[:, at] for at in range(COLUMNS)]
    kind, listed, word = columns[:, CLASS], columns[:, LISTED_CLASS], columns[:, WORD]
    for by, chosen in _BESIDE.items():
        out += [_salted(_shifted(columns[:, at], by), 16 + by) for at in chosen]
    before, behind = _shifted(kind, -1), _shifted(kind, 1)
    around = _paired(before, behind, 31)
    out.append(_paired(kind, around, 32))
    out.append(_paired(_paired(kind, around, 33), _paired(_shifted(kind, -2), _shifted(kind, 2), 34), 35))
    out.append(_paired(_paired(_shifted(listed, -1), listed, 36), _shifted(listed, 1), 37))
    out.append(_paired(_shifted(word, -1), kind, 38))
    out.append(_paired(_shifted(word, 1), kind, 39))
    out.append(_paired(_paired(_shifted(word, -2), _shifted(word, -1), 40), kind, 41))
    padded = np.append(word, np.uint32(0))
    out.append(_paired(padded[left], kind, 42))
    out.append(_paired(padded[right], kind, 43))
    named = padded[key]
    with_key = _paired(named, kind, 44)
    with_key[named == 0] = 0
    out += [_salted(named, 45), with_key]
    cases = np.array(case, dtype=np.uint32)
    out.append(_paired(listed, cases, 46))
    out.append(_paired(kind, cases, 47))
    return np.stack(out, axis=1)
