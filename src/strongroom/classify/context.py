"""Context: words near a candidate that make it more, or less, likely to be what it looks like.

Must never: find anything by itself, or look further than the few characters a rule asks for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

AFTER_CHARS: Final = 20
"""How far behind a value its name may stand: "36574261809 (Steuer-ID)"."""

RAISE: Final = 0.35
LOWER: Final = 0.4

_GAP = "[ _.'\u2019\\-/]{0,3}"


def _spelled(word: str, gap: str) -> str:
    return gap.join(re.escape(part) for part in word.rstrip("*").split())


class Words:
    """A list of context words, compiled. A space in a word matches up to three of `_`, `-` and the like."""

    def __init__(self, words: Sequence[str], *, case: bool = False) -> None:
        alternatives = [_spelled(w, _GAP) + ("" if w.endswith("*") else r"(?![^\W\d_])") for w in words]
        flags = re.UNICODE if case else re.IGNORECASE
        self._search = re.compile(rf"(?<![^\W\d_])(?:{'|'.join(alternatives)})", flags).search

    def beside(self, text: str, start: int, end: int, reach: int, after: int = AFTER_CHARS) -> bool:
        """Whether a word stands within `reach` characters before `start` or `after` behind `end`."""
        before = text[max(0, start - reach) : start]
        return self._search(before) is not None or (
            after > 0 and self._search(text[end : end + after]) is not None
        )


def gate(words: Sequence[str], *, case: bool = False) -> str:
    """An RE2 expression that matches wherever one of `words` could count as context, and hardly elsewhere.

    RE2's word boundary knows ASCII only, so the ends of other words are left open: more is looked at, never less.
    """
    return f"{'' if case else '(?i)'}(?:{'|'.join(_guarded(word) for word in words)})"


def _guarded(word: str) -> str:
    before = r"(?:\b|[_\d])" if word[0].isascii() else ""
    after = r"(?:\b|[_\d])" if word[-1].isascii() and not word.endswith("*") else ""
    return before + _spelled(word, _GAP) + after
