"""What the OpenAI Agents SDK traces, with surrogates for values before another processor gets it.

Spans of model calls carry surrogates already, for they are made below the door. Spans of tools, errors and what a
program traces itself hold what the program works with: their content is written as the model would see it, with
the surrogates of the same conversation. Names, numbers and timing stay.

Must never: hand on a content field that was not inspected; what cannot be is replaced by a word.
"""

from __future__ import annotations

import copy
from typing import Any

import orjson

from strongroom.doors.door import Door
from strongroom.doors.openai_agents_call import plain
from strongroom.doors.openai_agents_model import Memory
from strongroom.doors.turn import missing_extra
from strongroom.errors import StrongroomError
from strongroom.guard.session import LOOK_ALIKE, Origin

try:
    from agents.tracing import Span, Trace, TracingProcessor
    from pydantic import BaseModel
except ModuleNotFoundError as error:
    raise missing_extra(error) from None

WITHHELD = "[not inspected]"

_CONTENT: dict[str, tuple[str, ...]] = {
    "agent": ("metadata",),
    "task": ("metadata",),
    "turn": ("metadata",),
    "function": ("input", "output", "mcp_data"),
    "generation": ("input", "output"),
    "response": ("input", "response"),
    "handoff": (),
    "guardrail": (),
    "custom": ("data",),
    "transcription": ("input", "output"),
    "speech": ("input", "output"),
    "speech_group": ("input",),
    "mcp_tools": (),
}
_SOUND = {("transcription", "input"), ("speech", "output")}


def seen_text(door: Door, conversation: str, value: object) -> str:
    """`value` as text a model may see; raises as `Session.protect` does."""
    text = value if isinstance(value, str) else orjson.dumps(plain(value), default=str).decode()
    session = door.session(conversation)
    try:
        changes = session.protect(text, origin=Origin.TOOL)
    finally:
        session.finish()
    out: list[str] = []
    position = 0
    for change in changes:
        if change.kind != LOOK_ALIKE:
            out += (text[position : change.start], change.text)
            position = change.end
    return "".join(out) + text[position:]


class _Seen:
    """Writes content as the model of one conversation would see it."""

    def __init__(self, door: Door, conversation: str) -> None:
        self._door = door
        self._conversation = conversation

    def of(self, value: Any) -> Any:
        """`value` with surrogates, in its own shape when it is JSON."""
        if value is None or isinstance(value, bool | int | float):
            return value
        try:
            text = seen_text(self._door, self._conversation, value)
        except StrongroomError:
            return WITHHELD
        return text if isinstance(value, str) else orjson.loads(text)


class _FilteredSpan:
    """A span as it is handed on: everything of the traced one, but for its content."""

    def __init__(self, span: Span[Any], seen: _Seen) -> None:
        self._span = span
        self.span_data = _data(span.span_data, seen)
        self.error = seen.of(span.error)
        self.trace_metadata = seen.of(getattr(span, "trace_metadata", None))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._span, name)

    def export(self) -> dict[str, Any] | None:
        """What the traced span exports, with our content."""
        exported = self._span.export()
        if exported is None:
            return None
        return {**exported, "span_data": self.span_data.export(), "error": self.error}


class _FilteredTrace:
    """A trace as it is handed on."""

    def __init__(self, trace: Trace, seen: _Seen) -> None:
        self._trace = trace
        self.metadata = seen.of(getattr(trace, "metadata", None))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trace, name)

    def export(self) -> dict[str, Any] | None:
        """What the trace exports, with our metadata."""
        exported = self._trace.export()
        return exported if exported is None else {**exported, "metadata": self.metadata}


def _data(data: Any, seen: _Seen) -> Any:
    """A copy of a span's data with its content fields as the model would see them."""
    made = copy.copy(data)
    fields = _CONTENT.get(data.type)
    if fields is None:  # a kind of span the SDK did not have: everything but its type is content
        slots = getattr(type(data), "__slots__", ())
        fields = tuple(name for name in (*slots, *vars(data)) if not name.startswith("_"))
    for name in fields:
        value = getattr(data, name, None)
        if (data.type, name) in _SOUND and value is not None:
            setattr(made, name, WITHHELD)
            continue
        shown = seen.of(value)
        if isinstance(value, BaseModel):  # a response, which others read as an object
            shown = type(value).model_construct(**shown) if isinstance(shown, dict) else None
        setattr(made, name, shown)
    return made


class TraceFilter(TracingProcessor):
    """See the module. Give it to `set_trace_processors` in place of the processor it wraps."""

    def __init__(self, inner: TracingProcessor, door: Door, memory: Memory) -> None:
        self._inner = inner
        self._door = door
        self._memory = memory

    def _seen(self, trace_id: str) -> _Seen:
        return _Seen(self._door, self._memory.conversation_of(trace_id))

    def on_trace_start(self, trace: Trace) -> None:
        """Hand on the trace that starts."""
        self._inner.on_trace_start(self._trace(trace))

    def on_trace_end(self, trace: Trace) -> None:
        """Hand on the trace that ended."""
        self._inner.on_trace_end(self._trace(trace))

    def on_span_start(self, span: Span[Any]) -> None:
        """Hand on the span that starts."""
        self._inner.on_span_start(self._span(span))

    def on_span_end(self, span: Span[Any]) -> None:
        """Hand on the span that ended."""
        self._inner.on_span_end(self._span(span))

    def shutdown(self) -> None:
        """Shut the wrapped processor down."""
        self._inner.shutdown()

    def force_flush(self) -> None:
        """Let the wrapped processor send what it has."""
        self._inner.force_flush()

    def _trace(self, trace: Trace) -> Any:
        return _FilteredTrace(trace, self._seen(trace.trace_id))

    def _span(self, span: Span[Any]) -> Any:
        return _FilteredSpan(span, self._seen(span.trace_id))
