"""LlamaIndex's chat messages laid out as the JSON the table describes, and made again from it.

Must never: leave out a field that reaches a provider, or change one the table calls opaque.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from strongroom.doors.bound_table import settings_of
from strongroom.doors.llamaindex_table import ANSWER
from strongroom.doors.turn import Turn, missing_extra
from strongroom.errors import UnknownSurrogateError

try:
    from llama_index.core.base.llms.types import (
        AudioBlock,
        ChatMessage,
        DocumentBlock,
        ImageBlock,
        MessageRole,
        TextBlock,
        ToolCallBlock,
        VideoBlock,
    )
    from pydantic import BaseModel
except ModuleNotFoundError as error:
    raise missing_extra(error) from None

_FILES = (ImageBlock, AudioBlock, VideoBlock, DocumentBlock)
_APART = ("tools",)


def row_of(message: ChatMessage) -> dict[str, Any]:
    """One message as the table describes it."""
    row: dict[str, Any] = {"role": str(getattr(message.role, "value", message.role))}
    if message.blocks:
        row["content"] = [_block_row(block) for block in message.blocks]
    if message.additional_kwargs:
        row["additional_kwargs"] = _plain(message.additional_kwargs)
    return row


def _block_row(block: Any) -> dict[str, Any]:
    if isinstance(block, _FILES):
        return {"block_type": block.block_type, "content": "bytes"}
    if isinstance(block, ToolCallBlock):
        row = {"tool_call_id": block.tool_call_id, "name": block.tool_name, "args": block.tool_kwargs}
        return {"block_type": block.block_type, **row}
    row = {}
    for name in type(block).model_fields:
        value = getattr(block, name)
        if isinstance(value, list):
            value = [_block_row(item) for item in value]
        elif hasattr(value, "block_type"):
            value = _block_row(value)
        row[name] = _plain(value)
    return row


def message_of(row: Mapping[str, Any], message: ChatMessage) -> ChatMessage:
    """`message` with what `row` says, where that is something else."""
    if row == row_of(message):
        return message
    blocks = [_block(said, block) for said, block in zip(row.get("content", []), message.blocks, strict=True)]
    added = _like(row.get("additional_kwargs", {}), message.additional_kwargs)
    return message.model_copy(update={"blocks": blocks, "additional_kwargs": added})


def _block(row: Mapping[str, Any], block: Any) -> Any:
    if isinstance(block, _FILES):
        return block
    if isinstance(block, ToolCallBlock):
        return block.model_copy(update={"tool_kwargs": row["args"]})
    update = {}
    for name in type(block).model_fields:
        value = getattr(block, name)
        if isinstance(value, list):
            update[name] = [_block(said, item) for said, item in zip(row[name], value, strict=True)]
        elif hasattr(value, "block_type"):
            update[name] = _block(row[name], value)
        elif not isinstance(value, BaseModel):
            update[name] = row[name]
    return block.model_copy(update=update)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _like(said: Any, value: Any) -> Any:
    """`said`, which is JSON, as objects of the kinds that `value` is made of."""
    if isinstance(value, BaseModel) and isinstance(said, Mapping):
        fields = type(value).model_fields
        return value.model_copy(
            update={name: _like(item, getattr(value, name)) for name, item in said.items() if name in fields}
        )
    if isinstance(value, Mapping) and isinstance(said, Mapping):
        return {name: _like(item, value.get(name)) for name, item in said.items()}
    if isinstance(value, list) and isinstance(said, list):
        return [_like(item, before) for item, before in zip(said, value, strict=True)]
    return said


def body_of(messages: Sequence[ChatMessage], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """One call of an LLM as the table describes it."""
    body: dict[str, Any] = {"messages": [row_of(message) for message in messages]}
    if kwargs.get("tools"):
        body["tools"] = kwargs["tools"]
    if settings := settings_of(kwargs, apart=_APART):
        body["settings"] = settings
    return body


def protected_call(
    turn: Turn, messages: Sequence[ChatMessage], kwargs: Mapping[str, Any]
) -> tuple[list[ChatMessage], dict[str, Any]]:
    """What the wrapped LLM is called with: messages, and what is passed along."""
    body = turn.body
    seen = [message_of(row, message) for row, message in zip(body["messages"], messages, strict=True)]
    passed = {**kwargs, **body.get("settings", {})}
    if "tools" in body:
        passed["tools"] = body["tools"]
    return seen, passed


def restored_message(turn: Turn, message: ChatMessage) -> ChatMessage:
    """A whole answer, with what may come out.

    Raises `UnknownSurrogateError` when it calls a tool with a surrogate that nobody issued: LlamaIndex has no
    place where such a call alone could be stopped.
    """
    row = row_of(message)
    blocks = row.get("content", [])
    calls = [block for block in blocks if block["block_type"] == "tool_call"]
    words = [block for block in blocks if block["block_type"] != "tool_call"]
    said = _restored(turn, {"role": row["role"], "content": words})
    before = turn.unknown
    called = _restored(turn, {**row, "content": calls})
    if turn.unknown > before:
        msg = "a tool call of the model names a surrogate that does not exist"
        raise UnknownSurrogateError(msg)
    texts, runs = iter(said["content"]), iter(called["content"])
    row["content"] = [next(runs if block["block_type"] == "tool_call" else texts) for block in blocks]
    if "additional_kwargs" in row:
        row["additional_kwargs"] = called["additional_kwargs"]
    return message_of(row, message)


def _restored(turn: Turn, row: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = turn.answer({"messages": [row]}, ANSWER)["messages"][0]
    return out


def answer_of(text: str) -> ChatMessage:
    """A completed text as a message."""
    return ChatMessage(role=MessageRole.ASSISTANT, blocks=[TextBlock(text=text)])
