import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import anthropic
import openai
import pytest

from strongroom.demo.conversation import anthropic_tools, openai_tools
from strongroom.demo.passage import Passage
from strongroom.demo.rehearsal import Rehearsal

ASK = "Please look up äöü@example.com"


@pytest.fixture
def model() -> Iterator[Rehearsal]:
    with Rehearsal() as running:
        yield running


@pytest.fixture
def openai_client(model: Rehearsal) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{model.url}/v1", api_key="k", max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic_client(model: Rehearsal) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=model.url, api_key="k", max_retries=0) as client:
        yield client


def post(url: str, body: bytes, headers: dict[str, str] | None = None) -> SimpleNamespace:
    request = urllib.request.Request(url, body, headers or {"content-type": "application/json"})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
            return SimpleNamespace(status=answer.status, body=answer.read(), headers=answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return SimpleNamespace(status=error.code, body=error.read(), headers=error.headers)


def test_openai_streaming_and_whole_say_the_same(openai_client: Any) -> None:
    asked: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": ASK}], "tools": openai_tools()}
    whole = openai_client.chat.completions.create(**asked).choices[0].message
    arguments = ""
    for chunk in openai_client.chat.completions.create(
        **asked, stream=True, stream_options={"include_usage": True}
    ):
        for choice in chunk.choices:
            for call in choice.delta.tool_calls or ():
                arguments += call.function.arguments or ""
    assert (
        json.loads(arguments) == json.loads(whole.tool_calls[0].function.arguments) == {"key": "äöü@example.com"}
    )


def test_parallel_calls_are_interleaved_and_whole_again(openai_client: Any) -> None:
    row = {"name": "Jörg", "email": "j@example.com", "card": "4111111111111111", "phone": "+493012345"}
    messages: list[Any] = [{"role": "user", "content": "Refund 5.00 EUR for j@example.com"}]
    done: list[tuple[str, Any]] = [
        ("lookup_customer", row),
        ("search_tickets", []),
        ("send_email", {}),
        ("send_email", {}),
    ]
    for number, (name, output) in enumerate(done):
        call = {"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": "{}"}}
        messages += [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"c{number}", "content": json.dumps(output)},
        ]
    stream = openai_client.chat.completions.create(model="m", messages=messages, tools=openai_tools(), stream=True)
    order: list[int] = []
    texts = {0: "", 1: ""}
    for chunk in stream:
        for call in chunk.choices[0].delta.tool_calls or ():
            order.append(call.index)
            texts[call.index] += call.function.arguments or ""
    assert json.loads(texts[0])["card"] == row["card"]
    assert "Jörg" in json.loads(texts[1])["text"]
    assert order != sorted(order)


def test_thinking_is_signed_and_must_come_back_unaltered(model: Rehearsal, anthropic_client: Any) -> None:
    def ask(messages: Any) -> Any:
        return anthropic_client.messages.create(
            model="m", max_tokens=2048, messages=messages, tools=anthropic_tools(),
            thinking={"type": "enabled", "budget_tokens": 1024},
        )  # fmt: skip

    messages: list[Any] = [{"role": "user", "content": ASK}]
    answer = ask(messages)
    thinking, call = answer.content
    assert thinking.signature
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "{}"}
    echo = [{"type": "thinking", "thinking": thinking.thinking, "signature": thinking.signature}]
    use = [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.input}]
    ask([*messages, {"role": "assistant", "content": echo + use}, {"role": "user", "content": [result]}])
    assert (model.recording.thoughts, model.recording.thoughts_altered) == (1, 0)
    assert (model.recording.echoes, model.recording.echoes_altered) == (1, 0)

    echo[0]["thinking"] += "!"
    with pytest.raises(anthropic.BadRequestError, match="cannot be modified"):
        ask([*messages, {"role": "assistant", "content": echo + use}, {"role": "user", "content": [result]}])
    assert model.recording.thoughts_altered == 1


def test_an_altered_tool_call_is_counted(model: Rehearsal, anthropic_client: Any) -> None:
    messages: list[Any] = [{"role": "user", "content": ASK}]
    with anthropic_client.messages.stream(
        model="m", max_tokens=64, messages=messages, tools=anthropic_tools()
    ) as stream:
        (call,) = stream.get_final_message().content
    use = {"type": "tool_use", "id": call.id, "name": call.name, "input": {"key": "somebody else"}}
    result = {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": "{}"}]}
    messages += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    anthropic_client.messages.create(model="m", max_tokens=64, messages=messages, tools=anthropic_tools())
    assert (model.recording.echoes, model.recording.echoes_altered) == (1, 1)


def test_every_byte_is_recorded_headers_included(model: Rehearsal) -> None:
    post(f"{model.url}/v1/unknown?q=secret-path", b'{"a":"secret-body"}', {"x-note": "secret-header"})
    (received,) = model.recording.snapshot()
    for part in (b"POST /v1/unknown?q=secret-path", b"secret-body", b"secret-header"):
        assert part in received.raw


def test_what_is_not_json_or_unknown_is_refused_and_still_recorded(model: Rehearsal) -> None:
    assert post(f"{model.url}/v1/chat/completions", b"{").status == 400
    assert post(f"{model.url}/v1/elsewhere", b"{}").status == 404
    assert len(model.recording.snapshot()) == 2


def test_the_passage_forwards_unchanged_and_keeps_a_copy(model: Rehearsal) -> None:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hello"}], "stream": True}).encode()
    direct = post(f"{model.url}/v1/chat/completions", body)
    with Passage(f"{model.url}/v1") as passage:
        through = post(f"{passage.url}/chat/completions", body, {"authorization": "Bearer x"})
        copied = passage.recording.snapshot()
    assert through.body == direct.body
    assert through.headers["content-type"] == direct.headers["content-type"]
    assert body in copied[0].raw
    assert b"Bearer x" in copied[0].raw
    assert model.recording.snapshot()[1].body == body


def test_the_passage_says_when_nobody_is_there() -> None:
    with Passage("http://127.0.0.1:9") as passage:
        assert post(f"{passage.url}/chat/completions", b"{}").status == 502
