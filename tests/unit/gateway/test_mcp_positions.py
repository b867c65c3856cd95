"""Every place of every MCP message, made from the tables: what is inspected, what is restored, what stays."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args

import pytest
from mcp_types import methods
from mcp_types.version import KNOWN_PROTOCOL_VERSIONS

from strongroom.gateway.mcp import McpMessages
from strongroom.gateway.wires.mcp import CLIENT_RESULT, INWARD, OUTWARD, REVISIONS
from strongroom.gateway.wires.mcp_content import RESULT
from strongroom.gateway.wires.table import Arr, Either, Field, Kind, Node, Obj, Tagged
from strongroom.guard.scope_state import Replacement
from strongroom.guard.session import Origin
from strongroom.guard.sinks import Sink
from strongroom.identity import Caller, Principal
from strongroom.surrogates.restore import Restorer, restore_text

PLANTED, SURROGATE = "anna@example.org", "EMAIL_Q0000XX"
INSPECTED = {Kind.TEXT, Kind.TREE, Kind.TOOL_TEXT}
FIXED = {Kind.OPAQUE, Kind.STRUCTURAL, Kind.TOOL_NAME}


@dataclass
class Calls:
    """Sessions and session in one: one address, found and put back anywhere; where is remembered."""

    restored: int = 0
    refused: int = 0
    unknown: int = 0
    sinks: list[tuple[str, str]] = field(default_factory=list)
    origins: set[Origin] = field(default_factory=set)

    def open(self, caller: Caller, *, conversation: str) -> "Calls":
        return self

    def protect(self, text: str, *, origin: Origin = Origin.TYPED, field: str = "") -> list[Replacement]:
        self.origins.add(origin)
        return [Replacement(at.start(), at.end(), SURROGATE, "EMAIL") for at in re.finditer(PLANTED, text)]

    def forward_file(self, upstream: str, kind: str, count: int) -> None:
        pass

    def forward(self, upstream: str) -> None:
        pass

    def restorer(self, sink: Sink) -> Restorer:
        raise AssertionError

    def restore_arguments(self, tool: str, arguments: str) -> str:
        given = json.loads(arguments)
        self.sinks.append((tool, next(iter(given), "") if isinstance(given, dict) else ""))
        return restore_text(arguments, lambda surrogate: PLANTED if surrogate == SURROGATE else None)

    def finish(self) -> None:
        pass


class Example(NamedTuple):
    """A message with one place filled."""

    place: str
    field: Field
    value: Any


def examples(node: Node, mark: str, seen: tuple[int, ...] = (), place: str = "") -> Iterator[Example]:
    if id(node) in seen:
        return
    seen = (*seen, id(node))
    if isinstance(node, Field):
        full = {"to": [mark, 1.10]} if node.kind is Kind.TREE else mark
        yield Example(place, node, full)
    elif isinstance(node, Arr):
        for below in examples(node.item, mark, seen, f"{place}[]"):
            yield below._replace(value=[below.value])
    elif isinstance(node, Either):
        for case in filter(None, (node.string, node.arr, node.obj)):
            yield from examples(case, mark, seen, place)
    elif isinstance(node, Tagged):
        for tag, case in node.cases.items():
            yield from tagged(node, tag, examples(case, mark, seen, f"{place}<{tag}>"))
    elif isinstance(node, Obj):
        yield from members(node, mark, seen, place)


def members(node: Obj, mark: str, seen: tuple[int, ...], place: str) -> Iterator[Example]:
    children = {**node.fields, **({"some_key": node.extra} if node.extra else {})}
    for key, child in children.items():
        for below in examples(child, mark, seen, f"{place}.{key}"):
            yield below._replace(value={key: below.value})


def tagged(node: Tagged, tag: str, found: Iterator[Example]) -> Iterator[Example]:
    said = {} if tag == node.missing else {node.by: tag}
    for below in found:
        if isinstance(below.value, dict):
            yield below._replace(value={**said, **below.value, **said})


def of(table: Node, mark: str, kinds: set[Kind]) -> list[Example]:
    return [found for found in examples(table, mark) if found.field.kind in kinds]


def messages(calls: Calls) -> McpMessages:
    return McpMessages(calls, Caller(Principal("agent", "acme", "prod")), "mcp-crm", bytes_max=1 << 20)


def test_nothing_a_server_says_reaches_the_client_uninspected() -> None:
    cases = of(OUTWARD, PLANTED, INSPECTED)
    assert len(cases) > 300
    for case in cases:
        calls = Calls()
        relayed = messages(calls).outward(json.dumps(case.value).encode())
        assert relayed.onward is not None, (case.place, relayed.problem)
        assert relayed.onward.decode() == json.dumps(case.value).replace(PLANTED, SURROGATE), case.place
        assert calls.origins <= {Origin.TOOL, Origin.MODEL, Origin.TYPED}


def test_what_steers_the_protocol_goes_both_ways_bit_for_bit() -> None:
    for table, way in ((OUTWARD, "outward"), (INWARD, "inward")):
        cases = of(table, SURROGATE, FIXED)
        assert any(case.field.kind is Kind.OPAQUE for case in cases)
        for case in cases:
            raw = json.dumps(case.value).encode()
            relayed = getattr(messages(Calls()), way)(raw)
            method = re.search(r"\.(method|action|type)$", case.place)
            assert method or relayed.onward == raw, (case.place, relayed.problem)


def test_content_that_cannot_be_inspected_is_refused_wherever_it_stands() -> None:
    cases = of(OUTWARD, "aGk=", {Kind.BINARY})
    assert len(cases) > 10
    for case in cases:
        relayed = messages(Calls()).outward(json.dumps({"id": 7, **case.value}).encode())
        assert relayed.problem is not None
        assert "cannot be inspected" in relayed.problem.message, case.place
        answer = json.loads(relayed.onward or relayed.back or b"{}")
        assert (answer["id"], "aGk" in str(answer)) == (7, False), case.place


def test_values_are_put_back_only_at_a_named_sink() -> None:
    cases = of(INWARD, SURROGATE, INSPECTED)
    seen = set()
    for case in cases:
        calls = Calls()
        value = case.value
        params = value.get("params", {})
        if isinstance(params, dict) and "arguments" in params:
            params["name"] = "send_email"
        relayed = messages(calls).inward(json.dumps(value).encode())
        assert relayed.onward is not None, (case.place, relayed.problem)
        assert relayed.onward.decode() == json.dumps(value).replace(SURROGATE, PLANTED), case.place
        seen.update(calls.sinks)
    assert seen == {
        ("send_email", "to"), ("resources/read", "uri"), ("completion/complete", ""), ("", "to"),
        ("sampling/createMessage", "text"), ("elicitation/create", "to"),
    }  # fmt: skip


def test_a_field_no_table_names_is_inspected_outward_and_never_restored_inward() -> None:
    out = {
        "id": 1,
        "result": {"vendor": {"deep": [PLANTED]}, "content": [{"type": "text", "text": "", "x": PLANTED}]},
    }
    relayed = messages(Calls()).outward(json.dumps(out).encode())
    assert relayed.onward is not None
    assert (relayed.onward.count(SURROGATE.encode()), relayed.onward.count(PLANTED.encode())) == (2, 0)
    inward = {"id": 1, "method": "tools/call", "params": {"name": "t", "vendor": SURROGATE}}
    assert messages(Calls()).inward(json.dumps(inward).encode()).onward == json.dumps(inward).encode()


def test_the_tables_know_every_method_and_every_result_of_the_sdk() -> None:
    assert tuple(sorted(REVISIONS)) == tuple(sorted(KNOWN_PROTOCOL_VERSIONS))
    asked = {method for method, _ in (*methods.CLIENT_REQUESTS, *methods.CLIENT_NOTIFICATIONS)}
    said = {method for method, _ in (*methods.SERVER_REQUESTS, *methods.SERVER_NOTIFICATIONS)}
    assert asked <= INWARD.cases.keys()
    assert said <= OUTWARD.cases.keys()
    for model in methods.SERVER_RESULTS.values():
        for arm in get_args(model) or (model,):
            assert aliases(arm) <= RESULT.fields.keys(), arm
    none = CLIENT_RESULT.cases["none"]
    assert isinstance(none, Obj)
    known = none.fields.keys() | {"stopReason", "roots", "_meta", "action"}
    for model in methods.CLIENT_RESULTS.values():
        for arm in get_args(model) or (model,):
            assert aliases(arm) <= known, arm


def aliases(model: Any) -> set[str]:
    return {info.alias or name for name, info in model.model_fields.items()}


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'[{"id":1,"method":"ping"}]', -32600),
        (b'{"id":1,"method":"vendor/x"}', -32601),
        (b'{"id":1,"method":"ping","id":2}', -32700),
        (b'{"id":1,"method":"ping"', -32700),
        (b'"ping"', -32600),
        (b'{"id":1,"result":{"content":{"type":"hologram"}}}', -32600),
    ],
)
def test_what_is_no_message_is_refused(raw: bytes, code: int) -> None:
    relayed = messages(Calls()).inward(raw)
    answer = json.loads(relayed.back or relayed.onward or b"{}")
    assert answer["error"]["code"] == code
    assert answer["jsonrpc"] == "2.0"


def test_monitor_mode_passes_everything_as_it_came_and_counts() -> None:
    calls = Calls()
    watching = McpMessages(calls, Caller(Principal("a", "t", "e")), "mcp-crm", enforce=False, bytes_max=1 << 20)
    said = json.dumps({"id": 1, "result": {"content": [{"type": "text", "text": PLANTED}]}}).encode()
    assert (watching.outward(said).onward, watching.outward(said).replaced) == (said, 1)
    asked = json.dumps({"id": 1, "method": "tools/call", "params": {"name": "t", "arguments": {"a": SURROGATE}}})
    assert watching.inward(asked.encode()).onward == asked.encode()
    other = b'{"id":1,"method":"vendor/x","params":{}}'
    assert watching.inward(other).onward == other


def test_a_schema_of_results_lets_surrogates_in_and_one_of_arguments_stays() -> None:
    schema = {
        "type": "object",
        "properties": {
            "card": {"type": "integer", "minimum": 1},
            "mail": {"type": "string", "format": "email", "pattern": "^.+@.+$"},
            "size": {"type": ["null", "number", "integer"]},
            "any": {"type": ["string", "integer"]},
            "rows": {"type": "array", "items": {"type": "number"}},
            "type": {"type": "boolean"},
        },
        "required": ["card"],
    }
    tool = {"name": "t", "inputSchema": schema, "outputSchema": schema}
    raw = json.dumps({"id": 1, "result": {"tools": [tool]}}).encode()
    relayed = messages(Calls()).outward(raw)
    assert (relayed.replaced, relayed.onward is not None) == (0, True)
    got = json.loads(relayed.onward or b"")["result"]["tools"][0]
    assert got["inputSchema"] == schema
    assert got["outputSchema"]["properties"] == {
        "card": {"type": ["integer", "string"], "minimum": 1},
        "mail": {"type": "string", "format": "text", "pattern": ""},
        "size": {"type": ["null", "number", "string", "integer"]},
        "any": {"type": ["string", "integer"]},
        "rows": {"type": "array", "items": {"type": ["number", "string"]}},
        "type": {"type": "boolean"},
    }
    assert got["outputSchema"]["required"] == ["card"]
