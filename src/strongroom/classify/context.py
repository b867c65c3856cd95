"""Context: words near a candidate that make it more, or less, likely to be what it looks like.

Must never: find anything by itself, or look further than the few characters a rule asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import re2

AFTER_CHARS: Final = 20
"""How far behind a value its name may stand: "36574261809 (Steuer-ID)"."""

RAISE: Final = 0.35
LOWER: Final = 0.4

_NOT_LETTER: Final = r"[^A-Za-z\x{c0}-\x{2af}\x{370}-\x{1fff}\x{3040}-\x{d7ff}]"
"""Letters as whole blocks: the exact Unicode class makes automata a hundred times as large for no gain here."""

_VALUE: Final = "\x00"
"""Stands for the value itself, between what is before it and what is behind."""

_UNANCHORED: Final = re2._Anchor.UNANCHORED  # noqa: SLF001 - see `Words`

_GAP = "[ _.'\u2019\\-/]{0,3}"


_WIDE_GAP = "[ _.'\u2019\\-/]*"
"""As `_GAP` without a count: a set automaton that has to count is many times as large."""


def _spelled(word: str, gap: str = _GAP) -> str:
    return gap.join(re2.escape(part) for part in word.rstrip("*").split())


class Words:
    """A list of context words, compiled. A space in a word matches up to three of `_`, `-` and the like."""

    def __init__(self, words: Sequence[str], *, case: bool = False) -> None:
        alternatives = [_spelled(w) + ("" if w.endswith("*") else rf"(?:$|{_NOT_LETTER})") for w in words]
        options = re2.Options()
        options.case_sensitive = case
        compiled = re2.compile(rf"(?:^|{_NOT_LETTER})(?:{'|'.join(alternatives)})", options)
        self._match = compiled._regexp.Match  # noqa: SLF001 - the binding's own search costs twice as much

    def beside(self, text: str, start: int, end: int, reach: int, after: int = AFTER_CHARS) -> bool:
        """Whether a word stands within `reach` characters before `start` or `after` behind `end`."""
        around = text[start - reach if start > reach else 0 : start]
        if after:
            around += _VALUE + text[end : end + after]
        data = around.encode("utf-8", "replace")
        return bool(self._match(_UNANCHORED, data, 0, len(data))[0][0] >= 0)


def gate(words: Sequence[str], *, case: bool = False) -> str:
    """An RE2 expression that matches wherever one of `words` could count as context, and hardly elsewhere.

    RE2's word boundary knows ASCII only, so the ends of other words are left open: more is looked at, never less.
    """
    return f"{'' if case else '(?i)'}(?:{'|'.join(_guarded(word) for word in words)})"


def _guarded(word: str) -> str:
    before = r"(?:\b|_)" if word[0].isascii() else ""
    after = r"(?:\b|_)" if word[-1].isascii() and not word.endswith("*") else ""
    return before + _spelled(word, _WIDE_GAP) + after
