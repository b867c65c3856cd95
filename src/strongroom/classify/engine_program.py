"""Programs: an expression's tree as instructions over bytes, ready to be run.

UTF-8 is part of the program, so that what runs it looks at bytes alone (K. Thompson, "Regular Expression Search
Algorithm", 1968).

Must never: hold state of a search.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from strongroom.classify.engine_syntax import Chars, Choice, Group, Node, Place, Repeat, Row

PROGRAM_MAX: Final = 40_000
"""Instructions of one expression."""

OPENING_MAX: Final = 16
"""Bytes at the beginning of a match of which it is said beforehand what they can be."""

_LENGTH_LAST: Final = (0x7F, 0x7FF, 0xFFFF, 0x10FFFF)
"""The last character that takes one, two, three and four bytes (RFC 3629)."""


class Op(NamedTuple):
    """One instruction: ``byte`` (of `bytes`), ``split`` (`to` before `other`), ``place``, ``save``, ``match``."""

    kind: Literal["byte", "split", "place", "save", "match"]
    to: int = 0
    other: int = 0
    place: str = ""
    group: int = 0
    bytes: frozenset[int] = frozenset()


class TooLargeError(ValueError):
    """The expression would become a program of more than `PROGRAM_MAX` instructions."""


class Program:
    """The instructions of one expression; `backward` for its reversal."""

    def __init__(self, tree: Node, *, backward: bool = False) -> None:
        self.backward = backward
        self.ops: list[Op] = [Op("match")]
        self.start = self._emit(tree, 0)

    def _add(self, op: Op) -> int:
        if len(self.ops) >= PROGRAM_MAX:
            raise TooLargeError
        self.ops.append(op)
        return len(self.ops) - 1

    def _emit(self, node: Node, to: int) -> int:
        """Instructions for `node` that go on at `to`; where they begin."""
        if isinstance(node, Chars):
            return self._chars(node, to)
        if isinstance(node, Place):
            return self._add(Op("place", to, place=_mirrored(node.kind) if self.backward else node.kind))
        if isinstance(node, Row):
            for item in node.items if self.backward else reversed(node.items):
                to = self._emit(item, to)
            return to
        if isinstance(node, Choice):
            return self._choice([self._emit(item, to) for item in node.items])
        return self._repeat(node, to) if isinstance(node, Repeat) else self._group(node, to)

    def _group(self, node: Group, to: int) -> int:
        if self.backward:
            return self._emit(node.item, to)
        end = self._add(Op("save", to, group=2 * node.number + 1))
        return self._add(Op("save", self._emit(node.item, end), group=2 * node.number))

    def _choice(self, starts: Sequence[int]) -> int:
        at = starts[-1]
        for start in reversed(starts[:-1]):
            at = self._add(Op("split", start, at))
        return at

    def _repeat(self, node: Repeat, to: int) -> int:
        if node.most is None:
            again = self._add(Op("split"))
            body = self._emit(node.item, again)
            self.ops[again] = Op("split", body, to) if node.greedy else Op("split", to, body)
            at = again
            if node.least > 0:
                at = body
        else:
            at = to
            for _ in range(node.most - node.least):
                body = self._emit(node.item, at)
                at = self._add(Op("split", body, to) if node.greedy else Op("split", to, body))
        for _ in range(node.least - (node.most is None and node.least > 0)):
            at = self._emit(node.item, at)
        return at

    def _chars(self, node: Chars, to: int) -> int:
        starts = []
        single: set[int] = set()
        for sequence in _sequences(node.ranges):
            if len(sequence) == 1:
                single.update(range(sequence[0][0], sequence[0][1] + 1))
                continue
            at = to
            for low, high in sequence if self.backward else reversed(sequence):
                at = self._add(Op("byte", at, bytes=frozenset(range(low, high + 1))))
            starts.append(at)
        if single or not starts:
            starts.insert(0, self._add(Op("byte", to, bytes=frozenset(single))))
        return self._choice(starts)


def _mirrored(kind: str) -> str:
    return {"first": "last", "last": "first", "line_first": "line_last", "line_last": "line_first"}.get(kind, kind)


def _sequences(ranges: Iterable[tuple[int, int]]) -> Iterable[list[tuple[int, int]]]:
    """Character ranges as sequences of byte ranges in UTF-8."""
    for low, high in ranges:
        first = low
        for last in _LENGTH_LAST:
            if first <= min(high, last):
                yield from _same_length(first, min(high, last))
            first = max(first, last + 1)


def _same_length(low: int, high: int) -> Iterable[list[tuple[int, int]]]:
    if high <= _LENGTH_LAST[0]:
        yield [(low, high)]
        return
    for bits in (6, 12, 18):
        mask = (1 << bits) - 1
        if low >> bits == high >> bits:
            continue
        if low & mask:
            yield from _same_length(low, low | mask)
            yield from _same_length((low | mask) + 1, high)
            return
        if high & mask != mask:
            yield from _same_length(low, (high & ~mask) - 1)
            yield from _same_length(high & ~mask, high)
            return
    first, last = (chr(code).encode("utf-8", "surrogatepass") for code in (low, high))
    yield list(zip(first, last, strict=True))


def opening(program: Program) -> list[frozenset[int]]:
    """What the first bytes of any match are, place by place, as far as every match has them."""
    threads = {program.start}
    found: list[frozenset[int]] = []
    while len(found) < OPENING_MAX:
        seen: set[int] = set()
        stack = list(threads)
        while stack:
            at = stack.pop()
            if at not in seen:
                seen.add(at)
                op = program.ops[at]
                stack += {"byte": (), "match": (), "split": (op.to, op.other)}.get(op.kind, (op.to,))
        if 0 in seen:  # a match can end here
            break
        ready = [program.ops[at] for at in seen if program.ops[at].kind == "byte"]
        found.append(frozenset().union(*(op.bytes for op in ready)))
        threads = {op.to for op in ready}
    return found
