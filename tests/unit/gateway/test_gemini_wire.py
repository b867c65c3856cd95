"""Gemini by hand: what clients without an SDK write, and streams in either framing cut anywhere."""

import itertools
import json
from typing import Any

import orjson
import pytest

from strongroom.errors import LimitExceededError
from strongroom.gateway import json_items
from strongroom.gateway.json_items import ItemFramer
from strongroom.gateway.routes_gemini import ITEMS
from strongroom.gateway.stream import StreamRestorer
from strongroom.gateway.wire import GEMINI, opening

VALUE = "anna@example.org"
SURROGATE = "EMAIL_Q0000XX"
GENERATE = "/gemini/v1beta/models/m:generateContent"
STREAM = "/gemini/v1beta/models/m:streamGenerateContent"
ASK = {"contents": [{"parts": [{"text": f"write to {VALUE}"}]}]}


def candidate(*parts: Any, index: int = 0, **more: Any) -> Any:
    return {"candidates": [{"content": {"parts": list(parts), "role": "model"}, "index": index, **more}]}


def array(*items: Any) -> bytes:
    return b"[" + b",\r\n".join(json.dumps(item, indent=1).encode() for item in items) + b"\n]\n"


def texts(events: list[Any], *, thought: bool = False, index: int = 0) -> str:
    parts = [
        part
        for event in events
        for one in event["candidates"]
        if one["index"] == index
        for part in one["content"]["parts"]
    ]
    return "".join(part.get("text", "") for part in parts if part.get("thought", False) is thought)


@pytest.mark.parametrize(
    "body",
    [
        {"contents": {"parts": {"text": VALUE}}},
        {
            "contents": [{"role": "user", "parts": [{"text": "x"}]}],
            "system_instruction": {"parts": {"text": VALUE}},
        },
        {"contents": [{"role": "model", "parts": [{"function_call": {"name": "t", "args": {"a": [VALUE]}}}]}]},
        {
            "contents": [
                {"role": "function", "parts": [{"functionResponse": {"name": "t", "response": {"a": VALUE}}}]}
            ]
        },
        {"contents": [], "generation_config": {"stop_sequences": [VALUE], "response_schema": {"title": VALUE}}},
    ],
)
def test_both_spellings_and_single_items_are_read(rig: Any, body: Any) -> None:
    raw = json.dumps(body).encode()
    assert rig.post(GENERATE, content=raw).status_code == 200
    assert rig.upstream.bodies == raw.replace(VALUE.encode(), SURROGATE.encode())


