"""Mistral's chat completions, field by field: request, response and stream chunk.

Source: Mistral's API reference and the types of the official Python SDK (mistralai 3.7). The wire is like
OpenAI's, with chunks where OpenAI has parts, arguments of tool calls that may be objects, and reasoning in chunks.

Must never: list a field as structural that a person writes prose into.
"""

from __future__ import annotations

from strongroom.gateway.wires.json_schema import SCHEMA
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


def _structural(*names: str) -> dict[str, Node]:
    return dict.fromkeys(names, _S)


def _chunks(origin: Origin, *, answered: bool = False, fragment: bool = False) -> Either:
    words = text(origin, fragment=fragment)
    picture = binary("an image: data URL or address")
    link = {"title": text(origin), "url": text(origin), "description": text(origin), "favicon": text(origin)}
    cases: dict[str, Node] = {
        "text": Obj({"type": _S, "text": words}),
        "image_url": Obj(
            {"type": _S, "image_url": Either(string=picture, obj=Obj({"url": picture, "detail": _S}))}
        ),
        "document_url": Obj(
            {"type": _S, "document_url": binary("a document's address"), "document_name": text(origin)}
        ),
        "input_audio": Obj({"type": _S, "input_audio": binary("audio")}),
        "file": Obj({"type": _S, "file_id": _S}),
        "reference": Obj({"type": _S, "reference_ids": _S}),
        "thinking": Obj({"type": _S, "thinking": opaque("reasoning"), "signature": opaque(), "closed": _S}),
        "tool_reference": Obj({"type": _S, "tool": _S, **link}),
        "resource_link": Obj(
            {"type": _S, "uri": text(origin), "metadata": opaque() if answered else tree(origin)}
        ),
        "tool_file": Obj({"type": _S, **_structural("tool", "file_id", "file_type"), "file_name": text(origin)}),
    }
    return Either(string=words, arr=Arr(Tagged("type", cases, missing="text")))


def _calls(*, fragment: bool = False) -> Arr:
    given = Either(string=arguments(fragment=fragment), obj=tree(Origin.MODEL))
    function = Obj({"name": tool_name(), "arguments": given})
    return Arr(Obj({**_structural("id", "type", "index"), "function": function}), keyed="index")


_MESSAGES = Tagged(
    "role",
    {
        "system": Obj({"role": _S, "content": _chunks(Origin.TYPED)}),
        "user": Obj({"role": _S, "content": _chunks(Origin.TYPED)}),
        "assistant": Obj({"role": _S, "content": _chunks(Origin.MODEL), "tool_calls": _calls(), "prefix": _S}),
        "tool": Obj({**_structural("role", "name", "tool_call_id"), "content": _chunks(Origin.TOOL)}),
    },
)

_FUNCTION = Obj({"name": _S, "description": text(), "parameters": SCHEMA, "strict": _S})
_HOSTED: dict[str, Node] = {
    "type": _S,
    "tool_configuration": Obj(_structural("exclude", "include", "requires_confirmation")),
}
_TOOL = Tagged(
    "type",
    {
        "function": Obj({"type": _S, "function": _FUNCTION}),
        "image_generation": Obj(_HOSTED),
        "web_search": Obj(_HOSTED),
        "web_search_premium": Obj(_HOSTED),
        "code_interpreter": Obj(_HOSTED),
        "document_library": Obj({**_HOSTED, "library_ids": _S}),
    },
    missing="function",
)
"""A connector is not among them: it carries a credential of its own."""

REQUEST = Obj(
    {
        **_structural(
            "model", "stream", "n", "temperature", "top_p", "top_k", "max_tokens", "min_tokens", "random_seed",
            "presence_penalty", "frequency_penalty", "repetition_penalty", "logprobs", "top_logprobs",
            "prompt_logprobs", "top_prompt_logprobs", "parallel_tool_calls", "prompt_mode", "reasoning_effort",
            "safe_prompt", "service_tier",
        ),
        "messages": Arr(_MESSAGES),
        "tools": Arr(_TOOL),
        "tool_choice": Either(string=_S, obj=Obj({"type": _S, "function": Obj({"name": _S})})),
        "response_format": Obj(
            {
                "type": _S,
                "json_schema": Obj({"name": _S, "description": text(), "schema": SCHEMA, "strict": _S}),
            }
        ),
        "prediction": Obj({"type": _S, "content": text(Origin.MODEL)}),
        "stop": Either(string=text(), arr=Arr(text())),
        "metadata": tree(Origin.TYPED),
        "guardrails": tree(Origin.TYPED),
        "prompt_cache_key": text(why="an identifier: a surrogate keeps it stable"),
    }
)  # fmt: skip

_LOGPROBS = opaque("the tokens the model wrote: they show surrogates, never values")
_ENVELOPE: dict[str, Node] = {
    **_structural("id", "object", "created", "model"),
    "usage": opaque("counts"),
}
_CHOICE: dict[str, Node] = {
    **_structural("index", "finish_reason"),
    "logprobs": _LOGPROBS,
    "prompt_logprobs": _LOGPROBS,
}


def _said(*, fragment: bool = False) -> Obj:
    return Obj(
        {
            **_structural("role", "prefix", "tool_call_id", "index"),
            "content": _chunks(Origin.MODEL, answered=True, fragment=fragment),
            "tool_calls": _calls(fragment=fragment),
            "metadata": opaque(),
        }
    )


RESPONSE = Obj(
    {
        **_ENVELOPE,
        "choices": Arr(Obj({**_CHOICE, "message": _said(), "messages": Arr(_said())}), keyed="index"),
    }
)

CHUNK = Obj(
    {
        **_ENVELOPE,
        "object": _S,
        "error": opaque("an error in place of a chunk"),
        "choices": Arr(Obj({**_CHOICE, "delta": _said(fragment=True)}), keyed="index"),
    }
)
"""One chunk; the stream ends with the word ``[DONE]``."""
