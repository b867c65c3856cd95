"""How many tokens an answer says it used, read from its bytes as they pass.

Every wire reports the same two numbers under its own names; cached and reasoning tokens count, whichever side the
provider puts them on. A stream that reports nothing is counted by its events, which are about a token each.

Must never: change a byte, keep more than `LINE_MAX` of them, or take a number from what the model wrote: only
the places where a provider reports are looked at.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

LINE_MAX = 1 << 20
"""A line longer than this holds an answer's end only; its usage is then estimated."""

_MARK = b'"usage'
_INPUT = (
    "prompt_tokens", "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "promptTokenCount",
)  # fmt: skip
_OUTPUT = ("completion_tokens", "output_tokens", "candidatesTokenCount", "thoughtsTokenCount")


class Usage(NamedTuple):
    """Tokens in and out; `exact` when a provider said so."""

    tokens_in: int
    tokens_out: int
    exact: bool = True

    @property
    def total(self) -> int:
        """Both."""
        return self.tokens_in + self.tokens_out


class UsageReader:
    """Reads one answer. `tokens_in` is what the request is taken for until the provider says better."""

    __slots__ = ("_events", "_found", "_in", "_out", "_rest", "_skipping", "tokens_in")

    def __init__(self, tokens_in: int = 0) -> None:
        self.tokens_in = tokens_in
        self._in = self._out = self._events = 0
        self._found = self._skipping = False
        self._rest = b""

    def whole(self, raw: bytes) -> None:
        """An answer in one piece."""
        if _MARK not in raw:
            return
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError:  # the round trip says so to the client
            return
        for item in value if isinstance(value, list) else (value,):
            self._take(item)

    def feed(self, piece: bytes) -> None:
        """The next piece of a stream."""
        end = piece.rfind(b"\n")
        if end < 0:
            self._keep(piece)
            return
        lines = self._rest + piece[: end + 1]
        self._rest = piece[end + 1 :]
        self._events += lines.count(b"\ndata:") + lines.startswith(b"data:")
        if self._skipping:
            lines = lines.partition(b"\n")[2]
            self._skipping = False
        if _MARK not in lines:
            return
        for line in lines.splitlines():
            if line.startswith(b"data:") and _MARK in line:
                self.whole(line[5:])

    def _keep(self, piece: bytes) -> None:
        if not self._skipping and len(self._rest) + len(piece) <= LINE_MAX:
            self._rest += piece
        else:
            self._rest, self._skipping = b"", True

    def _take(self, value: Any) -> None:
        if not isinstance(value, dict):
            return
        for holder in (value, value.get("message"), value.get("response")):
            if isinstance(holder, dict):
                self._count(holder.get("usage") or holder.get("usageMetadata"))

    def _count(self, said: Any) -> None:
        if not isinstance(said, dict):
            return
        tokens_in = sum(_number(said, name) for name in _INPUT)
        tokens_out = sum(_number(said, name) for name in _OUTPUT)
        if not (tokens_in or tokens_out):  # embeddings of some providers report a total alone
            tokens_in = _number(said, "total_tokens")
        self._in = max(self._in, tokens_in)  # counts in a stream only grow, and may leave out what did not
        self._out = max(self._out, tokens_out)
        self._found = True

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        if self._found:
            return Usage(self._in, self._out)
        return Usage(self.tokens_in, self._events, exact=False)


def _number(said: dict[str, Any], name: str) -> int:
    value = said.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
