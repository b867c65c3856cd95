"""One call of an Agents SDK model laid out as a request of OpenAI's Responses, and made again from it.

The SDK's own format is that of the Responses API, so its table is the one that counts. Tools, handoffs and the
output's schema are objects of the SDK: what the model reads of them is inspected, and they are copied with what it
may see.

Must never: change a tool's name, or what is run when it is called.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from strongroom.doors.turn import missing_extra
from strongroom.errors import RequestRefusedError

try:
    from agents import (
        AgentOutputSchemaBase,
        CustomTool,
        FunctionTool,
        Handoff,
        HostedMCPTool,
        Tool,
        TResponseInputItem,
        WebSearchTool,
    )
    from openai.types.responses.response_prompt_param import ResponsePromptParam
    from pydantic import BaseModel
except ModuleNotFoundError as error:
    raise missing_extra(error) from None


class Call(NamedTuple):
    """What a model of the SDK is called with and reads."""

    instructions: str | None
    asked: str | list[TResponseInputItem]
    tools: list[Tool]
    schema: AgentOutputSchemaBase | None
    handoffs: list[Handoff[Any, Any]]
    prompt: ResponsePromptParam | None


class _Schema(AgentOutputSchemaBase):
    """An output schema as the model may see it; answers are checked by the program's own."""

    def __init__(self, own: AgentOutputSchemaBase, shown: dict[str, Any]) -> None:
        self._own = own
        self._shown = shown

    def is_plain_text(self) -> bool:
        return self._own.is_plain_text()

    def name(self) -> str:
        return self._own.name()

    def json_schema(self) -> dict[str, Any]:
        return self._shown

    def is_strict_json_schema(self) -> bool:
        return self._own.is_strict_json_schema()

    def validate_json(self, json_str: str) -> Any:
        return self._own.validate_json(json_str)


def body_of(call: Call) -> dict[str, Any]:
    """The call as a request of the Responses API."""
    body: dict[str, Any] = {"input": plain(call.asked)}
    if call.instructions:
        body["instructions"] = call.instructions
    if call.prompt is not None:
        body["prompt"] = plain(call.prompt)
    declared = [*map(_tool_row, call.tools), *map(_handoff_row, call.handoffs)]
    if declared:
        body["tools"] = declared
    schema = call.schema
    if schema is not None and not schema.is_plain_text():
        body["text"] = {"format": {"type": "json_schema", "name": "answer", "schema": schema.json_schema()}}
    return body


def seen_call(call: Call, body: Mapping[str, Any]) -> Call:
    """`call` with what the model may see of it, as `body` says."""
    rows = body.get("tools", [])
    schema = call.schema
    if schema is not None and "text" in body:
        shown = body["text"]["format"]["schema"]
        schema = schema if shown == schema.json_schema() else _Schema(schema, shown)
    return Call(
        body.get("instructions", call.instructions),
        body["input"],
        [_tool(tool, row) for tool, row in zip(call.tools, rows, strict=False)],
        schema,
        [_handoff(each, row) for each, row in zip(call.handoffs, rows[len(call.tools) :], strict=True)],
        body.get("prompt", call.prompt),
    )


def plain(value: Any) -> Any:
    """`value` as JSON: the SDK passes items as mappings or as its own objects."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return value


def _tool_row(tool: Tool) -> dict[str, Any]:
    if isinstance(tool, FunctionTool):
        schema = tool.params_json_schema
        return {"type": "function", "name": tool.name, "description": tool.description, "parameters": schema}
    if isinstance(tool, CustomTool):
        return {"type": "custom", "name": tool.name, "description": tool.description}
    if isinstance(tool, HostedMCPTool):
        return {**plain(tool.tool_config)}
    if isinstance(tool, WebSearchTool):
        return {"type": "web_search", "user_location": plain(tool.user_location)}
    return {"type": "code_interpreter"}  # the provider's own: nothing in it is prose


def _tool(tool: Tool, row: Mapping[str, Any]) -> Tool:
    if row == _tool_row(tool):
        return tool
    if isinstance(tool, FunctionTool):
        return dataclasses.replace(tool, description=row["description"], params_json_schema=row["parameters"])
    if isinstance(tool, CustomTool):
        return dataclasses.replace(tool, description=row["description"])
    msg = "tools: the settings of a hosted tool hold a value"
    raise RequestRefusedError(msg)


def _handoff_row(handoff: Handoff[Any, Any]) -> dict[str, Any]:
    schema = handoff.input_json_schema
    row = {"type": "function", "name": handoff.tool_name, "description": handoff.tool_description}
    return {**row, "parameters": schema}


def _handoff(handoff: Handoff[Any, Any], row: Mapping[str, Any]) -> Handoff[Any, Any]:
    if row == _handoff_row(handoff):
        return handoff
    return dataclasses.replace(handoff, tool_description=row["description"], input_json_schema=row["parameters"])
