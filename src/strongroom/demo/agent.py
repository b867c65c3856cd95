"""The agent: ordinary code on the official SDKs, protected by nothing but its base URL and key.

One ticket is resolved over the OpenAI chat completions wire, another over Anthropic messages, both streaming, both
with tools. Between requests everything it knows lies in the desk.

Must never: import the guard, the gateway or anything else that would make it more than a client.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from anthropic import Anthropic
from openai import OpenAI

from strongroom.at_rest.segment import EmbeddingRow
from strongroom.demo.conversation import SYSTEM, Conversation, anthropic_tools, openai_tools
from strongroom.demo.desk import Desk
from strongroom.demo.embed import Embedder
from strongroom.demo.input import DemoInput, Ticket
from strongroom.demo.tools import COLLECTION, Toolbox

TURNS_MAX = 12  # the plan has seven; a real model may wander a little
OUTPUT_TOKENS_MAX = 4096
THINKING_TOKENS = 1024
TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one ticket: the answer the user reads, and how many requests it took."""

    ticket: Ticket
    answer: str
    turns: int


class TurnsExceededError(RuntimeError):
    """The model kept calling tools and never answered."""


def index_input(given: DemoInput, desk: Desk, embedder: Embedder) -> int:
    """Embed every record and ticket into the desk's vector store; returns how many rows."""
    records = given.records
    texts = [
        (f"record/{records.subject_of(row)}", records.subject_of(row), "; ".join(filter(None, row.values())))
        for row in records.table.rows
    ]
    texts += [(ticket.id, ticket.subject, ticket.letter) for ticket in given.tickets]
    vectors = embedder.embed([text for _, _, text in texts])
    rows = [
        EmbeddingRow(row, vector, text, subject)
        for (row, subject, text), vector in zip(texts, vectors, strict=True)
    ]
    desk.embeddings(COLLECTION).add(rows)
    return len(rows)


def resolve_with_openai(base_url: str, key: str, model: str, ticket: Ticket, toolbox: Toolbox) -> Result:
    """Resolve `ticket` over chat completions. Raises `openai.OpenAIError`, `TurnsExceededError`."""
    conversation = Conversation(toolbox.desk.history(ticket.id, subject=ticket.subject), toolbox)
    conversation.begin(ticket)
    with OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=TIMEOUT_S) as client:
        for turn in range(1, TURNS_MAX + 1):
            message = _stream_openai(client, model, conversation.openai())
            conversation.add_answer(message)
            calls: Sequence[dict[str, Any]] = message.get("tool_calls", ())
            if not calls:
                return Result(ticket, message["content"] or "", turn)
            for call in calls:
                name, arguments = call["function"]["name"], json.loads(call["function"]["arguments"])
                conversation.add_output(call["id"], name, arguments, toolbox.run(name, arguments))
    raise TurnsExceededError


def _stream_openai(client: OpenAI, model: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    text: list[str] = []
    calls: dict[int, dict[str, Any]] = {}
    stream = client.chat.completions.create(
        model=model,
        messages=cast("Any", messages),
        tools=cast("Any", openai_tools()),
        stream=True,
        stream_options={"include_usage": True},
    )
    with stream:
        for chunk in stream:
            for choice in chunk.choices:
                text.append(choice.delta.content or "")
                for piece in choice.delta.tool_calls or ():
                    call = calls.setdefault(
                        piece.index, {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
                    )
                    call["id"] += piece.id or ""
                    if piece.function is not None:
                        call["function"]["name"] += piece.function.name or ""
                        call["function"]["arguments"] += piece.function.arguments or ""
    message: dict[str, Any] = {"role": "assistant", "content": "".join(text) or None}
    if calls:
        message["tool_calls"] = [calls[index] for index in sorted(calls)]
    return message


def resolve_with_anthropic(base_url: str, key: str, model: str, ticket: Ticket, toolbox: Toolbox) -> Result:
    """Resolve `ticket` over messages, thinking aloud. Raises `anthropic.AnthropicError`, `TurnsExceededError`."""
    conversation = Conversation(toolbox.desk.history(ticket.id, subject=ticket.subject), toolbox)
    conversation.begin(ticket)
    with Anthropic(base_url=base_url, api_key=key, max_retries=0, timeout=TIMEOUT_S) as client:
        for turn in range(1, TURNS_MAX + 1):
            blocks = _stream_anthropic(client, model, conversation.anthropic())
            conversation.add_answer(blocks)
            calls = [block for block in blocks if block["type"] == "tool_use"]
            if not calls:
                return Result(ticket, "".join(block.get("text", "") for block in blocks), turn)
            for call in calls:
                output = toolbox.run(call["name"], call["input"])
                conversation.add_output(call["id"], call["name"], call["input"], output)
    raise TurnsExceededError


def _stream_anthropic(client: Anthropic, model: str, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with client.messages.stream(
        model=model,
        max_tokens=OUTPUT_TOKENS_MAX,
        thinking={"type": "enabled", "budget_tokens": THINKING_TOKENS},
        system=SYSTEM,
        messages=cast("Any", messages),
        tools=cast("Any", anthropic_tools()),
    ) as stream:
        return [_plain(block) for block in stream.get_final_message().content]


def _plain(block: Any) -> dict[str, Any]:
    """A block as it goes back to the model, without what the SDK adds."""
    match block.type:
        case "thinking":
            return {"type": "thinking", "thinking": block.thinking, "signature": block.signature}
        case "text":
            return {"type": "text", "text": block.text}
        case "tool_use":
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": block.input}
        case _:
            return cast("dict[str, Any]", block.model_dump(mode="json", exclude_none=True))
