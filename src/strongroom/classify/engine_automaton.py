"""Expressions matched in time proportional to the text, without any library but Python's own.

An expression becomes a program over bytes (K. Thompson, "Regular Expression Search Algorithm", 1968), run as a
deterministic automaton whose states are made as text asks for them and thrown away when there are too many
(R. Cox, "Regular Expression Matching in the Wild", 2010). States keep their threads in order of preference, so the
match is the one a backtracking engine would find first. A second automaton, over the reversed expression, finds
where a match begins.

Must never: backtrack, or remember more than `MEMORY_MAX`.
"""

from __future__ import annotations

from typing import Final

from strongroom.classify.engine_program import Program, opening
from strongroom.classify.engine_syntax import Node

MEMORY_MAX: Final = 300_000
"""Transitions, and threads of states, that all automata of one engine keep together (some tens of MiB)."""

END: Final = 256
"""Stands for the byte after the last one, and for the one before the first."""

_ANYWHERE: Final = -1
"""The thread of least preference, in which a match is still to begin."""

_WORD: Final = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_LINE_END: Final = 10


class State(dict[int, "State"]):
    """One state: where each byte leads, filled in when first asked.

    `matched` says that a match ended before the byte that led here; a `dead` state never matches again.
    """

    __slots__ = ("_made_by", "before", "dead", "matched", "threads")

    def __init__(
        self, made_by: Automaton, threads: tuple[int, ...], before: int, *, matched: bool, dead: bool
    ) -> None:
        self._made_by = made_by
        self.threads = threads
        self.before = before
        self.matched = matched
        self.dead = dead

    def __missing__(self, byte: int) -> State:
        return self._made_by.step(self, byte)


class Memory:
    """What the automata of one engine remember together; full, they all begin anew."""

    def __init__(self, most: int = MEMORY_MAX) -> None:
        self.most, self.used = most, 0
        self._owners: list[dict[tuple[tuple[int, ...], int, bool], State]] = []

    def own(self) -> dict[tuple[tuple[int, ...], int, bool], State]:
        """The states of one more automaton."""
        states: dict[tuple[tuple[int, ...], int, bool], State] = {}
        self._owners.append(states)
        return states

    def take(self, amount: int) -> None:
        """Account for `amount` more."""
        if self.used + amount > self.most:
            for states in self._owners:
                for state in list(states.values()):
                    state.clear()
                states.clear()
            self.used = 0
        self.used += amount


class Automaton:
    """A program run deterministically.

    `floating` looks for a match that begins anywhere, `longest` prefers the longest instead of the first.
    """

    def __init__(self, program: Program, memory: Memory, *, floating: bool = False, longest: bool = False) -> None:
        self._memory = memory
        self._ops, self._start = program.ops, program.start
        self._longest = longest
        self._states = memory.own()
        self._sources = (_ANYWHERE,) if floating else (self._start,)

    def begin(self, before: int) -> State:
        """The state in which `before` is the byte that stands before the text, `END` for none."""
        return self._state(self._sources, _sort_of(before), matched=False)

    def _state(self, threads: tuple[int, ...], before: int, *, matched: bool) -> State:
        key = threads, before, matched
        found = self._states.get(key)
        if found is None:
            self._memory.take(1 + len(threads))
            dead = not threads and not matched
            found = self._states[key] = State(self, threads, before, matched=matched, dead=dead)
        return found

    def step(self, state: State, byte: int) -> State:
        """Where `byte` leads from `state`."""
        ready, matched = self._follow(state.threads, state.before, byte)
        ops = self._ops
        threads = [ops[at].to for at in ready if byte in ops[at].bytes]
        following = tuple(sorted(set(threads)) if self._longest else dict.fromkeys(threads))
        if not matched and _ANYWHERE in state.threads:  # a match takes the place of all that begin later
            following += (_ANYWHERE,)
        found = self._state(following, _sort_of(byte), matched=matched)
        self._memory.take(1)
        state[byte] = found
        return found

    def _follow(self, threads: tuple[int, ...], before: int, byte: int) -> tuple[list[int], bool]:
        """The byte instructions reached between `before` and `byte`, in order, and whether a match is."""
        holds = _places(before, byte)
        ready: list[int] = []
        seen: set[int] = set()
        matched = False
        for thread in threads:
            stack = [self._start if thread == _ANYWHERE else thread]
            while stack:
                at = stack.pop()
                if at in seen:
                    continue
                seen.add(at)
                op = self._ops[at]
                if op.kind == "byte":
                    ready.append(at)
                elif op.kind == "split":
                    stack += (op.other, op.to)
                elif op.kind == "save" or (op.kind == "place" and op.place in holds):
                    stack.append(op.to)
                elif op.kind == "match":
                    matched = True
                    if not self._longest:
                        return ready, True
        return ready, matched


