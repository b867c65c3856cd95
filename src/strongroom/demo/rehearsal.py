"""The rehearsal model: a provider on loopback that speaks both wires, misbehaves in form, and records every byte.

It stands in for a real provider when there is none: its head is `plan`, its mouths are `wire_openai` and
`wire_anthropic`. Streams are cut at the worst places. Of its own words it demands that they come back as it said
them: signed thinking that was altered is refused the way a provider refuses it, altered tool calls are counted.

Must never: know anything about Strongroom; it sees what a provider sees.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from itertools import count
from typing import Any

from aiohttp import web

from strongroom.demo import wire_anthropic, wire_openai
from strongroom.demo.fragments import byte_pieces
from strongroom.demo.loopback import BODY_BYTES_MAX, Loopback
from strongroom.demo.plan import Move, Planner
from strongroom.demo.recording import Recording

THOUGHTS_ALTERED = (
    "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. "
    "These blocks must remain as they were in the original response."
)


class Rehearsal(Loopback):
    """The server. `moves` holds what the model did, in its own words, for those who judge the run."""

    def __init__(self) -> None:
        super().__init__()
        self.recording = Recording()
        self.moves: list[Move] = []
        self._planner = Planner()
        self._said: dict[str, Any] = {}
        self._number = count(1)
        self._lock = threading.Lock()

    async def application(self) -> web.Application:
        """Any path is recorded; two are answered."""
        served = web.Application(client_max_size=BODY_BYTES_MAX)
        served.router.add_route("*", "/{path:.*}", self._receive)
        return served

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.recording.add(f"{request.method} {request.raw_path}", request.raw_headers, body)
        try:
            asked = json.loads(body) if body else {}
        except ValueError:
            return web.json_response(
                {"error": {"type": "invalid_request_error", "message": "not JSON"}}, status=400
            )
        if request.path.endswith("/chat/completions"):
            return await self._openai(request, asked)
        if request.path.endswith("/messages"):
            return await self._anthropic(request, asked)
        return web.json_response({"error": {"type": "not_found_error", "message": "unknown path"}}, status=404)

    async def _openai(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        self._hear(list(wire_openai.echoes_in(body)))
        move, ids = self._decide(wire_openai.seen_in(body), "call")
        model = str(body.get("model", ""))
        if not body.get("stream"):
            return web.json_response(wire_openai.complete(move, ids, model))
        usage = bool((body.get("stream_options") or {}).get("include_usage"))
        return await _streamed(request, wire_openai.stream(move, ids, model, usage=usage))

    async def _anthropic(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        altered = wire_anthropic.altered_thoughts(body)
        self.recording.add_thoughts(seen=wire_anthropic.thoughts(body), altered=altered)
        if altered:
            error = {"type": "invalid_request_error", "message": THOUGHTS_ALTERED}
            return web.json_response({"type": "error", "error": error}, status=400)
        self._hear(list(wire_anthropic.echoes_in(body)))
        move, ids = self._decide(wire_anthropic.seen_in(body), "toolu")
        model = str(body.get("model", ""))
        thinking = (body.get("thinking") or {}).get("type") == "enabled"
        if not body.get("stream"):
            return web.json_response(wire_anthropic.complete(move, ids, model, thinking=thinking))
        return await _streamed(request, wire_anthropic.stream(move, ids, model, thinking=thinking))

    def _decide(self, seen: Any, prefix: str) -> tuple[Move, list[str]]:
        with self._lock:
            move = self._planner.decide(seen)
            ids = [f"{prefix}_{next(self._number):08d}" for _ in move.calls]
            self.moves.append(move)
            self._said.update({id_: dict(call.arguments) for id_, call in zip(ids, move.calls, strict=True)})
        return move, ids

    def _hear(self, echoes: list[tuple[str, Any]]) -> None:
        known = [(self._said[id_], arguments) for id_, arguments in echoes if id_ in self._said]
        self.recording.add_echoes(seen=len(known), altered=sum(1 for said, heard in known if said != heard))


async def _streamed(request: web.Request, events: Iterator[bytes]) -> web.StreamResponse:
    headers = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    for piece in byte_pieces(b"".join(events)):
        await response.write(piece)
        await asyncio.sleep(0)
    await response.write_eof()
    return response
