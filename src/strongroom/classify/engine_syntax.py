"""RE2's syntax read into a tree: what the engine without RE2 matches by, and what gates are made from.

The language is that of https://github.com/google/re2/wiki/Syntax. What is not read here (Unicode classes by name,
quoted text, single bytes) is refused by name, never matched in another way.

Must never: accept an expression that RE2 would read differently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, NoReturn

from strongroom.errors import PolicyInvalidError

MAX_CHAR: Final = 0x10FFFF
REPEAT_MAX: Final = 1000
"""RE2's own bound on counted repetition."""

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of ascending, separate ranges."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Place:
    """A condition on the place: ``word``, ``inside`` (no word boundary), ``first``, ``last``, and of a line."""

    kind: str


@dataclass(frozen=True, slots=True)
class Row:
    """One after the other; empty: nothing."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The first that fits."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Between `least` and `most` (None: any number) times."""

    item: Node
    least: int
    most: int | None
    greedy: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A part whose place is reported."""

    item: Node
    number: int


Node = Chars | Place | Row | Choice | Repeat | Group

_PERL: Final[dict[str, Ranges]] = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": ((9, 10), (12, 13), (32, 32)),
}
_POSIX: Final[dict[str, Ranges]] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": ((48, 57),),
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": _PERL["w"],
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
_ESCAPED: Final = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_PLACES: Final = {"b": "word", "B": "inside", "A": "first", "z": "last"}
_COUNTED: Final = re.compile(r"\{(\d+)(,?)(\d*)\}")
_FLAGS: Final = re.compile(r"\?([imsU]*)(?:-([imsU]+))?([:)])")
_NAMED: Final = re.compile(r"\?P?<\w+>")
_HEX: Final = re.compile(r"x(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{2}))")
_OCTAL: Final = re.compile(r"[1-7][0-7]{1,2}|0[0-7]{0,2}")
_POSIX_NAME: Final = re.compile(r"\[:(\^?)(\w+):\]")


def parsed(regex: str, *, multiline: bool = False) -> Node:
    """The tree of `regex`; without `multiline` no part of it matches a line end, as RE2's `never_nl` has it.

    Raises `PolicyInvalidError` saying what is wrong or cannot be read here, and at which character.
    """
    reader = _Reader(regex, multiline=multiline)
    tree = reader.choice()
    if reader.at < len(regex):
        reader.refuse("unexpected )")
    return tree


def without(ranges: Ranges, low: int, high: int) -> Ranges:
    """`ranges` less the characters from `low` to `high`."""
    out = []
    for first, last in ranges:
        if last < low or first > high:
            out.append((first, last))
            continue
        out += [(a, b) for a, b in ((first, low - 1), (high + 1, last)) if a <= b]
    return tuple(out)


def _joined(ranges: list[tuple[int, int]]) -> Ranges:
    out: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], high))
        else:
            out.append((low, high))
    return tuple(out)


def _others(ranges: Ranges) -> Ranges:
    rest: Ranges = ((0, MAX_CHAR),)
    for low, high in ranges:
        rest = without(rest, low, high)
    return rest


def _fold(char: str) -> str:
    for folded in (char.casefold(), char.lower()):
        if len(folded) == 1:
            return folded
    return char


@cache
def _spellings() -> dict[str, tuple[int, ...]]:
    """Every character that has other cases, with all of them (simple case folding, Unicode's CaseFolding.txt)."""
    alike: dict[str, list[int]] = {}
    for code in range(0x1F000):
        char = chr(code)
        if char.isalpha() or 0x2160 <= code <= 0x24E9 or code == 0x345:  # noqa: PLR2004 - numerals, circled letters
            alike.setdefault(_fold(char), []).append(code)
    return {chr(code): tuple(codes) for codes in alike.values() if len(codes) > 1 for code in codes}


def _any_case(ranges: Ranges) -> Ranges:
    table = _spellings()
    more = list(ranges)
    for low, high in ranges:
        if high - low > 0x2000:  # noqa: PLR2004 - so wide a range holds every case of what it holds, but for a few
            more += [(code, code) for char, codes in table.items() if low <= ord(char) <= high for code in codes]
        else:
            more += [(code, code) for at in range(low, high + 1) for code in table.get(chr(at), ())]
    return _joined(more)


class _Reader:
    """Recursive descent over the characters of one expression."""

    def __init__(self, text: str, *, multiline: bool) -> None:
        self.text, self.at = text, 0
        self.flags: frozenset[str] = frozenset()
        self._groups = 0
        self._newlines = multiline

    def refuse(self, why: str) -> NoReturn:
        msg = f"{why} at character {self.at + 1}"
        raise PolicyInvalidError(msg)

    def choice(self) -> Node:
        flags = self.flags
        rows = [self._row()]
        while self._take("|"):
            rows.append(self._row())
        self.flags = flags
        return rows[0] if len(rows) == 1 else Choice(tuple(rows))

    def _row(self) -> Node:
        items: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            atom = self._atom()
            if atom is not None:
                items.append(self._repeated(atom))
        return items[0] if len(items) == 1 else Row(tuple(items))

    def _take(self, sign: str) -> bool:
        if self.text.startswith(sign, self.at):
            self.at += len(sign)
            return True
        return False

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def _repeated(self, atom: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return atom
        greedy = self._take("?") == ("U" in self.flags)
        if self.at < len(self.text) and (self.text[self.at] in "*+?" or _COUNTED.match(self.text, self.at)):
            self.refuse("repetition of a repetition")
        return Repeat(atom, *bounds, greedy=greedy)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        found = self._match(_COUNTED)
        if found is None:
            return None
        least = int(found[1])
        most = least if not found[2] else int(found[3]) if found[3] else None
        if max(least, most or 0) > REPEAT_MAX or (most is not None and most < least):
            self.refuse("invalid repetition count")
        return least, most

    def _atom(self) -> Node | None:
        sign = self.text[self.at]
        self.at += 1
        if sign == "(":
            return self._group()
        if sign == "\\":
            return self._escape()
        if sign in "^$":
            return Place(("line_" if "m" in self.flags else "") + ("first" if sign == "^" else "last"))
        if sign == "[":
            return self._chars(self._bracket())
        if sign == ".":
            return self._chars(_others(() if "s" in self.flags else ((10, 10),)))
        if sign in "*+?":
            self.refuse(f"nothing to repeat before {sign}")
        return self._chars(((ord(sign), ord(sign)),))

    def _chars(self, ranges: Ranges) -> Chars:
        if "i" in self.flags:
            ranges = _any_case(ranges)
        return Chars(ranges if self._newlines else without(ranges, 10, 10))

    def _group(self) -> Node | None:
        number = 0
        flags = self.flags
        if (found := self._match(_FLAGS)) is not None:
            self.flags = (self.flags | set(found[1])) - set(found[2] or "")
            if found[3] == ")":
                return None
        elif self._match(_NAMED) or not self.text.startswith("?", self.at):
            self._groups += 1
            number = self._groups
        else:
            self.refuse(f"invalid perl operator ({self.text[self.at : self.at + 2]}")
        inside = self.choice()
        if not self._take(")"):
            self.refuse("missing )")
        self.flags = flags
        return Group(inside, number) if number else inside

    def _escape(self) -> Node:
        if self.at >= len(self.text):
            self.refuse("trailing backslash")
        sign = self.text[self.at]
        if sign in _PLACES:
            self.at += 1
            return Place(_PLACES[sign])
        return self._chars(self._escaped_class() or self._escaped_char())

    def _escaped_class(self) -> Ranges:
        sign = self.text[self.at : self.at + 1]
        if sign.lower() in _PERL:
            self.at += 1
            return self._named(_PERL[sign.lower()], negated=sign.isupper())
        return ()

    def _named(self, ranges: Ranges, *, negated: bool) -> Ranges:
        """A class, its other cases added before it is turned around."""
        if "i" in self.flags:
            ranges = _any_case(ranges)
        return _others(ranges) if negated else ranges

    def _escaped_char(self) -> Ranges:
        if (found := self._match(_HEX)) is not None:
            code = int(found[1] or found[2], 16)
        elif (found := self._match(_OCTAL)) is not None:
            code = int(found[0], 8)
        else:
            sign = self.text[self.at : self.at + 1]
            if not sign or (sign not in _ESCAPED and sign.isascii() and sign.isalnum()):
                self.refuse(f"the escape \\{sign} cannot be used here")
            self.at += 1
            code = _ESCAPED.get(sign, ord(sign))
        if code > MAX_CHAR:
            self.refuse("no such character")
        return ((code, code),)

    def _bracket(self) -> Ranges:
        negated = self._take("^")
        found: list[tuple[int, int]] = []
        first = True
        while first or not self.text.startswith("]", self.at):
            if self.at >= len(self.text):
                self.refuse("missing ]")
            found += self._member()
            first = False
        self.at += 1
        return self._named(_joined(found), negated=negated)

    def _member(self) -> Ranges:
        if (posix := self._match(_POSIX_NAME)) is not None:
            if posix[2] not in _POSIX:
                self.refuse(f"there is no class [:{posix[2]}:]")
            return self._named(_POSIX[posix[2]], negated=bool(posix[1]))
        low = self._one()
        if isinstance(low, tuple):
            return low
        if self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
            self.at += 1
            high = self._one()
            if isinstance(high, tuple) or high < low:
                self.refuse("invalid range in [ ]")
            return ((low, high),)
        return ((low, low),)

    def _one(self) -> int | Ranges:
        if self.at >= len(self.text):
            self.refuse("missing ]")
        if self._take("\\"):
            return self._escaped_class() or self._escaped_char()[0][0]
        self.at += 1
        return ord(self.text[self.at - 1])
