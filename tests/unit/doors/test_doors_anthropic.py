"""The middleware in the official SDK: what leaves the chain, what comes back, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import anthropic
import anyio
import httpx2
import pytest
from tests.unit.doors.providers import CARD, EMAIL, Provider, message, message_stream

from strongroom import Strongroom
from strongroom.doors import Door
from strongroom.doors.anthropic import DoorMiddleware
from strongroom.errors import AccessDeniedError, FormatError, LimitExceededError, RequestRefusedError

ASKED: Any = [{"role": "user", "content": f"write to {EMAIL} about card {CARD}"}]


def client_of(door: Door, provider: Provider, **more: Any) -> anthropic.Anthropic:
    http = httpx2.Client(transport=provider.transport())
    return anthropic.Anthropic(api_key="k", http_client=http, middleware=[DoorMiddleware(door)], **more)


def async_client_of(door: Door, provider: Provider) -> anthropic.AsyncAnthropic:
    http = httpx2.AsyncClient(transport=provider.transport())
    return anthropic.AsyncAnthropic(api_key="k", http_client=http, middleware=[DoorMiddleware(door)])


def echo(body: dict[str, Any]) -> str:
    return "Done: " + str(body["messages"][-1]["content"])


def stays(provider: Provider) -> None:
    assert provider.requests
    assert EMAIL not in provider.bodies
    assert CARD not in provider.bodies
    assert "EMAIL_" in provider.bodies


WHOLE = f"Done: write to {EMAIL} about card {CARD}"


def test_a_whole_answer_comes_back(door: Door, provider: Provider) -> None:
    provider.reply = lambda body: message(echo(body))
    client = client_of(door, provider)
    answer = client.messages.create(model="m", max_tokens=9, messages=ASKED)
    assert answer.content[0].text == WHOLE  # type: ignore[union-attr]
    raw = client.messages.with_raw_response.create(model="m", max_tokens=9, messages=ASKED)
    assert raw.parse().content[0].text == WHOLE  # type: ignore[union-attr]
    assert raw.elapsed.total_seconds() >= 0
    assert raw.http_request.url.path == "/v1/messages"
    with client.messages.with_streaming_response.create(model="m", max_tokens=9, messages=ASKED) as streamed:
        assert EMAIL in streamed.read().decode()
    stays(provider)


def test_a_stream_comes_back(door: Door, provider: Provider) -> None:
    provider.reply = lambda body: message_stream(echo(body), size=1)
    with client_of(door, provider).messages.stream(model="m", max_tokens=9, messages=ASKED) as stream:
        assert "".join(stream.text_stream) == WHOLE
    stays(provider)
    assert provider.closed == 1


def test_asynchronous_clients(door: Door, provider: Provider) -> None:
    provider.reply = lambda body: message_stream(echo(body)) if body.get("stream") else message(echo(body)[-54:])
    long: Any = [{"role": "user", "content": "word " * 20_000 + ASKED[0]["content"]}]

    async def ask() -> tuple[str, str]:
        client = async_client_of(door, provider)
        answer: Any = await client.messages.create(model="m", max_tokens=9, messages=long)
        async with client.messages.stream(model="m", max_tokens=9, messages=ASKED) as stream:
            return answer.content[0].text, await stream.get_final_text()

    whole, streamed = anyio.run(ask)
    assert whole.endswith(ASKED[0]["content"][-40:])
    assert streamed == WHOLE
    stays(provider)


def test_tool_calls_come_back_at_their_own_sink(door: Door, provider: Provider) -> None:
    def call(body: dict[str, Any]) -> list[bytes]:
        name = body["messages"][-1]["content"].split()[2]
        given = {"to": name, "note": name}
        return message("", type="tool_use", id="toolu_1", name="send_email", input=given)

    provider.reply = call
    answer: Any = client_of(door, provider).messages.create(model="m", max_tokens=9, messages=ASKED)
    assert answer.content[0].input["to"] == EMAIL
    assert answer.content[0].input["note"].startswith("EMAIL_")


def test_what_is_merged_in_from_extra_body_is_inspected_too(door: Door, provider: Provider) -> None:
    provider.reply = lambda _body: message("ok")
    client = client_of(door, provider)
    client.messages.create(
        model="m", max_tokens=9, messages=[], extra_body={"messages": ASKED, "metadata": {"user_id": "u1"}},
        extra_headers={"Strongroom-Session": "ticket-1"}, extra_query={"beta": "true"},
    )  # fmt: skip
    stays(provider)
    assert provider.body["metadata"] == {"user_id": "u1"}
    assert "strongroom-session" not in provider.requests[-1].headers
    with pytest.raises(RequestRefusedError, match="unknown field") as refused:
        client.messages.create(model="m", max_tokens=9, messages=ASKED, extra_body={"note": EMAIL})
    assert EMAIL not in str(refused.value)
    assert len(provider.requests) == 1


def test_models_and_dates_in_a_body_are_written_as_the_sdk_writes_them(door: Door, provider: Provider) -> None:
    provider.reply = lambda _body: message("ok")
    client = client_of(door, provider)
    block = anthropic.types.TextBlock(type="text", text=f"I wrote to {EMAIL}")
    history: Any = [*ASKED, {"role": "assistant", "content": [block]}, {"role": "user", "content": "go on"}]
    client.messages.create(model="m", max_tokens=9, messages=history)
    stays(provider)
    assert provider.body["messages"][1]["content"][0].keys() == {"type", "text"}
    given: Any = {"due": date(2026, 1, 2)}
    tool: Any = {"type": "tool_use", "id": "t", "name": "send_email", "input": given}
    client.messages.create(model="m", max_tokens=9, messages=[{"role": "assistant", "content": [tool]}])
    assert "due" in json.dumps(provider.body)
    with pytest.raises(FormatError, match="not JSON"):
        client.messages.create(model="m", max_tokens=9, messages=ASKED, extra_body={"top_k": object()})


def test_refusals_are_raised_as_they_are_and_not_tried_again(room: Strongroom, provider: Provider) -> None:
    provider.reply = lambda _body: message("ok")
    visitor = Door.of(room, "visitor", tenant="acme", environment="prod", roles=("visitor",))
    with pytest.raises(AccessDeniedError):
        client_of(visitor, provider).messages.create(model="m", max_tokens=9, messages=ASKED)
    agent = client_of(Door.of(room, "agent", tenant="acme", environment="prod"), provider)
    with pytest.raises(RequestRefusedError):
        agent.messages.batches.create(requests=[])
    with pytest.raises(RequestRefusedError):
        agent.beta.files.upload(file=b"text of a file")
    assert provider.requests == []


def test_an_answer_too_large_is_refused(open_room: Callable[..., Strongroom], provider: Provider) -> None:
    provider.reply = lambda _body: message("x" * 3000)
    door = Door.of(open_room(limits={"response_bytes": 2048}), "bot", tenant="acme", environment="prod")
    with pytest.raises(LimitExceededError):
        client_of(door, provider).messages.create(model="m", max_tokens=9, messages=ASKED)

    async def ask() -> None:
        await async_client_of(door, provider).messages.create(model="m", max_tokens=9, messages=ASKED)

    with pytest.raises(LimitExceededError):
        anyio.run(ask)


def test_errors_of_the_provider_stay_its_own_and_are_tried_again(door: Door, provider: Provider) -> None:
    provider.status = 529
    provider.reply = lambda _body: [b'{"type":"error","error":{"type":"overloaded_error","message":"busy"}}']
    client = client_of(door, provider, max_retries=1)
    client._sleep_for_retry = lambda **_: None  # type: ignore[method-assign]
    with pytest.raises(anthropic.APIStatusError, match="busy"):
        client.messages.create(model="m", max_tokens=9, messages=ASKED)
    first, second = (request.content for request in provider.requests)
    assert first == second
    stays(provider)


def test_relays_and_monitor_mode_change_nothing(
    door: Door, open_room: Callable[..., Strongroom], provider: Provider
) -> None:
    provider.reply = lambda _body: [b'{"data":[],"has_more":false,"first_id":null,"last_id":null}']
    assert client_of(door, provider).models.list().data == []
    provider.reply = lambda body: message(echo(body))
    watching = Door.of(open_room(mode="monitor"), "bot", tenant="acme", environment="prod")
    client_of(watching, provider).messages.create(model="m", max_tokens=9, messages=ASKED)
    assert EMAIL in provider.bodies


def test_a_client_for_another_cloud_is_protected_before_it_rewrites_the_request(
    door: Door, provider: Provider
) -> None:
    provider.reply = lambda body: message(echo(body))
    client = anthropic.AnthropicVertex(
        region="eu", project_id="p", access_token="t", middleware=[DoorMiddleware(door)],
        http_client=httpx2.Client(transport=provider.transport()),
    )  # fmt: skip
    answer: Any = client.messages.create(model="m", max_tokens=9, messages=ASKED)
    assert answer.content[0].text == WHOLE
    assert provider.requests[-1].url.path.endswith(":rawPredict")
    stays(provider)
