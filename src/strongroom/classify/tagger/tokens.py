"""Text as the tagger reads it: words, numbers, single signs and line ends, each with its place.

An e-mail address and a link are one token each, so that the names in them are no names. The time is linear in the
text: no alternative looks further than a fixed number of characters before it gives up.

Must never: depend on anything but the text, or leave a letter out.
"""

from __future__ import annotations

import re
from typing import Final

MAIL: Final = "\0mail"
LINK: Final = "\0link"
LINE_END: Final = "\n"

_TOKEN: Final = re.compile(
    r"(?P<mail>[\w.+-]{1,64}+@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})"
    r"|(?P<link>(?:https?://|www\.)[^\s<>\"'|)\]]{1,512})"
    r"|\\[nrt](?=[\W_]|[A-Z\u00c0-\u00de])"  # an escaped line end in quoted JSON
    r"|[^\W_]+|\n|[^\w\s]|_"
)


def tokens(text: str) -> tuple[list[str], list[int], list[int]]:
    """The tokens of `text`, and where each starts and ends."""
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        words.append(_named(match))
        starts.append(start)
        ends.append(end)
    return words, starts, ends


def _named(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind is None:
        word = match[0]
        return LINE_END if len(word) == 2 and word[0] == "\\" else word  # noqa: PLR2004 - a backslash and a letter
    return MAIL if kind == "mail" else LINK
