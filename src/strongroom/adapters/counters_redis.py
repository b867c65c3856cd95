"""Counters in Redis for rate limits and budgets that several processes or machines share.

The storage of `limits` with its sliding window, one script per count, so that two processes never both take the
last one. Redis' own clock is the only one.

Must never: wait for Redis longer than twice `ANSWER_S` (a kept connection may be a dead one), or put the address
or the password into an error.
"""

from __future__ import annotations

from typing import Any

from strongroom.errors import ConfigurationError, CountersUnavailableError, ExtraMissingError

ANSWER_S = 0.25
"""A count is an answer of well under a millisecond; who waits longer makes every request wait."""

CONNECTIONS_MAX = 64
PREFIX = "strongroom"
SCHEMES = ("redis://", "rediss://", "unix://")


class RedisCounters:
    """See the module; the gateway's port `Counters`. `url` has no password, which is given apart."""

    def __init__(self, url: str, *, password: str | None = None, prefix: str = PREFIX) -> None:
        if not url.startswith(SCHEMES) or "@" in url:
            msg = (
                "counters.url: expected redis://HOST:PORT, rediss://HOST:PORT or unix:///PATH, without a password"
            )
            raise ConfigurationError(msg)
        try:
            import redis.asyncio as client
            from limits.aio.storage import RedisStorage
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
        except ImportError:  # pragma: no cover - the extra is installed wherever tests run
            msg = "counters.url: install the extra: pip install strongroom[redis]"
            raise ExtraMissingError(msg) from None
        connections = client.BlockingConnectionPool.from_url(
            url, password=password, max_connections=CONNECTIONS_MAX, timeout=ANSWER_S,
            socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S, retry=Retry(NoBackoff(), 1),
        )  # fmt: skip
        given: Any = {"connection_pool": connections}
        uri = f"async+redis+{url}" if url.startswith("unix://") else f"async+{url}"
        self._storage = RedisStorage(
            uri, wrap_exceptions=False, implementation="redispy", key_prefix=prefix, **given
        )
        self._connections = connections
        self._failures: tuple[type[Exception], ...] = (client.RedisError, OSError, TimeoutError)

    def __repr__(self) -> str:
        return "RedisCounters()"

    async def take(self, key: str, *, limit: int, seconds: int, amount: int) -> tuple[bool, float, float, float]:
        """Count `amount` unless more than `limit` would be in the last `seconds`.

        Returns whether it was counted, the counts of the window before and of this one, and how much of it is
        over; the three are 0 when it was counted. Raises `CountersUnavailableError`.
        """
        try:
            if await self._storage.acquire_sliding_window_entry(key, limit, seconds, amount):
                return True, 0.0, 0.0, 0.0
            previous, _, current, left = await self._storage.get_sliding_window(key, seconds)
        except self._failures as error:
            raise _unavailable(error) from None
        return False, previous, current, min(max(2 - left / seconds, 0.0), 1.0)

    async def correct(self, key: str, *, seconds: int, amount: int) -> None:
        """Add `amount`, which may be negative, to what was counted. Raises `CountersUnavailableError`."""
        try:
            slot = "{" + key + "}"  # as `limits` names the present window, on the node of the one before
            if await self._storage.incr(slot, 2 * seconds, amount) < 0:
                await self._storage.clear(slot)
        except self._failures as error:
            raise _unavailable(error) from None

    async def close(self) -> None:
        """Close every connection."""
        await self._connections.disconnect()


def _unavailable(error: Exception) -> CountersUnavailableError:
    return CountersUnavailableError(f"the counters in Redis cannot be reached ({type(error).__name__})")
