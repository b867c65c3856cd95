"""A stretch of text as the grammar reads it: words, numbers, and what parts of an address are divided by.

A line end may carry what a quoted mail or a comment starts its lines with, or be written out as in JSON or HTML.

Must never: change the text; a token knows where it stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Sort(Enum):
    """What a token is to the grammar."""

    WORD = "word"
    NUMBER = "number"
    DIVIDER = "divider"
    LINE_END = "line end"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text. `low` is what word lists know it by, without the dot that `dotted` remembers."""

    start: int
    end: int
    text: str
    low: str
    sort: Sort
    dotted: bool = False

    @property
    def is_word(self) -> bool:
        """Whether it begins with a letter."""
        return self.sort is Sort.WORD

    @property
    def is_number(self) -> bool:
        """Whether it begins with a digit; ``5th``, ``12a`` and ``1AB`` do."""
        return self.sort is Sort.NUMBER

    @property
    def is_capital(self) -> bool:
        """Whether it is written as names are."""
        text = self.text.lstrip(_APOSTROPHES).removeprefix("s-")
        first = text[:1]
        if first.isupper():
            return True
        inner = text.partition("'")[2] or text.partition("\u2019")[2]  # d'Anjou, l'Oratoire, dell'Orso
        return inner[:1].isupper()

    @property
    def divides(self) -> bool:
        """Whether parts of one address may stand on its two sides."""
        return self.sort in {Sort.DIVIDER, Sort.LINE_END}


_APOSTROPHES: Final = "'\u2019"
_TOKEN: Final = re.compile(
    r"""(?P<line>(?:\r?\n|\\r\\n|\\n|<br\ ?/?>)[ \t>*\#|/]*)
      | (?P<wide>\t+|[ ]{4,})
      | (?P<word>(?:c/o|C/O|r/c|R/C|s/n|S/N|[Cc]/)
          |['\u2019]?[^\W\d_]\w{0,40}(?:['\u2019&\-]\w{1,40}|\.[^\W\d_]\w{0,40}){0,6})(?P<dot>\.?)
      | (?P<number>\d\w{0,12}(?:[-\u2013/]\w{1,8}){0,4}°?)(?P<ordinal>\.?)
      | (?P<divider>[,;·•|]|[-\u2013\u2014](?!\w))
      | (?P<other>[^\s])""",
    re.VERBOSE,
)
_SORTS: Final = {
    "line": Sort.LINE_END, "wide": Sort.DIVIDER, "word": Sort.WORD, "dot": Sort.WORD, "number": Sort.NUMBER,
    "ordinal": Sort.NUMBER, "divider": Sort.DIVIDER, "other": Sort.OTHER,
}  # fmt: skip


def tokens_of(text: str, start: int, end: int) -> list[Token]:
    """The tokens of ``text[start:end]``, in order, with offsets into `text`."""
    found = []
    for match in _TOKEN.finditer(text, start, end):
        sort = _SORTS[match.lastgroup or "other"]
        first, last = match.span()
        dotted = sort in {Sort.WORD, Sort.NUMBER} and match[0][-1] == "."
        piece = match[0][:-1] if dotted else match[0]
        found.append(Token(first, last - dotted, piece, piece.casefold(), sort, dotted))
    return found


NOTHING: Final = Token(-1, -1, "", "", Sort.OTHER)
"""What stands where no token is."""


def peek(tokens: Sequence[Token], at: int) -> Token:
    """The token at `at`, or `NOTHING`."""
    return tokens[at] if 0 <= at < len(tokens) else NOTHING


def is_edge(tokens: Sequence[Token], at: int) -> bool:
    """Whether nothing, a divider or a line end stands at `at`; or a sign that ends a phrase."""
    token = peek(tokens, at)
    return token is NOTHING or token.divides or (token.sort is Sort.OTHER and token.text in _EDGES)


_EDGES: Final = frozenset("()[]{}:\"'«»\u201c\u201d\u201e.!?<>=*")
