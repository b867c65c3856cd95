"""A provider that costs almost nothing: answers chat completions, whole or streamed, straight from a protocol.

It quotes the last word of a surrogate's form that it sees in the request, so that a gateway has something to put
back; without one it quotes the last address. Prints its port; ends with its standard input.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from typing import cast

import uvloop

EVENTS = 60
INTERVAL_S = 0.001
QUOTED = re.compile(rb"[A-Z][A-Z_]*_[0-9A-Z]{7}\b|[a-z0-9.]+@[a-z0-9.]+")
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
ANSWER = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m",'
    b'"choices":[{"index":0,"message":{"role":"assistant","content":'
    b'"I have written to %s and asked for a reply. %s","refusal":null},'
    b'"finish_reason":"stop","logprobs":null}],'
    b'"usage":{"prompt_tokens":300,"completion_tokens":90,"total_tokens":390},'
    b'"system_fingerprint":"fp_1"}'
)
EVENT = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m",'
    b'"system_fingerprint":"fp_1","choices":[{"index":0,"delta":{"content":"%s"},"logprobs":null,"finish_reason":null}]}\n\n'
)
LAST = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'
    b'"delta":{},"logprobs":null,"finish_reason":"stop"}]}\n\n'
)
WORDS = b"The parcel is on its way and will be there within two working days at the address that was given ."


class Provider(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but ancestry
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer when the request is whole."""
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        if not found or (length and len(body) < int(length[1])):
            return
        self.buffer = b""
        named = QUOTED.findall(body)
        name = named[-1] if named else b"nobody"
        if b'"stream":true' in body or b'"stream": true' in body:
            asyncio.get_running_loop().create_task(self.stream(name))
        else:
            answer = ANSWER % (name, WORDS * 2)
            self.transport.write(HEAD % (len(answer), answer))

    async def stream(self, name: bytes) -> None:
        """One event per `INTERVAL_S`, the quoted word cut in the middle."""
        words = [word + b" " for word in (WORDS * 4).split(b" ")][: EVENTS - 2]
        pieces = [*words[:10], name[:5], name[5:] + b" ", *words[10:]]
        self.transport.write(STREAM_HEAD)
        for event in [*(EVENT % piece for piece in pieces), LAST, b"data: [DONE]\n\n"]:
            self.transport.write(b"%x\r\n%s\r\n" % (len(event), event))
            await asyncio.sleep(INTERVAL_S)
        self.transport.write(b"0\r\n\r\n")


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Provider, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(ended.set)), daemon=True).start()
    await ended.wait()


if __name__ == "__main__":
    uvloop.run(main())
