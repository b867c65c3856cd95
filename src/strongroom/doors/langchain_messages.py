"""LangChain's messages laid out as the JSON the table describes, and made again from it.

Must never: leave out a field that reaches a provider, or change one the table calls opaque.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from strongroom.doors.bound_table import settings_of
from strongroom.doors.langchain_table import ANSWER
from strongroom.doors.turn import Turn, missing_extra

try:
    from langchain_core.messages import AIMessage, BaseMessage
except ModuleNotFoundError as error:
    raise missing_extra(error) from None

MARK = "strongroom"
"""The key under which an answer's metadata says which of its tool calls are refused."""

_ROLES = {
    "human": "user", "HumanMessageChunk": "user",
    "ai": "assistant", "AIMessageChunk": "assistant",
    "system": "system", "SystemMessageChunk": "system",
    "tool": "tool", "ToolMessageChunk": "tool", "function": "tool",
    "chat": "chat",
}  # fmt: skip
_FIELDS = (
    "content",
    "name",
    "id",
    "tool_call_id",
    "status",
    "tool_calls",
    "invalid_tool_calls",
    "additional_kwargs",
)
_APART = ("tools", "stop")


def row_of(message: BaseMessage) -> dict[str, Any]:
    """One message as the table describes it."""
    row: dict[str, Any] = {"role": _ROLES.get(message.type, message.type)}
    for name in _FIELDS:
        if value := getattr(message, name, None):
            row[name] = value
    return row


def message_of(row: Mapping[str, Any], message: BaseMessage) -> BaseMessage:
    """`message` with what `row` says, where that is something else."""
    changed = {name: row[name] for name in _FIELDS if name in row and row[name] != getattr(message, name)}
    return message.model_copy(update=changed) if changed else message


def body_of(messages: Sequence[BaseMessage], stop: list[str] | None, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """One call of a model as the table describes it."""
    body: dict[str, Any] = {"messages": [row_of(message) for message in messages]}
    if kwargs.get("tools"):
        body["tools"] = kwargs["tools"]
    if stop:
        body["stop"] = stop
    if settings := settings_of(kwargs, apart=_APART):
        body["settings"] = settings
    return body


def protected_call(
    turn: Turn, messages: Sequence[BaseMessage], stop: list[str] | None, kwargs: Mapping[str, Any]
) -> tuple[list[BaseMessage], list[str] | None, dict[str, Any]]:
    """What the wrapped model is called with: messages, stop words, and what was bound."""
    body = turn.body
    seen = [message_of(row, message) for row, message in zip(body["messages"], messages, strict=True)]
    bound = {**kwargs, **body.get("settings", {})}
    if "tools" in body:
        bound["tools"] = body["tools"]
    return seen, body.get("stop", stop), bound


def restored_message(turn: Turn, message: BaseMessage) -> BaseMessage:
    """A whole answer, with what may come out; its metadata names the calls with a surrogate nobody issued."""
    row = row_of(message)
    calls = row.pop("tool_calls", [])
    out = message_of(turn.answer({"messages": [row]}, ANSWER)["messages"][0], message)
    if not isinstance(out, AIMessage) or not calls:
        return out
    refused: list[str] = []
    restored = []
    for call in calls:
        before = turn.unknown
        row = {"role": "assistant", "tool_calls": [call]}
        restored += turn.answer({"messages": [row]}, ANSWER)["messages"][0]["tool_calls"]
        if turn.unknown > before:
            refused.append(str(call.get("id")))
    return out.model_copy(update={"tool_calls": restored, **marked(out, refused)})


def marked(message: AIMessage, refused: list[str]) -> dict[str, Any]:
    """The update that writes `refused` into a message's metadata, where no provider reads it."""
    return {"response_metadata": {**message.response_metadata, MARK: {"refused": refused}}} if refused else {}


def refused_in(messages: Sequence[object]) -> frozenset[str]:
    """The ids of the calls in `messages` that must not run."""
    found: set[str] = set()
    for message in messages:
        if isinstance(message, AIMessage):
            mark = message.response_metadata.get(MARK)
            found.update(mark.get("refused", ()) if isinstance(mark, dict) else ())
    return frozenset(found)
