"""The transport with Google's and Mistral's SDKs, and with clients of other servers."""

from __future__ import annotations

import json
from typing import Any

import anyio
import httpx2
import openai
import pytest
from google import genai
from google.genai import types
from mistralai.client import Mistral
from mistralai.client.errors import SDKError
from tests.unit.doors.providers import CARD, EMAIL, Provider, chat, chat_stream, events

from strongroom import Strongroom
from strongroom.doors import AsyncDoorTransport, Door, DoorTransport

ASKED = f"write to {EMAIL} about card {CARD}"


def sync_http(door: Door, provider: Provider) -> httpx2.Client:
    return httpx2.Client(transport=DoorTransport(door, provider.transport()))


def async_http(door: Door, provider: Provider) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=AsyncDoorTransport(door, provider.transport()))


def stays(provider: Provider) -> None:
    assert provider.requests
    assert EMAIL not in provider.bodies
    assert CARD not in provider.bodies
    assert "EMAIL_" in provider.bodies


# --- google-genai ---------------------------------------------------------------------------------


def candidate(*parts: dict[str, Any], finish: str | None = "STOP") -> dict[str, Any]:
    return {
        "candidates": [{"content": {"role": "model", "parts": list(parts)}, "finishReason": finish, "index": 0}]
    }


def gemini_echo(body: dict[str, Any]) -> str:
    return "Done: " + str(body["contents"][-1]["parts"][0]["text"])


def gemini(door: Door, provider: Provider) -> genai.Client:
    options = types.HttpOptions(
        httpx_client=sync_http(door, provider), httpx_async_client=async_http(door, provider)
    )
    return genai.Client(api_key="k", http_options=options)


def test_google_genai_whole(door: Door, provider: Provider) -> None:
    provider.reply = lambda body: [json.dumps(candidate({"text": gemini_echo(body)})).encode()]
    answer = gemini(door, provider).models.generate_content(model="gemini-x", contents=ASKED)
    assert answer.text == f"Done: {ASKED}"
    stays(provider)
    assert provider.requests[-1].headers["x-goog-api-key"] == "k"


def test_google_genai_streams(door: Door, provider: Provider) -> None:
    def pieces(body: dict[str, Any]) -> list[bytes]:
        said = gemini_echo(body)
        return [
            f"data: {json.dumps(candidate({'text': said[at : at + 3]}, finish=None))}\r\n\r\n".encode()
            for at in range(0, len(said), 3)
        ] + [f"data: {json.dumps(candidate({'text': ''}))}\r\n\r\n".encode()]

    provider.reply = pieces
    stream = gemini(door, provider).models.generate_content_stream(model="gemini-x", contents=ASKED)
    assert "".join(chunk.text or "" for chunk in stream) == f"Done: {ASKED}"
    stays(provider)

    async def ask() -> str:
        stream = await gemini(door, provider).aio.models.generate_content_stream(model="gemini-x", contents=ASKED)
        return "".join([chunk.text or "" async for chunk in stream])

    assert anyio.run(ask) == f"Done: {ASKED}"


def test_google_genai_function_calls(door: Door, provider: Provider) -> None:
    def call(body: dict[str, Any]) -> list[bytes]:
        name = body["contents"][-1]["parts"][0]["text"].split()[2]
        given = {"name": "send_email", "args": {"to": name, "note": name}}
        return [json.dumps(candidate({"functionCall": given, "thoughtSignature": "c2ln"})).encode()]

    provider.reply = call
    answer = gemini(door, provider).models.generate_content(model="gemini-x", contents=ASKED)
    given: Any = (answer.function_calls or [])[0].args
    assert given["to"] == EMAIL
    assert given["note"].startswith("EMAIL_")


# --- mistral --------------------------------------------------------------------------------------


def mistral(door: Door, provider: Provider) -> Mistral:
    return Mistral(api_key="k", client=sync_http(door, provider), async_client=async_http(door, provider))


def echo(body: dict[str, Any]) -> str:
    return "Done: " + str(body["messages"][-1]["content"])


ASKED_MISTRAL: Any = [{"role": "user", "content": ASKED}]


def test_mistral_whole_and_streamed(door: Door, provider: Provider) -> None:
    provider.reply = lambda body: chat_stream(echo(body)) if body.get("stream") else chat(echo(body))
    client = mistral(door, provider)
    answer: Any = client.chat.complete(model="m", messages=ASKED_MISTRAL)
    assert answer.choices[0].message.content == f"Done: {ASKED}"
    stream = client.chat.stream(model="m", messages=ASKED_MISTRAL)
    assert "".join(str(event.data.choices[0].delta.content or "") for event in stream) == f"Done: {ASKED}"
    stays(provider)

    async def ask() -> str:
        stream = await client.chat.stream_async(model="m", messages=ASKED_MISTRAL)
        return "".join([str(event.data.choices[0].delta.content or "") async for event in stream])

    assert anyio.run(ask) == f"Done: {ASKED}"


