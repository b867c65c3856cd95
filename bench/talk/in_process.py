"""The gateway of a real room, asked inside this process, in front of a provider that records.

Everything of a request is real but the two sockets: the ASGI application, the guard, keys, policy and audit log.

Must never: let a request pass the provider unrecorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from strongroom import Strongroom
from strongroom.gateway.app import Gateway, create_app
from strongroom.gateway.for_room import parts_for

EVENT_STREAM = "text/event-stream"
PROVIDERS = ("openai", "anthropic", "gemini", "mistral")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the provider answers, in the pieces in which it arrives."""

    pieces: Sequence[bytes] = (b"{}",)
    kind: str = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client got."""

    status: int
    body: bytes


class _Exchange:
    """One answer of the provider."""

    status = 200

    def __init__(self, reply: Reply) -> None:
        self.headers = [("content-type", reply.kind)]
        self._pieces = reply.pieces

    async def read(self, bytes_max: int) -> bytes:  # noqa: ARG002 - the port's signature
        return b"".join(self._pieces)

    async def pieces(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece

    def close(self) -> None:
        pass


@dataclass
class Provider:
    """Keeps what it was sent, heads included, and answers with what `reply` makes of a body."""

    reply: Callable[[bytes], Reply] = lambda body: Reply()  # noqa: ARG005 - the default says nothing
    bodies: list[bytes] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    async def exchange(
        self, *, method: str, path: str, query: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> _Exchange:
        """Record the request and answer it."""
        self.bodies.append(body)
        self.heads.append(f"{method} {path} {query} {headers}")
        return _Exchange(self.reply(body))

    def conceal(self, body: bytes) -> bytes:
        """As it is: this provider has no key."""
        return body

    async def close(self) -> None:
        """Nothing is open."""


class InProcess:
    """A gateway and its provider. One request at a time."""

    def __init__(self, app: Gateway, provider: Provider) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self.provider = provider

    def ask(self, path: str, body: bytes, credential: str, **headers: str) -> Answer:
        """POST `body`; header names are written with underscores."""
        return self._loop.run_until_complete(self._ask(path, body, credential, headers))

    async def _ask(self, path: str, body: bytes, credential: str, headers: dict[str, str]) -> Answer:
        named = {"authorization": f"Bearer {credential}", "content-type": "application/json", **headers}
        scope: dict[str, Any] = {
            "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()],
            "client": ("127.0.0.1", 1), "scheme": "http",
        }  # fmt: skip
        coming = iter([{"type": "http.request", "body": body, "more_body": False}])
        status, out = 0, bytearray()

        async def receive() -> Any:
            for message in coming:
                return message
            return await asyncio.get_running_loop().create_future()  # the client stays until it has its answer

        async def send(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)
            out.extend(message.get("body", b""))

        await self._app(scope, receive, send)
        return Answer(status, bytes(out))

    def close(self) -> None:
        """Close the loop."""
        self._loop.close()


@contextmanager
def in_process(room: Strongroom, provider: Provider) -> Iterator[InProcess]:
    """`room`'s gateway with `provider` in the place of every provider."""
    with parts_for(room) as parts:
        made = InProcess(create_app(replace(parts, upstreams=dict.fromkeys(PROVIDERS, provider))), provider)
        try:
            yield made
        finally:
            made.close()
