"""OpenAI Agents SDK behind a door: models, tools and traces.

    strongroom = AgentsDoor(door)
    agent = Agent("support", model=strongroom.model(model), tools=[strongroom.tool(send_email)])
    set_trace_processors([strongroom.traces(processor)])

The model sees surrogates, whole or streamed; the program and the tools get values where policy lets them out.

Must never: leave one of the three out of the others' knowledge: they share one memory, so use one object per door.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from strongroom.doors.door import Door
from strongroom.doors.turn import missing_extra
from strongroom.errors import AccessDeniedError, NotInspectedError

try:
    from agents import (
        FunctionTool,
        Model,
        ModelProvider,
        ToolGuardrailFunctionOutput,
        ToolInputGuardrail,
        ToolInputGuardrailData,
        ToolOutputGuardrail,
        ToolOutputGuardrailData,
    )
    from agents.tracing import TracingProcessor
except ModuleNotFoundError as error:
    raise missing_extra(error) from None

from strongroom.doors.openai_agents_model import Memory, ProtectedModel
from strongroom.doors.openai_agents_tracing import TraceFilter, seen_text

__all__ = ["AgentsDoor", "ProtectedModel", "ProtectedProvider", "TraceFilter"]

REFUSED = "The call was refused: it names a surrogate that does not exist."
WITHHELD = "The tool's result was withheld: it cannot be shown to a model."


class ProtectedProvider(ModelProvider):
    """A model provider whose models are all behind the door; for `RunConfig(model_provider=…)`."""

    def __init__(self, inner: ModelProvider, door: Door, memory: Memory) -> None:
        self._inner = inner
        self._door = door
        self._memory = memory

    def get_model(self, model_name: str | None) -> Model:
        """The model of that name, behind the door."""
        return ProtectedModel(self._inner.get_model(model_name), self._door, self._memory)

    async def aclose(self) -> None:
        """Release what the wrapped provider holds."""
        await self._inner.aclose()


class AgentsDoor:
    """See the module. Safe under threads."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._memory = Memory()

    def model(self, inner: Model) -> ProtectedModel:
        """`inner` behind the door."""
        return ProtectedModel(inner, self._door, self._memory)

    def provider(self, inner: ModelProvider) -> ProtectedProvider:
        """Every model of `inner` behind the door."""
        return ProtectedProvider(inner, self._door, self._memory)

    def tool(self, tool: FunctionTool) -> FunctionTool:
        """A copy of `tool` with both guardrails, which run before its own."""
        return dataclasses.replace(
            tool,
            tool_input_guardrails=[self.tool_input_guardrail(), *(tool.tool_input_guardrails or [])],
            tool_output_guardrails=[self.tool_output_guardrail(), *(tool.tool_output_guardrails or [])],
        )

    def tool_input_guardrail(self) -> ToolInputGuardrail[Any]:
        """Refuses a call that names a surrogate nobody issued; the model is told so."""

        def known_surrogates(data: ToolInputGuardrailData) -> ToolGuardrailFunctionOutput:
            if self._memory.is_refused(data.context.tool_call_id):
                return ToolGuardrailFunctionOutput.reject_content(REFUSED)
            return ToolGuardrailFunctionOutput.allow()

        return ToolInputGuardrail(known_surrogates, name="strongroom_known_surrogates")

    def tool_output_guardrail(self) -> ToolOutputGuardrail[Any]:
        """Withholds a result that cannot be inspected or that policy keeps from models altogether.

        Without it, the next call of the model is refused, and the run ends there.
        """

        def fit_for_a_model(data: ToolOutputGuardrailData) -> ToolGuardrailFunctionOutput:
            conversation = self._memory.conversation_of(data.context.tool_call_id)
            try:
                seen_text(self._door, conversation, data.output)
            except (NotInspectedError, AccessDeniedError) as error:
                return ToolGuardrailFunctionOutput.reject_content(WITHHELD, output_info=error.code)
            return ToolGuardrailFunctionOutput.allow()

        return ToolOutputGuardrail(fit_for_a_model, name="strongroom_fit_for_a_model")

    def traces(self, processor: TracingProcessor) -> TraceFilter:
        """A trace processor that hands `processor` every trace and span with surrogates for values."""
        return TraceFilter(processor, self._door, self._memory)
