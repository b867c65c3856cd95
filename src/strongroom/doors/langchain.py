"""LangChain agents and chat models behind a door: `StrongroomMiddleware` and `protect`.

    agent = create_agent(model, tools, middleware=[StrongroomMiddleware(door)])

What the model is sent carries surrogates; what comes back is restored, text for the person and arguments for the
tool at its parameters' sinks, streamed or not. The agent's state holds what the program may see, as it does behind
the gateway, and every turn is inspected again.

Must never: leave a model call of the agent outside the door, or run a tool call with a surrogate nobody issued.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from strongroom.doors.door import Door
from strongroom.doors.turn import missing_extra

try:
    from langchain.agents.middleware import (
        AgentMiddleware,
        ModelRequest,
        ModelResponse,
        ToolCallRequest,
        TracePolicy,
        omit_payload,
    )
    from langchain_core.messages import ToolMessage
    from langgraph.types import Command
except ModuleNotFoundError as error:
    raise missing_extra(error) from None

from strongroom.doors.langchain_messages import refused_in
from strongroom.doors.langchain_model import ProtectedChatModel, protect

__all__ = ["ProtectedChatModel", "StrongroomMiddleware", "protect"]

REFUSED = "The call was refused: it names a surrogate that does not exist."


class StrongroomMiddleware(AgentMiddleware):
    """See the module. Last in the list of middleware: nothing after it may change the model.

    `conversation` names the conversation; without it the door's name counts, then the graph's thread, then the
    opening of the messages. The spans of its hooks carry no payload.
    """

    trace_policy = TracePolicy(process_inputs=omit_payload, process_outputs=omit_payload)

    def __init__(self, door: Door, *, conversation: str = "") -> None:
        super().__init__()
        self._door = door
        self._conversation = conversation

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Call the model behind the door."""
        return handler(self._behind(request))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """Call the model behind the door."""
        return await handler(self._behind(request))

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]]
    ) -> ToolMessage | Command[Any]:
        """Run the tool, unless its call names a surrogate that was never issued here."""
        return _refusal(request) or handler(request)

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]
    ) -> ToolMessage | Command[Any]:
        """Run the tool, unless its call names a surrogate that was never issued here."""
        return _refusal(request) or await handler(request)

    def _behind(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        if isinstance(request.model, ProtectedChatModel):
            return request
        info = request.runtime.execution_info if request.runtime is not None else None
        thread = (info.thread_id if info is not None else "") or ""
        conversation = self._conversation or self._door.conversation or thread
        return request.override(model=protect(request.model, self._door, conversation))


def _refusal(request: ToolCallRequest) -> ToolMessage | None:
    state = request.state
    messages = state.get("messages", []) if isinstance(state, dict) else getattr(state, "messages", state)
    call = request.tool_call
    if call["id"] not in refused_in(messages if isinstance(messages, list) else []):
        return None
    return ToolMessage(content=REFUSED, tool_call_id=call["id"], name=call["name"], status="error")
