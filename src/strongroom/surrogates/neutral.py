"""Makes text that merely looks like a surrogate stay text (docs/spec/surrogate.md, "Look-alikes").

Untrusted text may hold something of a surrogate's form: by chance, from another conversation, or planted.
It gets one more underscore before its code, a *mark*; what has marks already gets one more too. Restoring
takes one mark off. So the model sees something that is no surrogate, and whoever reads its answer sees
exactly what the text said.

Must never: depend on anything but the text and what was issued, so that the same text is always marked alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from strongroom.formats.surrogate import MARKS_MAX, find


class Mark(NamedTuple):
    """Put `text` where the inspected text has ``[start:end]`` (characters)."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """What has the form of a surrogate in a text: `own`, issued here and left alone, and `foreign`, marked."""

    own: tuple[tuple[int, int], ...]
    foreign: tuple[Mark, ...]


def look_alikes(text: str, issued: Callable[[str], bool]) -> LookAlikes:
    """Sort the surrogate forms in `text` by whether they were `issued` in the scope it is shown to."""
    own: list[tuple[int, int]] = []
    foreign: list[Mark] = []
    for found in find(text):
        if found.marks == 0 and issued(found.surrogate):
            own.append((found.start, found.end))
        elif found.marks + 1 < MARKS_MAX:  # one that has them all would not be read as marked any more
            marked = f"{text[found.start : found.code_start]}_{text[found.code_start : found.end]}"
            foreign.append(Mark(found.start, found.end, marked))
    return LookAlikes(tuple(own), tuple(foreign))


def marked(text: str, issued: Callable[[str], bool]) -> str:
    """`text` with every foreign look-alike marked."""
    out: list[str] = []
    done = 0
    for mark in look_alikes(text, issued).foreign:
        out += (text[done : mark.start], mark.text)
        done = mark.end
    out.append(text[done:])
    return "".join(out)
