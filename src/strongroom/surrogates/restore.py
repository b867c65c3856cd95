"""Puts values back for surrogates, in whole texts and in streams that arrive in arbitrary pieces.

Theory: whether a stretch of text is a surrogate depends on its run alone (`formats.surrogate`). So a stream
holds back its last run as long as that run may still become a surrogate, and lets everything before it go;
what comes out is, for every way of cutting the stream, what comes out of the whole text at once. In a text that
has been JSON from its first character on, a value is written as the content of a JSON string (`json_text`).

Must never: look at a restored value again (it is not scanned, so a value that looks like a surrogate stays
as it is), or guess: an unknown surrogate is passed on as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from strongroom.formats.surrogate import EMPHASIS_MAX, RUN_CHARACTERS, RUN_LEN_MAX, find, run_start
from strongroom.surrogates.json_text import JsonText

Resolve = Callable[[str], str | None]
"""The value of a surrogate, or None to leave it as it stands."""

_OPEN_ENDED = frozenset(RUN_CHARACTERS + "\\")
_RUN = re.compile(r"(?>(?:[A-Z0-9_]|\\_)*)", re.ASCII)
_VIABLE = re.compile(rf"(?>(?:\\?_){{0,{EMPHASIS_MAX}}})(?>(?:[A-Z](?>(?:[A-Z0-9]|\\?_)*))?)\\?", re.ASCII)


Change = tuple[int, int, int]
"""The characters from the first to before the second offset became as many as the third says."""


def restore_text(
    text: str, resolve: Resolve, changes: list[Change] | None = None, base: int = 0, said: JsonText | None = None
) -> str:
    """`text` with every surrogate that `resolve` knows replaced, and one mark taken off every look-alike.

    `changes` gets what was changed, with offsets of `text` plus `base`. `said` has followed what was said before
    `text`, and follows it; without it, values are written as they are. Whatever `resolve` raises is passed on.
    """
    out: list[str] = []
    done = followed = 0
    for found in find(text):
        if found.marks:
            out += (text[done : found.gap_start], text[found.code_start : found.end])
            change = (base + found.gap_start, base + found.code_start, 0)
        else:
            value = resolve(found.surrogate)
            if value is None:
                continue
            if said is not None:
                said.feed(text[followed : found.start])
                followed = found.start
                value = said.written(value)
            out += (text[done : found.start], value)
            change = (base + found.start, base + found.end, len(value))
        if changes is not None:
            changes.append(change)
        done = found.end
    if said is not None:
        said.feed(text[followed:])
    if not done:
        return text
    out.append(text[done:])
    return "".join(out)


class Restorer:
    """`restore_text` for one stream: `feed` it pieces in order, `flush` it at the end.

    Use one object per stream of text (content block, choice, tool-call argument). An exception of `resolve`
    passes through; the stream has then ended, and the text of that piece is lost on purpose. With `keep_json`, a
    value that comes to stand in a string of JSON is escaped for it.

    `changes` is what it changed so far, in characters from the first one it was ever fed.
    """

    __slots__ = ("_at", "_dead", "_hold", "_keep_json", "_resolve", "_said", "changes")

    def __init__(self, resolve: Resolve, *, keep_json: bool = False) -> None:
        self._resolve = resolve
        self._keep_json = keep_json
        self._said = JsonText() if keep_json else None
        self._hold = ""
        self._dead = False  # inside a run that is already known not to be a surrogate
        self._at = 0
        self.changes: list[Change] = []

    @property
    def waiting(self) -> bool:
        """Whether something is held back."""
        return bool(self._hold)

    def feed(self, text: str) -> str:
        """What is certain after `text` has arrived; the rest waits, at most `RUN_LEN_MAX` characters."""
        if not text:
            return ""
        passed = ""
        if self._hold:
            text = self._hold + text
            self._hold = ""
        if self._dead:
            end = _end_of_run(text)
            if text[end:] in ("", "\\"):
                self._hold = text[end:]
                self._at += end
                return self._follow(text[:end])
            self._dead = False
            self._at += end
            passed, text = self._follow(text[:end]), text[end:]
        if text[-1] in _OPEN_ENDED:
            text = self._hold_back(text)
        if "_" in text:
            restored = restore_text(text, self._resolve, self.changes, self._at, self._said)
        else:
            restored = self._follow(text)
        self._at += len(text)
        return passed + restored

    def _follow(self, text: str) -> str:
        if self._said is not None:
            self._said.feed(text)
            if self._said.is_plain:
                self._said = None  # prose, like most of what models write: from here on it costs nothing
        return text

    def _hold_back(self, text: str) -> str:
        start = run_start(text, len(text) - 1 if text[-1] == "\\" else len(text))
        tail = text[start:]
        if len(tail) <= RUN_LEN_MAX and _VIABLE.fullmatch(tail):
            self._hold = tail
            return text[:start]
        self._dead = True
        if tail[-1] == "\\":  # it may belong to this run or to none
            self._hold = "\\"
            return text[:-1]
        return text

    def flush(self) -> str:
        """What was still held back, decided now that nothing follows. The object is fresh again afterwards."""
        tail, self._hold = self._hold, ""
        dead, self._dead = self._dead, False
        start, self._at = self._at, self._at + len(tail)
        said, self._said = self._said, JsonText() if self._keep_json else None
        return tail if dead else restore_text(tail, self._resolve, self.changes, start, said)


def _end_of_run(text: str) -> int:
    match = _RUN.match(text)
    return match.end() if match else 0  # the pattern matches the empty string, so there is always a match
