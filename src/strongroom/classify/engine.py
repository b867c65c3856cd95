"""The pattern engine: which expressions match where. It proposes; validators and context decide.

The default asks one RE2 set automaton per window which expressions can match there at all, and only then runs
those, each linear in the window: no backtracking, so no text makes it slow (R. Cox, "Regular Expression
Matching in the Wild", 2010).

Must never: interpret what it found, depend on where a text was cut, or accept unbounded text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import re2

from strongroom.classify.widen import widened
from strongroom.classify.windows import windows
from strongroom.errors import LimitExceededError, PolicyInvalidError

TEXT_CHARS_MAX: Final = 8 << 20
"""Characters in one scan. Larger things are files, which are read in parts; a prompt never comes near."""

SET_BYTES_MAX: Final = 32 << 20
"""Upper bound of each set automaton's cache. It fills as it meets text; ordinary text needs a few MiB."""

EXPRESSION_BYTES_MAX: Final = 16 << 20
"""Upper bound of one expression's automata."""

NEIGHBOURHOOD_BYTES: Final = 320
"""How far around a key word's window its expression is run: the reach of context and a value, in bytes."""

_ALWAYS: Final = ""
"""A gate that matches any text. RE2 reports "no match" and "out of memory" alike; with this gate in the set no
answer can only mean the latter, and then every expression is run: slower, never blind."""


_DIGIT: Final = re.compile(rb"[0-9]")


@dataclass(frozen=True, slots=True)
class Expression:
    """What an engine matches.

    `gate` matches wherever `regex` does, and cheaper; with `near` set the gate is a key word instead, and `regex`
    counts only within `NEIGHBOURHOOD_BYTES` of it. With `digits`, a match without a digit does not count. A
    `multiline` expression may cross line ends; its gate may not, and sends it over the whole text.
    """

    regex: str
    gate: str = ""
    near: bool = False
    multiline: bool = False
    digits: bool = False


class Candidate(NamedTuple):
    """A match: character offsets of the value, and the index of the expression that proposed it."""

    start: int
    end: int
    expression: int


class PatternEngine(Protocol):
    """Finds candidates. Two engines over the same expressions give the same candidates for the same text."""

    def candidates(self, text: str) -> list[Candidate]:
        """Every candidate in `text`, ascending, once each. Raises `LimitExceededError` if it is too long."""
        ...


def _options(max_mem: int, *, multiline: bool) -> re2.Options:
    options = re2.Options()
    options.max_mem = max_mem
    options.log_errors = False
    options.never_nl = not multiline
    return options


class RE2Engine:
    """The default engine. Built once per process; safe to share between threads."""

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self._finders = [_compile(e.regex, multiline=e.multiline) for e in expressions]
        self._near = [e.near for e in expressions]
        self._digits = [e.digits for e in expressions]
        self._groups = [bool(f.groups) for f in self._finders]
        self._multiline = [e.multiline for e in expressions]
        self._gates = list(_families(expressions))
        self.scanned_bytes = 0

    def candidates(self, text: str) -> list[Candidate]:
        """See `PatternEngine.candidates`."""
        if len(text) > TEXT_CHARS_MAX:
            msg = f"text of {len(text)} characters; at most {TEXT_CHARS_MAX} are inspected at once"
            raise LimitExceededError(msg)
        data = text.encode("utf-8", "surrogatepass")
        found = self._matches(data)
        if len(data) == len(text):
            return [Candidate(*match) for match in sorted(found)]
        return list(_in_characters(data, found))

    def _matches(self, data: bytes) -> set[tuple[int, int, int]]:
        found: set[tuple[int, int, int]] = set()
        later: dict[int, list[list[int]]] = {}
        near, multiline, gates = self._near, self._multiline, self._gates
        for start, end in windows(data):
            window = data[start:end]
            numbered = _DIGIT.search(data, max(0, start - NEIGHBOURHOOD_BYTES), end + NEIGHBOURHOOD_BYTES)
            for gate in gates:
                if gate.digits and numbered is None:
                    continue
                self.scanned_bytes += end - start
                for index in gate.open_for(window):
                    if multiline[index]:
                        later[index] = [[0, len(data)]]
                    elif near[index]:
                        _extend(later.setdefault(index, []), start, end)
                    else:
                        self._run(index, data, start, end, found)
        for index, stretches in later.items():
            for start, end in stretches:
                self._run(index, data, start, end, found)
        return found

    def _run(self, index: int, data: bytes, start: int, end: int, found: set[tuple[int, int, int]]) -> None:
        self.scanned_bytes += end - start
        grouped, digits = self._groups[index], self._digits[index]
        for match in self._finders[index].finditer(data, start, end):
            first, last = match.span(match.lastindex or 0) if grouped else match.span()
            if not digits or _DIGIT.search(data, first, last):
                found.add((first, last, index))


