"""How every engine goes through a text: window by window, running only what can match there.

Engines differ in how they tell which expressions a window needs, and in what finds the matches; where those are
looked for, and what counts, is decided here once, so that their answers are the same.

Must never: interpret what was found, or depend on where a text was cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from strongroom.classify.engine_port import AFTER_BYTES, BEFORE_BYTES, CHAR_BYTES, Candidate, Expression, encoded
from strongroom.classify.windows import BREAK, windows

_DIGIT: Final = re.compile(rb"[0-9]")

FAR_BYTES: Final = 384
"""No value is looked for further from its key word than this."""

Found = set[tuple[int, int, int]]


class Gates(Protocol):
    """Says which expressions a window needs."""

    def open_for(self, window: bytes, *, numbered: bool) -> Iterable[int]:
        """The indexes of the expressions whose gate matches in `window`, and of any more.

        Those that want digits are left out unless the window is `numbered`: has digits, or may have some near.
        """
        ...


class Finder(Protocol):
    """Finds what one expression matches."""

    def values(self, data: bytes, start: int, end: int) -> Iterable[tuple[int, int]]:
        """The places of the values in the stretch from `start` to `end`, its surroundings known."""
        ...


class ScanningEngine:
    """An engine made of gates and finders. Built once per process; safe to share between threads."""

    def __init__(
        self,
        expressions: Sequence[Expression],
        gates: Gates,
        finders: Sequence[Finder],
        words: Mapping[str, Finder],
    ) -> None:
        """`words` find the gates of the expressions that are `near`."""
        self._gates = gates
        keys = dict.fromkeys((one.gate, one.near) for one in expressions if one.near)
        groups = {key: number for number, key in enumerate(keys)}
        self._group = [groups.get((one.gate, one.near), -1) for one in expressions]
        self._words = [words[gate].values for gate, _ in keys]
        self._behind = [CHAR_BYTES * near + AFTER_BYTES for _, near in keys]
        self._values = [finder.values for finder in finders]
        self._digits = [e.digits for e in expressions]
        self._later = [e.multiline or bool(e.near) for e in expressions]
        self.scanned_bytes = 0
        """Work done so far: the bytes of all windows and of all stretches given to finders."""

    def candidates(self, text: str) -> list[Candidate]:
        """See `PatternEngine.candidates`."""
        data = encoded(text)
        found = sorted(self._matches(data))
        if len(data) == len(text):
            return [Candidate(*match) for match in found]
        return list(_in_characters(data, found))

    def _matches(self, data: bytes) -> Found:
        found: Found = set()
        later: dict[int, set[int]] = {}
        stretches: dict[int, list[list[int]]] = {-1: [[0, len(data)]]}
        open_for, postponed, group_of = self._gates.open_for, self._later, self._group
        for start, end in windows(data):
            self.scanned_bytes += end - start
            numbered = _DIGIT.search(data, max(0, start - FAR_BYTES), end + FAR_BYTES) is not None
            near = set()
            for index in open_for(data[start:end], numbered=numbered):
                if postponed[index]:
                    later.setdefault(group_of[index], set()).add(index)
                    near.add(group_of[index])
                else:
                    self._run(index, data, start, end, found)
            for group in near:
                if group >= 0:
                    self._note(group, data, start, end, stretches.setdefault(group, []))
        for group, indexes in later.items():
            for start, end in stretches[group]:
                for index in indexes:
                    self._run(index, data, start, end, found)
        return found

    def _note(self, group: int, data: bytes, start: int, end: int, stretches: list[list[int]]) -> None:
        """Add the surroundings of the key words in a window to ascending stretches, joining those that touch."""
        behind = self._behind[group]
        for word_start, word_end in self._words[group](data, start, end):
            first = word_start - BEFORE_BYTES
            token_end = BREAK.search(data, word_end + behind)
            last = token_end.start() if token_end else len(data)
            if stretches and first <= stretches[-1][1]:
                stretches[-1][1] = max(last, stretches[-1][1])
            else:
                stretches.append([max(0, first), last])

    def _run(self, index: int, data: bytes, start: int, end: int, found: Found) -> None:
        self.scanned_bytes += end - start
        digits = self._digits[index]
        for first, last in self._values[index](data, start, end):
            if first < last and (not digits or _DIGIT.search(data, first, last)):
                found.add((first, last, index))


def _in_characters(data: bytes, found: Sequence[tuple[int, int, int]]) -> Iterator[Candidate]:
    """Byte offsets turned into character offsets in one pass over the bytes up to the last match."""
    at: dict[int, int] = {}
    seen_bytes = seen_chars = 0
    for offset in sorted({offset for start, end, _ in found for offset in (start, end)}):
        seen_chars += len(data[seen_bytes:offset].decode("utf-8", "replace"))
        seen_bytes = offset
        at[offset] = seen_chars
    for start, end, index in found:
        yield Candidate(at[start], at[end], index)
