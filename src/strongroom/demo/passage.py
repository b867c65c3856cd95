"""A recording passage to a real provider: every byte goes through unchanged, and a copy is kept for the scan.

Must never: change a request or an answer, or record the answer (only what upstream receives is judged).
"""

from __future__ import annotations

import aiohttp
from aiohttp import web

from strongroom.demo.loopback import BODY_BYTES_MAX, Loopback
from strongroom.demo.recording import Recording

HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade", "host", "content-length",
})  # fmt: skip
IDLE_S = 300.0


class Passage(Loopback):
    """Forwards to `target`, a base URL; paths are appended to it."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self.recording = Recording()
        self._target = target.rstrip("/")
        self._client: aiohttp.ClientSession | None = None

    async def application(self) -> web.Application:
        """Every path is forwarded."""
        timeout = aiohttp.ClientTimeout(total=None, sock_read=IDLE_S)
        self._client = aiohttp.ClientSession(auto_decompress=False, timeout=timeout)
        served = web.Application(client_max_size=BODY_BYTES_MAX)
        served.router.add_route("*", "/{path:.*}", self._forward)
        return served

    async def closing(self) -> None:
        """Close the client side."""
        if self._client is not None:
            await self._client.close()

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        if self._client is None:  # pragma: no cover - set before the first request can arrive
            raise AssertionError
        body = await request.read()
        self.recording.add(f"{request.method} {request.raw_path}", request.raw_headers, body)
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP]
        try:
            async with self._client.request(
                request.method, self._target + request.raw_path, headers=headers, data=body
            ) as answer:
                kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
                response = web.StreamResponse(status=answer.status, headers=kept)
                await response.prepare(request)
                async for piece in answer.content.iter_any():
                    await response.write(piece)
                await response.write_eof()
                return response
        except aiohttp.ClientError as error:
            message = f"upstream could not be reached ({type(error).__name__})"
            return web.json_response({"error": {"type": "upstream", "message": message}}, status=502)
