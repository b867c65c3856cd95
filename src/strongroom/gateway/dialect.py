"""How each wire numbers and ends what it streams.

Must never: look at the text of an event; only at its numbers and types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson

FlatPath = tuple[str | int, ...]
Block = tuple[str | int, ...]
"""The part of a path that names one streamed block; everything in it ends together."""

EVERY_BLOCK: Block = ()


class Dialect(Protocol):
    """See the module."""

    def block(self, path: FlatPath) -> Block:
        """Which block a piece at `path` belongs to."""
        ...

    def stream_key(self, path: FlatPath) -> FlatPath:
        """The one path of all pieces of the same text."""
        ...

    def tool_key(self, path: FlatPath) -> FlatPath:
        """What the name and the arguments of one tool call have in common."""
        ...

    def ended(self, event: Mapping[str, Any]) -> Sequence[Block]:
        """The blocks that end with `event`; `EVERY_BLOCK` for all."""
        ...

    def piece(self, path: FlatPath, content: str, last: Mapping[str, Any]) -> bytes:
        """An event of our own that carries `content` at `path`; `last` is the last event that came."""
        ...

    def broken(self, problem: bytes) -> bytes:
        """A problem, in the wire's own shape, as an event inside a stream."""
        ...


class ChatChunks:
    """OpenAI Chat Completions. A choice is a block; its texts and tool calls end with its finish reason."""

    def block(self, path: FlatPath) -> Block:
        """``("choices", number)``."""
        return path[:2]

    def stream_key(self, path: FlatPath) -> FlatPath:
        """The path itself: arrays are numbered by `index`."""
        return path

    def tool_key(self, path: FlatPath) -> FlatPath:
        """The path of the function object."""
        return path[:-1]

    def ended(self, event: Mapping[str, Any]) -> Sequence[Block]:
        """The choices that carry a finish reason."""
        choices = event.get("choices")
        if not isinstance(choices, list):
            return ()
        return [
            ("choices", choice.get("index", position))
            for position, choice in enumerate(choices)
            if isinstance(choice, dict) and choice.get("finish_reason") is not None
        ]

    def piece(self, path: FlatPath, content: str, last: Mapping[str, Any]) -> bytes:
        """A chunk with the envelope of the last one and nothing but `content`."""
        chunk: dict[str, Any] = {
            key: last[key] for key in ("id", "object", "created", "model", "system_fingerprint") if key in last
        }
        delta: Any = content
        for part in reversed(path[3:]):
            delta = [{"index": part, **delta}] if isinstance(part, int) else {part: delta}
        chunk["choices"] = [{"index": path[1], "delta": delta, "finish_reason": None}]
        return b"data: " + orjson.dumps(chunk) + b"\n\n"

    def broken(self, problem: bytes) -> bytes:
        """A chunk that is an error, which the SDKs raise."""
        return b"data: " + problem + b"\n\n"


class MessageEvents:
    """Anthropic Messages. A content block is a block."""

    def block(self, path: FlatPath) -> Block:
        """``(index,)``."""
        return path[:1]

    def stream_key(self, path: FlatPath) -> FlatPath:
        """The start of a block and its deltas are one text."""
        return (path[0], "delta", path[-1])

    def tool_key(self, path: FlatPath) -> FlatPath:
        """The block."""
        return path[:1]

    def ended(self, event: Mapping[str, Any]) -> Sequence[Block]:
        """The block of a stop event; all of them when the message stops or breaks."""
        kind = event.get("type")
        if kind == "content_block_stop":
            return [(event.get("index", 0),)]
        return [EVERY_BLOCK] if kind in ("message_delta", "message_stop", "error") else ()

    def piece(self, path: FlatPath, content: str, last: Mapping[str, Any]) -> bytes:  # noqa: ARG002 - the port's signature
        """One `content_block_delta`."""
        kind = "input_json_delta" if path[-1] == "partial_json" else "text_delta"
        event = {"type": "content_block_delta", "index": path[0], "delta": {"type": kind, path[-1]: content}}
        return b"event: content_block_delta\ndata: " + orjson.dumps(event) + b"\n\n"

    def broken(self, problem: bytes) -> bytes:
        """An `error` event."""
        return b"event: error\ndata: " + problem + b"\n\n"