def test_mistral_tool_calls_with_arguments_as_an_object_and_a_history_of_them(
    door: Door, provider: Provider
) -> None:
    def call(body: dict[str, Any]) -> list[bytes]:
        name = body["messages"][0]["content"].split()[2]
        function = {"name": "send_email", "arguments": {"to": name, "note": name}}
        return chat("", tool_calls=[{"id": "t1", "function": function}])

    provider.reply = call
    client = mistral(door, provider)
    answer: Any = client.chat.complete(model="m", messages=ASKED_MISTRAL)
    made = answer.choices[0].message
    assert made.tool_calls[0].function.arguments["to"] == EMAIL
    assert made.tool_calls[0].function.arguments["note"].startswith("EMAIL_")
    told = {"role": "tool", "tool_call_id": "t1", "name": "send_email", "content": f'{{"sent_to":"{EMAIL}"}}'}
    client.chat.complete(model="m", messages=[*ASKED_MISTRAL, made, told])
    stays(provider)
    first, second = (json.loads(request.content)["messages"] for request in provider.requests)
    assert second[0] == first[0]
    assert second[1]["prefix"] is False


def test_mistral_text_in_chunks_beside_reasoning(door: Door, provider: Provider) -> None:
    def pieces(body: dict[str, Any]) -> list[bytes]:
        name = body["messages"][-1]["content"].split()[2]
        thinking = {"type": "thinking", "thinking": [{"type": "text", "text": f"about {name}"}]}

        def chunk(content: Any, finish: str | None = None) -> dict[str, Any]:
            choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
            return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}

        return events(
            chunk([thinking]),
            chunk([{"type": "text", "text": "to " + name[:4]}]),
            chunk([{"type": "text", "text": name[4:9]}]),
            chunk(name[9:]),
            chunk("", "stop"),
            "[DONE]",
        )

    provider.reply = pieces
    said = ""
    reasoned = ""
    for event in mistral(door, provider).chat.stream(model="m", messages=ASKED_MISTRAL):
        content: Any = event.data.choices[0].delta.content
        if isinstance(content, str):
            said += content
        else:
            said += "".join(item.text for item in content or [] if item.type == "text")
            reasoned += "".join(str(item.thinking) for item in content or [] if item.type == "thinking")
    assert said == f"to {EMAIL}"
    assert "EMAIL_" in reasoned  # reasoning stays as the model wrote it
    assert EMAIL not in reasoned


def test_mistral_refusals(door: Door, provider: Provider) -> None:
    client = mistral(door, provider)
    with pytest.raises(SDKError, match="unknown endpoint"):
        client.fim.complete(model="m", prompt=f"mail {EMAIL}")
    image: Any = [{"role": "user", "content": [{"type": "image_url", "image_url": "https://example.org/a.png"}]}]
    with pytest.raises(SDKError, match="cannot be inspected"):
        client.chat.complete(model="m", messages=image)
    assert provider.requests == []


# --- whose wire it is -----------------------------------------------------------------------------


def test_other_servers_are_known_by_the_end_of_the_path_or_by_what_the_door_was_told(
    room: Strongroom, door: Door, provider: Provider
) -> None:
    provider.reply = lambda body: chat(echo(body))
    for base in ("http://localhost:11434/v1", "https://host.example/openai/deployments/x"):
        with openai.OpenAI(api_key="k", base_url=base, http_client=sync_http(door, provider)) as client:
            answer = client.chat.completions.create(model="m", messages=ASKED_MISTRAL)
        assert answer.choices[0].message.content == f"Done: {ASKED}"
    stays(provider)
    told = Door.of(room, "support-bot", tenant="acme", environment="prod", wire="mistral")
    own = Mistral(api_key="k", server_url="http://localhost:1", client=sync_http(told, provider))
    own.chat.complete(model="m", messages=[*ASKED_MISTRAL, {"role": "assistant", "content": "so", "prefix": True}])
    assert provider.body["messages"][1]["prefix"] is True
    lost = Door.of(room, "support-bot", tenant="acme", environment="prod", wire="telegraph")
    with (
        openai.OpenAI(api_key="k", http_client=sync_http(lost, provider)) as client,
        pytest.raises(openai.NotFoundError, match="no tables for telegraph"),
    ):
        client.chat.completions.create(model="m", messages=ASKED_MISTRAL)
