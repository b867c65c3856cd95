"""Signs that no name goes over: a tab between columns, a comma without a blank, the end of a line or a sentence.

The tagger sees words and signs without the blanks between them, and so takes two cells of a table, two items of a
list or the ends of two sentences for one name now and then. What is cut here stays found, as two.

Must never: lose a word that was found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

_LINE: Final = r"\t|\r?\n|\\[nrt]|,(?=[^\W\d_])|[;<>=\[\]{}|\"]"
_SENTENCE: Final = r"(?<=[^\W\d_]{4})[.!?](?=\s)"
SEPARATORS: Final[Mapping[str, re.Pattern[str]]] = {
    "PERSON": re.compile(rf"{_LINE}|{_SENTENCE}|[:+()]"),
    "LOCATION": re.compile(rf"{_LINE}|{_SENTENCE}|[:+]"),
    "ORGANIZATION": re.compile(_LINE),
}
"""By kind; addresses go over lines and commas."""
_WORDS: Final = re.compile(r"[^\W_](?:.*[^\W_])?[.)]?", re.DOTALL)


def pieces(text: str, start: int, end: int, kind: str) -> Iterator[tuple[int, int]]:
    """Where the names between `start` and `end` of `text` stand: one place unless a sign separates several."""
    at = start
    signs = SEPARATORS.get(kind)
    for sign in signs.finditer(text, start, end) if signs is not None else ():
        yield from _piece(text, at, sign.start())
        at = sign.end()
    if at == start:
        yield start, end
    else:
        yield from _piece(text, at, end)


def _piece(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    words = _WORDS.search(text, start, end)
    if words is not None:
        first, last = words.span()
        if text[last - 1] == ")" and "(" not in text[first:last]:
            last -= 1
        yield first, last
