"""OpenAI Responses and Embeddings by the official SDK, against a provider that records bytes."""

import json
from pathlib import Path
from typing import Any

import openai
import pytest

VALUE = "anna@example.org"
SURROGATE = "EMAIL_Q0000XX"
USAGE = {
    "input_tokens": 1, "output_tokens": 1, "total_tokens": 2,
    "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
}  # fmt: skip
TOOL: Any = {
    "type": "function", "name": "send", "strict": True,
    "parameters": {"type": "object", "properties": {"to": {"type": "string"}}},
}  # fmt: skip


@pytest.fixture
def gpt(rig: Any) -> Any:
    with openai.OpenAI(base_url=f"{rig.url}/openai/v1", api_key="sr_test", max_retries=0) as client:
        yield client


def response(*output: Any, **more: Any) -> Any:
    return {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "status": "completed",
            "output": list(output), "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
            "usage": USAGE, **more}  # fmt: skip


def message(text: str, *annotations: Any) -> Any:
    part = {"type": "output_text", "annotations": list(annotations), "logprobs": [], "text": text}
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}


def call(arguments: str) -> Any:
    return {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "send", "arguments": arguments,
            "status": "completed"}  # fmt: skip


REASONING: Any = {
    "type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": f"about {SURROGATE}"}],
    "encrypted_content": "gAAAA",
}  # fmt: skip


def cited(start: int, end: int) -> Any:
    return {
        "type": "url_citation",
        "start_index": start,
        "end_index": end,
        "title": "t",
        "url": "https://a.example",
    }


def sse(*events: Any) -> bytes:
    numbered = ({**event, "sequence_number": number} for number, event in enumerate(events))
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in numbered)


def streamed(text: str, arguments: str, *annotations: Any) -> list[Any]:
    """A message and a call, each in pieces of five characters."""
    part = {"output_index": 0, "content_index": 0, "item_id": "msg_1"}
    item = {"output_index": 1, "item_id": "fc_1"}
    whole, asked = message(text, *annotations), call(arguments)
    empty = {**whole["content"][0], "annotations": []}
    pieces = [text[n : n + 5] for n in range(0, len(text), 5)]
    return [
        {"type": "response.created", "response": response(status="in_progress", usage=None)},
        {"type": "response.output_item.added", "output_index": 0, "item": {**whole, "content": []}},
        {"type": "response.content_part.added", **part, "part": {**empty, "text": ""}},
        *({"type": "response.output_text.delta", **part, "delta": piece, "logprobs": [], "obfuscation": "x" * 9}
          for piece in pieces),
        *({"type": "response.output_text.annotation.added", **part, "annotation_index": n, "annotation": item}
          for n, item in enumerate(annotations)),
        {"type": "response.output_text.done", **part, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **part, "part": whole["content"][0]},
        {"type": "response.output_item.done", "output_index": 0, "item": whole},
        {"type": "response.output_item.added", "output_index": 1, "item": {**asked, "arguments": ""}},
        *({"type": "response.function_call_arguments.delta", **item, "delta": arguments[n : n + 5]}
          for n in range(0, len(arguments), 5)),
        {"type": "response.function_call_arguments.done", **item, "name": "send", "arguments": arguments},
        {"type": "response.output_item.done", "output_index": 1, "item": asked},
        {"type": "response.completed", "response": response(whole, asked)},
    ]  # fmt: skip


def _plain(found: Any) -> Any:
    return found if isinstance(found, dict) else found.model_dump()


