"""Streams on their way back: framing, hold-back per block, held tool calls, and what is left untouched."""

import json
from typing import Any

import pytest

from strongroom.errors import LimitExceededError
from strongroom.gateway import sse, stream
from strongroom.gateway.stream import StreamRestorer
from strongroom.gateway.wire import ANTHROPIC, OPENAI

VALUE = 'anna "né" \\ x@example.org'
SURROGATE = "EMAIL_Q0000XX"


@pytest.fixture
def session(make_session: Any) -> Any:
    return make_session({VALUE: SURROGATE})


def chunk(delta: dict[str, Any], index: int = 0, finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    body = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def call(arguments: str, index: int = 0, name: str | None = None, choice: int = 0) -> bytes:
    function = {"arguments": arguments} | ({"name": name} if name else {})
    piece = {"index": index, "function": function} | ({"id": "call", "type": "function"} if name else {})
    return chunk({"tool_calls": [piece]}, choice)


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def delta(index: int, kind: str, **fields: Any) -> bytes:
    return event("content_block_delta", index=index, delta={"type": kind, **fields})


def start(index: int, kind: str, **fields: Any) -> bytes:
    return event("content_block_start", index=index, content_block={"type": kind, **fields})


def stop(index: int) -> bytes:
    return event("content_block_stop", index=index)


def payloads(raw: bytes) -> list[dict[str, Any]]:
    lines = [line[6:] for line in raw.decode().splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def said(raw: bytes, choice: int = 0) -> str:
    deltas = [item["delta"] for body in payloads(raw) for item in body["choices"] if item["index"] == choice]
    return "".join(piece.get("content") or "" for piece in deltas)


def called(raw: bytes, index: int = 0) -> str:
    deltas = [item["delta"] for body in payloads(raw) for item in body["choices"]]
    calls = [item for piece in deltas for item in piece.get("tool_calls", ()) if item["index"] == index]
    return "".join(item["function"].get("arguments", "") for item in calls)


DONE = b"data: [DONE]\n\n"
FINISH = chunk({}, finish="stop")


def run(session: Any, *pieces: bytes, wire: Any = OPENAI) -> bytes:
    restorer = StreamRestorer(wire, session)
    return b"".join([restorer.feed(piece) for piece in pieces]) + restorer.finish()


def test_a_surrogate_cut_across_events_comes_back_whole(session: Any) -> None:
    pieces = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": c}) for c in f"to {SURROGATE}, ok")]
    out = run(session, *pieces, FINISH, DONE)
    assert said(out) == f"to {VALUE}, ok"
    assert out.startswith(pieces[0])
    assert out.endswith(FINISH + DONE)
    assert len(payloads(out)) == len(pieces) + 1, "every event still comes, some with an empty text"


def test_what_is_held_at_the_end_comes_before_the_finish(session: Any) -> None:
    out = run(session, chunk({"content": f"to {SURROGATE}"}), FINISH, DONE)
    bodies = payloads(out)
    assert [body["choices"][0]["delta"].get("content") for body in bodies] == ["to ", VALUE, None]
    assert bodies[1] == {
        **bodies[0],
        "choices": [{"index": 0, "delta": {"content": VALUE}, "finish_reason": None}],
    }
    assert said(run(session, chunk({"content": f"to {SURROGATE}"}, finish="stop"))) == f"to {VALUE}"


@pytest.mark.parametrize("end", [DONE, b"", chunk({"content": "x"}, 1) + FINISH])
def test_what_is_held_is_flushed_however_the_stream_ends(session: Any, end: bytes) -> None:
    assert said(run(session, chunk({"content": SURROGATE}), end)) == VALUE
    truncated = "EMAIL_Q00"
    assert said(run(session, chunk({"content": truncated}), end)) == truncated


def test_choices_and_fields_are_held_apart(session: Any) -> None:
    one, two = SURROGATE[:7], SURROGATE[7:]
    pieces = [
        chunk({"content": one}), chunk({"content": one}, 1), chunk({"refusal": one}), chunk({"content": two}, 1),
        chunk({"refusal": two}), chunk({"content": two}), chunk({}, 0, "stop"), chunk({}, 1, "stop"),
    ]  # fmt: skip
    out = run(session, *pieces, DONE)
    assert (said(out), said(out, 1)) == (VALUE, VALUE)
    refusals = [item["delta"].get("refusal", "") for body in payloads(out) for item in body["choices"]]
    assert "".join(refusals) == VALUE


def test_two_choices_in_one_event_are_both_restored(session: Any) -> None:
    choices = [{"index": n, "delta": {"content": f"{SURROGATE} "}, "finish_reason": None} for n in (0, 1)]
    out = run(session, b"data: " + json.dumps({"choices": choices}).encode() + b"\n\n")
    assert (said(out), said(out, 1)) == (f"{VALUE} ", f"{VALUE} ")


def test_tool_arguments_are_held_until_their_block_ends_and_restored_as_json(session: Any) -> None:
    text = json.dumps({"to": SURROGATE, "n": 1.10})
    pieces = [call("", name="send_email"), *(call(text[i : i + 3]) for i in range(0, len(text), 3))]
    restorer = StreamRestorer(OPENAI, session)
    before = b"".join(restorer.feed(piece) for piece in pieces)
    assert called(before) == ""
    out = before + restorer.feed(chunk({}, finish="tool_calls")) + restorer.feed(DONE) + restorer.finish()
    assert json.loads(called(out)) == {"to": VALUE, "n": 1.10}
    assert session.restored_at[-1].tool == "send_email"
    last = payloads(out)[-2]["choices"][0]["delta"]["tool_calls"]
    assert last == [{"index": 0, "function": {"arguments": called(out)}}], "id and name are not said twice"


def test_parallel_calls_and_a_call_in_one_event_are_restored(session: Any) -> None:
    text = json.dumps({"to": SURROGATE})
    out = run(session, call(text, 0, "a"), call(text, 1, "b"), chunk({}, finish="tool_calls"))
    assert [json.loads(called(out, n)) for n in (0, 1)] == [{"to": VALUE}] * 2
    whole = {"tool_calls": [{"index": 0, "function": {"name": "a", "arguments": text}}]}
    out = run(session, chunk(whole, finish="tool_calls"))
    assert json.loads(called(out)) == {"to": VALUE}
    assert len(payloads(out)) == 1


def test_legacy_calls_and_custom_tools_are_held_too(session: Any) -> None:
    one, two = (
        chunk({"function_call": {"name": "f", "arguments": '{"a":'}}),
        chunk({"function_call": {"arguments": f'"{SURROGATE}"}}'}}),
    )
    out = run(session, one, two, FINISH)
    pieces = [
        item["delta"].get("function_call", {}).get("arguments", "")
        for body in payloads(out)
        for item in body["choices"]
    ]
    assert json.loads("".join(pieces)) == {"a": VALUE}
    custom = chunk({"tool_calls": [{"index": 0, "custom": {"name": "sql", "input": f"say {SURROGATE}"}}]})
    out = run(session, custom, FINISH)
    assert VALUE in [call["custom"]["input"][4:] for body in payloads(out) for item in body["choices"]
                     for call in item["delta"].get("tool_calls", ())]  # fmt: skip


def test_arguments_nobody_named_a_tool_for_stay_as_they_are(session: Any) -> None:
    piece = call(json.dumps({"to": SURROGATE}))
    assert run(session, piece, FINISH) == piece + FINISH


def test_untouched_events_are_forwarded_as_the_bytes_they_were(session: Any) -> None:
    pieces = [
        b": keep-alive\n\n", b"\n", b"retry: 3000\n\n", chunk({"content": "caf\u00e9 \U0001f600 /"}),
        b'data:{"choices" : [ {"index":0,"delta":{"content":"a\\/b"}} ] ,"x":1e5}\r\n\r\n',
        b'id: 7\ndata: {"choices": [],\ndata: "usage": null}\n\n', b"data: not json\n\n", b"data: [1]\n\n",
        b"data\n\n", b'data: {"choices": [], "choices": []}\n\n',
        chunk({}, usage={"total_tokens": 1}, new_field={"a": SURROGATE}),
        b'data: {"choices": 7}\n\n',
    ]  # fmt: skip
    restorer = StreamRestorer(OPENAI, session)
    assert b"".join(restorer.feed(piece) for piece in pieces) + restorer.finish() == b"".join(pieces)
    assert restorer.garbage == 4
    assert restorer.reports == {"x: unknown field", "new_field: unknown field", "choices: an array was expected"}


def test_data_in_several_lines_is_restored_line_by_line(session: Any) -> None:
    raw = 'event: m\ndata: {"choices": [{"index": 0,\r\ndata: "delta": {"content": "@ "}\ndata:}]}\n\n'.replace(
        "@", SURROGATE
    )
    assert (
        run(session, raw.encode()) == raw.replace(SURROGATE, json.dumps(VALUE, ensure_ascii=False)[1:-1]).encode()
    )


def test_a_repeated_shape_is_restored_without_being_parsed_and_a_different_one_is_not(session: Any) -> None:
    plain = [chunk({"content": text}) for text in ("one", "two\\n", 'say "x"', "né", SURROGATE, " ", "e")]
    tricky = chunk({"content": "a"}).replace(b'"a"', b'"b", "refusal": "c"')
    out = run(session, *plain, tricky, chunk({"content": "d"}), FINISH)
    assert said(out) == f'onetwo\\nsay "x"né{VALUE} ebd'
    assert out.count(b'"refusal": "c"') == 1
    assert out.startswith(b"".join(plain[:4]))


def test_a_shape_that_overlaps_itself_is_not_mistaken(session: Any) -> None:
    one = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
    broken = one.replace(b'"a"', b'"')  # prefix and suffix share their quote
    assert run(session, one, broken, one) == one + broken + one


# --- Anthropic ------------------------------------------------------------------------------------


def told(raw: bytes, index: int = 0) -> str:
    pieces = [
        body["delta"] for body in payloads(raw) if body["type"] == "content_block_delta" and body["index"] == index
    ]
    return "".join(piece.get("text", piece.get("partial_json", "")) for piece in pieces)


def test_blocks_are_flushed_before_their_stop(session: Any) -> None:
    head = event("message_start", message={"id": "m", "content": [], "usage": {"input_tokens": 1}})
    pieces = [
        head,
        start(0, "text", text=""),
        *(delta(0, "text_delta", text=c) for c in f"to {SURROGATE}"),
        stop(0),
    ]
    tail = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 9}) + event(
        "message_stop"
    )
    out = run(session, *pieces, tail, wire=ANTHROPIC)
    assert told(out) == f"to {VALUE}"
    assert out.startswith(head)
    assert out.endswith(stop(0) + tail)


