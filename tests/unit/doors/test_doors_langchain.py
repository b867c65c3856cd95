"""LangChain's own agent loop with a scripted model: what the model saw, what the tools and the person got."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import BaseModel, Field

from strongroom import Strongroom
from strongroom.doors import Door
from strongroom.doors.langchain import StrongroomMiddleware, protect
from strongroom.errors import AccessDeniedError, RequestRefusedError

EMAIL = "anna.schmidt@example.org"
CARD = "4111 1111 1111 1111"
Script = Callable[[list[BaseMessage]], AIMessage]


class Scripted(BaseChatModel):
    """Says what its script makes of what it sees, and keeps what it saw, bound settings included."""

    script: Any
    seen: list[str] = Field(default_factory=list)
    size: int = 3

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[LanguageModelInput, AIMessage]:
        return self.bind(tools=[convert_to_openai_tool(item) for item in tools], **kwargs)

    def _say(self, messages: list[BaseMessage], kwargs: dict[str, Any]) -> AIMessage:
        self.seen.append(json.dumps([[message.model_dump() for message in messages], kwargs], default=str))
        answer: AIMessage = self.script(messages)
        return answer

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._say(messages, kwargs))])


class Streaming(Scripted):
    """The same, a few characters at a time."""

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        said = self._say(messages, kwargs)
        for message in pieces(said, self.size):
            yield ChatGenerationChunk(message=message)

    async def _astream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._stream(messages, stop, **kwargs):
            yield chunk


def pieces(said: AIMessage, size: int) -> Iterator[AIMessageChunk]:
    text = said.content
    if isinstance(text, str):
        for at in range(0, len(text), size):
            yield AIMessageChunk(content=text[at : at + size])
    else:
        for number, block in enumerate(text):
            assert isinstance(block, dict)
            for at in range(0, len(block["text"]), size):
                part = {"type": "text", "text": block["text"][at : at + size], "index": number}
                yield AIMessageChunk(content=[part])
    for number, call in enumerate(said.tool_calls):
        raw = json.dumps(call["args"])
        first = tool_call_chunk(name=call["name"], id=call["id"], index=number, args="")
        yield AIMessageChunk(content="", tool_call_chunks=[first])
        for at in range(0, len(raw), size):
            piece = tool_call_chunk(index=number, args=raw[at : at + size])
            yield AIMessageChunk(content="", tool_call_chunks=[piece])


def text_of(message: BaseMessage) -> str:
    return str(message.text)


def call(name: str, identifier: str = "call_1", **arguments: Any) -> AIMessage:
    return AIMessage(
        content="", tool_calls=[{"name": name, "args": arguments, "id": identifier, "type": "tool_call"}]
    )


def mailing(messages: list[BaseMessage]) -> AIMessage:
    """Writes to whom the person named, then says so."""
    asked = text_of(next(message for message in messages if isinstance(message, HumanMessage)))
    address = asked.split()[-1]
    if isinstance(messages[-1], ToolMessage):
        return AIMessage(content=f"I wrote to {address}. It said: {text_of(messages[-1])}")
    return call("send_email", to=address, body=f"Dear {address}, done.")


class Mailbox:
    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

        @tool
        def send_email(to: str, body: str) -> str:
            """Send a mail."""
            self.sent.append((to, body))
            return f"sent to {to}, card {CARD}"

        self.tool = send_email


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(params=[Scripted, Streaming], ids=["whole", "streaming"])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def run(agent: Any, text: str, *, asynchronous: bool = False, **config: Any) -> dict[str, Any]:
    state = {"messages": [HumanMessage(text)]}
    done = asyncio.run(agent.ainvoke(state, config)) if asynchronous else agent.invoke(state, config)
    assert isinstance(done, dict)
    return done


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_the_model_sees_surrogates_the_tool_and_the_person_get_values(
    door: Door, mailbox: Mailbox, kind: Any, *, asynchronous: bool
) -> None:
    model = kind(script=mailing)
    agent = create_agent(model, [mailbox.tool], middleware=[StrongroomMiddleware(door)])
    done = run(agent, f"write to {EMAIL}", asynchronous=asynchronous)
    assert mailbox.sent == [(EMAIL, f"Dear {EMAIL}, done.")]
    assert text_of(done["messages"][-1]) == f"I wrote to {EMAIL}. It said: sent to {EMAIL}, card {CARD}"
    assert len(model.seen) == 2
    assert all(EMAIL not in seen and CARD not in seen for seen in model.seen)
    assert "EMAIL_" in model.seen[0]
    assert "CARD_" in model.seen[1]


def test_without_the_middleware_the_model_sees_everything(mailbox: Mailbox) -> None:
    model = Scripted(script=mailing)
    run(create_agent(model, [mailbox.tool]), f"write to {EMAIL}")
    assert EMAIL in model.seen[0]


@pytest.mark.parametrize("size", [1, 3, 7, 400])
def test_streamed_tokens_are_restored_whatever_their_size(door: Door, mailbox: Mailbox, size: int) -> None:
    model = Streaming(script=mailing, size=size)
    agent = create_agent(model, [mailbox.tool], middleware=[StrongroomMiddleware(door)])
    said = ""
    for message, _ in agent.stream({"messages": [HumanMessage(f"write to {EMAIL}")]}, stream_mode="messages"):
        if isinstance(message, AIMessageChunk):
            said += text_of(message)
    assert said == f"I wrote to {EMAIL}. It said: sent to {EMAIL}, card {CARD}"
    assert mailbox.sent == [(EMAIL, f"Dear {EMAIL}, done.")]
    assert all(EMAIL not in seen for seen in model.seen)


def test_tokens_come_as_they_are_made_and_only_surrogates_wait(door: Door) -> None:
    model = Streaming(script=lambda seen: AIMessage(content=f"Hello there, {text_of(seen[-1])}!"), size=4)
    got = [text_of(chunk) for chunk in protect(model, door).stream([HumanMessage(EMAIL)])]
    assert "".join(got) == f"Hello there, {EMAIL}!"
    assert got[0] == "Hell"
    assert len(got) > 5


@pytest.mark.filterwarnings("ignore:The v3 streaming protocol:langchain_core._api.LangChainBetaWarning")
def test_event_streams_of_the_newer_protocol_are_restored(door: Door, mailbox: Mailbox) -> None:
    agent = create_agent(Streaming(script=mailing), [mailbox.tool], middleware=[StrongroomMiddleware(door)])
    events = agent.stream_events({"messages": [HumanMessage(f"write to {EMAIL}")]}, version="v3")
    texts = [str(message.text) for message in events.messages]
    assert texts[-1] == f"I wrote to {EMAIL}. It said: sent to {EMAIL}, card {CARD}"


def test_blocks_of_several_texts_keep_their_order(door: Door) -> None:
    def script(messages: list[BaseMessage]) -> AIMessage:
        words = text_of(messages[-1])
        return AIMessage(
            content=[{"type": "text", "text": f"a {words}"}, {"type": "text", "text": f"b {words} c"}]
        )

    for model in (Scripted(script=script), Streaming(script=script, size=2)):
        whole: Any = None
        for chunk in protect(model, door).stream([HumanMessage(EMAIL)]):
            whole = chunk if whole is None else whole + chunk
        assert [block["text"] for block in whole.content if block.get("text")] == [f"a {EMAIL}", f"b {EMAIL} c"]


def test_every_text_position_is_inspected(door: Door) -> None:
    @tool(description=f"Ask {EMAIL}")
    def ask(question: str = EMAIL) -> str:
        return question

    model = Scripted(script=lambda _: AIMessage(content="ok"))
    history: list[BaseMessage] = [
        SystemMessage(f"You are {EMAIL}"),
        HumanMessage([{"type": "text", "text": EMAIL}, {"type": "text-plain", "text": EMAIL, "title": EMAIL}]),
        AIMessage(
            content=[
                {"type": "text", "text": EMAIL},
                {"type": "tool_use", "id": "c", "name": "ask", "input": {"q": EMAIL}},
            ],
            tool_calls=[{"name": "ask", "args": {"deep": [{"er": EMAIL}]}, "id": "c"}],
            additional_kwargs={"function_call": {"name": "ask", "arguments": json.dumps({"q": EMAIL})}},
        ),
        ToolMessage(content=EMAIL, tool_call_id="c", artifact={"raw": "stays here"}),
        ToolMessage(content=json.dumps({"email": EMAIL}), tool_call_id="c"),
    ]
    bound = protect(model, door).bind_tools([ask], response_format={"type": "json_schema", "json_schema": {
        "name": "Answer", "schema": {"properties": {"who": {"const": EMAIL}}}}})  # fmt: skip
    assert text_of(bound.invoke(history, stop=[EMAIL])) == "ok"
    assert EMAIL not in model.seen[0]
    assert '"name": "Answer"' in model.seen[0]
    assert '"name": "ask"' in model.seen[0]


def test_reasoning_and_signatures_pass_untouched_both_ways(door: Door) -> None:
    secret = {"type": "reasoning", "reasoning": "EMAIL_0000000 sk-live", "extras": {"signature": "QUJD" * 30}}
    thinking = {"type": "thinking", "thinking": "hm", "signature": "RUZH" * 30}

    def script(messages: list[BaseMessage]) -> AIMessage:
        assert messages[0].content == [secret, thinking, {"type": "text", "text": "x"}]
        return AIMessage(content=[secret, thinking, {"type": "text", "text": text_of(messages[-1])}])

    said = protect(Scripted(script=script), door).invoke(
        [AIMessage(content=[secret, thinking, {"type": "text", "text": "x"}]), HumanMessage(EMAIL)]
    )
    assert said.content == [secret, thinking, {"type": "text", "text": EMAIL}]


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "image", "base64": "QUJD", "mime_type": "image/png"}],
        [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}],
        [{"type": "hologram", "text": EMAIL}],
    ],
)
def test_what_cannot_be_inspected_does_not_leave(door: Door, content: Any) -> None:
    model = Scripted(script=lambda _: AIMessage(content="ok"))
    with pytest.raises(RequestRefusedError):
        protect(model, door).invoke([HumanMessage(content)])
    assert model.seen == []


def test_a_call_with_an_unknown_surrogate_is_not_run(door: Door, mailbox: Mailbox, kind: Any) -> None:
    def script(messages: list[BaseMessage]) -> AIMessage:
        if isinstance(messages[-1], ToolMessage):
            return AIMessage(content=text_of(messages[-1]))
        return call("send_email", to="EMAIL_7KQ2M9X", body="hello")

    agent = create_agent(kind(script=script), [mailbox.tool], middleware=[StrongroomMiddleware(door)])
    done = run(agent, "write to nobody")
    assert mailbox.sent == []
    assert "refused" in text_of(done["messages"][-1])
    assert done["messages"][-2].status == "error"


def test_what_a_sink_forbids_stays_a_surrogate(door: Door, mailbox: Mailbox) -> None:
    def script(messages: list[BaseMessage]) -> AIMessage:
        if isinstance(messages[-1], ToolMessage):
            return AIMessage(content="done")
        return call("send_email", to="x", body=text_of(messages[-1]))

    agent = create_agent(Scripted(script=script), [mailbox.tool], middleware=[StrongroomMiddleware(door)])
    run(agent, f"card {CARD}")
    assert mailbox.sent[0][1].startswith("card CARD_")


def test_a_thread_keeps_its_surrogates_over_turns_and_shares_them_with_no_other(
    door: Door, mailbox: Mailbox
) -> None:
    model = Scripted(script=lambda seen: AIMessage(content=f"noted {text_of(seen[-1])}"))
    agent = create_agent(
        model, [mailbox.tool], middleware=[StrongroomMiddleware(door)], checkpointer=InMemorySaver()
    )
    for thread in ("a", "b"):
        for _ in range(2):
            done = run(agent, EMAIL, configurable={"thread_id": thread})
            assert text_of(done["messages"][-1]) == f"noted {EMAIL}"
    surrogates = [json.loads(seen)[0][0]["content"] for seen in model.seen]
    assert surrogates[0] == surrogates[1]
    assert surrogates[2] == surrogates[3]
    assert surrogates[0] != surrogates[2]


def test_a_structured_answer_is_parsed_from_restored_arguments(open_room: Callable[..., Strongroom]) -> None:
    room = open_room(tools={"Contact": {"address": "message.recipient"}})
    door = Door.of(room, "support-bot", tenant="acme", environment="prod")

    class Contact(BaseModel):
        """Whom to write to."""

        address: str

    model = Scripted(script=lambda seen: call("Contact", address=text_of(seen[-1])))
    agent = create_agent(model, [], middleware=[StrongroomMiddleware(door)], response_format=Contact)
    assert run(agent, EMAIL)["structured_response"] == Contact(address=EMAIL)


def test_policy_may_refuse_the_model_altogether(room: Strongroom) -> None:
    door = Door.of(room, "auditor", tenant="acme", environment="prod", roles=("auditor",))
    model = Scripted(script=lambda _: AIMessage(content="ok"))
    with pytest.raises(AccessDeniedError):
        protect(model, door).invoke("hello")
    assert model.seen == []


def test_monitor_mode_changes_nothing(open_room: Callable[..., Strongroom]) -> None:
    room = open_room(mode="monitor")
    model = Scripted(script=lambda seen: AIMessage(content=text_of(seen[-1])))
    said = protect(model, Door.of(room, "support-bot", tenant="acme", environment="prod")).invoke(EMAIL)
    assert text_of(said) == EMAIL
    assert EMAIL in model.seen[0]


def test_the_log_knows_the_request_and_no_value(room: Strongroom, door: Door) -> None:
    protect(Scripted(script=lambda _: AIMessage(content="ok")), door).invoke(EMAIL)
    entries = room.audit_entries(20)
    assert any("forward" in json.dumps(entry) for entry in entries)
    assert EMAIL not in json.dumps(entries)


def test_without_the_framework_the_pip_line_is_told() -> None:
    hide = "import sys; sys.modules['langchain'] = sys.modules['langchain_core'] = None"
    done = subprocess.run(
        [sys.executable, "-c", f"{hide}\nimport strongroom.doors.langchain"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "pip install 'strongroom[langchain]'" in done.stderr
