"""How OpenAI Responses numbers and ends what it streams: every event has a number, so none is added or left out.

Must never: look at the text of an event; only at its numbers and types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from strongroom.gateway.dialect import EVERY_BLOCK, Block, FlatPath

_NUMBERS = ("content_index", "command_index")
_NUMBER = re.compile(rb'"sequence_number" ?: ?([0-9]+)')
_PARTS = frozenset(
    {
        "response.output_text.done",
        "response.refusal.done",
        "response.content_part.done",
        "response.shell_call_command.done",
    }
)
_ITEMS = frozenset(
    {
        "response.output_item.done",
        "response.function_call_arguments.done",
        "response.custom_tool_call_input.done",
        "response.audio.transcript.done",
    }
)
_ALL = frozenset({"response.completed", "response.failed", "response.incomplete", "error"})


class ResponseEvents:
    """A part of an item (a text, a command, a call's arguments) is a block."""

    def block(self, path: FlatPath) -> Block:
        """``(output index,)``, with the number of the part if it has one."""
        return path[:-1]

    def stream_key(self, path: FlatPath) -> FlatPath:
        """The path itself: it carries the numbers of the item and its part."""
        return path

    def tool_key(self, path: FlatPath) -> FlatPath:
        """The item."""
        return path[:1]

    def ended(self, event: Mapping[str, Any]) -> Sequence[Block]:
        """The part or item of a `done` event; all of them when the response ends or breaks."""
        kind = event.get("type")
        if kind in _ALL:
            return [EVERY_BLOCK]
        if kind not in _PARTS and kind not in _ITEMS:
            return ()
        item = event.get("output_index")
        block: Block = (item,) if isinstance(item, int) else ()
        if kind in _PARTS:
            block += tuple(number for name in _NUMBERS if isinstance(number := event.get(name), int))
        return [block]

    def piece(self, path: FlatPath, content: str, last: Mapping[str, Any]) -> bytes:
        """Never asked for: what is held back goes out with an event that came."""
        raise NotImplementedError

    def broken(self, problem: bytes) -> bytes:
        """An `error` event, which the SDKs raise; `numbered` gives it its number."""
        said = orjson.loads(problem)["error"]
        event = {"type": "error", "code": said["code"], "message": said["message"], "param": None}
        return b"event: error\ndata: " + orjson.dumps({**event, "sequence_number": 0, "error": said}) + b"\n\n"


def numbered(event: bytes, sent: bytes) -> bytes:
    """`event` with the number that follows the last one in `sent`."""
    numbers = _NUMBER.findall(sent)
    return _NUMBER.sub(b'"sequence_number":%d' % (int(numbers[-1]) + 1), event, count=1) if numbers else event
