"""Widening: from a pattern over numbers to one that asks less, for use as its gate.

Which digits stand where (a month, an issuer, an area code) multiplies the states of a set automaton; that some
digits stand there does not. The gate may therefore say yes too often: the pattern itself is run next.

Must never: return an expression that misses anything the given one matches.
"""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(
    r"\\x\{[0-9A-Fa-f]+\}|\\x[0-9A-Fa-f]{2}|\\[pP]\{\^?\w+\}|\\[0-7]{1,3}|\\."
    r"|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\{[\d,]+\}|.",
    re.DOTALL,
)
_DIGITS_ONLY: Final = re.compile(r"[0-9]|\[(?:[0-9]|[0-9]-[0-9]|\\d)+\]")
_SAME_AGAIN: Final = re.compile(r"\(\?:((?:\\d|\{\d+\}|\|)+)\)")
_UNREAD: Final = ("(?P<", "(?<", r"\Q", r"\C")
"""Named groups may hold digits in their names, quoted text holds no syntax: such patterns stay as they are."""


def widened(regex: str) -> str:
    """`regex` (RE2 syntax), each digit and class of digits standing for any digit, like alternatives merged."""
    if any(sign in regex for sign in _UNREAD):
        return regex
    tokens = (r"\d" if _DIGITS_ONLY.fullmatch(token) else token for token in _TOKEN.findall(regex))
    return _SAME_AGAIN.sub(_merged, "".join(tokens))


def _merged(group: re.Match[str]) -> str:
    return f"(?:{'|'.join(dict.fromkeys(group.group(1).split('|')))})"
