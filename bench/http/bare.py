"""The same stack without us: uvicorn (httptools, uvloop), raw ASGI, one aiohttp pool, and bytes passed on.

Usage: ``bare.py UPSTREAM_URL``. Prints its port.
"""

from __future__ import annotations

import socket
import sys
from typing import Any

import aiohttp
import uvicorn

UPSTREAM = sys.argv[1]
SESSION: dict[str, aiohttp.ClientSession] = {}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """One request in, one out."""
    if scope["type"] != "http":
        return
    if not SESSION:
        SESSION["x"] = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=1024), cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=300),
        )  # fmt: skip
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    async with SESSION["x"].post(
        UPSTREAM + "/chat/completions", data=body, headers={"content-type": "application/json"}
    ) as answer:
        kind = answer.headers["content-type"]
        if kind.startswith("text/event-stream"):
            await send(
                {
                    "type": "http.response.start",
                    "status": answer.status,
                    "headers": [(b"content-type", kind.encode())],
                }
            )
            while piece := await answer.content.readany():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            return
        whole = await answer.read()
        headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(whole))]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": whole})


def main() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1024)
        print(listening.getsockname()[1], flush=True)
        config = uvicorn.Config(
            app,
            http="httptools",
            loop="uvloop",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
        )
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
