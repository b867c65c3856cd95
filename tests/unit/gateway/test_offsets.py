"""Offsets of citations and annotations point at the same words on both sides."""

import json
from typing import Any

import pytest

from strongroom.gateway.offsets import Shift

VALUE = "anna@example.org"
SURROGATE = "EMAIL_Q0000XX"
ASK = {"model": "m", "messages": [{"role": "user", "content": VALUE}]}


@pytest.mark.parametrize(
    ("offset", "end", "moved"),
    [(0, False, 0), (3, True, 3), (4, False, 3), (4, True, 13), (8, False, 13), (8, True, 13), (10, False, 15),
     (12, True, 15), (20, False, 23)],
)  # fmt: skip
def test_an_offset_moves_by_what_changed_before_it(offset: int, end: bool, moved: int) -> None:  # noqa: FBT001 - a table
    shift = Shift([(3, 8, 10), (10, 12, 0)])
    assert shift.there(offset, end=end) == moved


@pytest.mark.parametrize("offset", [0, 3, 8, 9, 12, 13, 40])
def test_an_offset_outside_what_changed_comes_back(offset: int) -> None:
    shift = Shift([(3, 8, 10), (10, 12, 5)])
    assert shift.back(shift.there(offset, end=False), end=False) == offset
    assert (shift.back(7, end=False), shift.back(7, end=True)) == (3, 8)


def annotation(start: int, end: int) -> Any:
    cited = {"start_index": start, "end_index": end, "title": "t", "url": "https://a.example"}
    return {"type": "url_citation", "url_citation": cited}


def test_annotations_of_a_chat_answer_and_the_turn_after(rig: Any) -> None:
    rig.upstream.answer(b'{"choices":[]}')
    rig.chat(ASK)
    text = f"né {SURROGATE} see"
    said = {"role": "assistant", "annotations": [annotation(17, 20)], "content": text}
    rig.upstream.answer(json.dumps({"choices": [{"index": 0, "message": said}]}).encode())
    got = rig.chat(ASK).json()["choices"][0]["message"]
    cited = got["annotations"][0]["url_citation"]
    assert got["content"][cited["start_index"] : cited["end_index"]] == "see"
    rig.chat({**ASK, "messages": [*ASK["messages"], got]})
    assert json.loads(rig.upstream.requests[-1].body)["messages"][1] == said


def test_annotations_of_a_streamed_chat_answer(rig: Any) -> None:
    deltas: list[Any] = [
        {"content": f"to {SURROGATE[:6]}"},
        {"content": SURROGATE[6:]},
        {"content": " see"},
        {"annotations": [annotation(17, 20)]},
    ]
    events = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    raw = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + b"data: [DONE]\n\n"
    rig.upstream.stream(*(raw[n : n + 3] for n in range(0, len(raw), 3)))
    answer = rig.chat({**ASK, "stream": True}).text
    got = [
        json.loads(line[6:])["choices"][0]["delta"] for line in answer.splitlines() if line.startswith("data: {")
    ]
    text = "".join(delta.get("content", "") for delta in got)
    cited = next(delta for delta in got if "annotations" in delta)["annotations"][0]["url_citation"]
    assert text[cited["start_index"] : cited["end_index"]] == "see"


DOCUMENTS: Any = [
    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "nothing"}},
    {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": f'né "{VALUE}"\nwrote a letter'},
        "citations": {"enabled": True},
    },
]
SEEN = f'né "{SURROGATE}"\nwrote a letter'


def location(text: str, words: str) -> Any:
    start = text.index(words)
    return {"type": "char_location", "cited_text": words, "document_index": 1, "document_title": None,
            "start_char_index": start, "end_char_index": start + len(words)}  # fmt: skip


def test_citations_of_messages_point_into_the_clients_document(rig: Any) -> None:
    ask: Any = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": DOCUMENTS}]}
    block = {"type": "text", "text": "so", "citations": [location(SEEN, "a letter"), location(SEEN, SURROGATE)]}
    rig.upstream.answer(json.dumps({"type": "message", "content": [block]}).encode())
    got = rig.messages(ask).json()["content"][0]
    document = DOCUMENTS[1]["source"]["data"]
    for cited in got["citations"]:
        assert document[cited["start_char_index"] : cited["end_char_index"]] == cited["cited_text"]
    rig.messages({**ask, "messages": [*ask["messages"], {"role": "assistant", "content": [got]}]})
    assert json.loads(rig.upstream.requests[-1].body)["messages"][1]["content"] == [block]


def test_citations_of_streamed_messages(rig: Any) -> None:
    ask: Any = {
        "model": "m",
        "max_tokens": 9,
        "stream": True,
        "messages": [{"role": "user", "content": DOCUMENTS}],
    }
    delta = {"type": "citations_delta", "citation": location(SEEN, "a letter")}
    event = {"type": "content_block_delta", "index": 0, "delta": delta}
    rig.upstream.stream(b"data: " + json.dumps(event).encode() + b"\n\n")
    cited = json.loads(rig.messages(ask).text.split("\n")[0][6:])["delta"]["citation"]
    document = DOCUMENTS[1]["source"]["data"]
    assert document[cited["start_char_index"] : cited["end_char_index"]] == "a letter"
