"""The httpx transport with the official SDKs as clients: values stay here, come back, and nothing slips past."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import anthropic
import anyio
import httpx2
import openai
import pytest
from tests.unit.doors.providers import (
    CARD,
    EMAIL,
    Provider,
    chat,
    chat_stream,
    events,
    message,
    message_stream,
)

from strongroom import Strongroom
from strongroom.doors import AsyncDoorTransport, Door, DoorTransport

ASKED: Any = [{"role": "user", "content": f"write to {EMAIL} about card {CARD}"}]


def sync_client(door: Door, provider: Provider, package: Any = httpx2) -> Any:
    return package.Client(transport=DoorTransport(door, provider.transport(package)))


def async_client(door: Door, provider: Provider, package: Any = httpx2) -> Any:
    return package.AsyncClient(transport=AsyncDoorTransport(door, provider.transport(package)))


def echo(body: dict[str, Any]) -> str:
    return "Done: " + str(body["messages"][-1]["content"])


def stays(provider: Provider) -> None:
    assert provider.requests
    assert EMAIL not in provider.bodies
    assert CARD not in provider.bodies
    assert "EMAIL_" in provider.bodies


# --- openai ---------------------------------------------------------------------------------------


def test_openai_gets_its_values_back(door: Door, provider: Provider) -> None:
    provider.reply = lambda body: chat(echo(body))
    with openai.OpenAI(api_key="sk-1", http_client=sync_client(door, provider)) as client:
        answer = client.chat.completions.create(model="m", messages=ASKED)
    assert answer.choices[0].message.content == f"Done: write to {EMAIL} about card {CARD}"
    stays(provider)
    assert provider.requests[-1].headers["authorization"] == "Bearer sk-1"


def test_openai_streams(door: Door, provider: Provider) -> None:
    provider.reply = lambda body: chat_stream(echo(body))
    with openai.OpenAI(api_key="sk-1", http_client=sync_client(door, provider)) as client:
        stream = client.chat.completions.create(model="m", messages=ASKED, stream=True)
        said = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert said == f"Done: write to {EMAIL} about card {CARD}"
    stays(provider)
    assert provider.closed == 1


def test_openai_async_streams(door: Door, provider: Provider) -> None:
    provider.reply = lambda body: chat_stream(echo(body), size=1)

    async def ask() -> str:
        async with openai.AsyncOpenAI(api_key="sk-1", http_client=async_client(door, provider)) as client:
            stream = await client.chat.completions.create(model="m", messages=ASKED, stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert anyio.run(ask) == f"Done: write to {EMAIL} about card {CARD}"
    stays(provider)
    assert provider.closed == 1


def test_openai_async_whole_with_a_body_inspected_in_a_thread(door: Door, provider: Provider) -> None:
    provider.reply = lambda body: chat(echo(body)[-80:])
    long: Any = [{"role": "user", "content": "word " * 20_000 + f"write to {EMAIL} about card {CARD}"}]

    async def ask() -> str | None:
        async with openai.AsyncOpenAI(api_key="sk-1", http_client=async_client(door, provider)) as client:
            answer = await client.chat.completions.create(model="m", messages=long)
            return answer.choices[0].message.content

    assert (anyio.run(ask) or "").endswith(f"write to {EMAIL} about card {CARD}")
    stays(provider)


def test_tool_arguments_come_back_at_their_own_sink(door: Door, provider: Provider) -> None:
    def call(body: dict[str, Any]) -> list[bytes]:
        name = body["messages"][-1]["content"].split()[2]
        function = {"name": "send_email", "arguments": json.dumps({"to": name, "note": name})}
        return chat(None, tool_calls=[{"id": "t1", "type": "function", "function": function}])

    provider.reply = call
    with openai.OpenAI(api_key="sk-1", http_client=sync_client(door, provider)) as client:
        answer = client.chat.completions.create(model="m", messages=ASKED)
    calls: Any = answer.choices[0].message.tool_calls
    given = json.loads(calls[0].function.arguments)
    assert given["to"] == EMAIL
    assert given["note"].startswith("EMAIL_")  # nobody declared this parameter


# --- anthropic ------------------------------------------------------------------------------------


def test_anthropic_whole_and_streamed(door: Door, provider: Provider) -> None:
    provider.reply = lambda body: message_stream(echo(body)) if body.get("stream") else message(echo(body))
    client = anthropic.Anthropic(api_key="k", http_client=sync_client(door, provider))
    answer = client.messages.create(model="m", max_tokens=9, messages=ASKED)
    assert answer.content[0].text == f"Done: write to {EMAIL} about card {CARD}"  # type: ignore[union-attr]
    with client.messages.stream(model="m", max_tokens=9, messages=ASKED) as stream:
        assert "".join(stream.text_stream) == f"Done: write to {EMAIL} about card {CARD}"
    stays(provider)


def test_anthropic_async(door: Door, provider: Provider) -> None:
    provider.reply = lambda body: message_stream(echo(body))

    async def ask() -> str:
        client = anthropic.AsyncAnthropic(api_key="k", http_client=async_client(door, provider))
        async with client.messages.stream(model="m", max_tokens=9, messages=ASKED) as stream:
            return await stream.get_final_text()

    assert anyio.run(ask) == f"Done: write to {EMAIL} about card {CARD}"
    stays(provider)


# --- both packages --------------------------------------------------------------------------------

OPENAI_URL = "https://api.openai.com/v1/chat/completions"


def body(content: str = f"write to {EMAIL}", **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": content}], **more}


def test_either_package_gets_objects_of_its_own(door: Door, provider: Provider, package: Any) -> None:
    provider.reply = lambda asked: chat(echo(asked))
    with sync_client(door, provider, package) as client:
        answer = client.post(OPENAI_URL, json=body())
    assert isinstance(answer, package.Response)
    assert answer.json()["choices"][0]["message"]["content"] == f"Done: write to {EMAIL}"
    assert int(answer.headers.get("content-length", len(answer.content))) == len(answer.content)
    assert answer.elapsed.total_seconds() >= 0
    assert isinstance(provider.requests[-1], package.Request)


def test_a_compressed_answer_is_decoded_and_restored(door: Door, provider: Provider, package: Any) -> None:
    provider.headers = {"content-encoding": "gzip"}
    provider.reply = lambda asked: [gzip.compress(chat(echo(asked))[0])]
    with sync_client(door, provider, package) as client:
        answer = client.post(OPENAI_URL, json=body())
    assert answer.json()["choices"][0]["message"]["content"] == f"Done: write to {EMAIL}"
    assert "content-encoding" not in answer.headers


def test_a_request_in_which_nothing_is_found_leaves_as_it_is(door: Door, provider: Provider) -> None:
    raw = b'{"model" : "m",\t"messages":[{"role":"user","content":"caf\\u00e9 1e5"}], "temperature":1.10}'
    provider.reply = lambda _asked: chat("ok")
    with sync_client(door, provider) as client:
        client.post(OPENAI_URL, content=raw, headers={"content-type": "application/json"})
    assert provider.requests[-1].content == raw


def test_a_conversation_is_named_by_header_or_door_and_the_name_does_not_leave(
    room: Strongroom, provider: Provider
) -> None:
    provider.reply = lambda _asked: chat("ok")
    named = Door.of(room, "support-bot", tenant="acme", environment="prod", conversation="ticket-1")
    free = Door.of(room, "support-bot", tenant="acme", environment="prod")
    for door, headers in ((named, {}), (free, {"Strongroom-Session": "ticket-1"}), (free, {})):
        with sync_client(door, provider) as client:
            client.post(OPENAI_URL, json=body(), headers=headers)
    first, second, third = (json.loads(request.content)["messages"][0]["content"] for request in provider.requests)
    assert first == second != third
    assert "strongroom-session" not in provider.requests[1].headers


# --- refusals -------------------------------------------------------------------------------------


def test_what_no_table_knows_is_refused_in_the_providers_shape(door: Door, provider: Provider) -> None:
    with openai.OpenAI(api_key="sk-1", http_client=sync_client(door, provider)) as client:
        with pytest.raises(openai.NotFoundError, match="unknown endpoint"):
            client.completions.create(model="m", prompt=f"write to {EMAIL}")
        with pytest.raises(openai.BadRequestError, match="unknown field") as refused:
            client.chat.completions.create(model="m", messages=ASKED, extra_body={"note": EMAIL})
    assert EMAIL not in str(refused.value)
    other = anthropic.Anthropic(api_key="k", http_client=sync_client(door, provider))
    with pytest.raises(anthropic.BadRequestError, match="unknown field"):
        other.messages.create(model="m", max_tokens=9, messages=ASKED, extra_body={"note": EMAIL})
    assert provider.requests == []


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"content": b"x" * 99, "headers": {"content-type": "text/plain"}}, 415),
        ({"content": b"{}", "headers": {"content-type": "application/json", "content-encoding": "gzip"}}, 415),
        ({"content": b"[]", "headers": {"content-type": "application/json"}}, 400),
        ({"content": b'{"model":"a","model":"b"}', "headers": {"content-type": "application/json"}}, 400),
        ({"json": body("x" * 3000)}, 413),
        ({"json": body(), "params": {"q": EMAIL}}, 400),
        ({"json": body(), "headers": {"strongroom-session": "x" * 300}}, 400),
    ],
    ids=["text", "gzip", "array", "twice", "large", "query", "session"],
)
def test_bodies_that_cannot_be_inspected_do_not_leave(
    open_room: Callable[..., Strongroom], provider: Provider, more: dict[str, Any], status: int
) -> None:
    room = open_room(limits={"body_bytes": 2048})
    door = Door.of(room, "support-bot", tenant="acme", environment="prod")
    with sync_client(door, provider) as client:
        answer = client.post(OPENAI_URL, **more)
    assert answer.status_code == status, answer.text
    assert EMAIL not in answer.text
    assert provider.requests == []


def test_a_principal_policy_does_not_let_out_is_refused(room: Strongroom, provider: Provider) -> None:
    door = Door.of(room, "visitor", tenant="acme", environment="prod", roles=("visitor",))
    with sync_client(door, provider) as client:
        answer = client.post(OPENAI_URL, json=body())
    assert answer.status_code == 403
    assert provider.requests == []


def test_lists_of_models_pass_but_not_with_a_body(door: Door, provider: Provider) -> None:
    provider.reply = lambda _asked: [b'{"object":"list","data":[]}']
    with sync_client(door, provider) as client:
        assert client.get("https://api.openai.com/v1/models").status_code == 200
        assert client.get("https://api.openai.com/v1/models/gpt-5").status_code == 200
        assert client.request("GET", "https://api.openai.com/v1/models", json=body()).status_code == 400
        assert client.get("https://api.openai.com/v1/fine_tuning/jobs").status_code == 404
        assert client.put(OPENAI_URL, json=body()).status_code == 405
    assert len(provider.requests) == 2


# --- the way back ---------------------------------------------------------------------------------


def test_an_error_of_the_provider_is_passed_on_untouched(door: Door, provider: Provider) -> None:
    provider.status = 429
    provider.reply = lambda asked: [json.dumps({"error": {"message": echo(asked)}}).encode()]
    with sync_client(door, provider) as client:
        answer = client.post(OPENAI_URL, json=body())
    assert answer.status_code == 429
    assert EMAIL not in answer.text


def test_an_answer_larger_than_the_limit_is_refused(
    open_room: Callable[..., Strongroom], provider: Provider
) -> None:
    room = open_room(limits={"response_bytes": 2048})
    door = Door.of(room, "support-bot", tenant="acme", environment="prod")
    provider.reply = lambda _asked: chat("x" * 3000)

    async def ask() -> int:
        async with async_client(door, provider) as client:
            return int((await client.post(OPENAI_URL, json=body())).status_code)

    with sync_client(door, provider) as client:
        assert client.post(OPENAI_URL, json=body()).status_code == 413
    assert anyio.run(ask) == 413
    assert provider.closed == 2


def test_a_stream_that_breaks_off_gives_what_was_held_back_and_then_the_error(
    door: Door, provider: Provider
) -> None:
    provider.then = httpx2.ReadError("gone")
    provider.reply = lambda asked: chat_stream("see " + str(asked["messages"][-1]["content"].split()[2])[:-4])[:-2]
    pieces: list[str] = []
    with (
        sync_client(door, provider) as client,
        client.stream("POST", OPENAI_URL, json=body()) as answer,
        pytest.raises(httpx2.ReadError),
    ):
        pieces.extend(answer.iter_text())
    contents = [json.loads(line[6:]) for line in "".join(pieces).splitlines() if line.startswith("data: {")]
    said = "".join(event["choices"][0]["delta"].get("content", "") for event in contents)
    assert said.startswith("see EMAIL_")
    assert provider.closed == 1


def test_a_log_that_fails_in_the_middle_of_a_stream_ends_it_with_an_error_event(
    door: Door, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    from strongroom.errors import AuditUnavailableError
    from strongroom.guard.corridor import Guard

    provider.reply = lambda asked: chat_stream(echo(asked))
    with sync_client(door, provider) as client, client.stream("POST", OPENAI_URL, json=body()) as answer:

        def fail(*_: object, **__: object) -> None:
            msg = "the log is gone"
            raise AuditUnavailableError(msg)

        monkeypatch.setattr(Guard, "authorize", fail)
        said = "".join(answer.iter_text())
    assert '"error"' in said
    assert EMAIL not in said
    assert "[DONE]" not in said


def test_monitor_mode_changes_nothing_and_says_so(
    open_room: Callable[..., Strongroom], provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    door = Door.of(open_room(mode="monitor"), "support-bot", tenant="acme", environment="prod")
    provider.reply = lambda asked: chat(echo(asked)) if "messages" in asked else [b"{}"]
    with sync_client(door, provider) as client, caplog.at_level("INFO", "strongroom.doors"):
        answer = client.post(OPENAI_URL, json=body(note=1))
        client.post("https://api.openai.com/v1/whatever", json={"note": 2})
    assert EMAIL in provider.bodies
    assert answer.json()["choices"][0]["message"]["content"] == f"Done: write to {EMAIL}"
    assert "openai.chat: 1 values found" in caplog.text
    assert "note: unknown field" in caplog.text
    assert EMAIL not in caplog.text


def test_a_failure_to_send_is_passed_on_and_the_passage_is_recorded(door: Door, room: Strongroom) -> None:
    class Down(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            msg = "no route"
            raise httpx2.ConnectError(msg)

    with httpx2.Client(transport=DoorTransport(door, Down())) as client, pytest.raises(httpx2.ConnectError):
        client.post(OPENAI_URL, json=body())
    recorded = [(entry["action"], entry["phase"]) for entry in room.audit_entries(3)]
    assert recorded[:2] == [("forward", "intent"), ("forward", "outcome")]


def test_events_of_other_kinds_are_the_providers_own(door: Door, provider: Provider) -> None:
    pieces = [b": hello\n\n", *events({"choices": [], "usage": {"total_tokens": 3}}), b"data: [DONE]\n\n"]
    provider.headers = {"content-type": "text/event-stream"}
    provider.reply = lambda _asked: pieces
    with sync_client(door, provider) as client:
        assert client.post(OPENAI_URL, json=body(stream=True)).content == b"".join(pieces)


# --- responses that the provider keeps ------------------------------------------------------------


def response(said: str, number: int) -> dict[str, Any]:
    part = {"type": "output_text", "text": said, "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    whole = {"id": f"resp_{number}", "object": "response", "created_at": 1, "status": "completed", "model": "m"}
    return {**whole, "output": [item], "tools": [], "tool_choice": "auto", "parallel_tool_calls": True}


def test_openai_responses_whole_kept_and_asked_for_again(room: Strongroom, provider: Provider) -> None:
    door = Door.of(room, "support-bot", tenant="acme", environment="prod", conversation="ticket-1")
    said: list[str] = []

    def reply(body: dict[str, Any]) -> list[bytes]:
        said.append("Done: " + str(body["input"]) if body else said[-1])
        return [json.dumps(response(said[-1], 1)).encode()]

    provider.reply = reply
    with openai.OpenAI(api_key="sk-1", http_client=sync_client(door, provider)) as client:
        answer = client.responses.create(model="m", input=f"write to {EMAIL}")
        assert answer.output_text == f"Done: write to {EMAIL}"
        assert client.responses.retrieve("resp_1").output_text == f"Done: write to {EMAIL}"
    assert EMAIL not in provider.bodies
    assert [request.method for request in provider.requests] == ["POST", "GET"]
