"""The position matrix, made from the wire tables: every field of every wire, in both directions.

For every text position: a planted value never arrives upstream, and a surrogate in the answer comes back as the
value. For every opaque one: the same bytes on both sides.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from strongroom.gateway.wires import anthropic_messages, gemini, openai_chat
from strongroom.gateway.wires.table import Arr, Either, Field, Kind, Node, Obj, Tagged

PLANTED = "anna@example.org"
SURROGATE = "EMAIL_Q0000XX"
CHANGED = {Kind.TEXT, Kind.ARGUMENTS, Kind.TREE, Kind.TOOL_TEXT}

OPENAI_ASK = {"model": "m", "messages": [{"role": "user", "content": PLANTED}]}
ANTHROPIC_ASK = {**OPENAI_ASK, "max_tokens": 9}
GEMINI_ASK = {"contents": [{"parts": [{"text": PLANTED}]}]}
GEMINI = "/gemini/v1beta/models/m"


class Example(NamedTuple):
    """A message in which one field holds the mark."""

    value: Any
    field: Field
    place: str


def examples(node: Node | None, mark: str, seen: tuple[int, ...] = (), place: str = "") -> Iterator[Example]:  # noqa: C901 - one branch per kind of node
    if node is None or id(node) in seen:
        return
    seen = (*seen, id(node))
    if isinstance(node, Field):
        yield Example(content_of(node.kind, mark), node, place)
    elif isinstance(node, Arr):
        for below in examples(node.item, mark, seen, f"{place}[]"):
            yield below._replace(value=[below.value])
    elif isinstance(node, Either):
        for case in (node.string, node.arr, None if single(node) else node.obj):
            yield from examples(case, mark, seen, place)
    elif isinstance(node, Tagged):
        for tag, case in node.cases.items():
            for below in examples(case, mark, seen, f"{place}<{tag}>"):
                if isinstance(below.value, dict):
                    yield below._replace(value={node.by: tag, **below.value, node.by: tag})
    elif isinstance(node, Obj):
        yield from members(node, mark, seen, place)


def single(node: Either) -> bool:
    """Whether the object is the array's item: the same fields at another place."""
    return isinstance(node.arr, Arr) and node.arr.item is node.obj


def members(node: Obj, mark: str, seen: tuple[int, ...], place: str) -> Iterator[Example]:
    children = node.members() | ({"some_key": node.extra} if node.extra else {})
    for key, child in children.items():
        for below in examples(child, mark, seen, f"{place}.{key}"):
            value = {key: below.value}
            if below.field.kind in CHANGED and "name" in node.fields:
                value.setdefault("name", "send_email")
            for number in node.keyed:
                value.setdefault(number, 0)
            yield below._replace(value=value)


def content_of(kind: Kind, mark: str) -> Any:
    if kind is Kind.ARGUMENTS:
        return json.dumps({"to": mark})
    if kind in (Kind.TREE, Kind.OPAQUE):
        return {"to": [mark, 1.10]}
    return mark if kind in CHANGED else "x"


def of_kinds(node: Node, mark: str, kinds: set[Kind]) -> list[Example]:
    return [found for found in examples(node, mark) if found.field.kind in kinds]


WIRES = [
    ("/openai/v1/chat/completions", openai_chat.REQUEST, OPENAI_ASK, 50),
    ("/anthropic/v1/messages", anthropic_messages.REQUEST, ANTHROPIC_ASK, 150),
    (f"{GEMINI}:generateContent", gemini.REQUEST, GEMINI_ASK, 150),
    (f"{GEMINI}:countTokens", gemini.COUNT_REQUEST, GEMINI_ASK, 150),
    (f"{GEMINI}:embedContent", gemini.EMBED_REQUEST, GEMINI_ASK, 30),
    (f"{GEMINI}:batchEmbedContents", gemini.BATCH_EMBED_REQUEST, GEMINI_ASK, 30),
]
ANSWERS = [
    ("/openai/v1/chat/completions", openai_chat.RESPONSE, OPENAI_ASK, 10),
    ("/anthropic/v1/messages", anthropic_messages.RESPONSE, ANTHROPIC_ASK, 6),
    (f"{GEMINI}:generateContent", gemini.RESPONSE, GEMINI_ASK, 40),
]
STREAMS = [
    ("/openai/v1/chat/completions", openai_chat.CHUNK, OPENAI_ASK, 10),
    ("/anthropic/v1/messages", anthropic_messages.EVENT, ANTHROPIC_ASK, 6),
    (f"{GEMINI}:streamGenerateContent", gemini.EVENT, GEMINI_ASK, 40),
]


