"""However the provider's stream is cut, the client reads the same, and it is what the whole text restores to."""

import itertools
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.gateway.sse import Framer
from strongroom.gateway.stream import StreamRestorer
from strongroom.gateway.wire import ANTHROPIC, OPENAI
from strongroom.guard.scope_state import Replacement
from strongroom.guard.session import Origin
from strongroom.guard.sinks import Sink
from strongroom.surrogates.restore import Restorer, restore_text

VALUES = {
    "EMAIL_Q0000XX": "anna@example.org",
    "PERSON_7KQ2M9X": 'Zoë "Z" \\ Ünal\n',
    "CARD_0X4T1ZB": "EMAIL_Q0000XX",  # a value that looks like a surrogate is not looked at again
}
WORDS = st.sampled_from(
    [*VALUES, "EMAIL_", "EMAIL_ADDRESS", "PERSON_7KQ2M9Y", "_", "A", "né", "😀", '"', "\\", " ", "\n", "x"]
)
TEXTS = st.lists(WORDS, max_size=8).map("".join)


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
        return json.dumps({key: restore_text(value, VALUES.get) for key, value in json.loads(arguments).items()})

    def finish(self) -> None:
        raise AssertionError


@st.composite
def cut(draw: st.DrawFn, whole: Any) -> list[Any]:
    """`whole` in pieces, none of them empty."""
    places = draw(st.sets(st.integers(1, max(1, len(whole) - 1)), max_size=12))
    edges = [0, *sorted(places), len(whole)]
    return [whole[a:b] for a, b in itertools.pairwise(edges) if a < b]


def line(body: dict[str, Any], *, ascii_only: bool) -> bytes:
    return b"data: " + json.dumps(body, ensure_ascii=ascii_only).encode() + b"\n\n"


@st.composite
def openai_stream(draw: st.DrawFn) -> tuple[bytes, str, str]:
    text, argument = draw(TEXTS), draw(TEXTS)
    arguments = json.dumps({"a": argument})
    ascii_only = draw(st.booleans())
    events = [{"content": piece} for piece in draw(cut(text))]
    calls: list[Any] = [
        {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in draw(cut(arguments))
    ]
    calls[0]["tool_calls"][0]["function"]["name"] = "t"
    order = draw(st.permutations([True] * len(events) + [False] * len(calls)))
    one, two = iter(events), iter(calls)
    deltas = [next(one) if first else next(two) for first in order]
    raw = b"".join(line({"choices": [{"index": 0, "delta": delta}]}, ascii_only=ascii_only) for delta in deltas)
    return (
        raw + line({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, ascii_only=ascii_only),
        text,
        argument,
    )


def delta(index: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": body}


@st.composite
def anthropic_stream(draw: st.DrawFn) -> tuple[bytes, str, str]:
    text, argument = draw(TEXTS), draw(TEXTS)
    ascii_only = draw(st.booleans())
    events: list[dict[str, Any]] = [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(delta(0, {"type": "text_delta", "text": piece}) for piece in draw(cut(text))),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "name": "t", "input": {}},
        },
        *(
            delta(1, {"type": "input_json_delta", "partial_json": piece})
            for piece in draw(cut(json.dumps({"a": argument})))
        ),
        {"type": "content_block_stop", "index": 1},
    ]
    return b"".join(line(event, ascii_only=ascii_only) for event in events), text, argument


def pieces_of(raw: bytes) -> list[dict[str, Any]]:
    return [json.loads(row[6:]) for row in raw.decode().split("\n") if row.startswith("data: ")]


def openai_read(raw: bytes) -> tuple[str, str]:
    deltas = [body["choices"][0]["delta"] for body in pieces_of(raw)]
    calls = [item["tool_calls"][0]["function"]["arguments"] for item in deltas if "tool_calls" in item]
    return "".join(item.get("content", "") for item in deltas), json.loads("".join(calls))["a"]


def anthropic_read(raw: bytes) -> tuple[str, str]:
    deltas = [body["delta"] for body in pieces_of(raw) if "delta" in body]
    return (
        "".join(item.get("text", "") for item in deltas),
        json.loads("".join(item.get("partial_json", "") for item in deltas))["a"],
    )


def restored(wire: Any, chunks: list[bytes]) -> bytes:
    restorer = StreamRestorer(wire, Session())
    return b"".join([restorer.feed(chunk) for chunk in chunks]) + restorer.finish()


@given(openai_stream(), st.data())
@settings(max_examples=300, deadline=None)
def test_openai_streams_read_alike_however_they_are_cut(made: tuple[bytes, str, str], data: st.DataObject) -> None:
    raw, text, argument = made
    whole = restored(OPENAI, [raw])
    assert restored(OPENAI, data.draw(cut(raw))) == whole
    assert openai_read(whole) == (restore_text(text, VALUES.get), restore_text(argument, VALUES.get))


@given(anthropic_stream(), st.data())
@settings(max_examples=300, deadline=None)
def test_anthropic_streams_read_alike_however_they_are_cut(
    made: tuple[bytes, str, str], data: st.DataObject
) -> None:
    raw, text, argument = made
    whole = restored(ANTHROPIC, [raw])
    assert restored(ANTHROPIC, data.draw(cut(raw))) == whole
    assert anthropic_read(whole) == (restore_text(text, VALUES.get), restore_text(argument, VALUES.get))


@given(
    st.lists(
        st.sampled_from([b"data: a", b": c", b"\n", b"\r\n", b"\r", b"\n\n", b"event: x", b"data:"]), max_size=12
    ),
    st.data(),
)
def test_framing_loses_nothing(parts: list[bytes], data: st.DataObject) -> None:

    raw = b"".join(parts)
    framer = Framer()
    events = [event for chunk in data.draw(cut(raw)) for event in framer.feed(chunk)]
    assert b"".join(events) + framer.rest() == raw
