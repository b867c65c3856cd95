"""Folding: case and runs of white space made equal, with a way back to the offsets of the original text.

Must never: change the length of a text without recording it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import chain
from typing import Final

_OTHER_SPACE: Final = re.compile(r"[^\S ]")
_EXPANDING: Final = "".join(
    chr(code)
    for code in chain(
        (0xDF, 0x130, 0x149, 0x1F0, 0x390, 0x3B0, 0x587),
        range(0x1E96, 0x1E9F),
        range(0x1F50, 0x2000),
        range(0xFB00, 0xFB18),
    )
    if len(chr(code).casefold()) > 1
)
"""Every character whose full case folding is longer than itself (Unicode CaseFolding.txt, status F)."""

_LONGER: Final = re.compile(rf" {{2,}}|[{_EXPANDING}]")


class Folded:
    """A folded text, and `original(place)`: the offset in the text it was made from."""

    __slots__ = ("_places", "_shifts", "text")

    def __init__(self, text: str, changes: list[tuple[int, int]]) -> None:
        """`changes` lists (folded offset, shift): from that offset on, original = folded + shift."""
        self.text = text
        self._places = [place for place, _ in changes]
        self._shifts = [shift for _, shift in changes]

    def original(self, place: int) -> int:
        """Where the character at folded offset `place` came from; inside an expansion, where that one begins."""
        at = bisect_right(self._places, place) - 1
        return place + self._shifts[at] if at >= 0 else place


def fold(text: str) -> Folded:
    """`text` in case-folded form (Unicode default caseless matching) with each run of white space as one space."""
    spaced = text if text.isprintable() else _OTHER_SPACE.sub(" ", text)
    folded = spaced.casefold()
    if len(folded) == len(text) and "  " not in spaced:
        return Folded(folded, [])
    return _fold_with_map(spaced)


def _fold_with_map(text: str) -> Folded:
    """The slow path: some character folds to several, or a run of spaces to one."""
    out: list[str] = []
    changes: list[tuple[int, int]] = []
    done = length = 0
    for match in _LONGER.finditer(text):
        start = match.start()
        out.append(text[done:start].casefold())
        length += start - done
        piece = match.group()
        folded = " " if piece[0] == " " else piece.casefold()
        changes += [(length + place, start - length - place) for place in range(1, len(folded))]
        out.append(folded)
        length += len(folded)
        done = match.end()
        changes.append((length, done - length))
    out.append(text[done:].casefold())
    return Folded("".join(out), changes)