def test_a_whole_response_and_the_turn_after(rig: Any, gpt: openai.OpenAI) -> None:
    text = f"to {SURROGATE} see"
    answer = response(REASONING, message(text, cited(17, 20)), call(json.dumps({"to": SURROGATE})))
    rig.upstream.answer(json.dumps(answer).encode())
    asked: Any = [{"role": "user", "content": f"write to {VALUE}"}]
    got = gpt.responses.create(model="m", input=asked, instructions=f"for {VALUE}", tools=[TOOL], store=False)
    assert got.output_text == f"to {VALUE} see"
    said: Any = got.output[1]
    assert said.content[0].text[said.content[0].annotations[0].start_index :] == "see"
    assert json.loads(got.output[2].arguments) == {"to": VALUE}  # type: ignore[union-attr,arg-type]
    assert got.output[0].model_dump(exclude_none=True) == REASONING
    again = [*asked, *(item.model_dump(exclude_none=True) for item in got.output)]
    again.append({"type": "function_call_output", "call_id": "c", "output": f"sent to {VALUE}"})
    gpt.responses.create(model="m", input=again, store=False)
    sent = json.loads(rig.upstream.requests[-1].body)["input"]
    assert sent[1:4] == answer["output"]  # what the model wrote is again what the model wrote, offsets included
    assert sent[4]["output"] == f"sent to {SURROGATE}"
    assert VALUE.encode() not in rig.upstream.bodies


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_streamed_response_in_chunks_of_any_size(rig: Any, gpt: openai.OpenAI, size: int) -> None:
    text = f"I wrote to {SURROGATE}, and né {SURROGATE}"
    raw = sse(*streamed(text, json.dumps({"to": SURROGATE}), cited(26, 29), cited(30, 44)))
    rig.upstream.stream(*(raw[n : n + size] for n in range(0, len(raw), size)))
    with gpt.responses.stream(model="m", input=f"write to {VALUE}", tools=[TOOL]) as stream:
        events = list(stream)
        final = stream.get_final_response()
    words = f"I wrote to {VALUE}, and né {VALUE}"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == words
    assert next(event.text for event in events if event.type == "response.output_text.done") == words
    assert final.output_text == words
    arguments = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
    assert json.loads("".join(arguments)) == {"to": VALUE}
    assert json.loads(final.output[1].arguments) == {"to": VALUE}  # type: ignore[union-attr,arg-type]
    told = [event for event in events if event.type == "response.output_text.annotation.added"]
    whole: Any = final.output[0]
    copies: Any = (
        [_plain(event.annotation) for event in told],
        [item.model_dump() for item in whole.content[0].annotations],
    )
    for first, second in copies:
        assert words[first["start_index"] : first["end_index"]] == "and"
        assert words[second["start_index"] : second["end_index"]] == f"né {VALUE}"
    assert VALUE.encode() not in rig.upstream.bodies


def test_a_stream_that_breaks_off_is_the_sdks_own_error(rig: Any, gpt: openai.OpenAI) -> None:
    raw = sse(*streamed(f"to {SURROGATE}", "{}")[:5])
    rig.upstream.stream(raw, then="cut")
    seen = []
    with pytest.raises(openai.APIError, match="broke off"):
        seen += list(gpt.responses.create(model="m", input="x", stream=True))
    rig.upstream.stream(raw, then="cut")
    answer = rig.post("/openai/v1/responses", {"model": "m", "input": "x", "stream": True}).text
    data = [json.loads(line[6:]) for line in answer.splitlines() if line.startswith("data")]
    assert [event["sequence_number"] for event in data] == [0, 1, 2, 3, 4, 5]


def test_what_the_provider_keeps_is_found_again_without_its_beginning(rig: Any, gpt: openai.OpenAI) -> None:
    rig.upstream.answer(json.dumps(response(message(f"to {SURROGATE}"))).encode())
    first = gpt.responses.create(model="m", input=f"write to {VALUE}")
    second = gpt.responses.create(model="m", input="and again?", previous_response_id=first.id)
    assert second.output_text == f"to {VALUE}"
    assert gpt.responses.retrieve(first.id).output_text == f"to {VALUE}"
    assert gpt.responses.cancel(first.id).output_text == f"to {VALUE}"
    assert {session.conversation for session in rig.sessions.opened} == {""}
    part = {"type": "input_text", "text": SURROGATE}
    item = {"type": "message", "id": "m", "role": "user", "status": "completed", "content": [part]}
    page = {"object": "list", "data": [item], "first_id": "m", "last_id": "m", "has_more": False}
    rig.upstream.answer(json.dumps(page).encode())
    items: Any = gpt.responses.input_items.list(first.id, include=["reasoning.encrypted_content"]).data
    assert items[0].content[0].text == VALUE
    gpt.responses.delete(first.id)
    seen = [(request.method, request.path.split("?")[0]) for request in rig.upstream.requests]
    assert seen[2:] == [
        ("GET", "/v1/responses/resp_1"), ("POST", "/v1/responses/resp_1/cancel"),
        ("GET", "/v1/responses/resp_1/input_items"), ("DELETE", "/v1/responses/resp_1"),
    ]  # fmt: skip
    assert all(request.body == b"" for request in rig.upstream.requests[2:])


