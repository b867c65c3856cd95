"""Starting, stopping, health, metrics, the operator's log and the spans."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from strongroom.adapters.upstream_http import HttpUpstream, api_key
from strongroom.errors import ConfigurationError, StoreLockedError
from strongroom.gateway import app as application
from strongroom.gateway.app import create_app
from strongroom.gateway.parts import GatewayParts
from strongroom.gateway.serve import Served, bind
from strongroom.gateway.telemetry import Telemetry

ASK = {"model": "gpt-x", "messages": [{"role": "user", "content": "mail anna@example.org"}], "novel": 1}


class StillClock:
    def now(self) -> float:
        return 1_000.0

    def monotonic(self) -> float:
        return 5.0


def parts(telemetry: Telemetry | None = None, **more: Any) -> GatewayParts:
    missing: Any = None
    given: dict[str, Any] = {"sessions": missing, "credentials": missing, "upstreams": {}} | more
    return GatewayParts(telemetry=telemetry or Telemetry(StillClock()), **given)


def test_health_readiness_and_metrics_need_no_credential(rig: Any) -> None:
    assert rig.client.get(f"{rig.url}/healthz").json() == {"status": "ok"}
    assert rig.client.get(f"{rig.url}/readyz").json() == {"status": "ok"}
    rig.chat({**ASK})
    rig.chat({"model": "m", "messages": []}, authorization="Bearer sr_x")
    del ASK["novel"]
    rig.upstream.answer(b'{"choices":[{"message":{"content":"EMAIL_Q0000XX EMAIL_Q0009XX"}}]}')
    rig.chat(ASK)
    metrics = rig.client.get(f"{rig.url}/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    for line in (
        'strongroom_gateway_requests_total{route="openai.chat",status="2xx"} 1.0',
        'strongroom_gateway_requests_total{route="openai.chat",status="4xx"} 2.0',
        'strongroom_gateway_refusals_total{code="credential",route="openai.chat"} 1.0',
        'strongroom_gateway_surrogates_total{route="openai.chat",what="replaced"} 1.0',
        'strongroom_gateway_surrogates_total{route="openai.chat",what="restored"} 1.0',
        'strongroom_gateway_surrogates_total{route="openai.chat",what="withheld"} 1.0',
        "strongroom_gateway_open_requests 0.0",
    ):
        assert line in metrics.text.splitlines()
    ASK["novel"] = 1


def test_a_request_leaves_one_span_and_one_line_and_no_content(make_rig: Any) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    lines: list[bytes] = []
    rig = make_rig(telemetry=Telemetry(StillClock(), tracer=provider.get_tracer("t"), write=lines.append))
    rig.upstream.answer(b'{"choices":[{"message":{"content":"EMAIL_Q0000XX"}}]}')
    body = {key: ASK[key] for key in ("model", "messages")}
    assert rig.chat(body).status_code == 200
    assert rig.chat({**body, "model": "anna@example.org", "novel": 1}).status_code == 400
    rig.upstream.answer(b"busy", status=500)
    assert rig.chat(body).status_code == 500
    spans = exporter.get_finished_spans()
    assert len(spans) == len(lines) == 3
    assert dict(spans[0].attributes or {}) == {
        "http.request.method": "POST", "http.route": "openai.chat", "http.response.status_code": 200,
        "gen_ai.provider.name": "openai", "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-x",
        "strongroom.request.id": json.loads(lines[0])["request"], "strongroom.replaced": 1,
        "strongroom.restored": 1, "strongroom.withheld": 0,
    }  # fmt: skip
    assert [span.status.is_ok for span in spans] == [True, True, False]
    assert (spans[1].attributes or {})["error.type"] == "request_refused"
    assert json.loads(lines[0]) == {
        "time": 1000.0, "request": json.loads(lines[0])["request"], "route": "openai.chat",
        "principal": "support-bot", "tenant": "acme", "model": "gpt-x", "status": 200, "ms": 0.0,
        "streamed": False, "replaced": 1, "restored": 1, "withheld": 0,
    }  # fmt: skip
    left = b"".join(lines).decode() + "".join(span.to_json() for span in spans)
    assert "anna" not in left
    assert "EMAIL" not in left


def test_a_taken_port_or_a_foreign_address_is_a_configuration_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"{port}: Address already in use"):
            Served(create_app(parts()), port=port)
    with pytest.raises(ConfigurationError, match=r"cannot listen on 192\.0\.2\.1:0"):
        bind("192.0.2.1", 0)
    with pytest.raises(ConfigurationError, match="not an address"):
        bind("127.0.0.1", 70000)
    with bind("::1", 0) as six:
        assert six.family is socket.AF_INET6


PROGRAM = """
from strongroom.clock import SystemClock
from strongroom.gateway.app import create_app
from strongroom.gateway.parts import GatewayParts
from strongroom.gateway.serve import serve
from strongroom.gateway.telemetry import Telemetry
from strongroom.adapters.upstream_http import HttpUpstream
from strongroom.identity import Principal
from strongroom.surrogates.restore import Restorer
import sys

