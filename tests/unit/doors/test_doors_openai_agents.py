"""The OpenAI Agents SDK's own runner and scripted model: what the model saw, what tools, person and traces got."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from agents import (
    Agent,
    AgentOutputSchema,
    FunctionTool,
    Model,
    ModelProvider,
    RunConfig,
    Runner,
    function_tool,
    set_trace_processors,
    trace,
)
from agents.testing import ModelCall, ModelStep, ScriptedModel, assistant_message, function_call
from agents.tracing import Span, Trace, TracingProcessor, custom_span
from pydantic import BaseModel

from strongroom import Strongroom
from strongroom.doors import Door
from strongroom.doors.openai_agents import AgentsDoor
from strongroom.errors import AccessDeniedError, RequestRefusedError

EMAIL = "anna.schmidt@example.org"
CARD = "4111 1111 1111 1111"
SAID = f"I wrote to {EMAIL}. It said: sent to {EMAIL}, card {CARD}"


class Chunked(ScriptedModel):
    """Streams every delta a few characters at a time, with contiguous numbers."""

    size = 3

    async def stream_response(self, *args: Any, **more: Any) -> AsyncIterator[Any]:
        number = 0
        async for event in super().stream_response(*args, **more):
            delta = getattr(event, "delta", None)
            parts = [delta[at : at + self.size] for at in range(0, len(delta), self.size)] if delta else [delta]
            for part in parts:
                changed = {"sequence_number": number} | ({"delta": part} if delta else {})
                yield event.model_copy(update=changed)
                number += 1


def scripted(*responders: Callable[[ModelCall], Any], kind: Any = Chunked) -> ScriptedModel:
    model = kind([ModelStep.respond(responder) for responder in responders], emit_traces=True)
    assert isinstance(model, ScriptedModel)
    return model


def asked(call: ModelCall) -> str:
    first = call.input if isinstance(call.input, str) else call.input[0]["content"]
    return str(first).rsplit(maxsplit=1)[-1]


def mail(call: ModelCall) -> Any:
    return [function_call("send_email", {"to": asked(call), "body": f"Dear {asked(call)}"}, call_id="call_1")]


def report(call: ModelCall) -> Any:
    return [assistant_message(f"I wrote to {asked(call)}. It said: {call.input[-1]['output']}")]


def shown(model: ScriptedModel) -> str:
    return json.dumps([[call.system_instructions, call.input, str(call.tools)] for call in model.calls])


class Recorder(TracingProcessor):
    """Keeps what it is handed, as an exporter and as a reader of spans would."""

    def __init__(self) -> None:
        self.spans: list[dict[str, Any]] = []
        self.read: list[str] = []
        self.traces: list[Any] = []

    def on_trace_start(self, trace: Trace) -> None:
        self.traces.append(trace.export())

    def on_trace_end(self, trace: Trace) -> None:
        self.traces.append(trace.export())

    def on_span_start(self, span: Span[Any]) -> None:
        pass

    def on_span_end(self, span: Span[Any]) -> None:
        self.spans.append(span.export() or {})
        data = span.span_data
        self.read.append(str([getattr(data, name, None) for name in ("input", "output", "response", "data")]))

    def shutdown(self) -> None:
        pass

    def force_flush(self) -> None:
        pass

    @property
    def everything(self) -> str:
        return json.dumps([self.spans, self.read, self.traces], default=str)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    made = Recorder()
    set_trace_processors([made])
    yield made
    set_trace_processors([])


@pytest.fixture
def doors(door: Door) -> AgentsDoor:
    return AgentsDoor(door)


@pytest.fixture
def sent() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def send_email(sent: list[tuple[str, str]]) -> FunctionTool:
    @function_tool
    def send_email(to: str, body: str) -> str:
        """Send a mail."""
        sent.append((to, body))
        return f"sent to {to}, card {CARD}"

    return send_email


def run(agent: Agent[Any], text: Any, *, streamed: bool = False, **config: Any) -> Any:
    settings = RunConfig(**config)
    if not streamed:
        return asyncio.run(Runner.run(agent, text, run_config=settings))

    async def stream() -> Any:
        result = Runner.run_streamed(agent, text, run_config=settings)
        events = [event async for event in result.stream_events()]
        return result, [event.data for event in events if event.type == "raw_response_event"]

    return asyncio.run(stream())


@pytest.mark.usefixtures("recorder")
def test_the_model_sees_surrogates_the_tool_and_the_person_get_values(
    doors: AgentsDoor, send_email: FunctionTool, sent: list[Any]
) -> None:
    model = scripted(mail, report)
    agent = Agent("support", instructions="Help.", model=doors.model(model), tools=[doors.tool(send_email)])
    assert run(agent, f"write to {EMAIL}").final_output == SAID
    assert sent == [(EMAIL, f"Dear {EMAIL}")]
    assert EMAIL not in shown(model)
    assert CARD not in shown(model)
    assert "EMAIL_" in shown(model)
    model.assert_complete()


@pytest.mark.usefixtures("recorder")
def test_without_the_wrapper_the_model_sees_everything(send_email: FunctionTool) -> None:
    model = scripted(mail, report)
    run(Agent("support", model=model, tools=[send_email]), f"write to {EMAIL}")
    assert EMAIL in shown(model)


@pytest.mark.usefixtures("recorder")
@pytest.mark.parametrize("size", [1, 4, 500])
def test_streamed_events_are_restored_in_all_their_copies(
    doors: AgentsDoor, send_email: FunctionTool, sent: list[Any], size: int
) -> None:
    model = scripted(mail, report)
    model.size = size  # type: ignore[attr-defined]
    agent = Agent("support", model=doors.model(model), tools=[doors.tool(send_email)])
    result, events = run(agent, f"write to {EMAIL}", streamed=True)
    assert result.final_output == SAID
    assert sent == [(EMAIL, f"Dear {EMAIL}")]
    deltas = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert deltas == SAID
    assert [event.text for event in events if event.type == "response.output_text.done"] == [SAID]
    done = [event.response for event in events if event.type == "response.completed"]
    assert done[-1].output[0].content[0].text == SAID
    assert json.loads(done[0].output[0].arguments)["to"] == EMAIL
    numbers = [event.sequence_number for event in events]
    assert numbers == [number for half in _halves(numbers) for number in range(len(half))]
    assert EMAIL not in shown(model)


def _halves(numbers: list[int]) -> list[list[int]]:
    second = numbers.index(0, 1)
    return [numbers[:second], numbers[second:]]


@pytest.mark.usefixtures("recorder")
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_call_with_an_unknown_surrogate_is_not_run(
    doors: AgentsDoor, send_email: FunctionTool, sent: list[Any], *, streamed: bool
) -> None:
    model = scripted(
        lambda _: [function_call("send_email", {"to": "EMAIL_7KQ2M9X", "body": "hi"}, call_id="call_1")],
        lambda call: [assistant_message(call.input[-1]["output"])],
    )
    agent = Agent("support", model=doors.model(model), tools=[doors.tool(send_email)])
    done = run(agent, "write to nobody", streamed=streamed)
    assert "refused" in (done[0] if streamed else done).final_output
    assert sent == []


@pytest.mark.usefixtures("recorder")
def test_a_result_no_model_may_see_is_withheld_and_the_run_goes_on(doors: AgentsDoor) -> None:
    @function_tool
    def look_up() -> str:
        """Look up."""
        return "\x00\x01\x02 bytes"

    model = scripted(
        lambda _: [function_call("look_up", {}, call_id="call_1")],
        lambda call: [assistant_message(call.input[-1]["output"])],
    )
    agent = Agent("support", model=doors.model(model), tools=[doors.tool(look_up)])
    assert "withheld" in run(agent, "look").final_output


@pytest.mark.usefixtures("recorder")
def test_every_text_position_is_inspected(doors: AgentsDoor) -> None:
    @function_tool(description_override=f"Ask {EMAIL}")
    def ask(question: str = EMAIL) -> str:
        return question

    class Answer(BaseModel):
        who: str = EMAIL

    other = Agent("other", handoff_description=f"For {EMAIL}")
    model = scripted(lambda _: [assistant_message('{"who": "me"}')])
    agent = Agent(
        "support", instructions=f"You are {EMAIL}", model=doors.model(model), tools=[ask], handoffs=[other],
        output_type=AgentOutputSchema(Answer, strict_json_schema=False),
    )  # fmt: skip
    history = [
        {"role": "user", "content": [{"type": "input_text", "text": EMAIL}]},
        {"type": "function_call", "call_id": "c", "name": "ask", "arguments": json.dumps({"question": EMAIL})},
        {"type": "function_call_output", "call_id": "c", "output": json.dumps({"email": EMAIL})},
        {"role": "assistant", "content": EMAIL},
    ]
    assert run(agent, history).final_output == Answer(who="me")
    call = model.calls[0]
    schemas = [call.output_schema.json_schema() if call.output_schema else None, *call.tools, *call.handoffs]
    assert EMAIL not in shown(model) + str(schemas)
    assert str(schemas).count("EMAIL_") >= 4


@pytest.mark.usefixtures("recorder")
def test_what_cannot_be_inspected_does_not_leave(doors: AgentsDoor) -> None:
    model = scripted(lambda _: [assistant_message("ok")])
    picture = [{"role": "user", "content": [{"type": "input_image", "image_url": "https://example.org/a.png"}]}]
    with pytest.raises(RequestRefusedError):
        run(Agent("support", model=doors.model(model)), picture)
    assert model.calls == ()


@pytest.mark.usefixtures("recorder")
def test_a_provider_puts_every_model_behind_the_door(doors: AgentsDoor) -> None:
    model = scripted(lambda call: [assistant_message(f"noted {asked(call)}")])

    class Provider(ModelProvider):
        def get_model(self, model_name: str | None) -> Model:
            return model

    provider = doors.provider(Provider())
    assert run(Agent("support"), EMAIL, model_provider=provider).final_output == f"noted {EMAIL}"
    assert EMAIL not in shown(model)


def test_traces_carry_the_surrogates_of_the_conversation(
    doors: AgentsDoor, send_email: FunctionTool, recorder: Recorder
) -> None:
    set_trace_processors([doors.traces(recorder)])
    model = scripted(mail, report)
    agent = Agent("support", model=doors.model(model), tools=[doors.tool(send_email)])
    with trace("work", metadata={"for": EMAIL}):
        run(agent, f"write to {EMAIL}")
        with custom_span("note", {"to": EMAIL, "count": 3}) as span:
            span.set_error({"message": f"no such box: {EMAIL}", "data": None})
    assert EMAIL not in recorder.everything
    assert CARD not in recorder.everything
    function = next(span for span in recorder.spans if span["span_data"]["type"] == "function")
    surrogate = next(word for word in shown(model).replace('"', " ").split() if word.startswith("EMAIL_"))
    assert surrogate.strip("\\.,") in function["span_data"]["input"]
    note = next(span for span in recorder.spans if span["span_data"].get("name") == "note")
    assert note["span_data"]["data"]["count"] == 3
    assert note["error"]["message"].startswith("no such box: EMAIL_")


def test_without_the_filter_traces_carry_values(
    doors: AgentsDoor, send_email: FunctionTool, recorder: Recorder
) -> None:
    agent = Agent("support", model=doors.model(scripted(mail, report)), tools=[send_email])
    run(agent, f"write to {EMAIL}")
    assert EMAIL in recorder.everything


@pytest.mark.usefixtures("recorder")
def test_policy_may_refuse_the_model_altogether(room: Strongroom) -> None:
    door = Door.of(room, "auditor", tenant="acme", environment="prod", roles=("auditor",))
    model = scripted(lambda _: [assistant_message("ok")])
    with pytest.raises(AccessDeniedError):
        run(Agent("support", model=AgentsDoor(door).model(model)), "hello")
    assert model.calls == ()


@pytest.mark.usefixtures("recorder")
def test_monitor_mode_changes_nothing(open_room: Callable[..., Strongroom]) -> None:
    door = Door.of(open_room(mode="monitor"), "support-bot", tenant="acme", environment="prod")
    for streamed in (False, True):
        model = scripted(lambda call: [assistant_message(asked(call))])
        done = run(Agent("support", model=AgentsDoor(door).model(model)), EMAIL, streamed=streamed)
        assert (done[0] if streamed else done).final_output == EMAIL
        assert EMAIL in shown(model)


def test_without_the_sdk_the_pip_line_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.modules['agents'] = None\nimport strongroom.doors.openai_agents"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "pip install 'strongroom[openai-agents]'" in done.stderr
