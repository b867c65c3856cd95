"""The pattern engine: which expressions match where. It proposes; validators and context decide.

The default asks a few RE2 set automata per window which expressions can match there at all, and only then runs
those, each linear in the window: no backtracking, so no text makes it slow (R. Cox, "Regular Expression
Matching in the Wild", 2010).

Must never: interpret what it found, depend on where a text was cut, or accept unbounded text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import re2

from strongroom.classify.engine_port import Candidate, Expression, PatternEngine, refused
from strongroom.classify.engine_scan import ScanningEngine

__all__ = ["Candidate", "Expression", "PatternEngine", "RE2Engine", "RE2Finder", "RE2Gates"]

SET_BYTES_MAX: Final = 32 << 20
"""Upper bound of each set automaton's cache. It fills as it meets text; ordinary text needs a few MiB."""

EXPRESSION_BYTES_MAX: Final = 16 << 20
"""Upper bound of one expression's automata."""

_ALWAYS: Final = ""
"""A gate that matches any text. RE2 reports "no match" and "out of memory" alike; with this gate in the set no
answer can only mean the latter, and then every expression is run: slower, never blind."""

_UNANCHORED: Final = re2._Anchor.UNANCHORED  # noqa: SLF001 - see `RE2Finder`


def _options(max_mem: int, *, multiline: bool) -> re2.Options:
    options = re2.Options()
    options.max_mem = max_mem
    options.log_errors = False
    options.never_nl = not multiline
    return options


class RE2Engine(ScanningEngine):
    """The default engine. Built once per process; safe to share between threads."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        super().__init__(expressions, RE2Gates(expressions), *finders(expressions))


def finders(expressions: Sequence[Expression]) -> tuple[list[RE2Finder], dict[str, RE2Finder]]:
    """What finds each of `expressions`, and each key word that one is near. Raises `PolicyInvalidError`."""
    words = {one.gate: RE2Finder(Expression(one.gate, origin=one.origin)) for one in expressions if one.near}
    return [RE2Finder(one) for one in expressions], words


class RE2Finder:
    """One expression by itself.

    Its matches are asked from the object below the binding's own iterator, which costs as much as they do.
    """

    def __init__(self, expression: Expression) -> None:
        compiled = _compile(expression.regex, expression)
        self._regex = compiled._regexp  # noqa: SLF001 - see the class
        self._grouped = bool(compiled.groups)

    def values(self, data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        """See `Finder.values`."""
        match = self._regex.Match
        while start <= end:
            places = match(_UNANCHORED, data, start, end)
            first, last = places[0]
            if first < 0:
                return
            yield max(places[1:], key=_later) if self._grouped and max(places[1:])[0] >= 0 else (first, last)
            start = last if last > start else start + 1


def _later(place: tuple[int, int]) -> int:
    return place[1]


def _compile(regex: str, expression: Expression) -> re2._Regexp:
    try:
        return re2.compile(regex, _options(EXPRESSION_BYTES_MAX, multiline=expression.multiline))
    except re2.error as error:
        reason = error.args[0] if error.args else b""
        why = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise refused(expression, "RE2", why) from error


class RE2Gates:
    """Gates in groups that share no automaton: key words of numbers, numbers, and the rest.

    The states of one automaton for all would be combinations of key words and digit counts, so that fresh text
    would keep building new ones; apart, each group soon has all it needs, and two of them skip places without
    digits. The grouping changes cost, not results. `indexes` chooses the expressions; default: all.
    """

    def __init__(self, expressions: Sequence[Expression], indexes: Sequence[int] | None = None) -> None:
        families: dict[tuple[bool, bool], list[int]] = {}
        for index in range(len(expressions)) if indexes is None else indexes:
            one = expressions[index]
            families.setdefault((one.digits, one.digits and bool(one.near)), []).append(index)
        self._sets = [
            (digits, _GateSet([(expressions[index], index) for index in members]))
            for (digits, _), members in families.items()
        ]

    def open_for(self, window: bytes, *, numbered: bool) -> list[int]:
        """See `Gates.open_for`."""
        opened: list[int] = []
        for digits, gates in self._sets:
            if numbered or not digits:
                opened += gates.open_for(window)
        return opened


class _GateSet:
    """One set automaton: which of its expressions may match in a window."""

    def __init__(self, members: Sequence[tuple[Expression, int]]) -> None:
        gates: dict[str, list[int]] = {}
        self._set = re2.Set.SearchSet(_options(SET_BYTES_MAX, multiline=False))
        for expression, index in members:
            gate = expression.opener()
            if gate not in gates:
                _compile(gate, Expression(gate, origin=expression.origin))
                self._set.Add(gate)
            gates.setdefault(gate, []).append(index)
        self._indexes = [tuple(indexes) for indexes in gates.values()]
        self._every = [index for _, index in members]
        self._always = self._set.Add(_ALWAYS)
        self._set.Compile()

    def open_for(self, window: bytes) -> Sequence[int]:
        opened = self._set.Match(window)
        if opened is None:  # the automaton ran out of memory: look everywhere
            return self._every
        if len(opened) == 1:
            return ()
        return [index for gate in opened if gate != self._always for index in self._indexes[gate]]
