"""A streamed response of OpenAI: however it is cut, the client reads the same four times, numbers unbroken."""

import itertools
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.gateway.stream import StreamRestorer
from strongroom.gateway.wire import RESPONSES
from strongroom.guard.scope_state import Replacement
from strongroom.guard.session import Origin
from strongroom.guard.sinks import Sink
from strongroom.surrogates.restore import Restorer, restore_text

VALUES = {
    "EMAIL_Q0000XX": "anna@example.org",
    "PERSON_7KQ2M9X": 'Zoë "Z" \\ Ünal',
    "CARD_0X4T1ZB": "EMAIL_Q0000XX",
}
WORDS = st.sampled_from([*VALUES, "EMAIL_", "EMAIL_ADDRESS", "_", "A", "né", "😀", '"', "\\", " ", "\n", "x"])
TEXTS = st.lists(WORDS, min_size=1, max_size=8).map("".join)


class Session:
    restored = refused = 0

    def forward_file(self, upstream: str, kind: str, count: int) -> None:
        pass

    def forward(self, upstream: str) -> None:
        pass

    def protect(self, text: str, *, origin: Origin = Origin.TYPED, field: str = "") -> list[Replacement]:
        raise AssertionError

    def restorer(self, sink: Sink) -> Restorer:
        return Restorer(VALUES.get)

    def restore_arguments(self, tool: str, arguments: str) -> str:
        assert tool in ("send", "shell")
        try:
            whole = json.loads(arguments)
        except json.JSONDecodeError:
            return arguments  # a call that broke off
        return json.dumps({key: _value(value) for key, value in whole.items()})

    def finish(self) -> None:
        raise AssertionError


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(item) for item in value]
    return restore_text(value, VALUES.get) if isinstance(value, str) else value


@st.composite
def cut(draw: st.DrawFn, whole: Any) -> list[Any]:
    """`whole` in pieces, none of them empty."""
    places = draw(st.sets(st.integers(1, max(1, len(whole) - 1)), max_size=12))
    edges = [0, *sorted(places), len(whole)]
    return [whole[a:b] for a, b in itertools.pairwise(edges) if a < b]


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, str, str, str]:
    """A message, a function call and a shell command, their pieces in any order among each other."""
    text, argument, command = draw(TEXTS), draw(TEXTS), draw(TEXTS)
    arguments = json.dumps({"a": argument})
    part = {"type": "output_text", "text": text, "annotations": []}
    message: Any = {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    call: Any = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "send", "arguments": arguments}
    shell: Any = {"type": "shell_call", "id": "sh_1", "call_id": "d", "action": {"commands": [command]}}
    first: list[dict[str, Any]] = [
        {"type": "response.created", "response": {"id": "resp_1", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**message, "content": []}},
        {"type": "response.output_item.added", "output_index": 1, "item": {**call, "arguments": ""}},
    ]
    words: Any = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "logprobs": []}
    asked: Any = {"type": "response.function_call_arguments.delta", "output_index": 1}
    typed: Any = {"type": "response.shell_call_command.delta", "output_index": 2, "command_index": 0}
    lanes: list[list[dict[str, Any]]] = [
        [{**words, "delta": piece, "obfuscation": "x" * len(piece)} for piece in draw(cut(text))],
        [{**asked, "delta": piece} for piece in draw(cut(arguments))],
        [{**typed, "delta": piece} for piece in draw(cut(command))],
    ]
    lanes[0].append(
        {"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": text, "logprobs": []}
    )
    lanes[0].append({"type": "response.content_part.done", "output_index": 0, "content_index": 0, "part": part})
    lanes[0].append({"type": "response.output_item.done", "output_index": 0, "item": message})
    lanes[1].append({"type": "response.function_call_arguments.done", "output_index": 1, "arguments": arguments})
    lanes[1].append({"type": "response.output_item.done", "output_index": 1, "item": call})
    lanes[2].append(
        {"type": "response.shell_call_command.done", "output_index": 2, "command_index": 0, "command": command}
    )
    lanes[2].append({"type": "response.output_item.done", "output_index": 2, "item": shell})
    order = draw(st.permutations([number for number, lane in enumerate(lanes) for _ in lane]))
    sources = [iter(lane) for lane in lanes]
    middle = [next(sources[number]) for number in order]
    last: Any = {"type": "response.completed", "response": {"id": "resp_1", "output": [message, call, shell]}}
    ascii_only = draw(st.booleans())
    raw = b"".join(
        f"event: {event['type']}\ndata: ".encode()
        + json.dumps({**event, "sequence_number": number}, ensure_ascii=ascii_only).encode()
        + b"\n\n"
        for number, event in enumerate([*first, *middle, last])
    )
    return raw, text, argument, command