def _extend(stretches: list[list[int]], start: int, end: int) -> None:
    """Add the neighbourhood of a window to ascending stretches, joining those that touch."""
    first, last = max(0, start - NEIGHBOURHOOD_BYTES), end + NEIGHBOURHOOD_BYTES
    if stretches and first <= stretches[-1][1]:
        stretches[-1][1] = last
    else:
        stretches.append([first, last])


def _compile(regex: str, *, multiline: bool) -> re2._Regexp:
    try:
        return re2.compile(regex, _options(EXPRESSION_BYTES_MAX, multiline=multiline))
    except re2.error as error:
        reason = error.args[0] if error.args else b""
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        msg = f"pattern refused by RE2: {text}"
        raise PolicyInvalidError(msg) from error


def _families(expressions: Sequence[Expression]) -> Iterator[_GateSet]:
    """Gates in groups that share no automaton: key words of numbers, numbers, and the rest.

    The states of one automaton for all would be combinations of key words and digit counts, so that fresh text
    would keep building new ones; apart, each group soon has all it needs, and two of them skip places without
    digits. The grouping changes cost, not results.
    """
    families: dict[tuple[bool, bool], list[tuple[str, int]]] = {}
    for index, expression in enumerate(expressions):
        gate = expression.gate or expression.regex
        if expression.digits and not expression.near:
            gate = widened(gate)
        family = (expression.digits, expression.digits and expression.near)
        families.setdefault(family, []).append((gate, index))
    for (digits, _), members in families.items():
        yield _GateSet(members, digits=digits)


class _GateSet:
    """One set automaton: which of its expressions may match in a window."""

    def __init__(self, members: Sequence[tuple[str, int]], *, digits: bool) -> None:
        self.digits = digits
        gates: dict[str, list[int]] = {}
        for gate, index in members:
            gates.setdefault(gate, []).append(index)
        self._indexes = [tuple(indexes) for indexes in gates.values()]
        self._every = tuple(index for _, index in members)
        self._set = re2.Set.SearchSet(_options(SET_BYTES_MAX, multiline=False))
        for gate in gates:
            _compile(gate, multiline=False)
            self._set.Add(gate)
        self._always = self._set.Add(_ALWAYS)
        self._set.Compile()

    def open_for(self, window: bytes) -> Sequence[int]:
        """The indexes of the expressions whose gate matches in `window`."""
        opened = self._set.Match(window)
        if opened is None:  # the automaton ran out of memory: look everywhere
            return self._every
        if len(opened) == 1:
            return ()
        return [index for gate in opened if gate != self._always for index in self._indexes[gate]]


def _in_characters(data: bytes, found: Iterable[tuple[int, int, int]]) -> Iterator[Candidate]:
    """Byte offsets turned into character offsets in one pass over the bytes up to the last match."""
    ordered = sorted(found)
    at: dict[int, int] = {}
    seen_bytes = seen_chars = 0
    for offset in sorted({offset for start, end, _ in ordered for offset in (start, end)}):
        seen_chars += len(data[seen_bytes:offset].decode("utf-8", "surrogatepass"))
        seen_bytes = offset
        at[offset] = seen_chars
    for start, end, index in ordered:
        yield Candidate(at[start], at[end], index)
