"""The wire tables: complete against the official SDKs, and strict about everything else."""

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from anthropic.types.message_count_tokens_params import MessageCountTokensParams
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming, MessageCreateParamsStreaming
from openai.types import CreateEmbeddingResponse, EmbeddingCreateParams
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)
from openai.types.responses import CompactedResponse, Response, ResponseStreamEvent
from openai.types.responses.input_token_count_params import InputTokenCountParams
from openai.types.responses.input_token_count_response import InputTokenCountResponse
from openai.types.responses.response_compact_params import ResponseCompactParams
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)
from openai.types.responses.response_item_list import ResponseItemList

from strongroom.errors import FormatError, LimitExceededError, RequestRefusedError
from strongroom.gateway.edit import read
from strongroom.gateway.wires import (
    anthropic_messages,
    openai_chat,
    openai_embeddings,
    openai_events,
    openai_responses,
)
from strongroom.gateway.wires.json_schema import SCHEMA
from strongroom.gateway.wires.table import (
    Arr,
    Either,
    Field,
    Kind,
    Node,
    Obj,
    Tagged,
    Walk,
    binary,
    dotted,
    strings_in,
    structural,
    text,
    tree,
)
from strongroom.guard.session import Origin

WHOLE = {Kind.OPAQUE, Kind.TREE}
WRAPPERS = (typing.Required, typing.NotRequired, typing.Annotated)


