"""A door as a transport of an HTTP client: for every SDK that takes an httpx or httpx2 client.

    client = OpenAI(http_client=httpx2.Client(transport=DoorTransport(door, httpx2.HTTPTransport())))

Must never: send a request that the door did not let through, or answer a refusal with anything but the
provider's own error shape, which the SDK raises as it always does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import anyio.to_thread

from strongroom.doors.door import Door
from strongroom.doors.packages import Gathered, answer, kind_of, leaving, outgoing, package_of, refusal
from strongroom.doors.passage import Passage, Streamed
from strongroom.errors import StrongroomError

if TYPE_CHECKING:
    from typing import Any as Transport  # to type checkers it is the transport of whichever package is used
else:
    Transport = object


class Inner(Protocol):
    """The transport that really sends: ``HTTPTransport`` or any other of the same package."""

    def handle_request(self, request: Any, /) -> Any:
        """Send one request."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


class AsyncInner(Protocol):
    """The same for asynchronous clients: ``AsyncHTTPTransport``."""

    async def handle_async_request(self, request: Any, /) -> Any:
        """Send one request."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


class DoorTransport(Transport):  # type: ignore[misc]
    """A transport for ``httpx2.Client`` or ``httpx.Client``; see the module."""

    def __init__(self, door: Door, inner: Inner) -> None:
        self._door = door
        self._inner = inner

    def handle_request(self, request: Any) -> Any:
        """Send one request through the door."""
        door, asked = self._door, outgoing(request)
        try:
            address = door.address(asked)  # before the body is read: an upload may be long
            passage = door.enter(asked, address, request.read())
        except StrongroomError as error:
            return refusal(door, request, error)
        try:
            response = self._inner.handle_request(leaving(request, passage.body))
            return restored(door, passage, response)
        except StrongroomError as error:
            passage.close()
            return refusal(door, request, error)
        except BaseException:
            passage.close()
            raise

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncDoorTransport(Transport):  # type: ignore[misc]
    """A transport for ``httpx2.AsyncClient`` or ``httpx.AsyncClient``; see the module."""

    def __init__(self, door: Door, inner: AsyncInner) -> None:
        self._door = door
        self._inner = inner

    async def handle_async_request(self, request: Any) -> Any:
        """Send one request through the door."""
        door, asked = self._door, outgoing(request)
        try:
            address = door.address(asked)
            body = await request.aread()
            if len(body) > door.inline_bytes:
                passage = await anyio.to_thread.run_sync(door.enter, asked, address, body)
            else:
                passage = door.enter(asked, address, body)
        except StrongroomError as error:
            return refusal(door, request, error)
        try:
            response = await self._inner.handle_async_request(leaving(request, passage.body))
            return await restored_async(door, passage, response)
        except StrongroomError as error:
            passage.close()
            return refusal(door, request, error)
        except BaseException:
            passage.close()
            raise

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


# --- the way back ---------------------------------------------------------------------------------


def restored(door: Door, passage: Passage, response: Any) -> Any:
    """`response` as the client gets it; the passage ends with it.

    Raises what the session raises, and `LimitExceededError` for a whole answer that is too large.
    """
    if not passage.restores(response.status_code):
        passage.close()
        return response
    package = package_of(response)
    if (streamed := passage.streamed(kind_of(response))) is not None:
        return answer(response, _streams(package)[0](door, passage, response, streamed))
    gathered = Gathered(door.response_bytes)
    try:
        for piece in response.iter_bytes():
            gathered.take(piece)
        body = passage.whole(gathered.all())
    finally:
        response.close()
        passage.close()
    door.settle()
    return answer(response, package.ByteStream(body))


async def restored_async(door: Door, passage: Passage, response: Any) -> Any:
    """The same for an asynchronous client."""
    if not passage.restores(response.status_code):
        passage.close()
        return response
    package = package_of(response)
    if (streamed := passage.streamed(kind_of(response))) is not None:
        return answer(response, _streams(package)[1](door, passage, response, streamed))
    gathered = Gathered(door.response_bytes)
    try:
        async for piece in response.aiter_bytes():
            gathered.take(piece)
        body = passage.whole(gathered.all())
    finally:
        passage.close()
        await response.aclose()
    await anyio.to_thread.run_sync(door.settle)
    return answer(response, package.ByteStream(body))


@lru_cache
def _streams(package: Any) -> tuple[type[Any], type[Any]]:
    """The two streams as classes of `package`, which looks at their type."""
    return (
        type("RestoredStream", (_Stream, package.SyncByteStream), {}),
        type("AsyncRestoredStream", (_AsyncStream, package.AsyncByteStream), {}),
    )


class _Stream:
    """A streamed answer as it is restored."""

    def __init__(self, door: Door, passage: Passage, response: Any, streamed: Streamed) -> None:
        self._door = door
        self._passage = passage
        self._response = response
        self._streamed = streamed

    def __iter__(self) -> Iterator[bytes]:
        streamed = self._streamed
        try:
            for piece in self._response.iter_bytes():
                if out := streamed.feed(piece):
                    yield out
                if streamed.broken:
                    return
        except Exception:  # whatever broke it off, what was held back goes out first
            yield streamed.finish()
            raise
        if rest := streamed.finish():
            yield rest

    def close(self) -> None:
        """Let go of the provider's answer, and record what came of it."""
        self._response.close()
        self._passage.close()
        self._door.settle()


class _AsyncStream:
    """The same, awaited."""

    def __init__(self, door: Door, passage: Passage, response: Any, streamed: Streamed) -> None:
        self._door = door
        self._passage = passage
        self._response = response
        self._streamed = streamed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        streamed = self._streamed
        try:
            async for piece in self._response.aiter_bytes():
                if out := streamed.feed(piece):
                    yield out
                if streamed.broken:
                    return
        except Exception:  # whatever broke it off, what was held back goes out first
            yield streamed.finish()
            raise
        if rest := streamed.finish():
            yield rest

    async def aclose(self) -> None:
        """Let go of the provider's answer, and record what came of it."""
        self._passage.close()
        await self._response.aclose()
        self._door.settle()
