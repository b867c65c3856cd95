"""The gateway as a raw ASGI application: which request goes where, and the server's own endpoints.

Must never: serve a path that is neither in the routes, nor one of Presidio's, nor `/healthz`, `/readyz` or
`/metrics`.
"""

from __future__ import annotations

import asyncio
import logging

from strongroom.errors import StrongroomError
from strongroom.gateway import http
from strongroom.gateway.http import JSON, Receive, Scope, Send
from strongroom.gateway.mcp_http import PREFIX as MCP
from strongroom.gateway.mcp_http import McpCall
from strongroom.gateway.parts import GatewayParts
from strongroom.gateway.ports import Care
from strongroom.gateway.presidio import HEALTH, PresidioCall
from strongroom.gateway.problems import problem_of
from strongroom.gateway.round_trip import RoundTrip, refuse
from strongroom.gateway.routes import PRESIDIO, route_of, wire_of

FLUSH_EVERY_S = 1.0
"""How long an issued conversation surrogate may be only in memory; the client's history re-derives it."""

_log = logging.getLogger("strongroom.gateway")
_OK = 200
_UNAVAILABLE = 503


def create_app(parts: GatewayParts) -> Gateway:
    """The ASGI application."""
    return Gateway(parts)


class Gateway:
    """See the module."""

    def __init__(self, parts: GatewayParts) -> None:
        self._parts = parts
        self._run = parts.entropy(6).hex()
        self._number = 0
        self._ready = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection: HTTP or the server's own lifespan; web sockets are not served."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self._ready = True
        flushing = asyncio.get_running_loop().create_task(self._flush_often())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._ready = False
        flushing.cancel()
        await asyncio.gather(flushing, return_exceptions=True)
        await asyncio.to_thread(self._parts.sessions.flush)
        for upstream in self._parts.upstreams.values():
            await upstream.close()
        await self._parts.admission.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _flush_often(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            try:
                await asyncio.to_thread(self._parts.sessions.flush)
                if self._parts.care is not None:
                    self._parts.care.tick()
            except StrongroomError as error:  # the next request meets the same fault and answers for it
                _log.warning("flush failed: %s", error.code)

    def withdraw(self) -> None:
        """Say that it is not ready, while still serving everybody who asks."""
        self._ready = False

    def reload(self) -> None:
        """Read again what may be read again."""
        if self._parts.care is not None:
            self._parts.care.reload()

    # --- one request --------------------------------------------------------------------------------

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path in ("/healthz", "/readyz", "/metrics"):
            await self._operational(path, send)
            return
        if path == "/health" and self._parts.analysis is not None:
            await http.answer(send, _OK, [(b"content-type", b"text/plain; charset=utf-8")], HEALTH)
            return
        self._number += 1
        request_id = f"req_{self._run}{self._number:08x}"
        if path in PRESIDIO and self._parts.analysis is not None:
            seen = self._parts.telemetry.begin(f"presidio.{path[1:]}", request_id)
            try:
                await PresidioCall(self._parts, seen, scope, receive, send).serve()
            finally:
                seen.end()
            return
        if path.startswith(MCP) and self._parts.mcp is not None:
            seen = self._parts.telemetry.begin("mcp", request_id)
            try:
                await McpCall(self._parts, self._parts.mcp, seen, scope, receive, send).serve()
            finally:
                seen.end()
            return
        wire = wire_of(path)
        try:
            route = route_of(scope["method"], path, strict=self._parts.enforces)
        except StrongroomError as error:
            seen = self._parts.telemetry.begin(f"{wire.name}.refused", request_id)
            await refuse(send, wire, seen, problem_of(error))
            seen.end()
            return
        seen = self._parts.telemetry.begin(route.name, request_id)
        try:
            await RoundTrip(self._parts, route, seen, scope, receive, send).serve()
        finally:
            seen.end()

    async def _operational(self, path: str, send: Send) -> None:
        if path == "/metrics":
            kind = b"text/plain; version=0.0.4; charset=utf-8"
            await http.answer(send, _OK, [(b"content-type", kind)], self._parts.telemetry.metrics())
        elif path == "/readyz" and not self._ready:
            await http.answer(send, _UNAVAILABLE, JSON, b'{"status":"stopping"}')
        elif path == "/readyz" and self._parts.care is not None and (fault := await self._fault(self._parts.care)):
            await http.answer(send, _UNAVAILABLE, JSON, b'{"status":"%s"}' % fault.encode())
        else:
            await http.answer(send, _OK, JSON, b'{"status":"ok"}')

    @staticmethod
    async def _fault(care: Care) -> str:
        return await asyncio.to_thread(care.fault)