def events_of(raw: bytes) -> list[dict[str, Any]]:
    return [json.loads(row[6:]) for row in raw.decode().split("\n") if row.startswith("data: ")]


def joined(events: list[dict[str, Any]], kind: str) -> str:
    return "".join(event["delta"] for event in events if event["type"] == f"response.{kind}.delta")


def one(events: list[dict[str, Any]], kind: str, index: int = -1) -> dict[str, Any]:
    found = [event for event in events if event["type"] == f"response.{kind}"]
    return next(event for event in found if event.get("output_index", index) in (index, -1) or index < 0)


def restored(chunks: list[bytes]) -> bytes:
    restorer = StreamRestorer(RESPONSES, Session())
    out = b"".join([restorer.feed(chunk) for chunk in chunks]) + restorer.finish()
    assert (restorer.garbage, restorer.reports) == (0, set())
    return out


@given(streams(), st.data())
@settings(max_examples=150, deadline=None)
def test_responses_read_alike_in_all_four_copies_however_they_are_cut(
    made: tuple[bytes, str, str, str], data: st.DataObject
) -> None:
    raw, text, argument, command = made
    out = restored([raw])
    assert restored(data.draw(cut(raw))) == out
    before, events = events_of(raw), events_of(out)
    assert [event["sequence_number"] for event in events] == list(range(len(before)))
    assert [event["type"] for event in events] == [event["type"] for event in before]
    words, asked, typed = (restore_text(item, VALUES.get) for item in (text, argument, command))
    done = one(events, "completed")["response"]["output"]
    assert joined(events, "output_text") == words
    assert one(events, "output_text.done")["text"] == words
    assert one(events, "content_part.done")["part"]["text"] == words
    assert one(events, "output_item.done", 0)["item"]["content"][0]["text"] == words
    assert done[0]["content"][0]["text"] == words
    assert json.loads(joined(events, "function_call_arguments")) == {"a": asked}
    assert json.loads(one(events, "function_call_arguments.done")["arguments"]) == {"a": asked}
    assert json.loads(one(events, "output_item.done", 1)["item"]["arguments"]) == {"a": asked}
    assert json.loads(done[1]["arguments"]) == {"a": asked}
    assert joined(events, "shell_call_command") == typed
    assert one(events, "shell_call_command.done")["command"] == typed
    assert done[2]["action"]["commands"] == [typed]


@given(streams(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_stream_that_breaks_off_loses_no_event(made: tuple[bytes, str, str, str], data: st.DataObject) -> None:
    raw = made[0]
    rows = raw.split(b"\n\n")
    kept = b"\n\n".join(rows[: data.draw(st.integers(1, len(rows) - 1))]) + b"\n\n"
    restorer = StreamRestorer(RESPONSES, Session())
    out = restorer.feed(kept) + restorer.finish()
    numbers = [event["sequence_number"] for event in events_of(out)]
    assert numbers == list(range(len(events_of(kept))))
    said = events_of(restorer.broken(b'{"error":{"message":"m","code":"c","type":"t"}}'))
    assert said[0]["sequence_number"] == len(numbers)
