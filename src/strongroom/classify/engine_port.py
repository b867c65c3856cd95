"""What a pattern engine is asked and what it answers, whichever of them is used.

Must never: know how any of them matches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from strongroom.classify.widen import widened
from strongroom.errors import LimitExceededError, PolicyInvalidError

TEXT_CHARS_MAX: Final = 8 << 20
"""Characters in one scan. Larger things are files, which are read in parts; a prompt never comes near."""

BEFORE_BYTES: Final = 160
"""How far before a key word a value may begin that the word still counts for."""

AFTER_BYTES: Final = 96
"""How far behind the reach of a key word a value may go on; to the end of its last token in any case."""

CHAR_BYTES: Final = 3
"""Bytes of one character of context, all but the rarest scripts."""

_LONE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Expression:
    """What an engine matches.

    `gate` matches wherever `regex` does, and cheaper. With `near` set the gate is a key word instead: `regex` is
    looked for from a little before it to `near` characters behind it, and what is longer. With `digits`, a match
    without a digit does not count. A `multiline` expression may cross line ends; its gate may not, and sends it
    over the whole text. `origin` says where it was written, for refusals.
    """

    regex: str
    gate: str = ""
    near: int = 0
    multiline: bool = False
    digits: bool = False
    origin: str = field(default="", compare=False)

    def opener(self) -> str:
        """What must match in a window before `regex` is run there."""
        gate = self.gate or self.regex
        return widened(gate) if self.digits and not self.near else gate


class Candidate(NamedTuple):
    """A match: character offsets of the value, and the index of the expression that proposed it."""

    start: int
    end: int
    expression: int


class PatternEngine(Protocol):
    """Finds candidates. Engines over the same expressions give the same candidates for the same text."""

    def candidates(self, text: str) -> list[Candidate]:
        """Every candidate in `text`, ascending, once each. Raises `LimitExceededError` if it is too long."""
        ...


def encoded(text: str) -> bytes:
    """`text` in UTF-8, a lone surrogate as the replacement character, which is as long in bytes.

    Raises `LimitExceededError` when there is more than `TEXT_CHARS_MAX` of it.
    """
    if len(text) > TEXT_CHARS_MAX:
        msg = f"text of {len(text)} characters; at most {TEXT_CHARS_MAX} are inspected at once"
        raise LimitExceededError(msg)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _LONE.sub("\ufffd", text).encode()


def refused(expression: Expression, by: str, why: str) -> PolicyInvalidError:
    """The error for an expression that an engine cannot hold: where it was written, by whom and why."""
    where = f"{expression.origin}: " if expression.origin else ""
    return PolicyInvalidError(f"{where}pattern refused by {by}: {why}")
