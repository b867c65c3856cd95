"""Literals that any match of an expression holds: asked of a text before an automaton is.

Must never: name a literal that some match is without.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from strongroom.classify.engine_syntax import Chars, Choice, Group, Node, Place, Repeat, Row

SPELLINGS_MAX: Final = 24
"""So many alternatives are told apart; more are not worth looking for one by one."""

CHARS_MAX: Final = 8
"""A class of more characters than this is no literal."""

LENGTH_MAX: Final = 24

_TELLING: Final = frozenset("@/+=°")
"""Characters that say something alone."""

Texts = frozenset[str]


def required(tree: Node) -> frozenset[bytes] | None:
    """Literals one of which stands in every match, ASCII letters in lower case; None if none are known."""
    found = _required(tree)
    return None if found is None else frozenset(text.encode() for text in found)


def longest(node: Node) -> int | None:
    """The bytes of the longest match; None when there is no bound."""
    if isinstance(node, Chars):
        return max((len(chr(high).encode("utf-8", "surrogatepass")) for _, high in node.ranges), default=0)
    if isinstance(node, Place):
        return 0
    if isinstance(node, Group):
        return longest(node.item)
    if isinstance(node, Repeat):
        once = longest(node.item)
        return None if once is None or node.most is None else once * node.most
    parts = [longest(item) for item in node.items]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return sum(known) if isinstance(node, Row) else max(known, default=0)


def _required(node: Node) -> Texts | None:
    exact = _exact(node)
    if exact is not None:
        return exact if _worth(exact) else None
    if isinstance(node, Row):
        return _of_row(node.items)
    if isinstance(node, Choice):
        parts = [_required(item) for item in node.items]
        whole = frozenset().union(*(part for part in parts if part is not None))
        return whole if None not in parts and len(whole) <= SPELLINGS_MAX * 4 else None
    if isinstance(node, Group):
        return _required(node.item)
    return _required(node.item) if isinstance(node, Repeat) and node.least else None


def _of_row(items: Sequence[Node]) -> Texts | None:
    best: Texts | None = None
    run: Texts = frozenset({""})
    for item in items:
        exact = _exact(item)
        joined = _product(run, exact) if exact is not None else None
        if joined is None:
            best = _better(best, run)
            run = exact if exact is not None else frozenset({""})
        else:
            run = joined
        if exact is None:
            best = _better(best, _required(item))
    return _better(best, run)


def _exact(node: Node) -> Texts | None:
    """Every text `node` can match, if those are few."""
    if isinstance(node, Place):
        return frozenset({""})
    if isinstance(node, Chars):
        count = sum(high - low + 1 for low, high in node.ranges)
        if not 0 < count <= CHARS_MAX * 2:
            return None
        found = frozenset(_lower(chr(code)) for low, high in node.ranges for code in range(low, high + 1))
        return found if len(found) <= CHARS_MAX else None
    if isinstance(node, Group):
        return _exact(node.item)
    if isinstance(node, Choice):
        parts = [_exact(item) for item in node.items]
        whole = frozenset().union(*(part for part in parts if part is not None))
        return whole if None not in parts and len(whole) <= SPELLINGS_MAX else None
    return _exact_row(node.items) if isinstance(node, Row) else _exact_repeat(node)


def _exact_row(items: Sequence[Node]) -> Texts | None:
    whole: Texts | None = frozenset({""})
    for item in items:
        part = _exact(item)
        whole = _product(whole, part) if whole is not None and part is not None else None
    return whole


def _exact_repeat(node: Repeat) -> Texts | None:
    if node.most is None or node.most > LENGTH_MAX:
        return None
    once = _exact(node.item)
    found: Texts = frozenset()
    times: Texts | None = frozenset({""})
    for count in range(node.most + 1):
        if count >= node.least and times is not None:
            found |= times
        times = _product(times, once) if times is not None and once is not None and count < node.most else times
        if times is None or once is None or len(found) > SPELLINGS_MAX:
            return None
    return found


def _product(first: Texts, second: Texts) -> Texts | None:
    if len(first) * len(second) > SPELLINGS_MAX:
        return None
    whole = frozenset(a + b for a in first for b in second)
    return whole if all(len(text) <= LENGTH_MAX for text in whole) else None


def _lower(char: str) -> str:
    return char.lower() if char.isascii() else char


def _worth(texts: Texts | None) -> bool:
    return bool(texts) and all(len(text) > 1 or text in _TELLING for text in texts or ())


def _better(one: Texts | None, other: Texts | None) -> Texts | None:
    if not _worth(other):
        return one
    return other if not one or _telling(other) > _telling(one) else one


def _telling(texts: Texts | None) -> tuple[int, int]:
    found = texts or frozenset()
    return min(len(text) for text in found), -len(found)