@pytest.mark.parametrize(("path", "table", "ask", "at_least"), WIRES)
def test_a_planted_value_never_arrives_upstream(rig: Any, path: str, table: Node, ask: Any, at_least: int) -> None:
    cases = of_kinds(table, PLANTED, CHANGED)
    assert len(cases) >= at_least
    failures = []
    for case in cases:
        rig.upstream.requests.clear()
        answer = rig.post(path, case.value)
        seen = rig.upstream.bodies
        if answer.status_code != 200 or PLANTED.encode() in seen or seen.count(SURROGATE.encode()) != 1:
            failures.append((case.place, answer.status_code, answer.text[:200]))
    assert failures == []


@pytest.mark.parametrize(("path", "table", "ask", "at_least"), WIRES)
def test_opaque_fields_of_a_request_arrive_as_they_were(
    rig: Any, path: str, table: Node, ask: Any, at_least: int
) -> None:
    cases = of_kinds(table, PLANTED, {Kind.OPAQUE})
    assert cases
    for case in cases:
        rig.upstream.requests.clear()
        sent = json.dumps(case.value).encode()
        assert rig.post(path, content=sent).status_code == 200, case.place
        assert rig.upstream.bodies == sent, case.place


@pytest.mark.parametrize(("path", "table", "ask", "at_least"), WIRES)
def test_content_that_cannot_be_inspected_is_refused(
    rig: Any, path: str, table: Node, ask: Any, at_least: int
) -> None:
    cases = of_kinds(table, PLANTED, {Kind.BINARY})
    assert cases
    for case in cases:
        answer = rig.post(path, case.value)
        assert (answer.status_code, "cannot be inspected" in answer.text) == (400, True), case.place
    assert rig.upstream.requests == []


@pytest.mark.parametrize(("path", "table", "ask", "at_least"), ANSWERS)
def test_a_surrogate_in_an_answer_comes_back_as_the_value(
    rig: Any, path: str, table: Node, ask: Any, at_least: int
) -> None:
    cases = of_kinds(table, SURROGATE, CHANGED)
    assert len(cases) >= at_least
    for case in cases:
        rig.upstream.answer(json.dumps(case.value).encode())
        answer = rig.post(path, ask)
        assert answer.content.decode() == json.dumps(case.value).replace(SURROGATE, PLANTED), case.place


@pytest.mark.parametrize(("path", "table", "ask", "at_least"), [*ANSWERS, *STREAMS])
def test_opaque_and_structural_fields_of_an_answer_come_back_as_they_were(
    rig: Any, path: str, table: Node, ask: Any, at_least: int
) -> None:
    cases = of_kinds(table, SURROGATE, {Kind.OPAQUE, Kind.STRUCTURAL})
    assert any(case.field.kind is Kind.OPAQUE for case in cases)
    for case in cases:
        whole = json.dumps(case.value).encode()
        if (path, table, ask, at_least) in ANSWERS:
            rig.upstream.answer(whole)
        else:
            whole = b"data: " + whole + b"\n\n"
            rig.upstream.stream(whole)
        assert rig.post(path, ask).content == whole, case.place


@pytest.mark.parametrize(("path", "table", "ask", "at_least"), STREAMS)
def test_a_surrogate_in_a_stream_comes_back_as_the_value(
    rig: Any, path: str, table: Node, ask: Any, at_least: int
) -> None:
    cases = of_kinds(table, SURROGATE, CHANGED)
    assert len(cases) >= at_least
    call = {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "name": "send_email"}}
    for case in cases:
        first = [call] if "partial_json" in case.place else []
        rig.upstream.stream(
            b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in [*first, case.value])
        )
        answer = rig.post(path, ask).content
        assert answer.count(PLANTED.encode()) == 1, case.place
        assert SURROGATE.encode() not in answer, case.place
