"""Patterns and words that a request brings along, in the form of Presidio's pattern recognizers.

They come from clients, so they are RE2's: linear in the text whatever they say, compiled within named bounds.

Must never: reach beyond the request they came with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import re2

from strongroom.classify.context import RAISE, Words
from strongroom.classify.span import Span
from strongroom.errors import LimitExceededError, RequestRefusedError

PATTERN_BYTES_MAX: Final = 4096
PATTERNS_MAX: Final = 64
"""In one request, deny lists counted as one each."""

WORDS_MAX: Final = 4096
AUTOMATON_BYTES_MAX: Final = 4 << 20
MATCHES_MAX: Final = 10_000
"""Of one pattern in one text."""

REACH: Final = 48
DENIED_SCORE: Final = 1.0

IGNORE_CASE: Final = 2
MULTILINE: Final = 8
DOT_ALL: Final = 16
FLAGS: Final = IGNORE_CASE | MULTILINE | DOT_ALL
"""The bits of Python's `re` module, which Presidio's requests use; these three are its default."""


@dataclass(frozen=True, slots=True)
class AdHoc:
    """One recognizer: what it reports as `entity`, by patterns with their scores and by words that are listed."""

    name: str
    entity: str
    patterns: Sequence[tuple[str, float]] = ()
    words: Sequence[str] = ()
    context: Sequence[str] = ()


class AdHocPatterns:
    """Recognizers of one request, compiled. Raises `RequestRefusedError` for a pattern RE2 refuses, with why."""

    def __init__(self, recognizers: Sequence[AdHoc], *, flags: int = FLAGS) -> None:
        count = sum(len(one.patterns) + bool(one.words) for one in recognizers)
        if count > PATTERNS_MAX or sum(len(one.words) for one in recognizers) > WORDS_MAX:
            msg = f"a request brings along at most {PATTERNS_MAX} patterns and {WORDS_MAX} words"
            raise LimitExceededError(msg)
        self._rules = [
            (one, compiled(regex, flags, one.name), score) for one in recognizers for regex, score in one.patterns
        ]
        self._rules += [
            (one, compiled(_any_of(one.words), flags, one.name), DENIED_SCORE) for one in recognizers if one.words
        ]
        self._context = {one.name: Words(list(one.context)) for one in recognizers if one.context}

    def spans(self, text: str) -> list[Span]:
        """What they find in `text`: spans whose kind is the recognizer's entity."""
        return [span for one, finder, score in self._rules for span in self._found(text, one, finder, score)]

    def _found(self, text: str, one: AdHoc, finder: re2._Regexp, score: float) -> list[Span]:
        context = self._context.get(one.name)
        found: list[Span] = []
        for match in finder.finditer(text):
            start, end = match.span()
            if start == end:
                continue
            if len(found) == MATCHES_MAX:
                msg = f"the pattern of {one.name} matches more than {MATCHES_MAX} times"
                raise LimitExceededError(msg)
            beside = context is not None and context.beside(text, start, end, REACH)
            found.append(Span(start, end, one.entity, min(1.0, score + RAISE) if beside else score, one.name))
        return found


def compiled(regex: str, flags: int, name: str) -> re2._Regexp:
    """`regex` as RE2 with Python's `flags`; raises `RequestRefusedError` saying whose it is and why."""
    if len(regex.encode("utf-8", "replace")) > PATTERN_BYTES_MAX:
        msg = f"the pattern of {name} is longer than {PATTERN_BYTES_MAX} bytes"
        raise LimitExceededError(msg)
    options = re2.Options()
    options.max_mem = AUTOMATON_BYTES_MAX
    options.log_errors = False
    options.case_sensitive = not flags & IGNORE_CASE
    options.dot_nl = bool(flags & DOT_ALL)
    try:
        return re2.compile(f"(?m:{regex})" if flags & MULTILINE else regex, options)
    except re2.error as error:
        told = error.args[0] if error.args else "it does not compile"
        why = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        msg = f"the pattern of {name} is not one RE2 takes: {why}"
        raise RequestRefusedError(msg) from error


def _any_of(words: Sequence[str]) -> str:
    """Whole words: where one begins or ends with a letter or digit, none stands beside it."""
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(f"{_edge(word[0])}{re2.escape(word)}{_edge(word[-1])}" for word in longest_first)


def _edge(char: str) -> str:
    return r"\b" if char.isascii() and (char.isalnum() or char == "_") else ""
