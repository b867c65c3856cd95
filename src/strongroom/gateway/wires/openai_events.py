"""The events of a streamed OpenAI response, told apart by their `type`.

Source: the OpenAI API reference and the types of the official Python SDK (openai 3.51). The same text comes up to
four times: in pieces, at the end of its part, with its item, and in the completed response. The pieces are
restored as a stream, the copies as wholes.

Must never: restore a piece of reasoning, of what a hosted tool was asked, or of audio.
"""

from __future__ import annotations

from strongroom.gateway.wires.openai_items import (
    OUTPUT_ITEM,
    OUTPUT_PARTS,
    SHELL,
    annotation,
)
from strongroom.gateway.wires.openai_responses import RESPONSE
from strongroom.gateway.wires.openai_tools import fixed
from strongroom.gateway.wires.table import Node, Obj, Tagged, arguments, opaque, text, tool_text
from strongroom.guard.session import Origin

_ALL = fixed(
    "type", "sequence_number", "item_id", "output_index", "content_index", "summary_index", "command_index",
    "annotation_index", "partial_image_index", "status",
)  # fmt: skip
_LOGPROBS = opaque("the tokens the model wrote: they show surrogates, never values")
_HOSTED = opaque("what a hosted tool was asked or answered goes back to the provider as it came")
_REASONING = opaque("reasoning stays as the model wrote it")
_AUDIO = opaque("audio")
_ERROR = opaque("an error in place of an answer")


def _event(*keyed: str, **fields: Node) -> Obj:
    return Obj({**_ALL, "obfuscation": opaque("padding that hides lengths"), **fields}, keyed=keyed)


_ITEM = ("output_index",)
_PART = ("output_index", "content_index")
_COMMAND = ("output_index", "command_index")
_WORDS = text(fragment=True)


def _text_events() -> dict[str, Node]:
    return {
        "response.output_text.delta": _event(*_PART, delta=_WORDS, logprobs=_LOGPROBS),
        "response.output_text.done": _event(*_PART, text=text(), logprobs=_LOGPROBS),
        "response.output_text.annotation.added": _event(
            *_PART, annotation=annotation(Origin.MODEL, up=2, name="delta")
        ),
        "response.refusal.delta": _event(*_PART, delta=_WORDS),
        "response.refusal.done": _event(*_PART, refusal=text()),
        "response.content_part.added": _event(*_PART, part=OUTPUT_PARTS),
        "response.content_part.done": _event(*_PART, part=OUTPUT_PARTS),
        "response.output_item.added": _event(*_ITEM, item=OUTPUT_ITEM),
        "response.output_item.done": _event(*_ITEM, item=OUTPUT_ITEM),
        "response.audio.delta": _event(*_ITEM, delta=_AUDIO),
        "response.audio.done": _event(*_ITEM),
        "response.audio.transcript.delta": _event(*_ITEM, delta=_WORDS),
        "response.audio.transcript.done": _event(*_ITEM, transcript=text()),
    }


def _call_events() -> dict[str, Node]:
    """Tools that the client runs: held until they are complete."""
    command = tool_text(tool=SHELL, parameter="commands")
    piece = tool_text(fragment=True, tool=SHELL, parameter="commands")
    return {
        "response.function_call_arguments.delta": _event(*_ITEM, delta=arguments(fragment=True)),
        "response.function_call_arguments.done": _event(*_ITEM, **fixed("name"), arguments=arguments()),
        "response.custom_tool_call_input.delta": _event(*_ITEM, delta=tool_text(fragment=True)),
        "response.custom_tool_call_input.done": _event(*_ITEM, input=tool_text()),
        "response.shell_call_command.added": _event(*_COMMAND, command=command),
        "response.shell_call_command.delta": _event(*_COMMAND, delta=piece),
        "response.shell_call_command.done": _event(*_COMMAND, command=command),
    }


def _hosted_events() -> dict[str, Node]:
    """Tools that the provider runs, and reasoning: nothing is restored in them."""
    states = {
        "file_search_call": ("in_progress", "searching", "completed"),
        "web_search_call": ("in_progress", "searching", "completed"),
        "code_interpreter_call": ("in_progress", "interpreting", "completed"),
        "image_generation_call": ("in_progress", "generating", "completed"),
        "mcp_call": ("in_progress", "completed", "failed"),
        "mcp_list_tools": ("in_progress", "completed", "failed"),
        "compaction": ("compacting",),
    }
    picture = fixed("background", "output_format", "quality", "size")
    return {
        **{f"response.{call}.{state}": _event(*_ITEM) for call, told in states.items() for state in told},
        "response.code_interpreter_call_code.delta": _event(*_ITEM, delta=_HOSTED),
        "response.code_interpreter_call_code.done": _event(*_ITEM, code=_HOSTED),
        "response.mcp_call_arguments.delta": _event(*_ITEM, delta=_HOSTED),
        "response.mcp_call_arguments.done": _event(*_ITEM, arguments=_HOSTED),
        "response.shell_call_output_content.delta": _event(*_COMMAND, delta=_HOSTED),
        "response.shell_call_output_content.done": _event(*_COMMAND, output=_HOSTED),
        "response.image_generation_call.partial_image": _event(
            *_ITEM, **picture, partial_image_b64=opaque("an image")
        ),
        "response.reasoning_text.delta": _event(*_PART, delta=_REASONING),
        "response.reasoning_text.done": _event(*_PART, text=_REASONING),
        "response.reasoning_summary_text.delta": _event(*_ITEM, delta=_REASONING),
        "response.reasoning_summary_text.done": _event(*_ITEM, text=_REASONING),
        "response.reasoning_summary_part.added": _event(*_ITEM, part=_REASONING),
        "response.reasoning_summary_part.done": _event(*_ITEM, part=_REASONING),
    }


_STATES = ("created", "queued", "in_progress", "completed", "failed", "incomplete")

EVENT = Tagged(
    "type",
    {
        **{f"response.{state}": _event(response=RESPONSE) for state in _STATES},
        **_text_events(),
        **_call_events(),
        **_hosted_events(),
        "error": _event(code=_ERROR, message=_ERROR, param=_ERROR, error=_ERROR),
        "keepalive": _event(),
    },
)
"""One event of the stream."""