def fields_of(kind: Any) -> Mapping[str, Any] | None:
    if hasattr(kind, "model_fields"):
        return {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
    return typing.get_type_hints(kind) if hasattr(kind, "__total__") else None


def missing(kind: Any, node: Node, path: str) -> Iterator[str]:  # noqa: C901 - one branch per kind of annotation
    """Fields the SDK declares and the table does not know, as dotted paths."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(node, Field) and node.kind in WHOLE:
        return
    if origin in (typing.Union, types.UnionType):
        for case in arguments:
            yield from missing(case, node, path)
    elif origin in WRAPPERS:
        yield from missing(arguments[0], node, path)
    elif kind is str or origin is typing.Literal:
        if isinstance(node, Either) and node.string is None:
            yield f"{path} as a string"
    elif origin is not None and origin is not dict and arguments:
        array = node.arr if isinstance(node, Either) else node
        if isinstance(array, Arr):
            yield from missing(arguments[0], array.item, f"{path}[]")
        elif not isinstance(array, Field):
            yield f"{path} as an array"
    elif (declared := fields_of(kind)) is not None:
        yield from missing_fields(kind, declared, node.obj if isinstance(node, Either) else node, path)


def missing_fields(kind: Any, declared: Mapping[str, Any], node: Node | None, path: str) -> Iterator[str]:
    if node is SCHEMA or (isinstance(node, Field) and node.kind is Kind.BINARY):
        return
    if isinstance(node, Tagged):
        tags = [tag for tag in tags_of(declared.get(node.by)) if tag is not None] or [node.missing]
        for tag in tags:
            if tag not in node.cases:
                yield f"{path}<{node.by}={tag}>"
            else:
                yield from missing_fields(kind, declared, node.cases[tag], f"{path}<{tag}>")
        return
    if not isinstance(node, Obj):
        yield f"{path} as an object"
        return
    for name, below in declared.items():
        child = node.fields.get(name, node.extra)
        if child is None:
            yield f"{path}.{name}"
        else:
            yield from missing(below, child, f"{path}.{name}")


def tags_of(kind: Any) -> list[Any]:
    if typing.get_origin(kind) is typing.Literal:
        return list(typing.get_args(kind))
    return [tag for part in typing.get_args(kind) for tag in tags_of(part)]


@pytest.mark.parametrize(
    ("declared", "table"),
    [
        (CompletionCreateParamsNonStreaming, openai_chat.REQUEST),
        (CompletionCreateParamsStreaming, openai_chat.REQUEST),
        (ChatCompletion, openai_chat.RESPONSE),
        (ChatCompletionChunk, openai_chat.CHUNK),
        (ResponseCreateParamsNonStreaming, openai_responses.REQUEST),
        (ResponseCreateParamsStreaming, openai_responses.REQUEST),
        (InputTokenCountParams, openai_responses.REQUEST),
        (ResponseCompactParams, openai_responses.REQUEST),
        (Response, openai_responses.RESPONSE),
        (CompactedResponse, openai_responses.RESPONSE),
        (ResponseItemList, openai_responses.ITEMS),
        (InputTokenCountResponse, openai_responses.COUNT),
        (ResponseStreamEvent, openai_events.EVENT),
        (EmbeddingCreateParams, openai_embeddings.REQUEST),
        (CreateEmbeddingResponse, openai_embeddings.RESPONSE),
        (MessageCreateParamsNonStreaming, anthropic_messages.REQUEST),
        (MessageCreateParamsStreaming, anthropic_messages.REQUEST),
        (MessageCountTokensParams, anthropic_messages.REQUEST),
        (Message, anthropic_messages.RESPONSE),
        (RawMessageStreamEvent, anthropic_messages.EVENT),
    ],
    ids=lambda item: getattr(item, "__name__", ""),
)
def test_the_tables_know_every_field_the_official_sdks_know(declared: Any, table: Node) -> None:
    assert sorted(set(missing(declared, table, ""))) == []


def test_the_comparison_notices_a_field_that_a_table_lacks() -> None:
    found = set(missing(ChatCompletion, Obj({"choices": Arr(Obj({"message": Obj({})}))}), ""))
    assert ".id" in found
    assert ".choices[].message.content" in found


NOTE = Obj({"note": text(), "n": structural(), "list": Arr(text()), "any": tree(Origin.TOOL), "file": binary()})


def walked(node: Node, value: object, *, strict: bool = True) -> Walk:
    walk = Walk(strict=strict)
    node.walk(value, walk, (), {})
    return walk


@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        ({"secret@example.org": 1}, r"^\?: unknown field"),
        ({"unknown": 1}, "^unknown: unknown field"),
        ({"note": 7}, "^note: text was expected"),
        ({"n": {"a": 1}}, "^n: an object was not expected"),
        ({"n": ["x", {"a": 1}]}, r"^n\[1\]: an object was not expected"),
        ({"n": "x" * 2000}, "^n: longer than 1024"),
        ({"list": "x"}, "^list: an array was expected"),
        ({"list": ["a", 3]}, r"^list\[1\]: text was expected"),
        ({"file": "AAAA"}, "^file: content of this kind cannot be inspected"),
        ([], "^body: an object was expected"),
    ],
)
def test_what_a_table_does_not_name_is_refused_by_its_place(value: object, refusal: str) -> None:
    with pytest.raises(RequestRefusedError, match=refusal) as refused:
        walked(NOTE, value)
    assert "example.org" not in str(refused.value)


def test_outside_enforce_mode_the_same_is_reported_and_its_literals_are_still_counted() -> None:
    value = {"note": "a", "unknown": {"b": ["c", "d", 1]}, "file": "e"}
    walk = walked(NOTE, value, strict=False)
    assert walk.reports == ["unknown: unknown field", "file: content of this kind cannot be inspected"]
    assert walk.met == strings_in(value) == 8
    assert [place.value for place in walk.places] == ["a"]


def test_null_is_accepted_everywhere() -> None:
    walk = walked(NOTE, dict.fromkeys(["note", "n", "list", "any", "file"]))
    assert (walk.places, walk.met) == ([], 5)
    assert walked(Either(string=text()), None).met == 0
    assert walked(Tagged("type", {}), None).met == 0
    assert walked(Obj({}), None).met == 0


def test_a_tagged_object_is_read_as_what_it_says_it_is() -> None:
    table = Tagged("type", {"text": Obj({"type": structural(), "text": text()}), "none": Obj({})}, missing="none")
    assert [place.value for place in walked(table, {"type": "text", "text": "a"}).places] == ["a"]
    assert walked(table, {}).met == 0
    for value, shown in [({"type": "picture"}, "unknown type picture"), ({"type": "A@B"}, r"unknown type \?")]:
        with pytest.raises(RequestRefusedError, match=shown):
            walked(table, value)
    with pytest.raises(RequestRefusedError, match="an object was expected"):
        walked(table, "x")
    with pytest.raises(RequestRefusedError, match=r"unknown type \?"):
        walked(table, {"type": 7})


def test_a_place_may_hold_several_json_types() -> None:
    table = Either(string=text(), scalar=structural())
    assert len(walked(table, "a").places) == 1
    assert walked(table, 3).places == []
    for value in (list[object](), dict[str, object]()):
        with pytest.raises(RequestRefusedError, match="another JSON type"):
            walked(table, value)
    assert walked(Either(string=text()), 1, strict=False).reports == ["body: another JSON type was expected"]


def test_a_tree_is_one_place_and_a_string_in_its_stead_is_text() -> None:
    assert walked(NOTE, {"any": {"a": ["b"]}}).places[0].value == {"a": ["b"]}
    assert walked(NOTE, {"any": "b"}).places[0].value == "b"
    for empty in (dict[str, object](), list[object](), 7, "", None):
        assert walked(NOTE, {"any": empty}).places == []


def test_blocks_are_named_by_the_number_they_carry() -> None:
    table = Obj(
        {"items": Arr(Obj({"index": structural(), "t": text()}), keyed="index"), "index": structural()},
        keyed="index",
    )
    value = {
        "index": 4,
        "items": [{"index": 9, "t": "a"}, {"t": "b"}, {"index": "x", "t": "c"}, {"index": 7.5, "t": "d"}],
    }
    paths = [dotted(place.path) for place in walked(table, value).places]
    assert paths == ["[4].items[9].t", "[4].items[1].t", "[4].items[2].t", "[4].items[3].t"]


def test_a_schema_keeps_its_names_and_gives_its_words() -> None:
    schema = {
        "type": "object",
        "properties": {
            "description": {"type": "string", "description": "a", "enum": ["b"]},
            "deep": {"type": "array", "items": {"anyOf": [{"const": "c"}, True]}, "x-vendor": {"hint": "d"}},
        },
        "required": ["description"],
        "additionalProperties": False,
        "$defs": {"more": {"default": "e", "pattern": "f"}},
    }
    places = walked(SCHEMA, schema).places
    assert [place.value for place in places] == ["a", ["b"], "c", {"hint": "d"}, "e"]
    assert all(place.field.origin is Origin.TYPED for place in places)


def test_what_cannot_be_read_is_refused_with_a_position() -> None:
    with pytest.raises(FormatError, match="duplicated key"):
        read(b'{"note": "a", "note": "b"}', NOTE, strict=True, bytes_max=100)
    with pytest.raises(LimitExceededError, match="limit is 10"):
        read(b'{"note": "aaaaa"}', NOTE, strict=True, bytes_max=10)
    deep = b'{"items":' * 900 + b"{}" + b"}" * 900
    with pytest.raises(LimitExceededError, match="too deeply"):
        read(deep, SCHEMA, strict=True, bytes_max=1 << 20)


def test_a_node_without_a_kind_cannot_be_walked() -> None:
    with pytest.raises(NotImplementedError):
        Node().walk({}, Walk(strict=True), (), {})