def test_a_block_may_start_with_text(session: Any) -> None:
    out = run(
        session,
        start(0, "text", text=SURROGATE[:4]),
        delta(0, "text_delta", text=SURROGATE[4:]),
        stop(0),
        wire=ANTHROPIC,
    )
    assert (payloads(out)[0]["content_block"]["text"], told(out)) == ("", VALUE)


def test_thinking_and_signatures_are_never_touched(session: Any) -> None:
    pieces = [
        start(0, "thinking", thinking="", signature=""),
        delta(0, "thinking_delta", thinking=f"{SURROGATE} \u00e9"),
        delta(0, "signature_delta", signature=SURROGATE), stop(0),
        start(1, "redacted_thinking", data=SURROGATE), stop(1),
        start(2, "server_tool_use", id="i", name="web_search", input={}),
        delta(2, "input_json_delta", partial_json=json.dumps({"q": SURROGATE})), stop(2), event("ping"),
    ]  # fmt: skip
    assert run(session, *pieces, wire=ANTHROPIC) == b"".join(pieces)


@pytest.mark.parametrize(
    "end", [stop(1), event("message_stop"), event("error", error={"type": "overloaded"}), b""]
)
def test_tool_input_is_restored_at_the_end_of_its_block(session: Any, end: bytes) -> None:
    text = json.dumps({"to": SURROGATE})
    fragments = (text[i : i + 2] for i in range(0, len(text), 2))
    pieces = [
        start(1, "tool_use", id="i", name="send_email", input={}),
        *(delta(1, "input_json_delta", partial_json=fragment) for fragment in fragments),
    ]
    out = run(session, *pieces, end, wire=ANTHROPIC)
    assert json.loads(told(out, 1)) == {"to": VALUE}
    assert out.endswith(end)


