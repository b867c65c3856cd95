"""A load generator that costs little: prepared requests over kept connections, read by a protocol of its own.

Reads one JSON line per job on its input: ``{"port", "path", "credential", "count", "connections", "stream",
"fresh", "seed"}``, and prints one per job: ``{"p50", "first", "wrong", "seconds"}``, times in seconds. `fresh`
says how much differs from request to request: ``conversation`` (everything), ``turn`` (a new message in a known
conversation). `wrong` counts answers in which the value the request named did not come back.
"""

from __future__ import annotations

import asyncio
import json
import random  # noqa: TID251 - a workload, not a secret
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any, cast

import uvloop

TOOL = {
    "type": "function",
    "function": {
        "name": "send_email",
        "description": "Send an e-mail to a customer. Use it when the customer asked for something in writing.",
        "parameters": {
            "type": "object",
            "properties": {
                "to": {"type": "string", "description": "The address to write to."},
                "subject": {"type": "string", "description": "A short subject line."},
                "body": {"type": "string", "description": "The whole text of the message."},
            },
            "required": ["to", "subject", "body"],
        },
    },
}
SYSTEM = "You are the support assistant of a parcel service. Be brief, be kind, and never promise a date."
LAST_CHUNK = b"\r\n0\r\n\r\n"
COMPLAINT = (
    "the parcel did not arrive although tracking says it was delivered on monday please look into it and tell me"
    " what happened because a neighbour saw your driver leave without ringing twice this month already thank you"
)
WORDS = COMPLAINT.split()


def bodies(job: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Requests of about 1.3 KB: an address, a phone number and a card, which of them new as `fresh` says."""
    draw = random.Random(job["seed"])  # noqa: S311
    for number in range(job["count"]):
        fresh = number if job["fresh"] == "conversation" else 0
        address = f"anna.schmidt{job['seed']}x{fresh}@example.org"
        phone = f"+49 30 {9_000_000 + fresh:07d}"
        card = "4111 1111 1111 1111"
        text = " ".join(draw.choices(WORDS, k=55))
        content = f"{text}. Call {phone}, the card was {card}. {text[:80]} Write to {address}"
        body = {
            "model": "m",
            "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": content}],
            "tools": [TOOL],
            "stream": job["stream"],
        }
        yield address, json.dumps(body).encode()


def request(job: dict[str, Any], number: int, body: bytes) -> bytes:
    session = f"bench-{job['seed']}-{number if job['fresh'] == 'conversation' else 0}"
    head = (
        f"POST {job['path']} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {job['credential']}\r\nstrongroom-session: {session}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Client(asyncio.Protocol):
    """One connection; `ask` sends one prepared request and gives the answer and when its first byte came."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but ancestry
        self.pieces: list[bytes] = []
        self.tail = b""
        self.first = 0.0
        self.length = -1
        self.done: asyncio.Future[bytes] | None = None

    def data_received(self, data: bytes) -> None:
        """Collect an answer until its length, or the last chunk, says that it is whole."""
        if not self.pieces:
            self.length = -1
            head, _, rest = data.partition(b"\r\n\r\n")
            at = head.lower().find(b"content-length:")
            if at >= 0:
                self.length = len(head) + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0])
            if rest:
                self.first = time.perf_counter()
        elif not self.first:
            self.first = time.perf_counter()
        self.pieces.append(data)
        self.tail = (self.tail + data)[-len(LAST_CHUNK) :]
        whole = sum(map(len, self.pieces)) >= self.length if self.length >= 0 else self.tail == LAST_CHUNK
        if whole:
            self.finish()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the answer that was waited for."""
        if self.done and not self.done.done():
            self.done.set_exception(exc or ConnectionError("closed"))

    def finish(self) -> None:
        """Hand the answer over."""
        whole, self.pieces = b"".join(self.pieces), []
        if self.done and not self.done.done():
            self.done.set_result(whole)

    async def ask(self, raw: bytes) -> bytes:
        """Send a request and wait for its whole answer."""
        self.first = 0.0
        self.tail = b""
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(raw)
        return await self.done


def said(answer: bytes) -> bytes:
    """The text of an answer, put together when it was streamed."""
    if b"text/event-stream" not in answer.partition(b"\r\n\r\n")[0]:
        return answer
    out = []
    for line in answer.split(b"\n"):
        if line.startswith(b"data: {") and b'"content":' in line:
            choices = json.loads(line[6:])["choices"]
            out += [choice["delta"].get("content") or "" for choice in choices]
    return "".join(out).encode()


async def run(job: dict[str, Any]) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    waiting = iter([(address, request(job, n, body)) for n, (address, body) in enumerate(bodies(job))])
    took: list[float] = []
    first: list[float] = []
    wrong = 0

    async def work() -> None:
        nonlocal wrong
        _, client = await loop.create_connection(Client, "127.0.0.1", job["port"])
        for address, raw in waiting:
            start = time.perf_counter()
            answer = await client.ask(raw)
            took.append(time.perf_counter() - start)
            first.append(client.first - start)
            wrong += not answer.startswith(b"HTTP/1.1 200") or address.encode() not in said(answer)
        client.transport.close()

    start = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(job["connections"])))
    seconds = time.perf_counter() - start
    return {"p50": statistics.median(took), "first": statistics.median(first), "wrong": wrong, "seconds": seconds}


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(uvloop.run(run(json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
