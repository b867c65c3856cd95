"""LlamaIndex's own agents and engines with a scripted LLM: what it saw, what the tools and the person got."""

import asyncio
import gc
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from llama_index.core.agent.workflow import AgentStream, FunctionAgent
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
    CitableBlock,
    CompletionResponse,
    CompletionResponseAsyncGen,
    CompletionResponseGen,
    ContentBlock,
    ImageBlock,
    LLMMetadata,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.tools import BaseTool, FunctionTool
from pydantic import Field

from strongroom import Strongroom
from strongroom.doors import Door
from strongroom.doors.llamaindex import protect
from strongroom.errors import AccessDeniedError, RequestRefusedError, UnknownSurrogateError

# LlamaIndex's own workflows read what pydantic calls deprecated
# and its stores leave connections to the garbage collector
pytestmark = pytest.mark.filterwarnings(
    "ignore::pydantic.warnings.PydanticDeprecationWarning", "ignore::ResourceWarning"
)

EMAIL = "anna.schmidt@example.org"
CARD = "4111 1111 1111 1111"
SAID = f"I wrote to {EMAIL}. It said: sent to {EMAIL}, card {CARD}"


class Scripted(FunctionCallingLLM):
    """Says what its script makes of what it sees, and keeps what it saw. Streams a few characters at a time."""

    script: Any
    size: int = 3
    seen: list[str] = Field(default_factory=list)

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_function_calling_model=True)

    def _say(self, messages: Sequence[ChatMessage], kwargs: dict[str, Any]) -> ChatMessage:
        self.seen.append(json.dumps([[message.model_dump() for message in messages], kwargs], default=str))
        said: ChatMessage = self.script(messages)
        return said

    def _grow(self, said: ChatMessage) -> Iterator[ChatResponse]:
        text = said.content or ""
        others = [block for block in said.blocks if not isinstance(block, TextBlock)]
        for at in range(0, len(text), self.size):
            blocks: list[ContentBlock] = [TextBlock(text=text[: at + self.size])]
            message = ChatMessage(role=MessageRole.ASSISTANT, blocks=blocks)
            yield ChatResponse(message=message, delta=text[at : at + self.size])
        if others:
            words: list[ContentBlock] = [TextBlock(text=text)] if text else []
            yield ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, blocks=[*words, *others]), delta="")

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return ChatResponse(message=self._say(messages, kwargs))

    @llm_chat_callback()
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return ChatResponse(message=self._say(messages, kwargs))

    @llm_chat_callback()
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        said = self._say(messages, kwargs)

        def stream() -> ChatResponseGen:
            yield from self._grow(said)

        return stream()

    @llm_chat_callback()
    async def astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:
        said = self._say(messages, kwargs)

        async def stream() -> ChatResponseAsyncGen:
            for response in self._grow(said):
                yield response

        return stream()

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:  # noqa: FBT001, FBT002
        said = self._say([ChatMessage(content=prompt)], kwargs)
        return CompletionResponse(text=said.content or "")

    @llm_completion_callback()
    async def acomplete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:  # noqa: FBT001, FBT002
        return CompletionResponse(text=self._say([ChatMessage(content=prompt)], kwargs).content or "")

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:  # noqa: FBT001, FBT002
        said = self._say([ChatMessage(content=prompt)], kwargs)

        def stream() -> CompletionResponseGen:
            for response in self._grow(said):
                yield CompletionResponse(text=response.message.content or "", delta=response.delta)

        return stream()

    @llm_completion_callback()
    async def astream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any  # noqa: FBT001, FBT002
    ) -> CompletionResponseAsyncGen:  # fmt: skip
        said = self._say([ChatMessage(content=prompt)], kwargs)

        async def stream() -> CompletionResponseAsyncGen:
            for response in self._grow(said):
                yield CompletionResponse(text=response.message.content or "", delta=response.delta)

        return stream()

    def _prepare_chat_with_tools(
        self, tools: Sequence[BaseTool], user_msg: Any = None, chat_history: Any = None, verbose: bool = False,  # noqa: FBT001, FBT002
        allow_parallel_tool_calls: bool = False, tool_required: bool = False, **kwargs: Any,  # noqa: FBT001, FBT002
    ) -> dict[str, Any]:  # fmt: skip
        messages = list(chat_history or [])
        if user_msg:
            messages.append(ChatMessage(content=user_msg) if isinstance(user_msg, str) else user_msg)
        return {"messages": messages, "tools": [tool.metadata.to_openai_tool() for tool in tools], **kwargs}

    def get_tool_calls_from_response(
        self, response: ChatResponse, error_on_no_tool_call: bool = True, **kwargs: Any  # noqa: FBT001, FBT002
    ) -> list[ToolSelection]:  # fmt: skip
        return [
            ToolSelection(
                tool_id=block.tool_call_id or "", tool_name=block.tool_name, tool_kwargs=block.tool_kwargs
            )
            for block in response.message.blocks
            if isinstance(block, ToolCallBlock)
        ]


