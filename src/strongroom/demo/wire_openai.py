"""The OpenAI chat completions wire, as a provider speaks it: reading requests, writing answers.

Must never: interpret a text; what to say is `plan`'s business.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from strongroom.demo.fragments import event, text_pieces
from strongroom.demo.plan import Done, Move, Seen

CREATED = 1_700_000_000


def seen_in(body: dict[str, Any]) -> Seen:
    """What the model is shown by one request."""
    asked: dict[str, tuple[str, dict[str, Any]]] = {}
    done: list[Done] = []
    prompt = ""
    for message in body.get("messages", ()):
        match message.get("role"):
            case "user":
                prompt, done = _text(message.get("content")), []
            case "assistant":
                for call in message.get("tool_calls") or ():
                    function = call["function"]
                    asked[call["id"]] = (function["name"], json.loads(function["arguments"]))
            case "tool":
                name, arguments = asked.get(message["tool_call_id"], ("", {}))
                done.append(Done(name, arguments, _text(message.get("content"))))
            case _:
                continue
    offered = frozenset(tool["function"]["name"] for tool in body.get("tools") or ())
    return Seen(prompt, tuple(done), offered)


def echoes_in(body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The model's own words in a request: (call id, arguments as a value)."""
    for message in body.get("messages", ()):
        for call in message.get("tool_calls") or ():
            yield call["id"], json.loads(call["function"]["arguments"])


def complete(move: Move, ids: Sequence[str], model: str) -> dict[str, Any]:
    """The answer in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": move.text or None, "refusal": None}
    if move.calls:
        message["tool_calls"] = [
            {
                "id": id_,
                "type": "function",
                "function": {"name": call.name, "arguments": _arguments(call.arguments, at)},
            }
            for at, (id_, call) in enumerate(zip(ids, move.calls, strict=True))
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(move)}
    return {**_envelope("chat.completion", model), "choices": [choice], "usage": _usage()}


def stream(move: Move, ids: Sequence[str], model: str, *, usage: bool) -> Iterator[bytes]:
    """The answer as server-sent events, deltas of parallel tool calls interleaved."""
    number = 0
    for delta, finish in _deltas(move, ids):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        chunk = {**_envelope("chat.completion.chunk", model), "choices": [choice]}
        yield event(_json(chunk, number), number=number)
        number += 1
    if usage:
        chunk = {**_envelope("chat.completion.chunk", model), "choices": [], "usage": _usage()}
        yield event(_json(chunk, number), number=number)
    yield event(b"[DONE]")


def _deltas(move: Move, ids: Sequence[str]) -> Iterator[tuple[dict[str, Any], str | None]]:
    yield {"role": "assistant", "content": "", "refusal": None}, None
    for piece in text_pieces(move.text):
        yield {"content": piece}, None
    for at, (id_, call) in enumerate(zip(ids, move.calls, strict=True)):
        function = {"name": call.name, "arguments": ""}
        yield {"tool_calls": [{"index": at, "id": id_, "type": "function", "function": function}]}, None
    texts = [text_pieces(_arguments(call.arguments, at)) for at, call in enumerate(move.calls)]
    for row in zip_longest(*texts):
        for at, piece in enumerate(row):
            if piece is not None:
                yield {"tool_calls": [{"index": at, "function": {"arguments": piece}}]}, None
    yield {}, _finish(move)


def _arguments(arguments: object, at: int) -> str:
    """JSON the way different models write it: with and without escapes, tight and loose."""
    if at % 2:
        return json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(arguments, indent=1)


def _finish(move: Move) -> str:
    return "tool_calls" if move.calls else "stop"


def _envelope(kind: str, model: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-rehearsal", "object": kind, "created": CREATED, "model": model,
        "system_fingerprint": None, "service_tier": "default",
    }  # fmt: skip


def _usage() -> dict[str, int]:
    return {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


def _json(value: object, number: int) -> bytes:
    return json.dumps(value, ensure_ascii=number % 2 == 0).encode()


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return ""
