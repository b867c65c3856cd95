"""A gateway on a loopback port, with a guard that only knows e-mail addresses and a provider that records."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx2 as httpx
import pytest
from aiohttp import web

from strongroom.adapters.upstream_http import HttpUpstream
from strongroom.clock import SystemClock
from strongroom.errors import CredentialError
from strongroom.gateway.admission import Admission
from strongroom.gateway.app import create_app
from strongroom.gateway.files import REFUSED, FileRules
from strongroom.gateway.parts import GatewayLimits, GatewayParts
from strongroom.gateway.serve import Served
from strongroom.gateway.telemetry import Telemetry
from strongroom.guard.scope_state import Replacement
from strongroom.guard.session import Origin
from strongroom.guard.sinks import Sink
from strongroom.identity import Caller, Principal
from strongroom.surrogates.restore import Restorer, restore_text

ADDRESS = re.compile(r"[a-z0-9.]+@[a-z0-9-]+\.(?:com|org)")
CREDENTIAL = "sr_test"
PROVIDER_KEY = "sk-provider-0123456789"


@dataclass
class Reply:
    """What to answer. `pieces` are written one by one; `then` is what happens after them."""

    pieces: Sequence[bytes] = (b"{}",)
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    then: str = "end"  # "end", "cut" the connection, "hang" until the client goes, or "wait" until `go_on`
    last: bytes = b""


@dataclass
class Recorded:
    """One request as the provider saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Recorder:
    """See the module. `replies` are used in turn, the last one for ever."""

    url: str

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.requests: list[Recorded] = []
        self.replies: list[Reply] = []
        self.cancelled = threading.Event()
        self.go_on = threading.Event()

    def clear(self) -> None:
        self.requests.clear()
        self.replies[:] = [Reply()]
        self.cancelled.clear()
        self.go_on.clear()

    def answer(self, *pieces: bytes, **more: object) -> None:
        self.replies[:] = [Reply(pieces, **more)]  # type: ignore[arg-type]

    def stream(self, *pieces: bytes, then: str = "end", last: bytes = b"") -> None:
        self.replies[:] = [Reply(pieces, kind="text/event-stream", then=then, last=last)]

    @property
    def bodies(self) -> bytes:
        return b"\n".join(request.body for request in self.requests)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Recorded(request.method, request.path_qs, headers, body))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        response = web.StreamResponse(status=reply.status, headers={"content-type": reply.kind, **reply.headers})
        await response.prepare(request)
        for piece in reply.pieces:
            await response.write(piece)
            await asyncio.sleep(0)
        if reply.then == "cut":
            assert request.transport is not None
            request.transport.abort()
        elif reply.then == "wait":
            await asyncio.to_thread(self.go_on.wait, 20)
            await response.write(reply.last)
        elif reply.then == "hang":
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        return response

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    async def _start(self) -> None:
        application = web.Application(client_max_size=64 << 20)
        application.router.add_route("*", "/{rest:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@dataclass
class FakeSession:
    """Replaces e-mail addresses, remembers where it was asked, restores at every sink but `forbidden`."""

    conversation: str
    caller: Caller
    table: dict[str, str]
    protected: list[tuple[str, Origin]] = field(default_factory=list)
    restored_at: list[Sink] = field(default_factory=list)
    files: list[tuple[str, str, int]] = field(default_factory=list)
    finished: int = 0
    restored: int = 0
    refused: int = 0
    forbidden: frozenset[str] = frozenset()
    fail_with: Exception | None = None

    def forward(self, upstream: str) -> None:
        pass

    def forward_file(self, upstream: str, kind: str, count: int) -> None:
        self.files.append((upstream, kind, count))

    def protect(self, text: str, *, origin: Origin = Origin.TYPED, field: str = "") -> list[Replacement]:
        self.protected.append((text, origin))
        if self.fail_with is not None:
            raise self.fail_with
        return [
            Replacement(found.start(), found.end(), self.surrogate(found.group()), "EMAIL")
            for found in ADDRESS.finditer(text)
        ]

    def surrogate(self, value: str) -> str:
        return self.table.setdefault(value, f"EMAIL_Q{len(self.table):04d}XX")

    def _resolve(self, surrogate: str) -> str | None:
        for value, known in self.table.items():
            if known == surrogate:
                self.restored += 1
                return value
        self.refused += 1
        return None

    def restorer(self, sink: Sink) -> Restorer:
        self.restored_at.append(sink)
        if self.fail_with is not None:
            raise self.fail_with
        return Restorer(self._resolve)

    def restore_arguments(self, tool: str, arguments: str) -> str:
        self.restored_at.append(Sink("tool", tool))
        if tool in self.forbidden:
            return arguments

        def escaped(surrogate: str) -> str | None:
            value = self._resolve(surrogate)
            return None if value is None else json.dumps(value, ensure_ascii=False)[1:-1]

        return restore_text(arguments, escaped)

    def finish(self) -> None:
        self.finished += 1


@dataclass
class FakeSessions:
    """Keeps one table per principal and conversation, like the real thing."""

    tables: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    opened: list[FakeSession] = field(default_factory=list)
    flushed: int = 0
    forbidden: frozenset[str] = frozenset()
    fail_with: Exception | None = None

    def open(self, caller: Caller, *, conversation: str) -> FakeSession:
        table = self.tables.setdefault((caller.principal.name, conversation), {})
        session = FakeSession(conversation, caller, table, forbidden=self.forbidden, fail_with=self.fail_with)
        self.opened.append(session)
        return session

    def flush(self) -> None:
        self.flushed += 1


class FakeCredentials:
    """Knows `sr_test` and `sr_other`."""

    def require(self, secret: str) -> Principal:
        names = {CREDENTIAL: "support-bot", "sr_other": "other-bot"}
        if secret not in names:
            msg = "the credential is unknown, expired or revoked"
            raise CredentialError(msg)
        return Principal(names[secret], "acme", "prod")


class Lines(list[bytes]):
    """The operator's log as it grows: a line is written after the last byte of its answer left."""

    def __init__(self) -> None:
        super().__init__()
        self._grown = threading.Condition()

    def append(self, line: bytes) -> None:
        with self._grown:
            super().append(line)
            self._grown.notify_all()

    def line(self, **expected: object) -> dict[str, Any]:
        """The first line with these items, waiting for it; fails when none comes."""
        with self._grown:

            def met() -> dict[str, Any] | None:
                read = (json.loads(line) for line in self)
                return next((line for line in read if expected.items() <= _plain(line).items()), None)

            found = self._grown.wait_for(met, timeout=10)
            assert found is not None, f"no line with {expected} among {len(self)}"
            return found


def _plain(line: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in line.items()}


@dataclass
class Rig:
    """A running gateway with everything around it."""

    url: str
    upstream: Recorder
    sessions: FakeSessions
    telemetry: Telemetry
    log: Lines
    client: httpx.Client

    def post(
        self, path: str, body: object = None, *, content: bytes | None = None, **headers: str
    ) -> httpx.Response:
        sent = {"authorization": f"Bearer {CREDENTIAL}", "content-type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if content is None:
            return self.client.post(self.url + path, json=body, headers=sent)
        return self.client.post(self.url + path, content=content, headers=sent)

    def chat(self, body: object = None, *, content: bytes | None = None, **headers: str) -> httpx.Response:
        return self.post("/openai/v1/chat/completions", body, content=content, **headers)

    def messages(self, body: object = None, *, content: bytes | None = None, **headers: str) -> httpx.Response:
        return self.post("/anthropic/v1/messages", body, content=content, **headers)


RigMaker = Callable[..., Rig]


@pytest.fixture(scope="session")
def recorder() -> Iterator[Recorder]:
    with Recorder() as server:
        yield server


@pytest.fixture
def make_rig(recorder: Recorder) -> Iterator[RigMaker]:
    running: list[Served] = []
    clients: list[httpx.Client] = []

    def make(
        *, mode: str = "enforce", limits: GatewayLimits | None = None, idle_s: float = 30.0,
        sessions: FakeSessions | None = None, upstream_url: str = "", telemetry: Telemetry | None = None,
        without: str = "", admission: Admission | None = None, care: Any = None, analysis: Any = None,
        client_idle_s: float = 0.0,
        wrap: Callable[[HttpUpstream], Any] = lambda upstream: upstream,
        files: FileRules = REFUSED,
    ) -> Rig:  # fmt: skip
        recorder.clear()
        log = Lines()
        sessions = sessions or FakeSessions()
        telemetry = telemetry or Telemetry(SystemClock(), write=log.append)
        base = upstream_url or recorder.url
        parts = GatewayParts(
            sessions=sessions,
            credentials=FakeCredentials(),
            upstreams={
                name: wrap(HttpUpstream(name, base + path, key=lambda: PROVIDER_KEY, idle_s=idle_s))
                for name, path in (("openai", "/v1"), ("anthropic", "/"), ("gemini", "/"), ("mistral", "/"))
                if name != without
            },
            telemetry=telemetry,
            mode=mode,
            files=files,
            limits=limits or GatewayLimits(),
            admission=admission or Admission(),
            care=care,
            analysis=analysis,
        )
        served = Served(create_app(parts), idle_s=client_idle_s)
        served.__enter__()
        running.append(served)
        client = httpx.Client(timeout=20, trust_env=False)
        clients.append(client)
        return Rig(served.url, recorder, sessions, telemetry, log, client)

    yield make
    for client in clients:
        client.close()
    for served in running:
        served.__exit__(None, None, None)


@pytest.fixture
def rig(make_rig: RigMaker) -> Rig:
    return make_rig()


@pytest.fixture
def make_session() -> Callable[[dict[str, str]], FakeSession]:
    def make(table: dict[str, str]) -> FakeSession:
        return FakeSession("c", Caller(Principal("p", "acme", "prod")), table)

    return make
