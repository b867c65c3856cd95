"""One request from head to last byte: authenticate, inspect, forward, restore, and say what happened.

Sessions are synchronous and quick for ordinary prompts, so they are called in the event loop; a body larger
than `GatewayLimits.inline_bytes` is inspected in a thread, so that it does not hold up others.

Must never: forward anything before the credential was checked and every text inspected, show the client the
provider's key or the provider the client's, or answer with a stack trace.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Any

from strongroom.errors import StrongroomError, UpstreamError
from strongroom.gateway import http
from strongroom.gateway.admission import Visit
from strongroom.gateway.http import JSON, ClientGoneError, Receive, Scope, Send, Watch
from strongroom.gateway.inspection import Inspected, inspect, open_bodiless
from strongroom.gateway.offsets import Documents
from strongroom.gateway.parts import GatewayParts
from strongroom.gateway.ports import SessionPort
from strongroom.gateway.problems import Problem, UnknownEndpointError, problem_of
from strongroom.gateway.request import read_request
from strongroom.gateway.response import restore_response
from strongroom.gateway.routes import Route
from strongroom.gateway.stream import StreamRestorer
from strongroom.gateway.telemetry import Observation
from strongroom.gateway.uploads import inspect_upload
from strongroom.gateway.upstream import Exchange, Upstream
from strongroom.gateway.values import inspect_values
from strongroom.gateway.wire import Wire
from strongroom.identity import Caller

ERROR_BYTES_MAX = 1 << 20
"""A provider's error message is a few hundred bytes."""

_log = logging.getLogger("strongroom.gateway")
_LOGPROBS = "message.output_text.logprobs"
_OK = 200
_UNAUTHORIZED = 401
_GONE = 499
"""What web servers log for a client that did not wait; nobody receives it."""


