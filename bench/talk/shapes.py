"""What a conversation looks like on each wire: the request a client makes of it, and the answer a model gives.

Must never: leave out a text of an entry; what is not read back is not checked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

TOOL = "send_email"


class Entry(NamedTuple):
    """One turn's part: `kind` is user, model, call or result; a call has two texts, `to` and `note`.

    `opaque` is what the model signed; it goes back and forth unchanged.
    """

    kind: str
    texts: tuple[str, ...]
    opaque: str = ""


class Said(NamedTuple):
    """A model's answer: a text, or a call of the tool."""

    texts: tuple[str, ...]
    opaque: str
    is_call: bool


Piece = Callable[[str], list[str]]


class Shape(NamedTuple):
    """One wire. `texts` reads a request's texts in the order of its entries; `events` are those of a stream."""

    path: str
    streamed_path: str
    request: Callable[[Sequence[Entry]], dict[str, Any]]
    texts: Callable[[dict[str, Any]], list[str]]
    whole: Callable[[Said], dict[str, Any]]
    events: Callable[[Said, Piece], list[dict[str, Any]]]
    read: Callable[[list[dict[str, Any]]], Said]


def _arguments(entry: Entry | Said) -> str:
    return json.dumps(dict(zip(("to", "note"), entry.texts, strict=True)), ensure_ascii=False)


def _argument_texts(raw: str) -> tuple[str, ...]:
    made = json.loads(raw)
    return made["to"], made["note"]


# --- OpenAI Chat Completions ------------------------------------------------------------------------


def _chat_request(entries: Sequence[Entry]) -> dict[str, Any]:
    messages: list[Any] = [{"role": "system", "content": "You help."}]
    for number, entry in enumerate(entries):
        if entry.kind == "call":
            call = {
                "id": f"c{number}",
                "type": "function",
                "function": {"name": TOOL, "arguments": _arguments(entry)},
            }
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        elif entry.kind == "result":
            messages.append({"role": "tool", "tool_call_id": f"c{number - 1}", "content": entry.texts[0]})
        else:
            messages.append({"role": "user" if entry.kind == "user" else "assistant", "content": entry.texts[0]})
    return {"model": "m", "messages": messages}


def _chat_texts(body: dict[str, Any]) -> list[str]:
    out: list[str] = []
    for message in body["messages"][1:]:
        for call in message.get("tool_calls", ()):
            out += _argument_texts(call["function"]["arguments"])
        if message["content"] is not None:
            out.append(message["content"])
    return out


