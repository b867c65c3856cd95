"""A provider's wire: its tables, its error shape, its way to stream, and how a conversation on it began.

Must never: look at the text of a message except for `opening`, which is only digested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from strongroom.gateway.dialect import ChatChunks, Dialect, MessageEvents
from strongroom.gateway.dialect_gemini import GenerateEvents
from strongroom.gateway.dialect_mistral import MistralChunks
from strongroom.gateway.dialect_responses import ResponseEvents, numbered
from strongroom.gateway.kept import opening_of_input
from strongroom.gateway.sse import Framer, Framing
from strongroom.gateway.wires import (
    anthropic_messages,
    gemini,
    mistral_chat,
    openai_chat,
    openai_embeddings,
    openai_events,
    openai_responses,
)
from strongroom.gateway.wires.table import Node

_ASSISTANT = "assistant"
_MODEL = "model"


@dataclass(frozen=True, slots=True)
class Wire:
    """See the module. `problem` makes an error body from a status, a message, a code and a request id.

    `framer` makes what cuts a stream of this wire into events. `numbered` numbers an event of our own after what
    was sent; a wire that has it numbers its events, and none but an error is added to them.
    """

    name: str
    request: Node
    response: Node
    event: Node
    dialect: Dialect
    problem: Callable[[int, str, str, str], bytes]
    framer: Callable[[], Framing] = Framer
    numbered: Callable[[bytes, bytes], bytes] | None = None


def opening(body: Mapping[str, Any]) -> list[str]:
    """The texts a conversation began with: the system prompt and all before the model's first word.

    Only text is taken, so that a client may move cache marks or switch between a string and blocks; `[]` when
    there is none.
    """
    if "contents" in body:
        return _gemini_opening(body)
    if "messages" not in body:
        return opening_of_input(body)
    system = _texts(body.get("system"))
    texts = ["system", *system] if system else []
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, dict) or message.get("role") == _ASSISTANT:
            break
        texts += [str(message.get("role")), *_texts(message.get("content"))]
    return texts


def _gemini_opening(body: Mapping[str, Any]) -> list[str]:
    """The same of `contents`, in which a list of one may be written as its item."""
    system = _texts(_parts(body.get("systemInstruction", body.get("system_instruction"))))
    texts = ["system", *system] if system else []
    for content in _listed(body["contents"]):
        if not isinstance(content, dict) or content.get("role") == _MODEL:
            break
        texts += ["user", *_texts(_parts(content))]
    return texts


def _parts(content: object) -> object:
    return _listed(content.get("parts")) if isinstance(content, dict) else content


def _listed(node: object) -> list[Any]:
    return node if isinstance(node, list) else [] if node is None else [node]


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
    504: "timeout_error",
}


def _openai_problem(status: int, message: str, code: str, request_id: str) -> bytes:
    kind = _ERROR_TYPES.get(status, "server_error")
    shown = f"{message} (request {request_id})"
    return orjson.dumps({"error": {"message": shown, "type": kind, "param": None, "code": code}})


def _anthropic_problem(status: int, message: str, code: str, request_id: str) -> bytes:  # noqa: ARG001 - it has no place for a code
    kind = _ERROR_TYPES.get(status, "api_error")
    return orjson.dumps({"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id})


_GOOGLE_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "INVALID_ARGUMENT",
    413: "INVALID_ARGUMENT",
    415: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def _gemini_problem(status: int, message: str, code: str, request_id: str) -> bytes:
    details = [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code.upper(), "domain": "strongroom"},
        {"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": request_id},
    ]
    kind = _GOOGLE_STATUS.get(status, "INTERNAL")
    return orjson.dumps({"error": {"code": status, "message": message, "status": kind, "details": details}})


OPENAI = Wire(
    "openai", openai_chat.REQUEST, openai_chat.RESPONSE, openai_chat.CHUNK, ChatChunks(), _openai_problem
)
RESPONSES = Wire(
    "openai",
    openai_responses.REQUEST,
    openai_responses.RESPONSE,
    openai_events.EVENT,
    ResponseEvents(),
    _openai_problem,
    numbered=numbered,
)
EMBEDDINGS = Wire(
    "openai",
    openai_embeddings.REQUEST,
    openai_embeddings.RESPONSE,
    openai_embeddings.RESPONSE,
    ChatChunks(),
    _openai_problem,
)
ANTHROPIC = Wire(
    "anthropic",
    anthropic_messages.REQUEST,
    anthropic_messages.RESPONSE,
    anthropic_messages.EVENT,
    MessageEvents(),
    _anthropic_problem,
)
MISTRAL = Wire(
    "mistral", mistral_chat.REQUEST, mistral_chat.RESPONSE, mistral_chat.CHUNK, MistralChunks(), _openai_problem
)
GEMINI = Wire("gemini", gemini.REQUEST, gemini.RESPONSE, gemini.EVENT, GenerateEvents(), _gemini_problem)