@pytest.fixture(autouse=True, scope="module")
def _collected_here() -> Iterator[None]:
    """What LlamaIndex leaves behind is collected before the tests of others run, which do not expect it."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def say(text: str, *blocks: Any) -> ChatMessage:
    words = [TextBlock(text=text)] if text else []
    return ChatMessage(role=MessageRole.ASSISTANT, blocks=[*words, *blocks])


def echo(messages: Sequence[ChatMessage]) -> ChatMessage:
    return say(f"noted {messages[-1].content}!")


def mailing(messages: Sequence[ChatMessage]) -> ChatMessage:
    """Writes to whom the person named, then says so."""
    asked = next(message for message in messages if message.role == MessageRole.USER).content or ""
    address = asked.split()[-1]
    if messages[-1].role == MessageRole.TOOL:
        return say(f"I wrote to {address}. It said: {messages[-1].content}")
    arguments = {"to": address, "body": f"Dear {address}, done."}
    return say("", ToolCallBlock(tool_call_id="c1", tool_name="send_email", tool_kwargs=arguments))


class Mailbox:
    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

        def send_email(to: str, body: str) -> str:
            """Send a mail."""
            self.sent.append((to, body))
            return f"sent to {to}, card {CARD}"

        self.tool = FunctionTool.from_defaults(send_email)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


def memory() -> ChatMemoryBuffer:
    """The default one opens a database and never closes it."""
    return ChatMemoryBuffer.from_defaults(token_limit=10_000)


def work(agent: FunctionAgent, text: str) -> tuple[str, str]:
    async def run() -> tuple[str, str]:
        handler = agent.run(text, memory=memory())
        deltas = [event.delta async for event in handler.stream_events() if isinstance(event, AgentStream)]
        return "".join(deltas), str(await handler)

    return asyncio.run(run())


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streaming"])
def test_the_model_sees_surrogates_the_tool_and_the_person_get_values(
    door: Door, mailbox: Mailbox, *, streaming: bool
) -> None:
    model = Scripted(script=mailing)
    agent = FunctionAgent(tools=[mailbox.tool], llm=protect(model, door), streaming=streaming)
    deltas, said = work(agent, f"write to {EMAIL}")
    assert said == SAID
    assert deltas == (SAID if streaming else deltas)
    assert mailbox.sent == [(EMAIL, f"Dear {EMAIL}, done.")]
    assert len(model.seen) == 2
    assert all(EMAIL not in seen and CARD not in seen for seen in model.seen)
    assert "EMAIL_" in model.seen[0]
    assert "CARD_" in model.seen[1]


def test_without_the_wrapper_the_model_sees_everything(mailbox: Mailbox) -> None:
    model = Scripted(script=mailing)
    work(FunctionAgent(tools=[mailbox.tool], llm=model), f"write to {EMAIL}")
    assert EMAIL in model.seen[0]


@pytest.mark.parametrize("size", [1, 4, 500])
def test_every_way_to_ask_is_protected_and_restored(door: Door, size: int) -> None:
    model = Scripted(script=echo, size=size)
    llm = protect(model, door)
    asked = [ChatMessage(content=EMAIL)]
    want = f"noted {EMAIL}!"

    async def later() -> list[Any]:
        streamed = [response async for response in await llm.astream_chat(asked)]
        completed = [response async for response in await llm.astream_complete(EMAIL)]
        return [(await llm.achat(asked)).message.content, (await llm.acomplete(EMAIL)).text, streamed, completed]

    assert llm.chat(asked).message.content == want
    assert llm.complete(EMAIL).text == want
    chat, complete, streamed, completed = asyncio.run(later())
    assert [chat, complete] == [want, want]
    for responses in (list(llm.stream_chat(asked)), streamed):
        assert responses[-1].message.content == want
        assert "".join(response.delta or "" for response in responses) == want
        assert all(want.startswith(response.message.content or "") for response in responses)
    for texts in (list(llm.stream_complete(EMAIL)), completed):
        assert texts[-1].text == want
        assert "".join(response.delta or "" for response in texts) == want
    assert len(model.seen) == 8
    assert all(EMAIL not in seen for seen in model.seen)


def test_a_chat_engine_keeps_its_surrogates_over_turns(door: Door) -> None:
    model = Scripted(script=echo)
    engine = SimpleChatEngine.from_defaults(llm=protect(model, door), memory=memory())
    for _ in range(3):
        assert str(engine.chat(EMAIL)) == f"noted {EMAIL}!"
    first = json.loads(model.seen[0])[0]
    assert json.loads(model.seen[2])[0][: len(first)] == first


def test_every_text_position_is_inspected(door: Door) -> None:
    model = Scripted(script=lambda _: say("ok"))
    tool = FunctionTool.from_defaults(lambda q=EMAIL: q, name="ask", description=f"Ask {EMAIL}")
    history = [
        ChatMessage(role=MessageRole.SYSTEM, content=f"You are {EMAIL}"),
        ChatMessage(
            blocks=[
                TextBlock(text=EMAIL),
                CitableBlock(title=EMAIL, source=EMAIL, content=[TextBlock(text=EMAIL)]),
            ]
        ),
        ChatMessage(
            role=MessageRole.ASSISTANT,
            blocks=[ToolCallBlock(tool_call_id="c", tool_name="ask", tool_kwargs={"deep": [{"er": EMAIL}]})],
            additional_kwargs={
                "tool_calls": [{"function": {"name": "ask", "arguments": json.dumps({"q": EMAIL})}}]
            },
        ),
        ChatMessage(
            role=MessageRole.TOOL, content=json.dumps({"email": EMAIL}), additional_kwargs={"tool_call_id": "c"}
        ),
    ]
    said = protect(model, door).chat_with_tools([tool], user_msg=EMAIL, chat_history=history, stop=[EMAIL])
    assert said.message.content == "ok"
    assert EMAIL not in model.seen[0]
    assert '"tool_name": "ask"' in model.seen[0]
    assert '"name": "ask"' in model.seen[0]


def test_reasoning_passes_untouched_both_ways(door: Door) -> None:
    thought = ThinkingBlock(content="EMAIL_7KQ2M9X?", additional_information={"signature": "QUJD" * 30})
    model = Scripted(script=lambda messages: say(f"a {messages[-1].content}", messages[0].blocks[0]))
    said = protect(model, door).chat([say("", thought), ChatMessage(content=EMAIL)])
    assert said.message.blocks[1] == thought
    assert said.message.content == f"a {EMAIL}"


def test_what_cannot_be_inspected_does_not_leave(door: Door) -> None:
    model = Scripted(script=echo)
    with pytest.raises(RequestRefusedError):
        protect(model, door).chat([ChatMessage(blocks=[ImageBlock(url="https://example.org/a.png")])])
    assert model.seen == []


def test_a_call_with_an_unknown_surrogate_is_not_handed_on(door: Door, mailbox: Mailbox) -> None:
    block = ToolCallBlock(
        tool_call_id="c", tool_name="send_email", tool_kwargs={"to": "EMAIL_7KQ2M9X", "body": "x"}
    )
    llm = protect(Scripted(script=lambda _: say("", block)), door)
    with pytest.raises(UnknownSurrogateError):
        llm.predict_and_call([mailbox.tool], user_msg="write to nobody")
    assert mailbox.sent == []
    assert protect(Scripted(script=lambda _: say("EMAIL_7KQ2M9X")), door).complete("hi").text == "EMAIL_7KQ2M9X"


def test_events_of_the_llm_carry_surrogates(door: Door) -> None:
    class Keeping(BaseEventHandler):
        kept: list[str] = Field(default_factory=list)

        def handle(self, event: Any, **kwargs: Any) -> None:
            self.kept.append(event.model_dump_json())

    keeping = Keeping()
    dispatcher = get_dispatcher()
    dispatcher.add_event_handler(keeping)
    try:
        protect(Scripted(script=echo), door).chat([ChatMessage(content=EMAIL)])
    finally:
        dispatcher.event_handlers.remove(keeping)
    assert any("EMAIL_" in event for event in keeping.kept)
    assert all(EMAIL not in event for event in keeping.kept)


def test_policy_may_refuse_the_model_altogether(room: Strongroom) -> None:
    model = Scripted(script=echo)
    door = Door.of(room, "auditor", tenant="acme", environment="prod", roles=("auditor",))
    with pytest.raises(AccessDeniedError):
        protect(model, door).complete("hello")
    assert model.seen == []


def test_monitor_mode_changes_nothing(open_room: Callable[..., Strongroom]) -> None:
    door = Door.of(open_room(mode="monitor"), "support-bot", tenant="acme", environment="prod")
    model = Scripted(script=echo)
    assert protect(model, door).complete(EMAIL).text == f"noted {EMAIL}!"
    assert list(protect(model, door).stream_complete(EMAIL))[-1].text == f"noted {EMAIL}!"
    assert EMAIL in model.seen[0]


def test_without_the_framework_the_pip_line_is_told() -> None:
    hide = "import sys; sys.modules['llama_index'] = None"
    done = subprocess.run(
        [sys.executable, "-c", f"{hide}\nimport strongroom.doors.llamaindex"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "pip install 'strongroom[llamaindex]'" in done.stderr