class RoundTrip:
    """See the module."""

    def __init__(
        self,
        parts: GatewayParts,
        route: Route,
        seen: Observation,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        self._parts = parts
        self._route = route
        self._seen = seen
        self._scope = scope
        self._receive = receive
        self._send = send
        self._enforce = parts.enforces
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._started = False
        self._complete = False
        self._documents: Documents = ()
        self._broken = route.wire.dialect.broken
        self._upstream = route.prefers if route.prefers in parts.upstreams else route.wire.name
        self._extra: list[tuple[bytes, bytes]] = [(b"strongroom-request-id", seen.request_id.encode())]

    async def serve(self) -> None:
        """Serve it; every failure becomes an answer in the provider's shape, or ends the stream with one."""
        seen = self._seen
        try:
            await self._work()
        except ClientGoneError:
            seen.status, seen.error = _GONE, "client_gone"
        except Exception as error:  # noqa: BLE001 - the boundary: whatever went wrong, the client gets an answer and nobody a traceback with values
            problem = problem_of(error)
            if not isinstance(error, StrongroomError):
                _log.error("request %s failed: %s", seen.request_id, type(error).__name__)
            seen.error = problem.code
            if self._complete:
                _log.error("request %s ended with %s", seen.request_id, problem.code)
            elif self._started:
                wire = self._route.wire
                said = wire.problem(problem.status, problem.message, problem.code, seen.request_id)
                await self._send({"type": "http.response.body", "body": self._broken(said)})
            else:
                await refuse(self._send, self._route.wire, seen, problem)

    async def _work(self) -> None:
        visit = self._parts.admission.enter(self._scope, self._headers)
        self._visit = visit
        try:
            await self._admitted(visit)
        finally:
            await visit.leave(self._seen)

    async def _admitted(self, visit: Visit) -> None:
        seen, route = self._seen, self._route
        principal = self._parts.credentials.require(http.credential_of(self._headers, self._scope))
        seen.principal, seen.tenant = principal.name, principal.tenant
        await visit.admit(principal)
        upstream = self._parts.upstreams.get(self._upstream)
        if upstream is None:
            msg = f"no upstream is configured for {self._upstream}: strongroom up --upstream {self._upstream}=URL"
            raise UnknownEndpointError(msg)
        query = http.query_of(self._scope)
        if route.answer is None or (route.uploads and not self._enforce):
            body = await self._body(visit)
            with Watch(self._receive) as watch:
                await self._relay(await self._ask(upstream, query, body), upstream, watch)
            return
        if not route.bodiless and not route.uploads:
            http.require_inspectable(self._headers, self._parts.limits.body_bytes)
        body = await self._body(visit)
        caller = Caller(principal, address=visit.address)
        if len(body) > self._parts.limits.inline_bytes:
            inspected = await asyncio.to_thread(self._prepare, body, caller)
        else:
            inspected = self._prepare(body, caller)
        session = inspected.session
        try:
            await visit.reserve(seen.model, len(inspected.body))
            with Watch(self._receive) as watch:
                await self._exchange(await self._ask(upstream, query, inspected.body), upstream, session, watch)
        finally:
            seen.restored, seen.refused = session.restored, session.refused
            session.finish()

    async def _body(self, visit: Visit) -> bytes:
        limits = self._parts.limits
        return await http.read_body(self._receive, limits.body_bytes, hold=visit.hold, idle_s=limits.client_idle_s)

    def _prepare(self, body: bytes, caller: Caller) -> Inspected:
        """Read and inspect; may run in a thread."""
        route, seen = self._route, self._seen
        header = self._headers.get(b"strongroom-session", b"").decode("latin-1")
        if route.bodiless:
            return open_bodiless(body, self._parts.sessions, caller, upstream=self._upstream, header=header)
        limit, files = self._parts.limits.body_bytes, self._parts.files
        if route.uploads:
            return self._upload(body, caller, header)
        reading = read_request(body, route.wire, strict=self._enforce, bytes_max=limit, files=files)
        message: dict[str, Any] = reading.value
        seen.reports = reading.walk.reports
        seen.model = route.model or str(message.get("model", ""))
        seen.streamed = message.get("stream") is True
        own = self._parts.own
        if own is not None and route.prefers and self._upstream in own.names and self._enforce:
            inspected = inspect_values(reading, own.sessions, caller, upstream=self._upstream, header=header)
        else:
            sessions, enforce = self._parts.sessions, self._enforce
            inspected = inspect(reading, sessions, caller, upstream=self._upstream, enforce=enforce, header=header)
        self._documents = inspected.documents
        seen.replaced = inspected.replaced
        included = message.get("include")
        if message.get("logprobs") or (isinstance(included, list) and _LOGPROBS in included):
            self._extra.append((b"strongroom-logprobs", b"surrogates"))
        return inspected

    def _upload(self, body: bytes, caller: Caller, header: str) -> Inspected:
        form, sessions = self._headers.get(b"content-type", b""), self._parts.sessions
        inspected = inspect_upload(
            body, form, self._parts.files, sessions, caller, upstream=self._upstream, header=header
        )
        self._seen.replaced = inspected.replaced
        return inspected

    async def _ask(self, upstream: Upstream, query: str, body: bytes) -> Exchange:
        headers = http.forwarded(self._headers)
        if body:
            kind = self._headers[b"content-type"].decode("latin-1") if self._route.uploads else "application/json"
            headers.append(("content-type", kind))
        return await upstream.exchange(
            method=self._scope["method"], path=self._route.path, query=query, headers=headers, body=body
        )

    # --- the answer ---------------------------------------------------------------------------------

    async def _exchange(self, exchange: Exchange, upstream: Upstream, session: SessionPort, watch: Watch) -> None:
        kind = next((value for name, value in exchange.headers if name == "content-type"), "")
        if exchange.status != _OK or not self._enforce:
            await self._relay(exchange, upstream, watch)
        elif kind.startswith("text/event-stream"):
            await self._stream(exchange, self._route.wire, session, watch)
        elif self._route.items is not None:
            await self._stream(exchange, self._route.items, session, watch)
        else:
            await self._whole(exchange, session, watch)

    async def _whole(self, exchange: Exchange, session: SessionPort, watch: Watch) -> None:
        limit = self._parts.limits.response_bytes
        try:
            raw = await exchange.read(limit)
        finally:
            exchange.close()
        self._visit.hold(len(raw))
        self._visit.usage.whole(raw)
        table = self._route.answer
        if table is None:  # pragma: no cover - relays do not come here
            raise AssertionError
        restored = restore_response(raw, table, session, bytes_max=limit, documents=self._documents)
        self._note(restored.reports, garbage=restored.garbage)
        await self._reply(exchange, restored.body, watch)

    async def _stream(self, exchange: Exchange, wire: Wire, session: SessionPort, watch: Watch) -> None:
        restorer = StreamRestorer(wire, session, self._documents)
        self._broken = restorer.broken
        self._seen.streamed = True
        await self._start(exchange)
        usage = self._visit.usage
        try:
            async for piece in exchange.pieces():
                usage.feed(piece)
                if out := restorer.feed(piece):
                    await self._send({"type": "http.response.body", "body": out, "more_body": True})
            last = restorer.finish()
        except UpstreamError:
            last = restorer.finish()
            await self._send({"type": "http.response.body", "body": last, "more_body": True})
            raise
        finally:
            exchange.close()
            self._note(tuple(restorer.reports), garbage=restorer.garbage > 0)
        await self._last(last, watch)

    async def _relay(self, exchange: Exchange, upstream: Upstream, watch: Watch) -> None:
        """Pass an answer on in which nothing may be restored: an error, a list of models, monitor mode."""
        seen = self._seen
        if exchange.status == _UNAUTHORIZED:  # its message may quote the key, so ours takes its place
            exchange.close()
            watch.settle()
            text = f"{self._route.wire.name} refused the gateway's own key, not yours"
            await refuse(self._send, self._route.wire, seen, Problem(_UNAUTHORIZED, text, "provider_key"))
            return
        if exchange.status != _OK:
            seen.error = "upstream_status"
            try:
                body = upstream.conceal(await exchange.read(ERROR_BYTES_MAX))
            finally:
                exchange.close()
            watch.settle()
            seen.status = exchange.status
            await http.answer(self._send, exchange.status, [*http.returned(exchange.headers), *self._extra], body)
            return
        await self._start(exchange)
        usage = self._visit.usage
        try:
            async for piece in exchange.pieces():
                usage.feed(piece)
                await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            exchange.close()
        await self._last(b"", watch)

    async def _start(self, exchange: Exchange) -> None:
        self._seen.status = exchange.status
        headers = [*http.returned(exchange.headers), *self._extra]
        await self._send({"type": "http.response.start", "status": exchange.status, "headers": headers})
        self._started = True

    async def _last(self, body: bytes, watch: Watch) -> None:
        watch.settle()
        self._complete = True
        await self._send({"type": "http.response.body", "body": body})

    async def _reply(self, exchange: Exchange, body: bytes, watch: Watch) -> None:
        watch.settle()
        self._seen.status = exchange.status
        self._complete = True
        await http.answer(self._send, exchange.status, [*http.returned(exchange.headers), *self._extra], body)

    def _note(self, reports: tuple[str, ...], *, garbage: bool) -> None:
        if reports:
            self._seen.reports = [*self._seen.reports, *reports]
        if garbage:
            self._seen.error = "upstream_garbage"


async def refuse(send: Send, wire: Wire, seen: Observation, problem: Problem) -> None:
    """Answer with `problem` in the provider's own error shape."""
    seen.status, seen.error = problem.status, problem.code
    identifier = seen.request_id.encode()
    headers = [*JSON, (b"x-request-id", identifier), (b"request-id", identifier)]
    if problem.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % max(1, math.ceil(problem.retry_after_s))))
    body = wire.problem(problem.status, problem.message, problem.code, seen.request_id)
    await http.answer(send, problem.status, headers, body)
