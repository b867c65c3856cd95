"""The engine that needs nothing but Python: for where RE2's binding cannot be installed, and to check the others.

Literals, and then the possible first bytes of a match, say where an expression can match at all; Python's own
search looks for those at the speed of C, and they cannot backtrack. Only there the expression's automaton runs.
Where too many beginnings came to nothing, it goes over the rest of the stretch in one pass instead, so that the
work is bounded by the length of the text whatever it says.

Must never: hand an expression itself to a matcher that backtracks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from strongroom.classify.engine_automaton import Matcher, Memory
from strongroom.classify.engine_literals import longest, required
from strongroom.classify.engine_port import Expression, refused
from strongroom.classify.engine_program import TooLargeError
from strongroom.classify.engine_scan import ScanningEngine
from strongroom.classify.engine_syntax import Node, parsed
from strongroom.errors import PolicyInvalidError

WASTE_MAX: Final = 2
"""So many bytes per byte of a stretch may be read for beginnings that come to nothing."""

TRIES_MAX: Final = 8
"""So many literals of a gate are looked around one by one before its window is read as a whole."""

BY: Final = "the engine stdlib"


class StdlibEngine(ScanningEngine):
    """Built once per process; threads may share it. `read_bytes` counts what its automata have read."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self._memory = Memory()
        finders = [_Finder(one, self._memory) for one in expressions]
        words = {
            one.gate: _Finder(Expression(one.gate, origin=one.origin), self._memory)
            for one in expressions
            if one.near
        }
        self._finders = [*finders, *words.values()]
        self._gate_set = _Gates(expressions, [one.tree for one in finders], words, self._memory)
        super().__init__(expressions, self._gate_set, finders, words)

    @property
    def read_bytes(self) -> int:
        """Bytes read by automata so far, counted one by one: the whole of the work that depends on the text."""
        return self._gate_set.read_bytes + sum(finder.read_bytes for finder in self._finders)


class _Finder:
    """One expression by itself."""

    def __init__(self, expression: Expression, memory: Memory) -> None:
        self.tree = _tree(expression.regex, expression)
        self._matcher = _matcher(self.tree, expression, memory)
        self._opening = _opening(self._matcher.opening)
        self.read_bytes = 0

    def values(self, data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        """See `Finder.values`."""
        for first, last in self._matches(data, start, end):
            yield self._matcher.value(data, first, last)

    def _matches(self, data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        allowance = WASTE_MAX * (end - start)
        at = start
        while at <= end and allowance > 0 and self._opening is not None:
            opening = self._opening.search(data, at, end)
            if opening is None:
                return
            first = opening.start()
            last, read = self._matcher.match_at(data, first, end)
            self.read_bytes += read
            if last >= 0:
                yield first, last
            allowance -= read - max(0, last - first)
            at = last if last > first else first + 1
        while at <= end:
            first, last, read = self._matcher.first(data, at, end)
            self.read_bytes += read
            if first < 0:
                return
            yield first, last
            at = last if last > first else last + 1


class _Gates:
    """Which expressions a window needs, by the literals their matches hold."""

    def __init__(
        self,
        expressions: Sequence[Expression],
        trees: Sequence[Node],
        words: Mapping[str, _Finder],
        memory: Memory,
    ) -> None:
        plain: dict[tuple[frozenset[bytes] | None, bool], list[int]] = {}
        gated: dict[tuple[str, bool], list[int]] = {}
        self._gates: dict[str, _Gate] = {}
        for index, one in enumerate(expressions):
            if one.gate and not one.near:
                gate = one.opener()
                gated.setdefault((gate, one.digits), []).append(index)
                self._gates.setdefault(gate, _Gate(gate, one, memory))
            else:
                tree = words[one.gate].tree if one.near else trees[index]
                plain.setdefault((required(tree), one.digits), []).append(index)
        self._plain = [(*key, tuple(indexes)) for key, indexes in plain.items()]
        self._gated = [(self._gates[gate], digits, tuple(indexes)) for (gate, digits), indexes in gated.items()]

    @property
    def read_bytes(self) -> int:
        return sum(gate.read_bytes for gate in self._gates.values())

    def open_for(self, window: bytes, *, numbered: bool) -> list[int]:
        """See `Gates.open_for`."""
        opened: list[int] = []
        lowered = window.lower()
        for literals, digits, indexes in self._plain:
            if numbered or not digits:
                if literals is None:
                    opened += indexes
                    continue
                for literal in literals:
                    if literal in lowered:
                        opened += indexes
                        break
        for gate, digits, indexes in self._gated:
            if (numbered or not digits) and gate.opens(window, lowered):
                opened += indexes
        return opened


class _Gate:
    """A gate that stands for itself: its expression is run where it matches, and nowhere else."""

    def __init__(self, regex: str, expression: Expression, memory: Memory) -> None:
        tree = _tree(regex, expression, gate=True)
        self._matcher = _matcher(tree, expression, memory)
        self._literals = tuple(required(tree) or ())
        self._reach = longest(tree)
        self.read_bytes = 0

    def opens(self, window: bytes, lowered: bytes) -> bool:
        """Whether it matches in `window`, of which `lowered` is the lower case."""
        if not self._literals:
            return self._matches(window, 0, len(window))
        tries = 0
        for literal in self._literals:
            at = lowered.find(literal)
            while at >= 0:
                tries += 1
                if self._reach is None or tries > TRIES_MAX:
                    return self._matches(window, 0, len(window))
                start, end = at + len(literal) - self._reach, at + self._reach
                if self._matches(window, max(0, start), min(len(window), end)):
                    return True
                at = lowered.find(literal, at + 1)
        return False

    def _matches(self, window: bytes, start: int, end: int) -> bool:
        first, _, read = self._matcher.first(window, start, end)
        self.read_bytes += read
        return first >= 0


def _tree(regex: str, expression: Expression, *, gate: bool = False) -> Node:
    try:
        return parsed(regex, multiline=expression.multiline and not gate)
    except PolicyInvalidError as error:
        raise refused(expression, BY, str(error)) from error


def _matcher(tree: Node, expression: Expression, memory: Memory) -> Matcher:
    try:
        return Matcher(tree, memory)
    except TooLargeError as error:
        raise refused(expression, BY, "too large") from error


def _opening(places: Sequence[frozenset[int]]) -> re.Pattern[bytes] | None:
    """A pattern of as many bytes as every match begins with; None when a match may be empty."""
    if not places:
        return None
    return re.compile(b"".join(_class(place) for place in places), re.DOTALL)


def _class(place: frozenset[int]) -> bytes:
    inside = b"".join(b"\\x%02x" % byte for byte in sorted(place))
    return b"[" + inside + b"]" if place else b"(?!)"
