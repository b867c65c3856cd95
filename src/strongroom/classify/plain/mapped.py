"""A changed text and the way back: every place in a reading leads to the place it came from.

Must never: cut a change in two. Whatever touches one covers all of what stood there, so that a surrogate never
leaves half an encoding behind.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Edit(NamedTuple):
    """Read `text` where the original has ``[start:end]``. `wrapping` names the encoding undone, if it was one."""

    start: int
    end: int
    text: str
    wrapping: str = ""


class Place(NamedTuple):
    """Where something in a reading came from. `touched`: a change lies in it; `wrapping`: of which encodings."""

    start: int
    end: int
    touched: bool
    wrapping: str


class Mapped:
    """A text with edits applied. Edits are ascending and do not overlap."""

    __slots__ = ("_ends", "_from", "_starts", "_to", "_wrappings", "text")

    def __init__(self, original: str, edits: Iterable[Edit]) -> None:
        out: list[str] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._from: list[int] = []
        self._to: list[int] = []
        self._wrappings: list[str] = []
        done = length = 0
        for edit in edits:
            out += (original[done : edit.start], edit.text)
            length += edit.start - done
            self._starts.append(length)
            length += len(edit.text)
            self._ends.append(length)
            self._from.append(edit.start)
            self._to.append(edit.end)
            self._wrappings.append(edit.wrapping)
            done = edit.end
        out.append(original[done:])
        self.text = "".join(out)

    def place(self, start: int, end: int) -> Place:
        """Where ``text[start:end]`` came from. What was taken out at its rims stays outside."""
        first = bisect_right(self._ends, start)
        last = bisect_left(self._starts, end)
        if first < last and self._starts[first] < start:
            origin = self._from[first]
        else:
            origin = self._to[first - 1] + start - self._ends[first - 1] if first else start
        if last and self._ends[last - 1] > end:
            stop = self._to[last - 1]
        else:
            stop = self._to[last - 1] + end - self._ends[last - 1] if last else end
        wrappings = dict.fromkeys(name for name in self._wrappings[first:last] if name)
        return Place(origin, stop, first < last, "+".join(wrappings))


class Reading:
    """A plain text made in one or more steps from a stretch of the original that begins at `offset`."""

    __slots__ = ("_offset", "_steps", "joined", "text")

    def __init__(self, steps: Sequence[Mapped], offset: int = 0, *, joined: bool = False) -> None:
        """`joined` says that the last step put broken numbers together, which is a guess until one checks out."""
        self._steps = tuple(steps)
        self._offset = offset
        self.text = self._steps[-1].text
        self.joined = joined

    def place(self, start: int, end: int) -> Place:
        """Where in the original ``text[start:end]`` came from."""
        touched = False
        names: dict[str, None] = {}
        for step in reversed(self._steps):
            start, end, here, wrapping = step.place(start, end)
            touched |= here
            if wrapping:
                names[wrapping] = None
        return Place(start + self._offset, end + self._offset, touched, "+".join(reversed(names)))
