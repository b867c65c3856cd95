"""MCP over streamable HTTP: one request from head to last byte.

A client sends each message in a POST; the server answers with one message, with a stream of events that ends
with the answer, or with nothing. A GET is a stream of what the server says by itself, a DELETE ends a session.
Every event is one whole message, so nothing is held back, and an event's number (``id``), by which a client
resumes, stays as it is.

Must never: forward anything before the credential was checked, show the client the server's key or the server
the client's, or pass an answer on that was not inspected.
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
from strongroom.gateway.mcp import McpMessages, Relayed, rpc_error
from strongroom.gateway.mcp_headers import SESSION, SessionNames, is_modern, towards_client, towards_server
from strongroom.gateway.parts import GatewayParts, McpParts
from strongroom.gateway.problems import MethodError, Problem, UnknownEndpointError, problem_of
from strongroom.gateway.request import conversation_of
from strongroom.gateway.sse import Data, Framer, data_of, edited
from strongroom.gateway.telemetry import Observation
from strongroom.gateway.upstream import Exchange, Upstream
from strongroom.identity import Caller

PREFIX = "/mcp/"
UPSTREAM = "mcp-"
"""The server at ``/mcp/crm`` is the upstream ``mcp-crm``."""

METHODS = ("POST", "GET", "DELETE")
_log = logging.getLogger("strongroom.gateway")
_OK, _ACCEPTED, _UNAUTHORIZED, _NOT_FOUND, _GONE, _BAD_GATEWAY = 200, 202, 401, 404, 499, 502
_REFUSED_FROM = 400
_MESSAGE_ENDS = "http.response.body"


class McpCall:
    """See the module."""

    def __init__(
        self, parts: GatewayParts, mcp: McpParts, seen: Observation, scope: Scope, receive: Receive, send: Send
    ) -> None:  # fmt: skip
        self._parts = parts
        self._mcp = mcp
        self._seen = seen
        self._scope = scope
        self._receive = receive
        self._send = send
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._own: list[tuple[bytes, bytes]] = [(b"strongroom-request-id", seen.request_id.encode())]
        self._identifier: object = None
        self._session = ""
        self._started = False
        self._resumable = False

    async def serve(self) -> None:
        """Serve it; every failure becomes a JSON-RPC error, or ends the stream with one."""
        try:
            await self._work()
        except ClientGoneError:
            self._seen.status, self._seen.error = _GONE, "client_gone"
        except Exception as error:  # noqa: BLE001 - the boundary: the client gets an answer and nobody a traceback with values
            self._failed(error)
            await self._refuse(problem_of(error))

    async def _work(self) -> None:
        visit = self._parts.admission.enter(self._scope, self._headers)
        try:
            await self._admitted(visit)
        finally:
            await visit.leave(self._seen)

    async def _admitted(self, visit: Visit) -> None:
        principal = self._parts.credentials.require(http.credential_of(self._headers))
        self._seen.principal, self._seen.tenant = principal.name, principal.tenant
        await visit.admit(principal)
        name = UPSTREAM + self._scope["path"].removeprefix(PREFIX)
        upstream = self._parts.upstreams.get(name)
        if upstream is None:
            msg = "no such MCP server is configured: strongroom up --upstream mcp-NAME=URL"
            raise UnknownEndpointError(msg)
        method = self._scope["method"]
        if method not in METHODS:
            msg = f"this endpoint takes {', '.join(METHODS)}"
            raise MethodError(msg)
        self._names = SessionNames(self._mcp.conceal, principal, name)
        given = self._headers.get(SESSION.encode(), b"").decode("latin-1")
        session = self._names.opened(given) if given else ""
        if session is None:
            await self._refuse(Problem(_NOT_FOUND, "this session is not known: initialize a new one", "session"))
            return
        self._session = session
        self._upstream: Upstream = upstream
        header = self._headers.get(b"strongroom-session", b"").decode("latin-1")
        conversation = conversation_of(header, {})
        self._messages = McpMessages(
            self._mcp.sessions,
            Caller(principal, session=conversation, address=visit.address),
            name,
            conversation=conversation,
            enforce=self._parts.enforces,
            bytes_max=self._parts.limits.body_bytes,
            failed=self._failed,
        )
        await (self._post(visit) if method == "POST" else self._bodiless(method))

    # --- towards the server -------------------------------------------------------------------------

    async def _post(self, visit: Visit) -> None:
        limits = self._parts.limits
        http.require_inspectable(self._headers, limits.body_bytes)
        body = await http.read_body(self._receive, limits.body_bytes, hold=visit.hold, idle_s=limits.client_idle_s)
        relayed = await self._inspect(self._messages.inward, body)
        self._note(relayed)
        self._seen.model = relayed.method
        if relayed.onward is None:
            await self._answer_refusal(relayed)
            return
        self._identifier = relayed.identifier
        headers = towards_server(self._headers, relayed.moved, self._session)
        headers.append(("content-type", "application/json"))
        with Watch(self._receive) as watch:
            exchange = await self._ask("POST", headers, relayed.onward)
            await self._answer(exchange, watch)

    async def _answer_refusal(self, relayed: Relayed) -> None:
        """A refused request is answered; revisions with sessions know no status but 200 for that."""
        if relayed.problem is None:  # pragma: no cover - what does not go on has a problem
            raise AssertionError
        if relayed.back is None:
            await self._refuse(relayed.problem)
            return
        modern = is_modern(self._headers)
        self._seen.error = relayed.problem.code
        self._seen.status = relayed.problem.status if modern or not relayed.asked else _OK
        await http.answer(self._send, self._seen.status, [*JSON, *self._own], relayed.back)

    async def _bodiless(self, method: str) -> None:
        await http.read_body(self._receive, 0)
        with Watch(self._receive) as watch:
            headers = towards_server(self._headers, {}, self._session)
            await self._answer(await self._ask(method, headers, b""), watch)

    async def _ask(self, method: str, headers: list[tuple[str, str]], body: bytes) -> Exchange:
        return await self._upstream.exchange(method=method, path="", query="", headers=headers, body=body)

    # --- towards the client -------------------------------------------------------------------------

    async def _answer(self, exchange: Exchange, watch: Watch) -> None:
        headers = dict(exchange.headers)
        kind = headers.get("content-type", "").lower()
        try:
            if exchange.status == _UNAUTHORIZED:  # its message may quote the key, so ours takes its place
                problem = Problem(
                    _UNAUTHORIZED, "the server refused the gateway's own key, not yours", "provider_key"
                )
                watch.settle()
                await self._refuse(problem)
            elif exchange.status == _OK and kind.startswith("text/event-stream"):
                await self._stream(exchange, headers, watch)
            else:
                await self._whole(exchange, headers, kind, watch)
        finally:
            exchange.close()

    async def _whole(self, exchange: Exchange, headers: dict[str, str], kind: str, watch: Watch) -> None:
        raw = await exchange.read(self._parts.limits.response_bytes)
        out = b""
        if raw and kind.startswith("application/json"):
            relayed = await self._inspect(self._messages.outward, raw)
            self._note(relayed)
            out = relayed.onward or b""
            if relayed.onward is None and relayed.problem is not None:
                watch.settle()
                await self._refuse(Problem(_BAD_GATEWAY, relayed.problem.message, relayed.problem.code))
                return
        elif raw and exchange.status < _REFUSED_FROM:
            msg = "the server answered with something that is no MCP message"
            raise UpstreamError(msg)
        elif raw:  # an error page: its text is nobody's message
            headers["content-type"] = "application/json"
            problem = Problem(
                exchange.status, f"the server answered with status {exchange.status}", "upstream_status"
            )
            out = rpc_error(problem, self._identifier, request_id=self._seen.request_id)
        watch.settle()
        self._seen.status = exchange.status
        await http.answer(self._send, exchange.status, [*towards_client(headers, self._names), *self._own], out)

    async def _stream(self, exchange: Exchange, headers: dict[str, str], watch: Watch) -> None:
        self._seen.streamed, self._seen.status = True, exchange.status
        start = [*towards_client(headers, self._names), *self._own]
        await self._send({"type": "http.response.start", "status": exchange.status, "headers": start})
        self._started = True
        framer = Framer()
        async for piece in exchange.pieces():
            for event in framer.feed(piece):
                if out := await self._event(event):
                    await self._send({"type": _MESSAGE_ENDS, "body": out, "more_body": True})
        watch.settle()
        last = framer.rest()  # an event without its end is none
        if last:
            self._seen.error = "upstream_garbage"
        await self._send({"type": _MESSAGE_ENDS, "body": b""})

    async def _event(self, event: bytes) -> bytes:
        data = data_of(event)
        if data is None or not data.content:
            return event
        relayed = await self._inspect(self._messages.outward, data.content)
        self._note(relayed)
        if relayed.back is not None:
            await self._tell_server(relayed.back)
        self._resumable = self._resumable or _has_number(event)
        # Of what does not go on, number and name stay, so that a client resumes behind it.
        return event if relayed.onward == data.content else _with_data(event, data, relayed.onward or b"")

    async def _tell_server(self, message: bytes) -> None:
        """Answer a request of the server's in the place of the client, which does not get to see it."""
        headers = towards_server(self._headers, {}, self._session)
        sent = [item for item in headers if item[0] not in ("last-event-id", "accept")]
        sent += [("content-type", "application/json"), ("accept", "application/json, text/event-stream")]
        (await self._ask("POST", sent, message)).close()

    # --- what both directions need ------------------------------------------------------------------

    async def _inspect(self, work: Any, raw: bytes) -> Relayed:
        if len(raw) > self._parts.limits.inline_bytes:
            relayed = await asyncio.to_thread(work, raw)
        else:
            relayed = work(raw)
        if not isinstance(relayed, Relayed):  # pragma: no cover - `work` is one of the two directions
            raise TypeError
        return relayed

    def _note(self, relayed: Relayed) -> None:
        seen = self._seen
        seen.replaced += relayed.replaced
        seen.restored += relayed.restored
        seen.refused += relayed.refused
        seen.reports = [*seen.reports, *relayed.reports]
        if relayed.problem is not None:
            seen.error = relayed.problem.code

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, StrongroomError):
            _log.error("request %s failed: %s", self._seen.request_id, type(error).__name__)

    async def _refuse(self, problem: Problem) -> None:
        self._seen.error = problem.code
        body = rpc_error(problem, self._identifier, request_id=self._seen.request_id)
        if self._started:  # a client that can resume does; to another, its answer is lost
            lost = b"" if self._resumable or self._identifier is None else b"data: " + body + b"\n\n"
            await self._send({"type": _MESSAGE_ENDS, "body": lost})
            return
        self._seen.status = problem.status
        wait = problem.retry_after_s
        later = [] if wait is None else [(b"retry-after", b"%d" % max(1, math.ceil(wait)))]
        await http.answer(self._send, problem.status, [*JSON, *self._own, *later], body)


def _has_number(event: bytes) -> bool:
    return any(line.startswith(b"id:") for line in event.splitlines())


def _with_data(event: bytes, data: Data, message: bytes) -> bytes:
    """`event` with another message; one that stood in several lines stands in a single one then."""
    if data.start >= 0:
        return edited(event, data, [(0, len(data.content), message)])
    others = [line for line in event.splitlines() if line and not line.startswith(b"data")]
    return b"\n".join([*others, b"data: " + b" ".join(message.splitlines()), b"", b""])