def test_the_key_may_stand_in_the_query_and_is_not_forwarded(rig: Any) -> None:
    for query, arrived in [
        ("key=sr_test", ""),
        ("key=sr_test&alt=json", "?alt=json"),
        ("alt=json&key=sr_test", "?alt=json"),
    ]:
        answer = rig.client.post(f"{rig.url}{GENERATE}?{query}", json=ASK)
        assert answer.status_code == 200
        assert rig.upstream.requests[-1].path == f"/v1beta/models/m:generateContent{arrived}"
    answer = rig.client.post(f"{rig.url}{GENERATE}?key=wrong", json=ASK)
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert "wrong" not in answer.text
    assert b"sr_test" not in b"".join(rig.log)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/gemini/v1beta/models/m:predict", 404),
        ("POST", "/gemini/v1beta/models/m", 404),
        ("POST", "/gemini/v2/models/m:generateContent", 404),
        ("GET", GENERATE, 404),
        ("GET", "/gemini/v1beta/operations/o", 404),
        ("POST", "/gemini/v1beta/models/anna@example.org:generateContent", 404),
    ],
)
def test_unknown_methods_are_refused_in_googles_shape(rig: Any, method: str, path: str, status: int) -> None:
    answer = rig.client.request(method, rig.url + path, json={}, headers={"x-goog-api-key": "sr_test"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)
    assert answer.json()["error"]["status"] == "NOT_FOUND"
    assert "anna" not in answer.text
    assert rig.upstream.requests == []


def test_an_error_names_the_reason_and_the_request(rig: Any) -> None:
    answer = rig.post(GENERATE, {"contents": [{"parts": [{"novel": 1}]}]})
    error = answer.json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert "contents[0].parts[0].novel: unknown field" in error["message"]
    assert error["details"][0]["reason"] == "REQUEST_REFUSED"
    assert error["details"][1]["requestId"] == answer.headers["x-request-id"]


def test_an_array_streams_item_by_item(rig: Any) -> None:
    items = [candidate({"text": piece}) for piece in ["to ", *SURROGATE, "!"]]
    whole = array(*items)
    rig.upstream.answer(*(whole[at : at + 7] for at in range(0, len(whole), 7)))
    answer = rig.post(STREAM, ASK)
    assert texts(answer.json()) == f"to {VALUE}!"
    untouched = array(candidate({"text": "né"}), candidate({"text": '\\ ] " }'}, finishReason="STOP"))
    rig.upstream.answer(untouched)
    assert rig.post(STREAM, ASK).content == untouched
    rig.upstream.answer(b"[]")
    assert rig.post(STREAM, ASK).content == b"[]"


@pytest.mark.parametrize("before", [0, 1])
def test_an_array_that_breaks_off_ends_with_the_error(rig: Any, before: int) -> None:
    begun = array(candidate({"text": f"a {SURROGATE[:5]}"}), candidate({"text": "cut in the middle"}))
    rig.upstream.answer(begun[: begun.rindex(b"cut")] if before else begun[:9], then="cut")
    *items, last = rig.post(STREAM, ASK).json()
    assert last["error"]["code"] == 502
    assert texts(items) == (f"a {SURROGATE[:5]}" if before else "")


def restored(make_session: Any, wire: Any, raw: bytes, cuts: tuple[int, ...]) -> bytes:
    restorer = StreamRestorer(wire, make_session({VALUE: SURROGATE}))
    edges = [0, *sorted(cuts), len(raw)]
    out = [restorer.feed(raw[start:end]) for start, end in itertools.pairwise(edges)]
    return b"".join(out) + restorer.finish()


def test_every_cut_of_an_array_gives_the_same(make_session: Any) -> None:
    raw = array(
        candidate({"text": 'say "\\\\" '}), candidate({"text": "EMAIL_Q00", "thought": True}),
        candidate({"text": "00XX", "thought": True}), candidate({"text": "EMAIL_Q"}),
        candidate({"text": "0000XX"}),
    )  # fmt: skip
    whole = restored(make_session, ITEMS, raw, ())
    events = orjson.loads(whole)
    assert (texts(events), texts(events, thought=True)) == (f'say "\\\\" {VALUE}', VALUE)
    for cut in range(1, len(raw)):
        assert restored(make_session, ITEMS, raw, (cut,)) == whole, cut


def sse(*events: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\r\n\r\n" for event in events)


def unframed(raw: bytes) -> list[Any]:
    return [orjson.loads(event.removeprefix(b"data: ")) for event in raw.split(b"\r\n\r\n") if event]


def test_what_is_held_goes_out_before_a_part_of_another_kind(make_session: Any) -> None:
    call = {"functionCall": {"name": "t", "args": {}}}
    raw = sse(
        {**candidate({"text": "a EMAIL_", "thought": True}), "responseId": "r"}, candidate({"text": "b EMAIL_Q"}),
        candidate(call), candidate({"text": "0000XX c"}, {"text": " EMAIL_Q0"}, call),
        candidate({"text": "d EMAIL_Q"}), candidate({"text": ""}, finishReason="STOP"),
    )  # fmt: skip
    parts = [
        event["candidates"][0]["content"]["parts"] for event in unframed(restored(make_session, GEMINI, raw, ()))
    ]
    assert [{**part} for group in parts for part in group] == [
        {"text": "a ", "thought": True}, {"text": "EMAIL_", "thought": True}, {"text": "b "},
        {"text": "EMAIL_Q"}, call,
        {"text": "0000XX c"}, {"text": " EMAIL_Q0"}, call, {"text": "d "}, {"text": "EMAIL_Q"}, {"text": ""},
    ]  # fmt: skip


def test_candidates_are_texts_of_their_own(make_session: Any) -> None:
    raw = sse(
        candidate({"text": "EMAIL_Q0"}), candidate({"text": "EMAIL_"}, index=1), candidate({"text": "000XX"}),
        candidate({"text": "Q0000XX"}, index=1, finishReason="STOP"),
    )  # fmt: skip
    events = unframed(restored(make_session, GEMINI, raw, ()))
    assert (texts(events), texts(events, index=1)) == (VALUE, VALUE)


def test_a_piece_of_our_own_carries_the_envelope(make_session: Any) -> None:
    raw = sse({**candidate({"text": "EMAIL_Q"}), "modelVersion": "m", "responseId": "r", "usageMetadata": {}})
    own = unframed(restored(make_session, GEMINI, raw, ()))[-1]
    assert own == {**candidate({"text": "EMAIL_Q"}), "modelVersion": "m", "responseId": "r"}


def test_an_item_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_items, "EVENT_BYTES_MAX", 100)
    framer = ItemFramer()
    assert framer.feed(b'[{"a": "' + b"x" * 80 + b'"}') != []
    with pytest.raises(LimitExceededError, match="stream item"):
        framer.feed(b',{"a": "' + b"x" * 100)


def test_the_opening_is_what_came_before_the_model() -> None:
    user = {"role": "user", "parts": [{"text": "hello"}]}
    one = opening({"contents": [user], "systemInstruction": {"parts": [{"text": "s"}]}})
    more = [user, {"role": "model", "parts": [{"text": "hi"}]}, user]
    assert one == opening({"contents": more, "system_instruction": {"parts": {"text": "s"}}})
    assert one != opening({"contents": [user]}) == opening({"contents": {"parts": {"text": "hello"}}})
    assert opening({"contents": None}) == []


def test_the_model_in_the_path_is_what_operators_see(rig: Any) -> None:
    rig.post("/gemini/v1beta/models/gemini-3-pro:generateContent", ASK)
    line = rig.log.line()
    assert (line["model"], line["route"]) == ("gemini-3-pro", "gemini.generate")