def test_tool_input_that_came_with_the_start_is_restored_in_place(session: Any) -> None:
    out = run(session, start(0, "tool_use", id="i", name="t", input={"to": [SURROGATE]}), wire=ANTHROPIC)
    assert payloads(out)[0]["content_block"]["input"] == {"to": [VALUE]}


def test_an_incomplete_call_is_said_as_it_came(session: Any) -> None:
    pieces = [
        start(0, "tool_use", id="i", name="t", input={}),
        delta(0, "input_json_delta", partial_json='{"to": "EMA'),
    ]
    assert told(run(session, *pieces, wire=ANTHROPIC)) == '{"to": "EMA'


def test_quotations_are_restored(session: Any) -> None:
    quote = {"type": "char_location", "cited_text": f"by {SURROGATE}", "start_char_index": 1}
    out = run(session, delta(0, "citations_delta", citation=quote), wire=ANTHROPIC)
    assert payloads(out)[0]["delta"]["citation"] == {**quote, "cited_text": f"by {VALUE}"}


# --- limits ---------------------------------------------------------------------------------------


def test_an_endless_event_and_endless_arguments_are_cut(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "EVENT_BYTES_MAX", 100)
    framer = sse.Framer()
    framer.feed(b"data: " + b"x" * 90)
    with pytest.raises(LimitExceededError, match="longer than 100"):
        framer.feed(b"x" * 90)
    monkeypatch.setattr(stream, "HELD_CHARS_MAX", 10)
    with pytest.raises(LimitExceededError, match="longer than 10"):
        run(session, call("", name="t"), call("x" * 6), call("x" * 6))


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n", b"\r\n\n"])
def test_every_line_end_of_the_standard_ends_an_event(end: bytes) -> None:
    raw = b"data: a" + end + b": c" + end + b"data: b" + end
    assert sse.Framer().feed(raw) == [b"data: a" + end, b": c" + end, b"data: b" + end]
    for cut in range(len(raw)):
        framer = sse.Framer()
        events = [*framer.feed(raw[:cut]), *framer.feed(raw[cut:])]
        assert b"".join(events) + framer.rest() == raw
        data = [found.content for item in events if (found := sse.data_of(item))]
        assert data == [b"a", b"b"]


@pytest.mark.parametrize(
    ("raw", "content"),
    [
        (b"data: a\n\n", b"a"), (b"data:a\n\n", b"a"), (b"data:  a \n\n", b" a "), (b"data\n\n", b""),
        (b"data: a\ndata: b\n\n", b"a\nb"), (b"\xef\xbb\xbfdata: a\n\n", b"a"), (b"event: data: x\n\n", None),
        (b"database: x\n\n", None), (b": data: x\n\n", None), (b"xdata: y\n\n", None), (b"\n", None),
    ],
)  # fmt: skip
def test_data_is_read_as_the_standard_says(raw: bytes, content: bytes | None) -> None:
    found = sse.data_of(raw)
    assert (found.content if found else None) == content
