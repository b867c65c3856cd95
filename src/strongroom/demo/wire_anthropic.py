"""The Anthropic messages wire, as a provider speaks it, with signed thinking that must come back unaltered.

Must never: interpret a text; what to say is `plan`'s business.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from strongroom.demo.fragments import event, text_pieces
from strongroom.demo.plan import Done, Move, Seen

SIGNING_KEY = b"the rehearsal signs its thoughts so that it can tell whether they were altered"


def seen_in(body: dict[str, Any]) -> Seen:
    """What the model is shown by one request."""
    asked: dict[str, tuple[str, dict[str, Any]]] = {}
    done: list[Done] = []
    prompt = ""
    for message in body.get("messages", ()):
        blocks = _blocks(message)
        if message["role"] == "user" and (text := _joined(blocks)):
            prompt, done = text, []
        for block in blocks:
            if block["type"] == "tool_use":
                asked[block["id"]] = (block["name"], block["input"])
            elif block["type"] == "tool_result":
                name, arguments = asked.get(block["tool_use_id"], ("", {}))
                done.append(Done(name, arguments, _joined(_blocks(block))))
    return Seen(prompt, tuple(done), frozenset(tool["name"] for tool in body.get("tools") or ()))


def echoes_in(body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The model's own words in a request: (call id, input as a value)."""
    for block in _all_blocks(body):
        if block["type"] == "tool_use":
            yield block["id"], block["input"]


def altered_thoughts(body: dict[str, Any]) -> int:
    """How many thinking blocks came back with a text their signature does not cover."""
    return sum(
        1
        for block in _all_blocks(body)
        if block["type"] == "thinking"
        and not hmac.compare_digest(_signature(block["thinking"]), block["signature"])
    )


def thoughts(body: dict[str, Any]) -> int:
    """How many thinking blocks came back."""
    return sum(1 for block in _all_blocks(body) if block["type"] == "thinking")


def complete(move: Move, ids: Sequence[str], model: str, *, thinking: bool) -> dict[str, Any]:
    """The answer in one piece."""
    content: list[dict[str, Any]] = []
    if thinking:
        content.append({"type": "thinking", "thinking": move.thought, "signature": _signature(move.thought)})
    if move.text:
        content.append({"type": "text", "text": move.text, "citations": None})
    content += [
        {"type": "tool_use", "id": id_, "name": call.name, "input": dict(call.arguments)}
        for id_, call in zip(ids, move.calls, strict=True)
    ]
    return {**_message(model), "content": content, "stop_reason": _stop(move)}


def stream(move: Move, ids: Sequence[str], model: str, *, thinking: bool) -> Iterator[bytes]:
    """The answer as server-sent events, with pings between them."""
    for number, payload in enumerate(_events(move, ids, model, thinking=thinking)):
        raw = json.dumps(payload, ensure_ascii=number % 2 == 0).encode()
        yield event(raw, name=payload["type"], number=number)


def _events(move: Move, ids: Sequence[str], model: str, *, thinking: bool) -> Iterator[dict[str, Any]]:
    yield {"type": "message_start", "message": {**_message(model), "content": [], "stop_reason": None}}
    yield {"type": "ping"}
    at = 0
    if thinking:
        yield _start(at, {"type": "thinking", "thinking": "", "signature": ""})
        for piece in text_pieces(move.thought):
            yield _delta(at, {"type": "thinking_delta", "thinking": piece})
        yield _delta(at, {"type": "signature_delta", "signature": _signature(move.thought)})
        yield {"type": "content_block_stop", "index": at}
        at += 1
    if move.text:
        yield _start(at, {"type": "text", "text": ""})
        for piece in text_pieces(move.text):
            yield _delta(at, {"type": "text_delta", "text": piece})
        yield {"type": "ping"}
        yield {"type": "content_block_stop", "index": at}
        at += 1
    for id_, call in zip(ids, move.calls, strict=True):
        yield _start(at, {"type": "tool_use", "id": id_, "name": call.name, "input": {}})
        yield _delta(at, {"type": "input_json_delta", "partial_json": ""})
        for piece in text_pieces(json.dumps(call.arguments, ensure_ascii=at % 2 == 0)):
            yield _delta(at, {"type": "input_json_delta", "partial_json": piece})
        yield {"type": "content_block_stop", "index": at}
        at += 1
    ended = {"stop_reason": _stop(move), "stop_sequence": None}
    yield {"type": "message_delta", "delta": ended, "usage": {"output_tokens": 1}}
    yield {"type": "message_stop"}


def _start(at: int, block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": at, "content_block": block}


def _delta(at: int, delta: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": at, "delta": delta}


def _message(model: str) -> dict[str, Any]:
    usage = {"input_tokens": 1, "output_tokens": 1}
    return {
        "id": "msg_rehearsal", "type": "message", "role": "assistant", "model": model, "stop_sequence": None,
        "usage": usage,
    }  # fmt: skip


def _stop(move: Move) -> str:
    return "tool_use" if move.calls else "end_turn"


def _signature(thought: str) -> str:
    return b64encode(hmac.digest(SIGNING_KEY, thought.encode(), sha256)).decode()


def _all_blocks(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for message in body.get("messages", ()):
        yield from _blocks(message)


def _blocks(carrier: dict[str, Any]) -> list[dict[str, Any]]:
    content = carrier.get("content", "")
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _joined(blocks: Sequence[dict[str, Any]]) -> str:
    return "\n".join(block["text"] for block in blocks if block["type"] == "text")