class Session:
    restored = refused = 0
    def forward(self, upstream): pass
    def protect(self, text, *, origin=None, field=""): return []
    def restorer(self, sink): return Restorer(lambda surrogate: None)
    def finish(self): print("finished", flush=True)
class Sessions:
    def open(self, caller, *, conversation): return Session()
    def flush(self): print("flushed", flush=True)
class Credentials:
    def require(self, secret): return Principal("p", "acme", "prod")

upstreams = {"openai": HttpUpstream("openai", sys.argv[1])}
parts = GatewayParts(Sessions(), Credentials(), upstreams, Telemetry(SystemClock()))
serve(create_app(parts), "127.0.0.1", 0, 10, ready=lambda host, port: print(port, flush=True))
print("served", flush=True)
"""


def read_until(client: socket.socket, mark: bytes) -> None:
    got = b""
    while mark not in got:
        piece = client.recv(4096)
        assert piece, got
        got += piece


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_an_open_stream_end_and_then_the_server_returns(
    recorder: Any, number: signal.Signals
) -> None:
    recorder.clear()
    first, last = b'data: {"choices":[]}', b"data: [DONE]"
    recorder.stream(first + b"\n\n", then="wait", last=last + b"\n\n")
    command = [sys.executable, "-c", PROGRAM, recorder.url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={"PATH": os.defpath}, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            head = ["POST /openai/v1/chat/completions HTTP/1.1", "host: x", "content-length: 15", "", ""]
            client.sendall("\r\n".join(head).encode() + b'{"messages":[]}')
            read_until(client, first)
            process.send_signal(number)
            paused = threading.Event()
            while not refuses(port):
                paused.wait(0.01)
            recorder.go_on.set()
            read_until(client, last)
        assert process.wait(20) == 0
        said = process.stdout.read().split()
        assert [said.count("finished"), said[-2:]] == [1, ["flushed", "served"]]
    finally:
        recorder.go_on.set()
        process.kill()
        process.communicate()


def test_web_sockets_are_not_served_and_readiness_ends_with_the_lifespan() -> None:
    async def talk() -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []
        flushes: list[str] = []

        class Sessions:
            def flush(self) -> None:
                flushes.append("x")

        app = create_app(parts(sessions=Sessions()))
        steps = asyncio.Queue[dict[str, Any]]()

        async def send(message: Any) -> None:
            sent.append(dict(message))

        await app({"type": "websocket"}, steps.get, send)
        await app({"type": "http", "path": "/readyz", "method": "GET", "headers": []}, steps.get, send)
        await steps.put({"type": "lifespan.startup"})
        await steps.put({"type": "lifespan.shutdown"})
        await app({"type": "lifespan"}, steps.get, send)
        assert flushes == ["x"]
        return sent

    sent = asyncio.run(talk())
    assert [message["type"] for message in sent] == [
        "websocket.close", "http.response.start", "http.response.body", "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]  # fmt: skip
    assert sent[1]["status"] == 503


def test_what_conversations_issue_is_flushed_often_and_a_failure_is_only_logged(
    make_rig: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(application, "FLUSH_EVERY_S", 0.001)
    rig = make_rig()
    thrice = threading.Event()
    calls: list[int] = []

    def flush() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise StoreLockedError
        if len(calls) > 2:
            thrice.set()

    rig.sessions.flush = flush
    assert thrice.wait(10)
    assert "flush failed: store_locked" in caplog.text


def test_an_upstream_is_named_and_never_shows_its_key() -> None:
    for url in ("ftp://x", "http://", "https://x/v1?key=1", "nonsense", "https://x/#a"):
        with pytest.raises(ConfigurationError, match="upstream openai"):
            HttpUpstream("openai", url)
    upstream = HttpUpstream("openai", "https://x/v1/", key=lambda: "sk-1", authorization=api_key)
    assert "sk-1" not in repr(upstream)
    assert upstream.conceal(b"a sk-1 b") == b"a [withheld] b"
    assert HttpUpstream("openai", "https://x").conceal(b"a") == b"a"
    assert api_key("k") == ("x-api-key", "k")


def test_an_upstream_closes_what_it_opened(recorder: Any) -> None:
    async def talk() -> None:
        upstream = HttpUpstream("openai", recorder.url)
        await upstream.close()
        for query in ("", "a=b"):
            exchange = await upstream.exchange(method="GET", path="/x", query=query, headers=[], body=b"")
            assert await exchange.read(100) == b"{}"
            exchange.close()
        await upstream.close()

    recorder.clear()
    asyncio.run(talk())
    assert [request.path for request in recorder.requests] == ["/x", "/x?a=b"]
    assert "authorization" not in recorder.requests[0].headers
