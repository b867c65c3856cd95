"""Follows a text as it is written and knows whether it has been JSON so far, and where in it one stands.

A model asked for structured output answers with JSON; a value put back there must not end the string it stands
in. So the place decides how a value is written: escaped inside a string of a text that has been JSON from its
first character on, as it is anywhere else. JSON inside a JSON string is followed to `DEPTH_MAX` levels.

Must never: take prose for JSON: the first character that cannot stand where it stands ends the following for
good, and every later value is written as it is.
"""

from __future__ import annotations

import re
from enum import Enum

from strongroom.formats.json_spans import escape

DEPTH_MAX = 4
"""Agents put JSON into JSON once or twice; each level is one more object and nothing else."""

_BETWEEN = re.compile(r"[\s:,0-9+.\-eEtrufalsn]*")
_INSIDE = re.compile(r'[^"\\\x00-\x1f]*')
_ESCAPED = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX_DIGITS = 4


class _At(Enum):
    START = "start"
    BETWEEN = "between"
    STRING = "string"
    ESCAPE = "escape"
    HEX = "hex"
    PLAIN = "plain"


class JsonText:
    """One text. `feed` it what was written, in order; ask `written` how a value is to be written next."""

    __slots__ = ("_at", "_brackets", "_hex", "_inner", "_levels")

    def __init__(self, levels: int = DEPTH_MAX) -> None:
        self._levels = levels
        self._at = _At.START
        self._brackets = 0
        self._hex = ""
        self._inner: JsonText | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is known not to be JSON; nothing that follows changes that."""
        return self._at is _At.PLAIN

    def written(self, value: str) -> str:
        """`value` as it is to be written at this place."""
        if self._at is not _At.STRING:
            return value
        inner = self._inner.written(value) if self._inner is not None else value
        return escape(inner).decode()

    def feed(self, text: str) -> None:
        """Follow `text`."""
        done, end = 0, len(text)
        while done < end and self._at is not _At.PLAIN:
            done = self._step(text, done)

    def _step(self, text: str, done: int) -> int:
        """One step from `done` on; where the next one begins."""
        if self._at is _At.STRING:
            return self._string(text, done)
        if self._at is _At.BETWEEN:
            return self._between(text, done)
        letter = text[done]
        if self._at is _At.ESCAPE:
            self._escape(letter)
        elif self._at is _At.HEX:
            self._hex += letter
            if len(self._hex) == _HEX_DIGITS:
                self._whole_escape()
        elif letter in "{[":
            self._at, self._brackets = _At.BETWEEN, 1
        elif not letter.isspace():
            self._at = _At.PLAIN
        return done + 1

    def _between(self, text: str, done: int) -> int:
        found = _BETWEEN.match(text, done)
        done = found.end() if found else done  # the pattern matches nothing, so there is always a match
        if done == len(text):
            return done
        letter = text[done]
        if letter == '"':
            self._at = _At.STRING
            self._inner = JsonText(self._levels - 1) if self._levels > 1 else None
        elif letter in "{[":
            self._brackets += 1
        elif letter in "}]":
            self._brackets -= 1
            if not self._brackets:
                self._at = _At.PLAIN  # what follows a whole JSON text is not in it
        else:
            self._at = _At.PLAIN
        return done + 1

    def _string(self, text: str, done: int) -> int:
        found = _INSIDE.match(text, done)
        end = found.end() if found else done
        if self._inner is not None and end > done:
            self._inner.feed(text[done:end])
        if end == len(text):
            return end
        letter = text[end]
        self._at = _At.BETWEEN if letter == '"' else _At.ESCAPE if letter == "\\" else _At.PLAIN
        return end + 1

    def _escape(self, letter: str) -> None:
        if letter == "u":
            self._at, self._hex = _At.HEX, ""
        elif letter in _ESCAPED:
            self._at = _At.STRING
            if self._inner is not None:
                self._inner.feed(_ESCAPED[letter])
        else:
            self._at = _At.PLAIN

    def _whole_escape(self) -> None:
        try:
            letter = chr(int(self._hex, 16))
        except ValueError:
            self._at = _At.PLAIN
            return
        self._at = _At.STRING
        if self._inner is not None:
            self._inner.feed(letter)
