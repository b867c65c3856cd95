"""OpenAI Chat Completions, field by field: request, response and stream chunk.

Source: the OpenAI API reference and the types of the official Python SDK (openai 3.51). A few sampling fields
that compatible servers (vLLM, Ollama, llama.cpp) add are listed as structural, their reasoning text as text.

Must never: list a field as structural that a person writes prose into.
"""

from __future__ import annotations

from strongroom.gateway.wires.json_schema import SCHEMA
from strongroom.gateway.wires.table import (
    Arr,
    Either,
    Instead,
    Node,
    Obj,
    Tagged,
    arguments,
    binary,
    offset,
    opaque,
    structural,
    text,
    tool_name,
    tool_text,
)
from strongroom.guard.session import Origin

_S = structural()


_OFFSETS: dict[str, Node] = {"start_index": offset(4, "content"), "end_index": offset(4, "content", end=True)}
"""Of an annotation's citation, in the text of its message."""


def _structural(*names: str) -> dict[str, Node]:
    return dict.fromkeys(names, _S)


_BREAKPOINT = Obj(_structural("mode", "ttl", "type"))


def _part(fields: dict[str, Node]) -> Obj:
    return Obj({"type": _S, "prompt_cache_breakpoint": _BREAKPOINT, **fields})


_TEXT_PART = Instead(2, lambda words: {"type": "text", "text": words})


def _parts(origin: Origin) -> Tagged:
    picture = binary("an image: data URL or address", "image")
    return Tagged(
        "type",
        {
            "text": _part({"text": text(origin)}),
            "refusal": _part({"refusal": text(origin)}),
            "image_url": _part({"image_url": Obj({"url": picture, "detail": _S})}),
            "input_audio": _part({"input_audio": Obj({"data": binary("audio", "audio"), "format": _S})}),
            "file": _part(
                {
                    "file": Obj(
                        {
                            "file_data": binary("a file", "document", _TEXT_PART),
                            "filename": text(origin),
                            "file_id": _S,
                        }
                    )
                }
            ),
        },
    )


def _content(origin: Origin) -> Either:
    return Either(string=text(origin), arr=Arr(_parts(origin)))


_FUNCTION_CALL = Obj({"name": tool_name(), "arguments": arguments()})
_TOOL_CALL = Obj(
    {
        **_structural("id", "type", "index"),
        "function": _FUNCTION_CALL,
        "custom": Obj({"name": tool_name(), "input": tool_text()}),
    }
)


def _message(origin: Origin, **more: Node) -> Obj:
    return Obj({"role": _S, "content": _content(origin), "name": text(origin), **more})


_MESSAGES = Tagged(
    "role",
    {
        "system": _message(Origin.TYPED),
        "developer": _message(Origin.TYPED),
        "user": _message(Origin.TYPED),
        "assistant": _message(
            Origin.MODEL,
            refusal=text(Origin.MODEL),
            audio=Obj(
                {"id": _S, "transcript": text(Origin.MODEL), "expires_at": _S, "data": binary("audio", "audio")}
            ),
            function_call=_FUNCTION_CALL,
            tool_calls=Arr(_TOOL_CALL),
            annotations=Arr(
                Obj({"type": _S, "url_citation": Obj({
                    **_OFFSETS, "title": text(Origin.MODEL), "url": text(Origin.MODEL),
                })})
            ),
            reasoning=text(Origin.MODEL, why="compatible servers"),
            reasoning_content=text(Origin.MODEL, why="compatible servers"),
        ),
        "tool": _message(Origin.TOOL, tool_call_id=_S),
        "function": _message(Origin.TOOL, name=_S),
    },
)  # fmt: skip

_FUNCTION = Obj(
    {"name": _S, "description": text(), "parameters": SCHEMA, "strict": _S},
)
_TOOL = Tagged(
    "type",
    {
        "function": Obj({"type": _S, "function": _FUNCTION}),
        "custom": Obj(
            {
                "type": _S,
                "custom": Obj(
                    {
                        "name": _S,
                        "description": text(),
                        "format": Obj(
                            {"type": _S, "grammar": Obj({"definition": text(), "syntax": _S})}
                        ),
                    }
                ),
            }
        ),
    },
)  # fmt: skip
_NAMED_TOOL = Obj({"type": _S, "function": Obj({"name": _S}), "custom": Obj({"name": _S})})

