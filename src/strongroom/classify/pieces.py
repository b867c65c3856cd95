"""A text in pieces that a model can take, cut where no name is cut.

Must never: lose a character, or cut inside a word unless one word alone is longer than a piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

WORD: Final = re.compile(r"\w+(?:[-_]\w+)*|\S")
"""What the models that count words count: words with inner hyphens, and single other characters."""


class Piece(NamedTuple):
    """A part of a text: where it starts, in characters, and what it says."""

    start: int
    text: str


def pieces(text: str, chars_max: int) -> Iterator[Piece]:
    """`text` in consecutive pieces of at most `chars_max`: cut behind a line end, else a space, else anywhere.

    A line end or space counts only in the second half of a piece, so that pieces stay few.
    """
    start = 0
    while len(text) - start > chars_max:
        end = start + chars_max
        half = start + chars_max // 2
        cut = next((at for mark in ("\n", " ") if (at := text.rfind(mark, half, end)) >= 0), end - 1) + 1
        yield Piece(start, text[start:cut])
        start = cut
    if start < len(text):
        yield Piece(start, text[start:])


def worded_pieces(text: str, words_max: int, words_shared: int) -> Iterator[Piece]:
    """`text` in pieces of at most `words_max` words; each shares its last `words_shared` with the next.

    For models that silently stop reading after so many words. What lies across a cut and has no more than
    `words_shared` words is whole in one of the pieces.
    """
    words = [match.span() for match in WORD.finditer(text)]
    step = words_max - words_shared
    for first in range(0, max(len(words) - words_shared, 1), step):
        taken = words[first : first + words_max]
        if taken:
            yield Piece(taken[0][0], text[taken[0][0] : taken[-1][1]])
