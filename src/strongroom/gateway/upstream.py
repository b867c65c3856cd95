"""The port to a provider: one request out, one answer back, in bytes.

Must never: show the client's credential to the provider, or the provider's key to anybody else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

Headers = Sequence[tuple[str, str]]
"""Names in lower case."""


class Exchange(Protocol):
    """A provider's answer whose head has arrived."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Headers:
        """The response headers, names in lower case."""
        ...

    async def read(self, bytes_max: int) -> bytes:
        """The whole body; raises `UpstreamError` when it breaks off or is longer than `bytes_max`."""
        ...

    def pieces(self) -> AsyncIterator[bytes]:
        """The body as it arrives; raises `UpstreamError` when it breaks off."""
        ...

    def close(self) -> None:
        """Let go of the connection; an unfinished answer is cancelled."""
        ...


class Upstream(Protocol):
    """A provider. It adds its own key; it follows no redirects and asks for no compression."""

    async def exchange(self, *, method: str, path: str, query: str, headers: Headers, body: bytes) -> Exchange:
        """Send and wait for the head of the answer; `path` is relative to the provider's base URL.

        Raises `UpstreamError` (or `UpstreamTimeoutError`).
        """
        ...

    def conceal(self, body: bytes) -> bytes:
        """`body` without the provider's key, should an error message quote it."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
