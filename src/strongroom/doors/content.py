"""The attributes by which OpenTelemetry's conventions for generative AI carry content, and what may stand there.

Source: the registry of open-telemetry/semantic-conventions-genai (attributes with a warning about sensitive
information, free-form descriptions and variables), and those of the earlier conventions up to 1.36, which
libraries still emit: ``gen_ai.prompt``, ``gen_ai.completion`` and the events with messages in their bodies.

Must never: give out a content attribute that was not inspected: when it cannot be, what is given says so instead.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson

from strongroom.doors.door import Door
from strongroom.errors import StrongroomError
from strongroom.gateway.request import HEADER_LEN_MAX
from strongroom.gateway.wires.table import Arr, Node, Obj, tree
from strongroom.guard.session import Origin

UPSTREAM = "telemetry"
"""Under which name policy and the log know where traces and logs go."""

CONVERSATION = "gen_ai.conversation.id"
"""Names the conversation: a trace shows the surrogates that the model saw in the conversation of this name."""

_TYPED = tree(Origin.TYPED)
_TOOL = tree(Origin.TOOL)
_MODEL = tree(Origin.MODEL)

ATTRIBUTES: dict[str, Node] = {
    "gen_ai.system_instructions": _TYPED,
    "gen_ai.tool.definitions": _TYPED,
    "gen_ai.tool.description": _TYPED,
    "gen_ai.agent.description": _TYPED,
    "gen_ai.input.messages": _TYPED,
    "gen_ai.request.stop_sequences": _TYPED,
    "gen_ai.retrieval.query.text": _TYPED,
    "gen_ai.memory.query.text": _TYPED,
    "gen_ai.retrieval.documents": _TOOL,
    "gen_ai.memory.records": _TOOL,
    "gen_ai.tool.call.result": _TOOL,
    "gen_ai.tool.call.arguments": _MODEL,
    "gen_ai.output.messages": _MODEL,
    "gen_ai.evaluation.explanation": _MODEL,
    "gen_ai.prompt": _TYPED,
    "gen_ai.completion": _MODEL,
}
"""The content attributes, with who wrote what stands in them."""

PREFIXES = ("gen_ai.prompt.variable.",)
"""Attributes with a part of their name made up by the application."""

EVENTS = frozenset(
    {
        "gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message", "gen_ai.tool.message",
        "gen_ai.choice", "gen_ai.client.inference.operation.details", "gen_ai.evaluation.result",
    }
)  # fmt: skip
"""Events whose bodies carry messages."""

BODY = "body"

_TABLE = Obj({"items": Arr(Obj(ATTRIBUTES, extra=_TYPED))})
_log = logging.getLogger("strongroom.doors")

Attributes = Mapping[str, Any]


class ContentFilter:
    """Replaces what content attributes must not show. `also` names further attributes that carry content."""

    def __init__(self, door: Door, *, also: Collection[str] = ()) -> None:
        self._door = door
        self._names = frozenset((*ATTRIBUTES, *also))

    def content(self, attributes: Attributes | None) -> dict[str, Any]:
        """The content attributes among `attributes`."""
        names = self._names
        return {
            name: value for name, value in (attributes or {}).items() if name in names or name.startswith(PREFIXES)
        }

    def filtered(self, items: Sequence[dict[str, Any]], conversation: object) -> list[dict[str, Any]]:
        """`items`, each some content by name, as they may be shown; in one session, in their order."""
        name = conversation if isinstance(conversation, str) and len(conversation) <= HEADER_LEN_MAX else ""
        name = name if name.isascii() and name.isprintable() else ""
        try:
            body = orjson.dumps({"items": items}, default=_plain)
            inspected = self._door.admit(body, _TABLE, upstream=UPSTREAM, conversation=name)
            try:
                changed: list[dict[str, Any]] = orjson.loads(inspected.body)["items"]
            finally:
                inspected.session.finish()
                self._door.settle()
        except Exception as error:  # noqa: BLE001 - telemetry must never break the program it tells about, nor tell what was not inspected
            code = error.code if isinstance(error, StrongroomError) else type(error).__name__
            _log.warning("content of telemetry was withheld: %s", code)
            return [dict.fromkeys(item, f"[withheld: {code}]") for item in items]
        return changed


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return list(value)
    raise TypeError
