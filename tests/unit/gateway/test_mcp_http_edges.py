"""MCP over HTTP, byte by byte: headers, sessions, streams that are resumed, refusals, servers that misbehave."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
import pytest

from strongroom.adapters.upstream_http import HttpUpstream
from strongroom.clock import SystemClock
from strongroom.errors import CredentialError
from strongroom.gateway.app import create_app
from strongroom.gateway.parts import GatewayLimits, GatewayParts, McpParts
from strongroom.gateway.serve import Served
from strongroom.gateway.telemetry import Telemetry
from strongroom.guard.scope_state import Replacement
from strongroom.guard.session import Origin
from strongroom.guard.sinks import Sink
from strongroom.identity import Caller, Principal
from strongroom.surrogates.restore import Restorer, restore_text

VALUE, SURROGATE = "anna@example.org", "EMAIL_Q0000XX"
OTHER = "EMAIL_Q0001XX"
MODERN = {"mcp-protocol-version": "2026-07-28"}


@dataclass
class Calls:
    """One address, restored in `to` alone."""

    restored: int = 0
    refused: int = 0
    unknown: int = 0
    conversations: list[str] = field(default_factory=list)

    def open(self, caller: Caller, *, conversation: str) -> "Calls":
        self.conversations.append(conversation)
        return self

    def flush(self) -> None:
        pass

    def protect(self, text: str, *, origin: Origin = Origin.TYPED, field: str = "") -> list[Replacement]:
        return [Replacement(at.start(), at.end(), SURROGATE, "EMAIL") for at in re.finditer(VALUE, text)]

    def forward_file(self, upstream: str, kind: str, count: int) -> None:
        pass

    def forward(self, upstream: str) -> None:
        pass

    def restorer(self, sink: Sink) -> Restorer:
        raise AssertionError

    def restore_arguments(self, tool: str, arguments: str) -> str:
        given = json.loads(arguments)
        if not isinstance(given, dict):
            return arguments
        done = {name: self._out(value) if name in ("to", "uri") else value for name, value in given.items()}
        return json.dumps(done) if done != given else arguments

    def _out(self, value: Any) -> Any:
        return restore_text(value, lambda known: VALUE if known == SURROGATE else None)

    def finish(self) -> None:
        pass


class Credentials:
    """`sr_test` and `sr_other`."""

    def require(self, secret: str) -> Principal:
        names = {"sr_test": "support-bot", "sr_other": "other-bot"}
        if secret not in names:
            msg = "the credential is unknown, expired or revoked"
            raise CredentialError(msg)
        return Principal(names[secret], "acme", "prod")


def conceal(tenant: str, environment: str, name: str) -> str:
    return hashlib.sha256(f"{tenant}/{environment}/{name}".encode()).hexdigest()[:32]


@dataclass
class Door:
    """A gateway before a server that records."""

    url: str
    upstream: Any
    calls: Calls
    client: httpx.Client

    def ask(
        self, message: object, *, method: str = "POST", key: str = "sr_test", **headers: str
    ) -> httpx.Response:
        sent = {"authorization": f"Bearer {key}", "accept": "application/json, text/event-stream"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = message if isinstance(message, bytes) else json.dumps(message).encode()
        if method == "POST":
            sent["content-type"] = "application/json"
            return self.client.post(self.url, content=content, headers=sent)
        return self.client.request(method, self.url, headers=sent)


@pytest.fixture
def door(recorder: Any) -> Iterator[Door]:
    recorder.clear()
    calls = Calls()
    parts = GatewayParts(
        sessions=calls,
        credentials=Credentials(),
        upstreams={"mcp-crm": HttpUpstream("mcp-crm", recorder.url + "/mcp", key=lambda: "server-key")},
        telemetry=Telemetry(SystemClock()),
        limits=GatewayLimits(inline_bytes=256),
        mcp=McpParts(calls, conceal),
    )
    with Served(create_app(parts)) as served, httpx.Client(timeout=20, trust_env=False) as client:
        yield Door(f"{served.url}/mcp/crm", recorder, calls, client)


def call(**arguments: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "send", "arguments": arguments}}


def answer(text: str) -> bytes:
    return json.dumps(
        {"jsonrpc": "2.0", "id": 1, "result": {"content": [{"type": "text", "text": text}]}}
    ).encode()


def test_a_header_that_repeats_an_argument_says_what_the_body_says(door: Door) -> None:
    door.upstream.answer(answer("ok"))
    wrapped = f"=?base64?{base64.b64encode(f'ünder {SURROGATE}'.encode()).decode()}?="
    headers = {
        **MODERN,
        "mcp-method": "tools/call",
        "mcp-name": "send",
        "mcp-param-to": SURROGATE,
        "mcp-param-body": OTHER,
    }
    door.ask(call(to=SURROGATE, body=OTHER), **headers)
    seen = door.upstream.requests[-1]
    assert json.loads(seen.body)["params"]["arguments"] == {"to": VALUE, "body": OTHER}
    assert {name: seen.headers[name] for name in headers} == {**headers, "mcp-param-to": VALUE}
    assert seen.headers["authorization"] == "Bearer server-key"
    door.ask(call(to=f"ünder {SURROGATE}"), **{**headers, "mcp-param-to": wrapped})
    got = door.upstream.requests[-1].headers["mcp-param-to"]
    assert base64.b64decode(got[9:-2]).decode() == f"ünder {VALUE}"


def test_a_header_that_could_mean_two_values_is_refused(door: Door) -> None:
    refused = door.ask(call(to=SURROGATE, body=SURROGATE), **MODERN, mcp_param_to=SURROGATE)
    assert (refused.status_code, refused.json()["error"]["data"]["code"]) == (400, "format")
    assert door.ask(call(to="x"), mcp_param_to="=?base64?x?=").status_code == 400
    assert door.upstream.requests == []


def test_headers_that_are_not_on_the_list_stay_here(door: Door) -> None:
    door.upstream.answer(answer("ok"), headers={"set-cookie": "a=b", "mcp-protocol-version": "2025-11-25"})
    got = door.ask(
        call(to="x"), cookie="a=b", x_forwarded_for="1.2.3.4", strongroom_session="t-1", last_event_id="7"
    )
    assert {"cookie", "x-forwarded-for", "strongroom-session"}.isdisjoint(door.upstream.requests[-1].headers)
    assert door.upstream.requests[-1].headers["last-event-id"] == "7"
    assert "set-cookie" not in got.headers
    assert got.headers["mcp-protocol-version"] == "2025-11-25"
    assert set(door.calls.conversations) == {"t-1"}


def test_a_session_belongs_to_who_began_it(door: Door) -> None:
    door.upstream.answer(answer("ok"), headers={"mcp-session-id": "abc-123"})
    name = door.ask({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {}}).headers["mcp-session-id"]
    assert name.startswith("abc-123.")
    assert door.ask(call(to="x"), mcp_session_id=name).status_code == 200
    assert door.upstream.requests[-1].headers["mcp-session-id"] == "abc-123"
    before = len(door.upstream.requests)
    for stolen, key in ((name, "sr_other"), ("abc-123", "sr_test"), (name[:-1] + "x", "sr_test")):
        assert door.ask(call(to="x"), mcp_session_id=stolen, key=key).status_code == 404
    assert len(door.upstream.requests) == before
    assert door.ask(b"", method="DELETE", mcp_session_id=name).status_code == 200
    assert (door.upstream.requests[-1].method, door.upstream.requests[-1].body) == ("DELETE", b"")


def test_events_keep_their_numbers_and_what_is_not_touched_its_bytes(door: Door) -> None:
    prime = b"id: 0\nretry: 500\ndata: \n\n"
    ping = b": keep-alive\n\n"
    log = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": VALUE}}
    several = b'id: 2\r\ndata: {"jsonrpc":"2.0", "id":1,\r\ndata: "result":{"x":"anna@example.org"} }\r\n\r\n'
    plain = b'event: message\nid: 3\ndata: {"id": 9, "result":{"x":1.10}}\n\n'
    stream = prime + ping + b"id: 1\ndata: " + json.dumps(log).encode() + b"\n\n" + several + plain
    door.upstream.stream(*(stream[n : n + 5] for n in range(0, len(stream), 5)))
    got = door.ask(b"", method="GET", last_event_id="0").content
    assert got.startswith(prime + ping + b"id: 1\ndata: ")
    assert got.endswith(plain)
    assert (got.count(SURROGATE.encode()), got.count(VALUE.encode())) == (2, 0)
    second = got.split(b"\n\n")[3]
    assert second.startswith(b"id: 2\ndata: ")
    assert json.loads(second.split(b"data: ")[1]) == {"jsonrpc": "2.0", "id": 1, "result": {"x": SURROGATE}}


def test_a_question_that_is_refused_is_answered_to_the_server(door: Door) -> None:
    image = {"role": "user", "content": {"type": "image", "data": "aGk=", "mimeType": "image/png"}}
    ask = {"jsonrpc": "2.0", "id": "q", "method": "sampling/createMessage", "params": {"messages": [image]}}
    door.upstream.stream(b"id: 1\ndata: " + json.dumps(ask).encode() + b"\n\ndata: " + answer("done") + b"\n\n")
    got = door.ask(call(to="x")).content
    assert got == b"id: 1\ndata: \n\ndata: " + answer("done") + b"\n\n"
    told = json.loads(door.upstream.requests[-1].body)
    assert (told["id"], "cannot be inspected" in told["error"]["message"]) == ("q", True)


def test_a_stream_that_breaks_off_is_for_the_client_to_resume_or_else_an_error(door: Door) -> None:
    door.upstream.stream(b'id: 1\ndata: {"method":"ping","id":5}\n\n', then="cut")
    assert b"error" not in door.ask(call(to="x")).content
    door.upstream.stream(b'data: {"method":"ping","id":5}\n\n', then="cut")
    last = door.ask(call(to="x")).content.split(b"\n\n")[1]
    assert json.loads(last.removeprefix(b"data: "))["error"]["data"]["code"] == "upstream"


@pytest.mark.parametrize(
    ("status", "kind", "body", "expected"),
    [
        (500, "text/html", b"<p>anna@example.org</p>", (500, "upstream_status")),
        (401, "application/json", b'{"error":"server-key"}', (401, "provider_key")),
        (200, "text/plain", b"anna@example.org", (502, "upstream")),
        (200, "application/json", b"anna@example.org", (502, "format")),
    ],
)
def test_what_a_server_says_that_is_no_message_does_not_pass(
    door: Door, status: int, kind: str, body: bytes, expected: tuple[int, str]
) -> None:
    door.upstream.answer(body, status=status, kind=kind)
    got = door.ask(call(to="x"))
    assert (got.status_code, got.json()["error"]["data"]["code"]) == expected
    assert b"anna" not in got.content


def test_an_error_of_the_server_is_inspected_and_keeps_its_status(door: Door) -> None:
    said = json.dumps({"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": f"no {VALUE}"}}).encode()
    door.upstream.answer(said, status=400)
    got = door.ask(call(to="x"))
    assert (got.status_code, got.json()["error"]["message"]) == (400, f"no {SURROGATE}")
    door.upstream.answer(b"", status=202)
    assert door.ask({"jsonrpc": "2.0", "method": "notifications/initialized"}).status_code == 202
    door.upstream.answer(b"", status=405)
    assert door.ask(b"", method="GET").status_code == 405


def test_refusals_have_a_status_where_the_revision_knows_one(door: Door) -> None:
    odd = {"jsonrpc": "2.0", "id": 1, "method": "vendor/x"}
    old, new = door.ask(odd), door.ask(odd, **MODERN)
    assert (old.status_code, new.status_code) == (200, 400)
    assert old.json()["error"]["code"] == new.json()["error"]["code"] == -32601
    assert door.ask([odd]).json()["error"]["code"] == -32600
    assert door.ask({"jsonrpc": "2.0", "method": "vendor/x"}).status_code == 400
    assert door.ask(odd, key="sr_wrong").status_code == 401
    assert door.ask(b"", method="PUT").status_code == 405
    assert door.ask(odd, content_encoding="gzip").status_code == 415
    assert door.client.post(door.url + "x", headers={"authorization": "Bearer sr_test"}).status_code == 404
    assert door.upstream.requests == []


def test_a_large_message_is_inspected_like_a_small_one(door: Door) -> None:
    door.upstream.answer(answer("x" * 1000 + VALUE))
    got = door.ask(call(to=SURROGATE, body="y" * 1000))
    assert got.content == answer("x" * 1000 + SURROGATE)
    assert json.loads(door.upstream.requests[-1].body)["params"]["arguments"]["to"] == VALUE
