"""What a LangChain message holds, block by block, in the words of the wire tables.

LangChain passes the blocks of three worlds along: its own standard ones, OpenAI's parts and Anthropic's blocks.
Known blocks are named; fields that integrations add to them (``extras``, ``index``) are inspected as trees. A
block of a type that is not here is refused: nobody knows what stands in it.

Must never: mark as opaque what a program may write text into on its way to the model, reasoning excepted, which
providers sign.
"""

from __future__ import annotations

from strongroom.doors.bound_table import DECLARED, SETTINGS
from strongroom.gateway.wires.anthropic_blocks import request_blocks, response_blocks
from strongroom.gateway.wires.table import (
    Arr,
    Either,
    Node,
    Obj,
    Tagged,
    arguments,
    binary,
    opaque,
    structural,
    text,
    tool_name,
    tree,
)
from strongroom.guard.session import Origin

_S = structural()
_REASONING = opaque("signed or encrypted: it goes back as it came")
_HOSTED = opaque("what a hosted tool was asked or answered goes back to the provider as it came")
_PICTURES = ("image", "image_url", "input_image", "video", "audio", "input_audio", "file", "input_file")


def _block(fields: dict[str, Node], origin: Origin) -> Obj:
    extras = Obj(dict.fromkeys(("signature", "thought_signature"), _REASONING), extra=tree(origin))
    cache = Obj({"type": _S, "ttl": _S})
    return Obj(
        {"type": _S, "id": _S, "index": _S, "extras": extras, "cache_control": cache, **fields}, extra=tree(origin)
    )


def _binary(why: str) -> Obj:
    return Obj({"type": _S, "id": _S, "mime_type": _S, "file_id": _S}, extra=binary(why))


def _call(origin: Origin) -> dict[str, Node]:
    return {
        "tool_call": _block({"name": tool_name(), "args": tree(Origin.MODEL)}, origin),
        "invalid_tool_call": _block({"name": tool_name(), "args": arguments(), "error": text(origin)}, origin),
        "function_call": _block(
            {"name": tool_name(), "call_id": _S, "status": _S, "arguments": arguments()}, origin
        ),
        "input_json_delta": _block({"partial_json": arguments()}, origin),
    }


_HIDDEN = Obj({"type": _S}, extra=_REASONING)
_QUOTES = ("cited_text", "title", "document_title", "url", "source")


NATIVE = frozenset(request_blocks(Origin.TYPED).cases) - {
    "text",
    "image",
    "tool_use",
    "thinking",
    "redacted_thinking",
}
"""Blocks of Anthropic's that are read as on its wire."""


def _blocks(origin: Origin, *, answer: bool) -> Tagged:
    native = response_blocks(words=text(origin)) if answer else request_blocks(origin)
    cases = dict(native.cases)
    quoted = Obj({"type": _S, "id": _S, **dict.fromkeys(_QUOTES, text(origin))}, extra=tree(origin))
    text_block = _block({"text": text(origin), **dict.fromkeys(("annotations", "citations"), Arr(quoted))}, origin)
    hosted = _block({"name": _S, "tool_call_id": _S, "status": _S, "args": _HOSTED, "output": _HOSTED}, origin)
    cases |= {
        **dict.fromkeys(("text", "output_text", "input_text"), text_block),
        "text-plain": _block(
            {"text": text(origin), "title": text(origin), "context": text(origin), "mime_type": _S,
             "base64": binary("a file"), "url": binary("a file's address")}, origin,
        ),
        "refusal": _block({"refusal": text(origin)}, origin),
        **dict.fromkeys(("reasoning", "reasoning_content", "thinking", "redacted_thinking"), _HIDDEN),
        **dict.fromkeys(_PICTURES, _binary("an image, sound or file")),
        "tool_use": _block({"name": tool_name(), "input": tree(Origin.MODEL), "caller": tree(origin)}, origin),
        **dict.fromkeys(("server_tool_call", "server_tool_result"), hosted),
        **_call(origin),
    }  # fmt: skip
    return Tagged("type", cases)


def _content(origin: Origin, *, answer: bool = False) -> Either:
    blocks = _blocks(origin, answer=answer)
    return Either(string=text(origin), arr=Arr(Either(string=text(origin), obj=blocks)))


_FUNCTION = Obj({"name": tool_name(), "arguments": arguments()})
_ADDED: dict[str, Node] = {
    "tool_calls": Arr(Obj({"id": _S, "type": _S, "index": _S, "function": _FUNCTION}, extra=tree(Origin.MODEL))),
    "function_call": _FUNCTION,
    "refusal": text(Origin.MODEL),
    **dict.fromkeys(("reasoning", "reasoning_content", "reasoning_details", "thinking"), _REASONING),
    "__gemini_function_call_thought_signatures__": _REASONING,
    "audio": _HOSTED,
}


def _message(origin: Origin, *, answer: bool = False) -> Obj:
    call = {"type": _S, "id": _S, "index": _S, "name": tool_name()}
    return Obj(
        {
            "role": _S,
            "id": _S,
            "name": text(origin),
            "content": _content(origin, answer=answer),
            "tool_call_id": _S,
            "status": _S,
            "tool_calls": Arr(Obj({**call, "args": tree(Origin.MODEL)}, extra=tree(Origin.MODEL))),
            "invalid_tool_calls": Arr(
                Obj({**call, "args": arguments(), "error": text(origin)}, extra=tree(Origin.MODEL))
            ),
            "additional_kwargs": Obj(_ADDED, extra=tree(origin)),
        }
    )


MESSAGE = Tagged(
    "role",
    {
        "system": _message(Origin.TYPED),
        "user": _message(Origin.TYPED),
        "assistant": _message(Origin.MODEL),
        "tool": _message(Origin.TOOL),
        "chat": _message(Origin.TYPED),
    },
)

REQUEST = Obj(
    {
        "messages": Arr(MESSAGE),
        "tools": Arr(DECLARED),
        "stop": Arr(text(Origin.TYPED)),
        "settings": SETTINGS,
    }
)
"""One call of a chat model: its messages, and what is bound to it."""

ANSWER = Obj({"messages": Arr(_message(Origin.MODEL, answer=True))})
"""What the model said."""
