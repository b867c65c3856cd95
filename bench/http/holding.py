"""A provider that makes gateways hold things: streams that pause for ever, and streams that never pause.

A request whose body has ``idle`` in it gets one event and then silence; ``flood`` gets events without end until
the reader is slow, and then waits for it; anything else a small answer. Prints its port; ends with its standard
input.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from typing import cast

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
EVENT = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n'  # noqa: E501
SMALL = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"ok"}}]}'
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(SMALL), SMALL)
MARKED = 2048
"""The marks are near the beginning or the end of a body; a large one is not searched."""


class Provider(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start."""
        self.transport = cast("asyncio.Transport", transport)
        self.begin()

    def begin(self) -> None:
        """Wait for the next request."""
        self.head = b""
        self.left = -1
        self.tail = b""
        self.writable = asyncio.Event()
        self.writable.set()

    def pause_writing(self) -> None:
        """The gateway does not read."""
        self.writable.clear()

    def resume_writing(self) -> None:
        """It does again."""
        self.writable.set()

    def data_received(self, data: bytes) -> None:
        """Answer when the request is whole; the body is counted, not kept."""
        if self.left < 0:
            self.head += data
            head, found, data = self.head.partition(b"\r\n\r\n")
            if not found:
                return
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            self.left = int(length[1]) if length else 0
        self.left -= len(data)
        self.tail = (self.tail + data)[-MARKED:]
        if self.left <= 0:
            self.answer(self.tail)

    def answer(self, body: bytes) -> None:
        """As the body asks for."""
        if b"idle" in body:
            event = EVENT % b"first"
            self.transport.write(STREAM + b"%x\r\n%s\r\n" % (len(event), event))
        elif b"flood" in body:
            self.flooding = asyncio.get_running_loop().create_task(self.flood())
        else:
            self.transport.write(WHOLE)
            self.begin()

    async def flood(self) -> None:
        """Events for as long as somebody takes them."""
        event = EVENT % (b"x" * 900)
        self.transport.write(STREAM)
        while not self.transport.is_closing():
            await self.writable.wait()
            self.transport.write(b"%x\r\n%s\r\n" % (len(event), event))
            await asyncio.sleep(0)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        """Let a flood end."""
        self.writable.set()


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Provider, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(ended.set)), daemon=True).start()
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(main())
