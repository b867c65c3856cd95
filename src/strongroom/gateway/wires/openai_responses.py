"""OpenAI Responses, field by field: requests, answers, and lists of items.

Source: the OpenAI API reference and the types of the official Python SDK (openai 3.51). An answer repeats what the
request said; tools and formats are repeated as the model saw them, texts are restored.

Must never: touch an id, encrypted content, or the numbers of a usage.
"""

from __future__ import annotations

from strongroom.gateway.wires.openai_items import INPUT_ITEM, INPUT_PARTS, OUTPUT_ITEM, OUTPUT_PARTS
from strongroom.gateway.wires.openai_tools import CHOICE, FORMAT, TOOL, S, fixed
from strongroom.gateway.wires.table import Arr, Either, Node, Obj, Tagged, opaque, text

_IDENTIFIER = text(why="an identifier: a surrogate keeps it stable")
_NAMES: dict[str, Node] = dict.fromkeys(("user", "safety_identifier", "prompt_cache_key"), _IDENTIFIER)
_REASONING = Obj(fixed("context", "effort", "generate_summary", "mode", "summary"))
_CONVERSATION = Either(string=S, obj=Obj(fixed("id")))
_METADATA = Obj({}, extra=text())


def _prompt(parts: Tagged) -> Obj:
    return Obj({**fixed("id", "version"), "variables": Obj({}, extra=Either(string=text(), obj=parts))})


REQUEST = Obj(
    {
        **fixed(
            "model", "stream", "background", "include", "max_output_tokens", "max_tool_calls",
            "parallel_tool_calls", "previous_response_id", "prompt_cache_retention", "service_tier", "store",
            "temperature", "top_logprobs", "top_p", "truncation",
            # compatible servers
            "top_k", "min_p", "seed",
        ),
        **_NAMES,
        "instructions": text(),
        "input": Either(string=text(), arr=Arr(INPUT_ITEM)),
        "tools": Arr(TOOL),
        "tool_choice": CHOICE,
        "text": Obj({"verbosity": S, "format": FORMAT}),
        "prompt": _prompt(INPUT_PARTS),
        "metadata": _METADATA,
        "conversation": _CONVERSATION,
        "reasoning": _REASONING,
        "personality": text(),
        "access_programs": Obj(fixed("cyber")),
        "context_management": Arr(Obj(fixed("type", "compact_threshold"))),
        "image": Obj(fixed("context_compression")),
        "moderation": Obj(
            {"model": S, "policy": Obj({"input": Obj(fixed("mode")), "output": Obj(fixed("mode"))})}
        ),
        "prompt_cache_options": Obj(fixed("comparison_response_id", "mode", "prewarm", "ttl")),
        "stream_options": Obj(fixed("include_usage", "include_obfuscation")),
    }
)  # fmt: skip
"""Also of `/responses/compact` and `/responses/input_tokens`, which take a part of it."""

_AS_SEEN = opaque("what the model was given, as it saw it")
_COUNTS = opaque("counts of tokens")
_NOTES = opaque("notes of the provider")

RESPONSE = Obj(
    {
        **fixed(
            "id", "object", "created_at", "completed_at", "status", "model", "background", "max_output_tokens",
            "max_tool_calls", "parallel_tool_calls", "previous_response_id", "prompt_cache_retention",
            "service_tier", "store", "temperature", "top_logprobs", "top_p", "truncation", "frequency_penalty",
            "presence_penalty",
        ),
        **_NAMES,
        "instructions": Either(string=text(), arr=Arr(OUTPUT_ITEM)),
        "output": Arr(OUTPUT_ITEM),
        "output_text": text(why="compatible servers"),
        "metadata": _METADATA,
        "prompt": _prompt(OUTPUT_PARTS),
        **dict.fromkeys(("tools", "tool_choice", "text"), _AS_SEEN),
        "conversation": _CONVERSATION,
        "reasoning": _REASONING,
        "error": opaque("an error in place of an answer"),
        "incomplete_details": Obj(fixed("reason")),
        "image": Obj(fixed("context_compression")),
        "prompt_cache_options": Obj(fixed("comparison_response_id", "mode", "prewarm", "ttl")),
        "access_programs": Obj(fixed("cyber")),
        "moderation": opaque("scores and categories"),
        **dict.fromkeys(("usage", "tool_usage", "prompt_cache_diagnostics"), _COUNTS),
        **dict.fromkeys(("input_transformations", "context_management", "billing"), _NOTES),
    }
)  # fmt: skip
"""One response; a compacted one has a part of it."""

ITEMS = Obj({**fixed("object", "first_id", "last_id", "has_more"), "data": Arr(OUTPUT_ITEM)})
"""A page of the items a response was asked with."""

COUNT = Obj(fixed("object", "input_tokens"))
"""The answer of `/responses/input_tokens`."""
