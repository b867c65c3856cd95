"""A model of the OpenAI Agents SDK behind a door: any `Model` wrapped, whole and streamed.

What the SDK traces of a call is what the wrapped model gets and gives, so its spans carry surrogates.

Must never: call the wrapped model with what was not inspected, or let a call run that names a surrogate nobody
issued.
"""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, get_args

import orjson

from strongroom.doors.door import Door
from strongroom.doors.openai_agents_call import Call, body_of, plain, seen_call
from strongroom.doors.turn import Turn, closing, missing_extra
from strongroom.gateway.sse import Framer, data_of
from strongroom.gateway.stream import StreamRestorer
from strongroom.gateway.wire import RESPONSES

try:
    from agents import (
        AgentOutputSchemaBase,
        Handoff,
        Model,
        ModelResponse,
        ModelSettings,
        ModelTracing,
        Tool,
        TResponseInputItem,
    )
    from agents.items import TResponseStreamEvent
    from agents.retry import ModelRetryAdvice, ModelRetryAdviceRequest
    from agents.tracing import get_current_trace
    from openai.types.responses import ResponseStreamEvent
    from openai.types.responses.response_prompt_param import ResponsePromptParam
except ModuleNotFoundError as error:
    raise missing_extra(error) from None

UPSTREAM = "openai-agents"
"""How policy and the log know the wrapped model's provider."""

REMEMBERED_MAX = 10_000
"""Calls and traces remembered at once; the oldest belongs to a run that is long over."""

_ENDS = frozenset({"response.completed", "response.failed", "response.incomplete"})


class Memory:
    """What a door of the SDK remembers between a model's answer and what the SDK does with it.

    `refused` are calls that must not run; `conversations` says in which conversation a call or a trace is.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: OrderedDict[str, str] = OrderedDict()
        self._conversations: OrderedDict[str, str] = OrderedDict()

    def refuse(self, call: str) -> None:
        """`call` must not run."""
        self._put(self._refused, call, "")

    def is_refused(self, call: str) -> bool:
        """Whether `call` must not run."""
        return call in self._refused

    def place(self, name: str, conversation: str) -> None:
        """The call or trace `name` belongs to `conversation`."""
        self._put(self._conversations, name, conversation)

    def conversation_of(self, name: str) -> str:
        """The conversation of a call or trace; ``""`` when it is not known."""
        return self._conversations.get(name, "")

    def _put(self, where: OrderedDict[str, str], name: str, value: str) -> None:
        with self._lock:
            where[name] = value
            while len(where) > REMEMBERED_MAX:
                where.popitem(last=False)


class ProtectedModel(Model):
    """See the module; made by `AgentsDoor.model`."""

    def __init__(self, inner: Model, door: Door, memory: Memory) -> None:
        self._inner = inner
        self._door = door
        self._memory = memory

    async def get_response(
        self, system_instructions: str | None, input: str | list[TResponseInputItem],  # noqa: A002 - the SDK's name
        model_settings: ModelSettings, tools: list[Tool], output_schema: AgentOutputSchemaBase | None,
        handoffs: list[Handoff[Any, Any]], tracing: ModelTracing, *, previous_response_id: str | None,
        conversation_id: str | None, prompt: ResponsePromptParam | None,
    ) -> ModelResponse:  # fmt: skip
        """Ask the wrapped model and restore its answer."""
        call = Call(system_instructions, input, tools, output_schema, handoffs, prompt)
        with await asyncio.to_thread(self._enter, call, conversation_id or "") as turn:
            seen = seen_call(call, turn.body)
            answer = await self._inner.get_response(
                seen.instructions, seen.asked, model_settings, seen.tools, seen.schema, seen.handoffs, tracing,
                previous_response_id=previous_response_id, conversation_id=conversation_id, prompt=seen.prompt,
            )  # fmt: skip
            return dataclasses.replace(answer, output=[self._item(turn, item) for item in answer.output])

    async def stream_response(
        self, system_instructions: str | None, input: str | list[TResponseInputItem],  # noqa: A002 - the SDK's name
        model_settings: ModelSettings, tools: list[Tool], output_schema: AgentOutputSchemaBase | None,
        handoffs: list[Handoff[Any, Any]], tracing: ModelTracing, *, previous_response_id: str | None,
        conversation_id: str | None, prompt: ResponsePromptParam | None,
    ) -> AsyncIterator[TResponseStreamEvent]:  # fmt: skip
        """Ask the wrapped model and restore its events as they come."""
        call = Call(system_instructions, input, tools, output_schema, handoffs, prompt)
        with await asyncio.to_thread(self._enter, call, conversation_id or "") as turn:
            seen = seen_call(call, turn.body)
            events = self._inner.stream_response(
                seen.instructions, seen.asked, model_settings, seen.tools, seen.schema, seen.handoffs, tracing,
                previous_response_id=previous_response_id, conversation_id=conversation_id, prompt=seen.prompt,
            )  # fmt: skip
            restorer = turn.events(RESPONSES)
            async with closing(events):
                async for event in events:
                    if restorer is None:
                        yield event
                        continue
                    row = plain(event)
                    self._note(turn, row)
                    for restored in _events(restorer, row):
                        yield restored

    async def close(self) -> None:
        """Release what the wrapped model holds."""
        await self._inner.close()

    def get_retry_advice(self, request: ModelRetryAdviceRequest) -> ModelRetryAdvice | None:
        """What the wrapped model advises."""
        return self._inner.get_retry_advice(request)

    def _enter(self, call: Call, conversation: str) -> Turn:
        turn = Turn(
            self._door, body_of(call), RESPONSES.request,
            upstream=UPSTREAM, conversation=self._door.conversation or conversation,
        )  # fmt: skip
        trace = get_current_trace()
        if trace is not None:
            self._memory.place(trace.trace_id, turn.conversation)
        return turn

    def _item(self, turn: Turn, item: Any) -> Any:
        row = plain(item)
        before = turn.unknown
        restored = turn.answer({"output": [row]}, RESPONSES.response)["output"][0]
        self._remember(turn, row, refused=turn.unknown > before)
        if restored == row:
            return item
        return restored if isinstance(item, Mapping) else type(item).model_construct(**restored)

    def _remember(self, turn: Turn, row: Mapping[str, Any], *, refused: bool) -> None:
        call = row.get("call_id")
        if isinstance(call, str):
            self._memory.place(call, turn.conversation)
            if refused:
                self._memory.refuse(call)

    def _note(self, turn: Turn, row: Mapping[str, Any]) -> None:
        """Remember the calls of a response that is complete, before anybody can run them."""
        if row.get("type") in _ENDS:
            for item in row["response"].get("output", []):
                self._item(turn, item)
        elif row.get("type") == "response.output_item.done":
            self._item(turn, row["item"])


def _kinds() -> Iterator[tuple[str, Any]]:
    union = get_args(ResponseStreamEvent)[0]
    for kind in get_args(union):
        yield get_args(kind.model_fields["type"].annotation)[0], kind


_KINDS = dict(_kinds())


def _events(restorer: StreamRestorer, row: Mapping[str, Any]) -> Iterator[TResponseStreamEvent]:
    """What goes on when the event `row` came, as objects of the SDK."""
    name = str(row["type"]).encode()
    out = restorer.feed(b"event: " + name + b"\ndata: " + orjson.dumps(row) + b"\n\n")
    for event in Framer().feed(out):
        data = data_of(event)
        if data is not None:
            fields = orjson.loads(data.content)
            yield _KINDS[fields["type"]].model_construct(**fields)