REQUEST = Obj(
    {
        **_structural(
            "model", "stream", "n", "temperature", "top_p", "frequency_penalty", "presence_penalty", "seed",
            "max_tokens", "max_completion_tokens", "logprobs", "top_logprobs", "modalities",
            "parallel_tool_calls", "prompt_cache_retention", "reasoning_effort", "service_tier", "store",
            "verbosity",
            # compatible servers
            "top_k", "min_p", "repetition_penalty", "min_tokens", "ignore_eos", "keep_alive", "stop_token_ids",
        ),
        "messages": Arr(_MESSAGES),
        "tools": Arr(_TOOL),
        "functions": Arr(_FUNCTION),
        "tool_choice": Either(
            string=_S,
            obj=Obj(
                {
                    **_NAMED_TOOL.fields,
                    "allowed_tools": Obj({"mode": _S, "tools": Arr(_NAMED_TOOL)}),
                }
            ),
        ),
        "function_call": Either(string=_S, obj=Obj({"name": _S})),
        "response_format": Obj(
            {
                "type": _S,
                "json_schema": Obj({"name": _S, "description": text(), "schema": SCHEMA, "strict": _S}),
            }
        ),
        "prediction": Obj({"type": _S, "content": _content(Origin.MODEL)}),
        "stop": Either(string=text(), arr=Arr(text())),
        "user": text(why="an identifier: a surrogate keeps it stable"),
        "safety_identifier": text(why="an identifier: a surrogate keeps it stable"),
        "prompt_cache_key": text(why="an identifier: a surrogate keeps it stable"),
        "metadata": Obj({}, extra=text()),
        "logit_bias": Obj({}, extra=_S),
        "stream_options": Obj(_structural("include_usage", "include_obfuscation")),
        "audio": Obj({"format": _S, "voice": Either(string=_S, obj=Obj({"id": _S}))}),
        "moderation": Obj(
            {
                "model": _S,
                "policy": Obj({"input": Obj({"mode": _S}), "output": Obj({"mode": _S})}),
            }
        ),
        "prompt_cache_options": Obj(_structural("mode", "ttl")),
        "web_search_options": Obj(
            {
                "search_context_size": _S,
                "user_location": Obj(
                    {
                        "type": _S,
                        "approximate": Obj(dict.fromkeys(("city", "country", "region", "timezone"), text())),
                    }
                ),
            }
        ),
    }
)  # fmt: skip

_USAGE = Obj(
    {
        **_structural("prompt_tokens", "completion_tokens", "total_tokens"),
        "prompt_tokens_details": Obj(
            _structural("audio_tokens", "cached_tokens", "cache_write_tokens", "image_tokens", "text_tokens")
        ),
        "completion_tokens_details": Obj(
            _structural(
                "accepted_prediction_tokens", "audio_tokens", "reasoning_tokens", "rejected_prediction_tokens",
                "text_tokens",
            )
        ),
    }
)  # fmt: skip
_LOGPROBS = opaque("the tokens the model wrote: they show surrogates, never values")
_MODERATION = opaque("scores and categories")
_ANNOTATIONS = Arr(
    Obj(
        {
            "type": _S,
            "url_citation": Obj(
                {**_OFFSETS, "title": text(), "url": text()}
            ),
        }
    )
)  # fmt: skip
_ENVELOPE: dict[str, Node] = {
    **_structural("id", "object", "created", "model", "service_tier", "system_fingerprint"),
    "usage": _USAGE,
    "moderation": _MODERATION,
}

RESPONSE = Obj(
    {
        **_ENVELOPE,
        "metadata": Obj({}, extra=text()),
        "choices": Arr(
            Obj(
                {
                    **_structural("index", "finish_reason"),
                    "logprobs": _LOGPROBS,
                    "message": Obj(
                        {
                            "role": _S,
                            "content": text(),
                            "refusal": text(),
                            "annotations": _ANNOTATIONS,
                            "audio": Obj(
                                {**_structural("id", "expires_at"), "data": opaque(), "transcript": text()}
                            ),
                            "function_call": _FUNCTION_CALL,
                            "tool_calls": Arr(_TOOL_CALL),
                            "reasoning": text(why="compatible servers"),
                            "reasoning_content": text(why="compatible servers"),
                        }
                    ),
                }
            ),
            keyed="index",
        ),
    }
)

_PIECE = text(fragment=True)
_FUNCTION_PIECE = Obj({"name": tool_name(), "arguments": arguments(fragment=True)})

CHUNK = Obj(
    {
        **_ENVELOPE,
        "obfuscation": opaque("padding that hides lengths"),
        "error": opaque("an error in place of a chunk"),
        "choices": Arr(
            Obj(
                {
                    **_structural("index", "finish_reason"),
                    "logprobs": _LOGPROBS,
                    "delta": Obj(
                        {
                            "role": _S,
                            "content": _PIECE,
                            "refusal": _PIECE,
                            "annotations": _ANNOTATIONS,
                            "audio": Obj(
                                {**_structural("id", "expires_at"), "data": opaque(), "transcript": _PIECE}
                            ),
                            "function_call": _FUNCTION_PIECE,
                            "tool_calls": Arr(
                                Obj(
                                    {
                                        **_structural("index", "id", "type"),
                                        "function": _FUNCTION_PIECE,
                                        "custom": Obj({"name": tool_name(), "input": tool_text(fragment=True)}),
                                    }
                                ),
                                keyed="index",
                            ),
                            "reasoning": _PIECE,
                            "reasoning_content": _PIECE,
                        }
                    ),
                }
            ),
            keyed="index",
        ),
    }
)
"""One `chat.completion.chunk`; the stream ends with the word ``[DONE]``."""
