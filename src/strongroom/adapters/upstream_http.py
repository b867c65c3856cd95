"""A provider over HTTP: a pool of aiohttp connections, the provider's key, and nothing clever.

Answers are taken as bytes: no redirects, no cookies, no decompression (``accept-encoding: identity`` is asked
for, and a compressed answer is refused because it cannot be restored), no proxies from the environment.

Must never: put the provider's key, or a body, into an error or a representation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

import aiohttp
from yarl import URL

from strongroom.errors import (
    ConfigurationError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)

CONNECTIONS_MAX = 1024
"""Open answers per upstream; more wait for a free connection."""

CONNECT_S = 10.0
IDLE_S = 300.0
"""Reasoning models may think for minutes before the first byte."""

KEEP_ALIVE_S = 30.0
"""Below the idle timeout of common load balancers (60 s), so that a reused connection is rarely a dead one."""

Headers = Sequence[tuple[str, str]]

WITHHELD = b"[withheld]"

Authorization = Callable[[str], tuple[str, str]]
"""From a key to the header that carries it."""


def bearer(key: str) -> tuple[str, str]:
    """``Authorization: Bearer``."""
    return "authorization", f"Bearer {key}"


def api_key(key: str) -> tuple[str, str]:
    """``x-api-key``."""
    return "x-api-key", key


def goog_api_key(key: str) -> tuple[str, str]:
    """``x-goog-api-key``."""
    return "x-goog-api-key", key


class HttpExchange:
    """An answer whose head has arrived. See the gateway's port of that name."""

    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Headers = [(name.lower(), value) for name, value in response.headers.items()]

    async def read(self, bytes_max: int) -> bytes:
        """The whole body."""
        pieces = []
        size = 0
        async for piece in self.pieces():
            size += len(piece)
            if size > bytes_max:
                msg = f"the upstream's answer is larger than {bytes_max} bytes"
                raise UpstreamError(msg)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        content = self._response.content
        try:
            while piece := await content.readany():
                yield piece
        except TimeoutError:
            msg = "the upstream fell silent in the middle of its answer"
            raise UpstreamTimeoutError(msg) from None
        except (aiohttp.ClientError, OSError) as error:
            msg = f"the upstream's answer broke off ({type(error).__name__})"
            raise UpstreamError(msg) from None

    def close(self) -> None:
        """Back to the pool when the answer was read to its end, else the connection is closed."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class HttpUpstream:
    """One provider. `base_url` is what its SDK's base URL would be; `key` gives the provider's key, or None."""

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        key: Callable[[], str | None] = lambda: None,
        authorization: Authorization = bearer,
        connect_s: float = CONNECT_S,
        idle_s: float = IDLE_S,
    ) -> None:
        url = URL(base_url)
        if url.scheme not in ("http", "https") or not url.host or url.query_string or url.fragment:
            msg = f"upstream {name}: expected a URL such as https://api.openai.com/v1"
            raise ConfigurationError(msg)
        self.name = name
        self._base = str(url).rstrip("/")
        self._key = key
        self._authorization = authorization
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_s, sock_read=idle_s)
        self._session: aiohttp.ClientSession | None = None
        self._urls: dict[tuple[str, str], URL] = {}

    def __repr__(self) -> str:
        return f"HttpUpstream({self.name!r})"

    async def exchange(self, *, method: str, path: str, query: str, headers: Headers, body: bytes) -> HttpExchange:
        """Send and wait for the head of the answer; raises `UpstreamTimeoutError` or `UpstreamError`."""
        sent = dict(headers)
        sent["accept-encoding"] = "identity"
        if key := self._key():
            name, value = self._authorization(key)
            sent[name] = value
        session = self._session or self._open()
        try:
            response = await session.request(
                method,
                self._url(path, query),
                data=body or None,
                headers=sent,
                allow_redirects=False,
            )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            msg = f"the upstream could not be reached ({type(error).__name__})"
            raise UpstreamUnreachableError(msg) from None
        except TimeoutError:
            msg = "the upstream did not answer in time"
            raise UpstreamTimeoutError(msg) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            msg = f"the upstream could not be asked ({type(error).__name__})"
            raise UpstreamError(msg) from None
        coding = response.headers.get("content-encoding", "identity").lower()
        if coding != "identity":
            response.close()
            msg = "the upstream's answer is compressed although that was not asked for"
            raise UpstreamError(msg)
        return HttpExchange(response)

    def _url(self, path: str, query: str) -> URL:
        url = self._urls.get((path, query))
        if url is None:
            url = URL(self._base + path + (f"?{query}" if query else ""), encoded=True)
            if len(self._urls) < CONNECTIONS_MAX:  # paths are few; queries are the client's and could be many
                self._urls[path, query] = url
        return url

    def _open(self) -> aiohttp.ClientSession:
        """Made at the first request, inside the loop that serves it."""
        connector = aiohttp.TCPConnector(limit=CONNECTIONS_MAX, keepalive_timeout=KEEP_ALIVE_S)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Content-Type", "Accept"),
        )
        return self._session

    def conceal(self, body: bytes) -> bytes:
        """`body` with the key blotted out."""
        key = self._key()
        return body.replace(key.encode(), WITHHELD) if key else body

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