_NONE, _OTHER, _IN_WORD, _IN_LINE_END = 0, 1, 2, 3


def _sort_of(byte: int) -> int:
    if byte == END:
        return _NONE
    return _IN_WORD if byte in _WORD else _IN_LINE_END if byte == _LINE_END else _OTHER


def _holds(before: int, after: int) -> frozenset[str]:
    found = {"word" if (before == _IN_WORD) != (after == _IN_WORD) else "inside"}
    if before == _NONE:
        found |= {"first", "line_first"}
    if after == _NONE:
        found |= {"last", "line_last"}
    if before == _IN_LINE_END:
        found.add("line_first")
    if after == _IN_LINE_END:
        found.add("line_last")
    return frozenset(found)


_TABLE: Final = [[_holds(before, after) for after in range(4)] for before in range(4)]


def _places(before: int, byte: int) -> frozenset[str]:
    return _TABLE[before][_sort_of(byte)]


def captured(program: Program, data: bytes, start: int, end: int) -> tuple[int, int]:
    """The place of the group that ends last in the match from `start` to `end`; without groups, the match itself.

    Threads in order of preference, each with the places it saw (R. Pike's method): only ever run over a match.
    """
    ops = program.ops
    before = _sort_of(data[start - 1]) if start else _NONE
    threads: list[tuple[int, dict[int, int]]] = [(program.start, {})]
    for at in range(start, end + 1):
        byte = data[at] if at < len(data) else END
        holds = _places(before, byte)
        following: list[tuple[int, dict[int, int]]] = []
        seen: set[int] = set()
        stack = threads[::-1]
        while stack:
            place, saved = stack.pop()
            if place in seen:
                continue
            seen.add(place)
            op = ops[place]
            if op.kind == "split":
                stack += ((op.other, saved), (op.to, saved))
            elif op.kind == "save":
                stack.append((op.to, {**saved, op.group: at}))
            elif op.kind == "place" and op.place in holds:
                stack.append((op.to, saved))
            elif op.kind == "match" and at == end:
                return _last_group(saved, start, end)
            elif op.kind == "byte" and byte in op.bytes:
                following.append((op.to, saved))
        threads, before = following, _sort_of(byte)
    return start, end


def _last_group(saved: dict[int, int], start: int, end: int) -> tuple[int, int]:
    ends = {group: at for group, at in saved.items() if group % 2}
    if not ends:
        return start, end
    last = min(ends, key=lambda group: (-ends[group], group))
    return saved[last - 1], ends[last]


class Matcher:
    """All matches of one expression in a stretch of bytes, each found in one pass forth and one back."""

    def __init__(self, tree: Node, memory: Memory) -> None:
        self._program = Program(tree)
        self._grouped = any(op.kind == "save" for op in self._program.ops)
        self._anchored = Automaton(self._program, memory)
        self._floating = Automaton(self._program, memory, floating=True)
        self._back = Automaton(Program(tree, backward=True), memory, longest=True)
        self.opening = opening(self._program)

    def match_at(self, data: bytes, start: int, stop: int) -> tuple[int, int]:
        """Where a match that begins at `start` ends (-1: none does), and how many bytes were read."""
        return _run(self._anchored, data, start, stop)

    def first(self, data: bytes, start: int, stop: int) -> tuple[int, int, int]:
        """Start and end of the first match in ``data[start:stop]`` (-1: none), and how many bytes were read."""
        end, read = _run(self._floating, data, start, stop)
        if end < 0:
            return -1, -1, read
        state = self._back.begin(data[end] if end < len(data) else END)
        begins = end
        for at in range(end - 1, start - 1, -1):
            state = state[data[at]]
            read += 1
            if state.matched:
                begins = at + 1
            if state.dead:
                break
        else:
            if state[data[start - 1] if start else END].matched:
                begins = start
        return begins, end, read

    def value(self, data: bytes, start: int, end: int) -> tuple[int, int]:
        """The place of the value within the match."""
        return captured(self._program, data, start, end) if self._grouped else (start, end)


def _run(automaton: Automaton, data: bytes, start: int, stop: int) -> tuple[int, int]:
    state = automaton.begin(data[start - 1] if start else END)
    end = -1
    for at in range(start, stop):
        state = state[data[at]]
        if state.matched:
            end = at
        elif state.dead:
            return end, at - start + 1
    if state[data[stop] if stop < len(data) else END].matched:
        end = stop
    return end, stop - start
