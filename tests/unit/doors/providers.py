"""A provider that is a transport: it records what would have left, and answers as the real ones do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

EMAIL = "anna.schmidt@example.org"
CARD = "4111 1111 1111 1111"


@dataclass
class Provider:
    """What left, and what to answer: the pieces `reply` makes of the request's body."""

    requests: list[Any] = field(default_factory=list)
    reply: Callable[[dict[str, Any]], list[bytes]] = lambda _body: [b"{}"]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    then: Exception | None = None
    closed: int = 0

    @property
    def body(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.requests[-1].content)
        return parsed

    @property
    def bodies(self) -> str:
        return "\n".join(request.content.decode() for request in self.requests)

    def transport(self, package: Any = httpx2) -> Any:
        return _sending(package)(self)

    def head(self, request: Any) -> tuple[list[bytes], dict[str, str]]:
        self.requests.append(request)
        pieces = self.reply(json.loads(request.content or b"{}"))
        streams = pieces and pieces[0].startswith((b"data:", b"event:"))
        kind = "text/event-stream" if streams else "application/json"
        return pieces, {"content-type": kind, **self.headers}


class _Body:
    def __init__(self, provider: Provider, pieces: list[bytes]) -> None:
        self.provider = provider
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        if self.provider.then is not None:
            raise self.provider.then

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.provider.closed += 1

    async def aclose(self) -> None:
        self.close()


def _sending(package: Any) -> type[Any]:
    class Body(_Body, package.SyncByteStream, package.AsyncByteStream):  # type: ignore[misc]
        pass

    class Sending(package.BaseTransport, package.AsyncBaseTransport):  # type: ignore[misc]
        def __init__(self, provider: Provider) -> None:
            self.provider = provider

        def handle_request(self, request: Any) -> Any:
            pieces, headers = self.provider.head(request)
            return package.Response(self.provider.status, headers=headers, stream=Body(self.provider, pieces))

        async def handle_async_request(self, request: Any) -> Any:
            return self.handle_request(request)

    return Sending


def events(*data: object, named: bool = False) -> list[bytes]:
    out = []
    for item in data:
        name = f"event: {item['type']}\n" if named and isinstance(item, dict) else ""
        out.append(f"{name}data: {item if isinstance(item, str) else json.dumps(item)}\n\n".encode())
    return out


def chat(content: str | None, **message: Any) -> list[bytes]:
    said = {"role": "assistant", "content": content, **message}
    choice = {"index": 0, "message": said, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    whole = {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return [json.dumps({**whole, "usage": usage}).encode()]


def chat_stream(content: str, size: int = 3) -> list[bytes]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}

    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    chunks = [chunk({"content": piece}) for piece in pieces]
    return events(chunk({"role": "assistant", "content": ""}), *chunks, chunk({}, "stop"), "[DONE]")


def message(content: str, **block: Any) -> list[bytes]:
    blocks = [block or {"type": "text", "text": content}]
    whole = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": blocks}
    usage = {"input_tokens": 1, "output_tokens": 1}
    return [json.dumps({**whole, "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}).encode()]


def message_stream(content: str, size: int = 3) -> list[bytes]:
    usage = {"input_tokens": 1, "output_tokens": 1}
    empty = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
        for piece in pieces
    ]
    return events(
        {"type": "message_start", "message": {**empty, "stop_reason": None, "stop_sequence": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *deltas,
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
         "usage": {"output_tokens": 3}},
        {"type": "message_stop"},
        named=True,
    )  # fmt: skip
