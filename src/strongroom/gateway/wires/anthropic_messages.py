"""Anthropic Messages, field by field: request, token count, response and stream events.

Source: the Anthropic API reference and the types of the official Python SDK (anthropic 2.10).

Must never: touch thinking, signatures or `cache_control`, or the order of anything.
"""

from __future__ import annotations

from strongroom.gateway.wires.anthropic_blocks import (
    CACHE_CONTROL,
    S,
    citation,
    fixed,
    request_blocks,
    response_blocks,
)
from strongroom.gateway.wires.json_schema import SCHEMA
from strongroom.gateway.wires.table import (
    Arr,
    Either,
    Node,
    Obj,
    Tagged,
    arguments,
    opaque,
    structural,
    text,
    tree,
)
from strongroom.guard.session import Origin


def _message(origin: Origin) -> Obj:
    return Obj({"role": S, "content": Either(string=text(origin), arr=Arr(request_blocks(origin)))})


_TOOL_FIELDS: dict[str, Node] = {
    **fixed("type", "name", "allowed_callers", "defer_loading", "strict", "eager_input_streaming"),
    "cache_control": CACHE_CONTROL,
    "input_examples": tree(Origin.TYPED),
}
_SOURCES = Obj({"type": S, "tools": Arr(Obj(fixed("type", "name")))})
_HOSTED_TOOL = Obj(
    {
        **_TOOL_FIELDS,
        **fixed(
            "allowed_domains", "blocked_domains", "max_uses", "max_characters", "max_content_tokens",
            "response_inclusion", "use_cache",
        ),
        "citations": Obj(fixed("enabled")),
        "user_location": Obj({"type": S, **dict.fromkeys(("city", "country", "region", "timezone"), text())}),
        "url_sources": Obj(dict.fromkeys(("client_tool_results", "server_tool_results", "user_input"), _SOURCES)),
        "configs": Obj({}, extra=Obj(fixed("defer_loading", "enabled"))),
    }
)  # fmt: skip
HOSTED_TOOL_TYPES = (
    "bash_20250124", "code_execution_20250522", "code_execution_20250825", "code_execution_20260120",
    "code_execution_20260521", "browser_toolset_20260801", "computer_toolset_20260801", "memory_20250818",
    "text_editor_20250124", "text_editor_20250429", "text_editor_20250728", "web_search_20250305",
    "web_search_20260209", "web_search_20260318", "web_fetch_20250910", "web_fetch_20260209",
    "web_fetch_20260309", "web_fetch_20260318", "tool_search_tool_bm25_20251119", "tool_search_tool_bm25",
    "tool_search_tool_regex_20251119", "tool_search_tool_regex",
)  # fmt: skip
_TOOL = Tagged(
    "type",
    {
        "custom": Obj({**_TOOL_FIELDS, "description": text(), "input_schema": SCHEMA}),
        **dict.fromkeys(HOSTED_TOOL_TYPES, _HOSTED_TOOL),
    },
    missing="custom",
)

_CONTAINER = Obj({**fixed("id", "expires_at"), "skills": Arr(Obj(fixed("skill_id", "type", "version")))})

REQUEST = Obj(
    {
        **fixed(
            "model", "max_tokens", "stream", "temperature", "top_k", "top_p", "inference_geo", "service_tier",
            "speed", "user_profile_id", "workspace_id",
        ),
        "system": Either(string=text(), arr=Arr(request_blocks(Origin.TYPED))),
        "messages": Arr(
            Tagged(
                "role",
                {
                    "user": _message(Origin.TYPED),
                    "assistant": _message(Origin.MODEL),
                    "system": _message(Origin.TYPED),
                },
            )
        ),
        "tools": Arr(_TOOL),
        "tool_choice": Obj(fixed("type", "name", "disable_parallel_tool_use")),
        "thinking": Obj(fixed("type", "budget_tokens", "display")),
        "output_config": Obj(
            {"effort": S, "format": Obj({"type": S, "schema": SCHEMA})},
        ),
        "stop_sequences": Arr(text()),
        "metadata": Obj({"user_id": text(why="an identifier: a surrogate keeps it stable")}),
        "cache_control": CACHE_CONTROL,
        "container": Either(string=S, obj=_CONTAINER),
        "diagnostics": Obj(fixed("previous_message_id")),
    }
)  # fmt: skip
"""Also of `count_tokens`, which takes a part of it."""

COUNT = Obj({"input_tokens": S})
"""The answer of `count_tokens`."""

_USAGE = Obj(
    {
        **fixed(
            "input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens",
            "inference_geo", "service_tier", "speed",
        ),
        "cache_creation": Obj(fixed("ephemeral_1h_input_tokens", "ephemeral_5m_input_tokens")),
        "output_tokens_details": Obj(fixed("thinking_tokens")),
        "server_tool_use": Obj(fixed("web_fetch_requests", "web_search_requests")),
    }
)  # fmt: skip
_STOP: dict[str, Node] = {
    "stop_reason": S,
    "stop_sequence": text(),
    "stop_details": Obj({**fixed("type", "category"), "explanation": text()}),
    "container": _CONTAINER,
}

RESPONSE = Obj(
    {
        **fixed("id", "type", "role", "model"),
        **_STOP,
        "content": Arr(response_blocks(words=text())),
        "diagnostics": Obj({"cache_miss_reason": Obj(fixed("type", "cache_missed_input_tokens"))}),
        "usage": _USAGE,
    }
)

_PIECE = text(fragment=True)

EVENT = Tagged(
    "type",
    {
        "message_start": Obj({"type": S, "message": RESPONSE}),
        "message_delta": Obj({"type": S, "delta": Obj(_STOP), "usage": _USAGE}),
        "message_stop": Obj({"type": S}),
        "content_block_start": Obj(
            {**fixed("type", "index"), "content_block": response_blocks(words=_PIECE)}, keyed="index"
        ),
        "content_block_delta": Obj(
            {
                **fixed("type", "index"),
                "delta": Tagged(
                    "type",
                    {
                        "text_delta": Obj({"type": S, "text": _PIECE}),
                        "input_json_delta": Obj({"type": S, "partial_json": arguments(fragment=True)}),
                        "citations_delta": Obj({"type": S, "citation": citation(Origin.MODEL)}),
                        "thinking_delta": Obj(
                            {"type": S, "thinking": opaque("signed"), "estimated_tokens": structural()}
                        ),
                        "signature_delta": Obj({"type": S, "signature": opaque("a signature")}),
                    },
                ),
            },
            keyed="index",
        ),
        "content_block_stop": Obj(fixed("type", "index"), keyed="index"),
        "ping": Obj({"type": S}),
        "error": Obj({"type": S, "error": opaque("an error in place of an answer"), "request_id": S}),
    },
)
"""One event of the stream, told apart by its `type`."""
