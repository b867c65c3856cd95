"""The official SDKs as clients: nothing but the base URL and the key is changed."""

import json
from typing import Any

import anthropic
import openai
import pytest

VALUE = "anna@example.org"
SURROGATE = "EMAIL_Q0000XX"
TOOL = {"type": "object", "properties": {"to": {"type": "string", "description": "whom"}}, "required": ["to"]}


@pytest.fixture
def gpt(rig: Any) -> Any:
    with openai.OpenAI(base_url=f"{rig.url}/openai/v1", api_key="sr_test", max_retries=0) as client:
        yield client


@pytest.fixture
def claude(rig: Any) -> Any:
    with anthropic.Anthropic(base_url=f"{rig.url}/anthropic", api_key="sr_test", max_retries=0) as client:
        yield client


def sse(*events: Any) -> list[bytes]:
    """One event per piece, each cut in two in the middle of its data."""
    out = []
    for event in events:
        name = f"event: {event['type']}\n" if "type" in event else ""
        raw = f"{name}data: {json.dumps(event)}\n\n".encode()
        out += [raw[: len(raw) // 2], raw[len(raw) // 2 :]]
    return out


def chunk(delta: Any, finish: str | None = None) -> Any:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


ASK: Any = [{"role": "user", "content": f"write to {VALUE}"}]


def test_openai_whole_answers(rig: Any, gpt: openai.OpenAI) -> None:
    call = {
        "id": "i",
        "type": "function",
        "function": {"name": "send", "arguments": json.dumps({"to": SURROGATE})},
    }
    message = {"role": "assistant", "content": f"to {SURROGATE}", "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    rig.upstream.answer(json.dumps(answer).encode())
    tools: Any = [{"type": "function", "function": {"name": "send", "parameters": TOOL}}]
    got = gpt.chat.completions.create(model="m", messages=ASK, tools=tools)
    said = got.choices[0].message
    assert said.content == f"to {VALUE}"
    assert said.tool_calls
    assert json.loads(said.tool_calls[0].function.arguments) == {"to": VALUE}  # type: ignore[union-attr]
    assert VALUE.encode() not in rig.upstream.bodies
    again: Any = [
        *ASK,
        said.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": "i", "content": f"sent {VALUE}"},
    ]
    gpt.chat.completions.create(model="m", messages=again)
    assert VALUE.encode() not in rig.upstream.bodies
    assert rig.upstream.requests[-1].body.count(SURROGATE.encode()) == 4


def test_openai_streams(rig: Any, gpt: openai.OpenAI) -> None:
    arguments = json.dumps({"to": SURROGATE})
    pieces = [
        {"tool_calls": [{"index": 0, "function": {"arguments": arguments[n : n + 5]}}]}
        for n in range(0, len(arguments), 5)
    ]
    first = {
        "tool_calls": [{"index": 0, "id": "i", "type": "function", "function": {"name": "send", "arguments": ""}}]
    }
    texts = [{"content": text} for text in (f"to {SURROGATE[:5]}", f"{SURROGATE[5:]}, ", "né")]
    events = [
        chunk({"role": "assistant", "content": ""}),
        *map(chunk, [*texts, first, *pieces]),
        chunk({}, "tool_calls"),
    ]
    rig.upstream.stream(*sse(*events), b"data: [DONE]\n\n")
    with gpt.chat.completions.stream(model="m", messages=ASK) as stream:
        final = stream.get_final_completion().choices[0].message
    assert final.content == f"to {VALUE}, né"
    assert final.tool_calls
    assert final.tool_calls[0].id == "i"
    assert json.loads(final.tool_calls[0].function.arguments) == {"to": VALUE}


def test_openai_errors_are_the_sdks_own(rig: Any, gpt: openai.OpenAI) -> None:
    rig.upstream.answer(b'{"error":{"message":"slow down","type":"requests"}}', status=429)
    with pytest.raises(openai.RateLimitError, match="slow down"):
        gpt.chat.completions.create(model="m", messages=ASK)
    with pytest.raises(openai.BadRequestError, match="unknown field"):
        gpt.chat.completions.create(model="m", messages=ASK, extra_body={"novel": 1})
    with pytest.raises(openai.AuthenticationError):
        gpt.with_options(api_key="sk-wrong").chat.completions.create(model="m", messages=ASK)
    with pytest.raises(openai.NotFoundError, match="unknown endpoint"):
        gpt.completions.create(model="m", prompt=VALUE)
    rig.upstream.stream(*sse(chunk({"content": "a"})), then="cut")
    with pytest.raises(openai.APIError, match="broke off"):
        list(gpt.chat.completions.create(model="m", messages=ASK, stream=True))


def message(*content: Any, **more: Any) -> Any:
    usage = {"input_tokens": 1, "output_tokens": 1}
    return {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": list(content),
            "stop_reason": None, "stop_sequence": None, "usage": usage, **more}  # fmt: skip


def test_anthropic_whole_answers_and_the_turn_after(rig: Any, claude: anthropic.Anthropic) -> None:
    thinking = {"type": "thinking", "thinking": f"about {SURROGATE}", "signature": "c2ln"}
    use = {"type": "tool_use", "id": "i", "name": "send", "input": {"to": SURROGATE}}
    rig.upstream.answer(json.dumps(message(thinking, {"type": "text", "text": SURROGATE}, use)).encode())
    tools: Any = [{"name": "send", "input_schema": TOOL}]
    got = claude.messages.create(model="m", max_tokens=9, messages=ASK, tools=tools)
    assert [block.type for block in got.content] == ["thinking", "text", "tool_use"]
    assert got.content[0].thinking == f"about {SURROGATE}"  # type: ignore[union-attr]
    assert got.content[1].text == VALUE  # type: ignore[union-attr]
    assert got.content[2].input == {"to": VALUE}  # type: ignore[union-attr]
    result: Any = {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "i", "content": f"sent {VALUE}"}],
    }
    claude.messages.create(
        model="m", max_tokens=9, messages=[*ASK, {"role": "assistant", "content": got.content}, result]
    )
    sent = json.loads(rig.upstream.requests[-1].body)["messages"]
    assert sent[1]["content"][0] == thinking
    assert sent[1]["content"][2]["input"] == {"to": SURROGATE}
    assert VALUE.encode() not in rig.upstream.bodies


def test_anthropic_streams(rig: Any, claude: anthropic.Anthropic) -> None:
    arguments = json.dumps({"to": SURROGATE})
    events = [
        {"type": "message_start", "message": message()},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
            for text in SURROGATE
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "id": "i", "name": "send", "input": {}},
        },
        *(
            {
                "type": "content_block_delta",
                "index": 1,
                "delta": {"type": "input_json_delta", "partial_json": text},
            }
            for text in arguments
        ),
        {"type": "content_block_stop", "index": 1},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use", "stop_sequence": None},
            "usage": {"output_tokens": 9},
        },
        {"type": "message_stop"},
    ]
    rig.upstream.stream(*sse(*events))
    with claude.messages.stream(model="m", max_tokens=9, messages=ASK) as stream:
        final = stream.get_final_message()
    assert final.content[0].text == VALUE  # type: ignore[union-attr]
    assert final.content[1].input == {"to": VALUE}  # type: ignore[union-attr]
    assert final.stop_reason == "tool_use"


def test_anthropic_counts_and_errors(rig: Any, claude: anthropic.Anthropic) -> None:
    rig.upstream.answer(b'{"input_tokens": 7}')
    assert claude.messages.count_tokens(model="m", messages=ASK).input_tokens == 7
    rig.upstream.answer(b'{"type":"error","error":{"type":"overloaded_error","message":"busy"}}', status=529)
    with pytest.raises(anthropic.APIStatusError, match="busy"):
        claude.messages.create(model="m", max_tokens=9, messages=ASK)
    with pytest.raises(anthropic.BadRequestError, match="unknown field") as refused:
        claude.messages.create(model="m", max_tokens=9, messages=ASK, extra_body={"novel": 1})
    assert refused.value.request_id
    with pytest.raises(anthropic.AuthenticationError):
        claude.with_options(api_key="sk-wrong").messages.create(model="m", max_tokens=9, messages=ASK)
