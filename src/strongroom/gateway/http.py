"""The HTTP side of the gateway: reading a request, picking headers, answering. ASGI in, ASGI out.

Must never: forward a header that is not on a list here; what is not listed may carry a credential, a cookie
or an address.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from typing import Any, Self

from strongroom.errors import LimitExceededError, RequestRefusedError
from strongroom.gateway.problems import ContentTypeError, SlowClientError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
RawHeaders = Sequence[tuple[bytes, bytes]]

WATCH_AFTER_S = 0.02
"""Most answers are there sooner; only slower ones pay for watching whether the client is still there."""

JSON = [(b"content-type", b"application/json")]

FORWARDED = frozenset({"anthropic-version", "anthropic-beta", "openai-beta", "accept"})
"""Request headers a provider needs; their values are words of the protocol."""

RETURNED = frozenset(
    {
        "content-type", "request-id", "x-request-id", "retry-after", "retry-after-ms", "x-should-retry",
        "openai-processing-ms", "openai-version", "openai-model",
    }
)  # fmt: skip
RETURNED_PREFIXES = ("x-ratelimit-", "anthropic-ratelimit-")
"""Response headers a client's SDK acts on. Cookies, organization names and routing headers stay here."""

_WORDS = re.compile(r"[A-Za-z0-9 .,;:/*+=_-]{0,512}", re.ASCII)
_KEY = re.compile(r"(?:^|&)key=([^&]*)")
_QUERY = re.compile(r"(?:[A-Za-z0-9_.=&-]|%5B%5D){0,256}", re.ASCII)


class ClientGoneError(Exception):
    """The client disconnected; there is nobody to answer."""


async def read_body(
    receive: Receive, bytes_max: int, *, hold: Callable[[int], None] | None = None, idle_s: float | None = None
) -> bytes:
    """The request body; `hold` is told of every piece that is kept, and may refuse it.

    Raises `LimitExceededError` beyond `bytes_max`, `ClientGoneError` when it breaks off and `SlowClientError` when
    nothing comes for `idle_s` seconds.
    """
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(idle_s) as patience:
            while True:
                message = await receive()
                pieces.append(_piece(message, hold))
                size += len(pieces[-1])
                _require_size(size, bytes_max)
                if not message.get("more_body", False):
                    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
                if idle_s is not None:
                    patience.reschedule(asyncio.get_running_loop().time() + idle_s)
    except TimeoutError:
        msg = "the body stopped coming"
        raise SlowClientError(msg) from None


def _piece(message: Message, hold: Callable[[int], None] | None) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    piece: bytes = message.get("body", b"")
    if hold is not None and piece:
        hold(len(piece))
    return piece


def _require_size(size: int, bytes_max: int) -> None:
    if size > bytes_max:
        msg = f"the body is larger than {bytes_max} bytes"
        raise LimitExceededError(msg)


def require_inspectable(headers: dict[bytes, bytes], bytes_max: int) -> None:
    """Raise unless the body that follows can be read: JSON, not compressed, not too large.

    Raises `ContentTypeError` or `LimitExceededError`.
    """
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        msg = "send the body uncompressed: a compressed body is not inspected and so not forwarded"
        raise ContentTypeError(msg)
    kind = headers.get(b"content-type", b"application/json").split(b";", 1)[0].strip().lower()
    if kind != b"application/json":
        msg = "the body has to be application/json"
        raise ContentTypeError(msg)
    length = headers.get(b"content-length", b"0")
    if length.isdigit():
        _require_size(int(length), bytes_max)


def query_of(scope: Scope) -> str:
    """The query string without a key, if it is made of protocol words; raises `RequestRefusedError` otherwise."""
    query = _KEY.sub("", scope.get("query_string", b"").decode("latin-1")).lstrip("&")
    if not _QUERY.fullmatch(query):
        msg = "the query string holds more than the protocol needs"
        raise RequestRefusedError(msg)
    return query


def credential_of(headers: dict[bytes, bytes], scope: Scope | None = None) -> str:
    """What the client showed: a bearer token, an ``x-api-key``, or Gemini's ``x-goog-api-key`` or ``?key=``.

    ``""`` when it showed nothing. A key in the query is not forwarded: `query_of` takes it out.
    """
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer" and token:
        return token.strip().decode("latin-1")
    shown = headers.get(b"x-api-key") or headers.get(b"x-goog-api-key") or b""
    query = b"" if shown or scope is None else scope.get("query_string", b"")
    key = _KEY.search(query.decode("latin-1"))
    return key.group(1) if key else shown.decode("latin-1")


def forwarded(headers: dict[bytes, bytes]) -> list[tuple[str, str]]:
    """The client's headers that a provider gets."""
    out = []
    for name in FORWARDED:
        value = headers.get(name.encode())
        if value is not None and _WORDS.fullmatch(text := value.decode("latin-1")):
            out.append((name, text))
    return out


def returned(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """The provider's headers that a client gets."""
    return [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in headers
        if name in RETURNED or name.startswith(RETURNED_PREFIXES)
    ]


async def answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    """A whole response."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


class Watch:
    """Cancels the task that serves a request when its client goes away, from `WATCH_AFTER_S` on.

    Use as a context manager around the work; `settle` before the last byte is sent.
    """

    __slots__ = ("_receive", "_task", "_timer", "_watcher", "gone")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._watcher: asyncio.Task[None] | None = None
        self.gone = False

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        if task is None:  # pragma: no cover - an ASGI server always calls from a task
            raise AssertionError
        self._task = task
        self._timer = loop.call_later(WATCH_AFTER_S, self._start)
        return self

    def _start(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self._task.cancel()

    def settle(self) -> None:
        """Stop watching: the answer is complete."""
        self._timer.cancel()
        if self._watcher is not None and not self.gone:
            self._watcher.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.settle()
        if self.gone and isinstance(error, asyncio.CancelledError):
            self._task.uncancel()
            raise ClientGoneError from None