def test_a_kept_response_streams_again(rig: Any, gpt: openai.OpenAI) -> None:
    rig.upstream.stream(sse(*streamed(f"to {SURROGATE}", "{}")))
    rig.sessions.tables["support-bot", ""] = {VALUE: SURROGATE}
    events = list(gpt.responses.retrieve("resp_1", stream=True, starting_after=0))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == f"to {VALUE}"


def test_a_named_conversation_that_is_kept_is_on_disk_before_it_leaves(rig: Any) -> None:
    rig.upstream.answer(json.dumps(response()).encode())
    rig.post("/openai/v1/responses", {"model": "m", "input": VALUE}, strongroom_session="t")
    assert (rig.sessions.opened[-1].conversation, rig.sessions.flushed) == ("t", 1)
    rig.post("/openai/v1/responses", {"model": "m", "input": VALUE, "store": False}, strongroom_session="t")
    assert rig.sessions.flushed == 1


def test_counting_and_compaction(rig: Any, gpt: openai.OpenAI) -> None:
    rig.upstream.answer(b'{"object":"response.input_tokens","input_tokens":7}')
    assert gpt.responses.input_tokens.count(model="m", input=VALUE).input_tokens == 7
    compact = {"type": "compaction", "id": "cmp_1", "encrypted_content": "gAAAA"}
    answer = {
        "id": "resp_2",
        "object": "response.compaction",
        "created_at": 1,
        "output": [compact],
        "usage": USAGE,
    }
    rig.upstream.answer(json.dumps(answer).encode())
    got = gpt.responses.compact(model="m", input=VALUE)
    assert got.output[0].model_dump(exclude_none=True) == compact
    assert VALUE.encode() not in rig.upstream.bodies


def test_a_path_with_a_body_that_has_no_table_is_refused(rig: Any) -> None:
    answer = rig.post("/openai/v1/responses/resp_1/cancel", {"note": VALUE})
    assert (answer.status_code, "nothing was expected" in answer.text) == (400, True)
    assert rig.upstream.requests == []


def test_embeddings_get_surrogates(rig: Any, gpt: openai.OpenAI) -> None:
    vector = {"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}
    answer = {"object": "list", "model": "m", "data": [vector], "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    rig.upstream.answer(json.dumps(answer).encode())
    got = gpt.embeddings.create(model="m", input=[f"write to {VALUE}", "nothing"], encoding_format="float")
    assert got.data[0].embedding == [0.5, 0.25]
    assert json.loads(rig.upstream.requests[0].body)["input"] == [f"write to {SURROGATE}", "nothing"]
    with pytest.raises(openai.BadRequestError, match="cannot be inspected"):
        gpt.embeddings.create(model="m", input=[1, 2, 3])
    with pytest.raises(openai.BadRequestError, match="cannot be inspected"):
        gpt.embeddings.create(model="m", input=[[1, 2, 3]])


def test_the_snippet_of_the_how_to_runs(rig: Any, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[3] / "docs" / "howto" / "responses-and-embeddings.md").read_text(
        encoding="utf-8"
    )
    code = page.split("```python\n")[1].split("```")[0]
    assert len(code.splitlines()) <= 10
    rig.upstream.stream(sse(*streamed(f"I wrote to {SURROGATE}", "{}")))
    names: dict[str, Any] = {}
    code = code.replace("http://127.0.0.1:8080", rig.url).replace("sr_...", "sr_test")
    exec(compile(code, "responses-and-embeddings.md", "exec"), names)  # noqa: S102 - our own page
    names["client"].close()
    assert capsys.readouterr().out == f"I wrote to {VALUE}\n"
    assert VALUE.encode() not in rig.upstream.bodies
