"""A provider's wire: its tables, its error shape, and how its streams are numbered and ended.

Must never: look at the text of a message except for `opening`, which only digests it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from strongroom.gateway.wires import anthropic_messages, openai_chat
from strongroom.gateway.wires.table import Node

FlatPath = tuple[str | int, ...]
Block = tuple[str | int, ...]
"""The part of a path that names one streamed block; everything in it ends together."""

EVERY_BLOCK: Block = ()

_ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a wire, one per kind of message."""

    request: Node
    response: Node
    event: Node


class Wire(Protocol):
    """See the module."""

    @property
    def name(self) -> str:
        """``openai`` or ``anthropic``."""
        ...

    @property
    def tables(self) -> Tables:
        """What every field is."""
        ...

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

    def problem(self, status: int, message: str, code: str, request_id: str) -> bytes:
        """An error in the provider's own shape."""
        ...

    def broken(self, message: str, code: str, request_id: str) -> bytes:
        """The same, as an event inside a stream."""
        ...


def opening(body: Mapping[str, Any]) -> list[str]:
    """The texts a conversation began with: the system prompt and all before the model's first word.

    Only text is taken, so that a client may move cache marks or switch between a string and blocks; `[]` when
    there is none.
    """
    texts = _texts(body.get("system"))
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, dict) or message.get("role") == _ASSISTANT:
            break
        texts.append(str(message.get("role")))
        texts += _texts(message.get("content"))
    return texts if len(texts) > 1 or body.get("system") else []


def _texts(content: object) -> list[str]:
    if isinstance(content, str):
        return [content]
    if isinstance(content, list):
        blocks = (block.get("text") for block in content if isinstance(block, dict))
        return [words for words in blocks if isinstance(words, str)]
    return []


_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
    415: "invalid_request_error",
    429: "rate_limit_error",
    504: "timeout_error",
}


@dataclass(frozen=True, slots=True)
class OpenAIChat:
    """OpenAI Chat Completions. A choice is a block; its text and every tool call end with its finish reason."""

    name: str = "openai"
    tables: Tables = Tables(openai_chat.REQUEST, openai_chat.RESPONSE, openai_chat.CHUNK)

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

    def problem(self, status: int, message: str, code: str, request_id: str) -> bytes:
        """``{"error": {message, type, param, code}}``."""
        kind = _ERROR_TYPES.get(status, "server_error")
        shown = f"{message} (request {request_id})"
        return orjson.dumps({"error": {"message": shown, "type": kind, "param": None, "code": code}})

    def broken(self, message: str, code: str, request_id: str) -> bytes:
        """A chunk that is an error, which the SDKs raise."""
        return b"data: " + self.problem(502, message, code, request_id) + b"\n\n"


@dataclass(frozen=True, slots=True)
class AnthropicMessages:
    """Anthropic Messages. A content block is a block."""

    name: str = "anthropic"
    tables: Tables = Tables(anthropic_messages.REQUEST, anthropic_messages.RESPONSE, anthropic_messages.EVENT)

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

    def problem(self, status: int, message: str, code: str, request_id: str) -> bytes:  # noqa: ARG002 - the port's signature
        """``{"type": "error", "error": {type, message}, "request_id"}``."""
        kind = _ERROR_TYPES.get(status, "api_error")
        return orjson.dumps(
            {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}
        )

    def broken(self, message: str, code: str, request_id: str) -> bytes:
        """An `error` event."""
        return b"event: error\ndata: " + self.problem(502, message, code, request_id) + b"\n\n"


OPENAI = OpenAIChat()
ANTHROPIC = AnthropicMessages()
WIRES: Mapping[str, Wire] = {OPENAI.name: OPENAI, ANTHROPIC.name: ANTHROPIC}