def _chat_whole(said: Said) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None if said.is_call else said.texts[0]}
    if said.is_call:
        function = {"name": TOOL, "arguments": _arguments(said)}
        message["tool_calls"] = [{"id": "c", "type": "function", "function": function}]
    return {"id": "x", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def _chat_events(said: Said, pieces: Piece) -> list[dict[str, Any]]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if said.is_call:
        deltas.append({"tool_calls": [{"index": 0, "id": "c", "function": {"name": TOOL, "arguments": ""}}]})
        deltas += (
            {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces(_arguments(said))
        )
    else:
        deltas += ({"content": piece} for piece in pieces(said.texts[0]))
    events = [{"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    return [*events, {"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]


def _chat_read(events: list[dict[str, Any]]) -> Said:
    words = called = ""
    for event in events:
        for choice in event["choices"]:
            part = choice.get("delta", choice.get("message"))
            words += part.get("content") or ""
            called += "".join(call["function"]["arguments"] for call in part.get("tool_calls", ()))
    return Said(_argument_texts(called) if called else (words,), "", bool(called))


# --- Anthropic Messages -------------------------------------------------------------------------------


def _thinking(opaque: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": opaque, "signature": opaque[::-1]}


def _claude_request(entries: Sequence[Entry]) -> dict[str, Any]:
    messages: list[Any] = []
    for number, entry in enumerate(entries):
        blocks: list[Any] = [_thinking(entry.opaque)] if entry.opaque else []
        if entry.kind == "call":
            given = dict(zip(("to", "note"), entry.texts, strict=True))
            blocks.append({"type": "tool_use", "id": f"c{number}", "name": TOOL, "input": given})
        elif entry.kind == "result":
            blocks.append({"type": "tool_result", "tool_use_id": f"c{number - 1}", "content": entry.texts[0]})
        else:
            blocks.append({"type": "text", "text": entry.texts[0]})
        messages.append({"role": "assistant" if entry.kind in ("model", "call") else "user", "content": blocks})
    return {"model": "m", "max_tokens": 9, "system": "You help.", "messages": messages}


def _claude_texts(body: dict[str, Any]) -> list[str]:
    out: list[str] = []
    for message in body["messages"]:
        for block in message["content"]:
            if block["type"] == "tool_use":
                out += (block["input"]["to"], block["input"]["note"])
            elif block["type"] != "thinking":
                out.append(block["content" if block["type"] == "tool_result" else "text"])
    return out


def _claude_block(said: Said) -> dict[str, Any]:
    if said.is_call:
        return {"type": "tool_use", "id": "c", "name": TOOL, "input": json.loads(_arguments(said))}
    return {"type": "text", "text": said.texts[0]}


def _claude_whole(said: Said) -> dict[str, Any]:
    return {"id": "x", "type": "message", "content": [_thinking(said.opaque), _claude_block(said)]}


def _claude_events(said: Said, pieces: Piece) -> list[dict[str, Any]]:
    signed = _thinking(said.opaque)
    deltas: list[tuple[int, dict[str, Any]]] = [
        (0, {"type": "thinking_delta", "thinking": signed["thinking"]}),
        (0, {"type": "signature_delta", "signature": signed["signature"]}),
    ]
    if said.is_call:
        deltas += ((1, {"type": "input_json_delta", "partial_json": piece}) for piece in pieces(_arguments(said)))
    else:
        deltas += ((1, {"type": "text_delta", "text": piece}) for piece in pieces(said.texts[0]))
    empty: dict[str, Any] = {"input": {}} if said.is_call else {"text": ""}
    starts = [_thinking(""), {**_claude_block(said), **empty}]
    events: list[dict[str, Any]] = []
    for block, start in enumerate(starts):
        events.append({"type": "content_block_start", "index": block, "content_block": start})
        events += (
            {"type": "content_block_delta", "index": block, "delta": delta} for at, delta in deltas if at == block
        )
        events.append({"type": "content_block_stop", "index": block})
    return [*events, {"type": "message_stop"}]


def _claude_read(events: list[dict[str, Any]]) -> Said:
    if "content" in events[0]:
        signed, block = events[0]["content"]
        _require_signed(signed["thinking"], signed["signature"])
        texts = (block["text"],) if block["type"] == "text" else (block["input"]["to"], block["input"]["note"])
        return Said(texts, signed["thinking"], block["type"] != "text")
    parts = dict.fromkeys(("thinking", "signature", "text", "partial_json"), "")
    for event in events:
        for name, words in event.get("delta", {}).items():
            if name in parts:
                parts[name] += words
    _require_signed(parts["thinking"], parts["signature"])
    called = parts["partial_json"]
    return Said(_argument_texts(called) if called else (parts["text"],), parts["thinking"], bool(called))


def _require_signed(thinking: str, signature: str) -> None:
    if thinking != signature[::-1]:
        msg = "the signature does not fit the thinking"
        raise AssertionError(msg)


# --- Gemini ---------------------------------------------------------------------------------------------


def _gemini_request(entries: Sequence[Entry]) -> dict[str, Any]:
    contents: list[Any] = []
    for entry in entries:
        part: dict[str, Any] = {"text": entry.texts[0]}
        if entry.kind == "call":
            part = {"functionCall": {"name": TOOL, "args": dict(zip(("to", "note"), entry.texts, strict=True))}}
        elif entry.kind == "result":
            part = {"functionResponse": {"name": TOOL, "response": {"result": entry.texts[0]}}}
        if entry.opaque:
            part["thoughtSignature"] = entry.opaque
        contents.append({"role": "model" if entry.kind in ("model", "call") else "user", "parts": [part]})
    return {"systemInstruction": {"parts": [{"text": "You help."}]}, "contents": contents}


def _gemini_texts(body: dict[str, Any]) -> list[str]:
    out: list[str] = []
    for content in body["contents"]:
        for part in content["parts"]:
            if "functionCall" in part:
                out += (part["functionCall"]["args"]["to"], part["functionCall"]["args"]["note"])
            elif "functionResponse" in part:
                out.append(part["functionResponse"]["response"]["result"])
            else:
                out.append(part["text"])
    return out


def _gemini_item(part: dict[str, Any], *, last: bool = False) -> dict[str, Any]:
    candidate = {"index": 0, "content": {"role": "model", "parts": [part]}}
    return {"candidates": [{**candidate, "finishReason": "STOP"} if last else candidate]}


def _gemini_call(said: Said) -> dict[str, Any]:
    return {"functionCall": {"name": TOOL, "args": json.loads(_arguments(said))}, "thoughtSignature": said.opaque}


def _gemini_whole(said: Said) -> dict[str, Any]:
    words = {"text": said.texts[0], "thoughtSignature": said.opaque}
    return _gemini_item(_gemini_call(said) if said.is_call else words, last=True)


def _gemini_events(said: Said, pieces: Piece) -> list[dict[str, Any]]:
    if said.is_call:
        return [_gemini_item(_gemini_call(said), last=True)]
    items = [_gemini_item({"text": piece}) for piece in pieces(said.texts[0])]
    return [*items, _gemini_item({"text": "", "thoughtSignature": said.opaque}, last=True)]


def _gemini_read(events: list[dict[str, Any]]) -> Said:
    words = opaque = ""
    called: tuple[str, ...] = ()
    for part in _gemini_parts(events):
        opaque += part.get("thoughtSignature", "")
        words += part.get("text", "")
        if "functionCall" in part:
            called = (part["functionCall"]["args"]["to"], part["functionCall"]["args"]["note"])
    return Said(called or (words,), opaque, bool(called))


def _gemini_parts(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for event in events:
        for candidate in event["candidates"]:
            yield from candidate["content"]["parts"]


_GEMINI = "/gemini/v1beta/models/m-1:"
SHAPES = {
    "openai.chat": Shape(
        "/openai/v1/chat/completions", "/openai/v1/chat/completions",
        _chat_request, _chat_texts, _chat_whole, _chat_events, _chat_read,
    ),
    "anthropic.messages": Shape(
        "/anthropic/v1/messages", "/anthropic/v1/messages",
        _claude_request, _claude_texts, _claude_whole, _claude_events, _claude_read,
    ),
    "gemini": Shape(
        f"{_GEMINI}generateContent", f"{_GEMINI}streamGenerateContent",
        _gemini_request, _gemini_texts, _gemini_whole, _gemini_events, _gemini_read,
    ),
}  # fmt: skip
