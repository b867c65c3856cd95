"""Google's official SDK as the client: nothing but the base URL and the key is changed."""

import asyncio
import itertools
import json
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

VALUE = "anna@example.org"
SURROGATE = "EMAIL_Q0000XX"


@pytest.fixture
def client(rig: Any) -> Any:
    options = types.HttpOptions(base_url=f"{rig.url}/gemini")
    with genai.Client(api_key="sr_test", http_options=options) as made:
        yield made


def answer(*parts: Any, **more: Any) -> Any:
    return {"candidates": [{"content": {"parts": list(parts), "role": "model"}, "index": 0, **more}],
            "modelVersion": "m", "responseId": "r"}  # fmt: skip


def sse(*events: Any) -> list[bytes]:
    """One event per piece, each cut in two in the middle of its data."""
    out = []
    for event in events:
        raw = f"data: {json.dumps(event)}\r\n\r\n".encode()
        out += [raw[: len(raw) // 2], raw[len(raw) // 2 :]]
    return out


def test_a_whole_answer_and_the_turn_after(rig: Any, client: genai.Client) -> None:
    call = {"functionCall": {"name": "send", "args": {"to": SURROGATE}}, "thoughtSignature": "c2ln"}
    thought = {"text": f"about {SURROGATE}", "thought": True}
    rig.upstream.answer(
        json.dumps(answer(thought, {"text": f"to {SURROGATE}"}, call, finishReason="STOP")).encode()
    )
    declared = {"name": "send", "parameters": {"type": "OBJECT", "properties": {"to": {"type": "STRING"}}}}
    config = types.GenerateContentConfig(
        system_instruction=f"you work for {VALUE}",
        tools=[types.Tool(function_declarations=[types.FunctionDeclaration(**declared)])],
    )
    got = client.models.generate_content(model="gemini-3-pro", contents=f"write to {VALUE}", config=config)
    assert got.text == f"to {VALUE}"
    assert got.function_calls
    assert got.function_calls[0].args == {"to": VALUE}
    said = got.candidates[0].content  # type: ignore[index]
    assert said
    assert said.parts
    assert said.parts[0].text == f"about {VALUE}"
    assert said.parts[2].thought_signature == b"sig"
    request = rig.upstream.requests[-1]
    assert request.path == "/v1/models/gemini-3-pro:generateContent"
    assert VALUE.encode() not in request.body
    assert request.body.count(SURROGATE.encode()) == 2
    result = types.Part.from_function_response(name="send", response={"sent": VALUE})
    turns: Any = [types.Content(role="user", parts=[types.Part(text=f"write to {VALUE}")]), said,
                  types.Content(role="user", parts=[result])]  # fmt: skip
    client.models.generate_content(model="gemini-3-pro", contents=turns, config=config)
    again = rig.upstream.requests[-1].body
    assert VALUE.encode() not in again
    assert b'"thoughtSignature": "c2ln"' in again
    assert again.count(SURROGATE.encode()) == 6
    assert rig.sessions.opened[0].conversation == rig.sessions.opened[1].conversation != ""


def test_streams(rig: Any, client: genai.Client) -> None:
    texts = [*f"to {SURROGATE}", ", né"]
    call = {"functionCall": {"name": "send", "args": {"to": SURROGATE}}}
    thoughts = [answer({"text": text, "thought": True}) for text in SURROGATE]
    answered = [answer({"text": text}) for text in texts]
    events = [*thoughts, *answered, answer(call), answer({"text": ""}, finishReason="STOP")]
    rig.upstream.stream(*sse(*events))
    chunks = list(client.models.generate_content_stream(model="m", contents=f"write to {VALUE}"))
    parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts or ()]  # type: ignore[index, union-attr]
    assert "".join(part.text or "" for part in parts if not part.thought) == f"to {VALUE}, né"
    assert "".join(part.text or "" for part in parts if part.thought) == VALUE
    assert [part.function_call.args for part in parts if part.function_call] == [{"to": VALUE}]
    assert rig.upstream.requests[-1].path == "/v1/models/m:streamGenerateContent?alt=sse"


@pytest.mark.filterwarnings("ignore:Inheritance class")  # the SDK inherits from aiohttp's session
def test_an_asynchronous_client(rig: Any) -> None:
    rig.upstream.stream(*sse(*(answer({"text": text}) for text in SURROGATE)))

    async def ask() -> str:
        options = types.HttpOptions(base_url=f"{rig.url}/gemini", api_version="v1alpha")
        async with genai.Client(api_key="sr_test", http_options=options).aio as client:
            stream = await client.models.generate_content_stream(model="m", contents=f"write to {VALUE}")
            return "".join([chunk.text or "" async for chunk in stream])

    assert asyncio.run(ask()) == VALUE
    assert rig.upstream.requests[-1].path == "/v1alpha/models/m:streamGenerateContent?alt=sse"


def test_chats_keep_their_prefix(rig: Any, client: genai.Client) -> None:
    rig.upstream.answer(json.dumps(answer({"text": f"hello {SURROGATE}"})).encode())
    chat = client.chats.create(model="m")
    for _ in range(3):
        assert chat.send_message(f"again, {VALUE}").text == f"hello {VALUE}"
    bodies = [request.body for request in rig.upstream.requests]
    assert VALUE.encode() not in rig.upstream.bodies
    for before, after in itertools.pairwise(bodies):
        turns = before[: before.rindex(b"]")]
        assert after.startswith(turns)


def test_counting_embedding_and_models(rig: Any, client: genai.Client) -> None:
    rig.upstream.answer(b'{"totalTokens": 7}')
    assert client.models.count_tokens(model="m", contents=f"for {VALUE}").total_tokens == 7
    rig.upstream.answer(b'{"embeddings": [{"values": [0.5]}]}')
    contents: Any = [VALUE, "b"]
    got = client.models.embed_content(model="m", contents=contents, config={"title": VALUE})
    assert got.embeddings
    assert got.embeddings[0].values == [0.5]
    assert VALUE.encode() not in rig.upstream.bodies
    rig.upstream.answer(b'{"models": [{"name": "models/m"}]}')
    assert [model.name for model in client.models.list()] == ["models/m"]
    rig.upstream.answer(b'{"name": "models/m"}')
    assert client.models.get(model="m").name == "models/m"
    assert [request.path.partition("?")[0] for request in rig.upstream.requests[-4:]] == [
        "/v1/models/m:countTokens", "/v1/models/m:batchEmbedContents", "/v1/models",
        "/v1/models/m",
    ]  # fmt: skip


def test_errors_are_the_sdks_own(rig: Any, client: genai.Client) -> None:
    rig.upstream.answer(b'{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}', status=429)
    with pytest.raises(errors.ClientError, match="slow down") as slow:
        client.models.generate_content(model="m", contents="x")
    assert slow.value.status == "RESOURCE_EXHAUSTED"
    novel: Any = {"http_options": types.HttpOptions(extra_body={"novel": 1})}
    with pytest.raises(errors.ClientError, match="novel: unknown field") as refused:
        client.models.generate_content(model="m", contents="x", config=novel)
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")
    rig.upstream.stream(*sse(answer({"text": f"a {SURROGATE[:4]}"})), then="cut")
    with pytest.raises(errors.APIError, match="broke off"):
        list(client.models.generate_content_stream(model="m", contents=VALUE))
    wrong = genai.Client(api_key="wrong", http_options=types.HttpOptions(base_url=f"{rig.url}/gemini"))
    with wrong, pytest.raises(errors.ClientError, match="UNAUTHENTICATED"):
        wrong.models.generate_content(model="m", contents="x")
