"""A provider that may fail: asked again where that repeats nothing, and left alone after failing in a row.

A request is asked again only before anything of an answer reached the client. One that could not be delivered,
because no connection came about, is safe to repeat whatever it is. One that was delivered is repeated only if it
computes and changes nothing: reading, counting tokens, embedding. Generations are not; clients' SDKs repeat those
themselves if they want to pay twice. What the provider says in ``x-should-retry`` and ``retry-after`` goes first.

Must never: repeat a request a provider may have acted on, or hold one longer than the operator's longest wait.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial

import stamina

from strongroom.clock import Clock
from strongroom.errors import UpstreamError, UpstreamUnreachableError
from strongroom.gateway.problems import CircuitOpenError
from strongroom.gateway.upstream import Exchange, Headers, Upstream

REPEATABLE = (
    "/embeddings",
    "/count_tokens",
    "/input_tokens",
    ":countTokens",
    ":embedContent",
    ":batchEmbedContents",
)
"""How paths end whose requests compute an answer from nothing but themselves."""

REPEATED = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
"""Statuses after which the providers' own SDKs ask again."""

FAILED = frozenset({500, 502, 503, 504, 529})
"""Statuses by which a provider says that it cannot serve; 529 is Anthropic's for being overloaded."""

WAIT_INITIAL_S = 0.1
WAIT_JITTER_S = 0.2

# stamina logs each repetition; where nobody set logging up, that belongs nowhere rather than on stderr.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class Breaker:
    """Opens after `failures` in a row; then one request in `open_s` seconds tries, until one succeeds."""

    def __init__(
        self, *, failures: int, open_s: float, clock: Clock, changed: Callable[[bool], object] = bool
    ) -> None:
        self._failures = failures
        self._open_s = open_s
        self._clock = clock
        self._changed = changed
        self._row = 0
        self._try_at: float | None = None

    def enter(self) -> None:
        """Raise `CircuitOpenError` while it is open, except for the one that tries."""
        if self._try_at is None:
            return
        now = self._clock.monotonic()
        if now < self._try_at:
            msg = f"the upstream failed {self._failures} times in a row and is left alone"
            raise CircuitOpenError(msg, retry_after_s=self._try_at - now)
        self._try_at = now + self._open_s  # the others wait for what this one finds

    def failed(self) -> None:
        """Count a failure."""
        self._row += 1
        if self._failures and self._row >= self._failures:
            if self._try_at is None:
                self._changed(True)  # noqa: FBT003 - a callable of one value
            self._try_at = self._clock.monotonic() + self._open_s

    def succeeded(self) -> None:
        """Close."""
        self._row = 0
        if self._try_at is not None:
            self._try_at = None
            self._changed(False)  # noqa: FBT003 - a callable of one value


class _AgainError(Exception):
    """An answer after which asking again may help; `wait_s` when the provider said how long."""

    def __init__(self, exchange: Exchange, wait_s: float | None) -> None:
        super().__init__(exchange.status)
        self.exchange = exchange
        self.wait_s = wait_s


class ResilientUpstream:
    """See the module. `attempts` counts the first; `retried` is told of every further one."""

    def __init__(
        self, upstream: Upstream, *, attempts: int, wait_max_s: float, breaker: Breaker,
        retried: Callable[[], object] = bool,
    ) -> None:  # fmt: skip
        self._upstream = upstream
        self._attempts = attempts
        self._wait_max_s = wait_max_s
        self._breaker = breaker
        self._retried = retried

    def __repr__(self) -> str:
        return f"ResilientUpstream({self._upstream!r})"

    async def exchange(self, *, method: str, path: str, query: str, headers: Headers, body: bytes) -> Exchange:
        """Send and wait for the head of the answer. Raises `UpstreamError` or `CircuitOpenError`."""
        ask = partial(self._upstream.exchange, method=method, path=path, query=query, headers=headers, body=body)
        repeatable = method == "GET" or path.endswith(REPEATABLE)
        try:
            return self._judged(await self._once(ask), repeatable=repeatable)
        except UpstreamError as error:
            if self._attempts == 1 or not (repeatable or isinstance(error, UpstreamUnreachableError)):
                raise
            return await self._again(ask, error, repeatable=repeatable)
        except _AgainError as answer:
            return await self._again(ask, answer, repeatable=repeatable)

    async def _once(self, ask: Callable[[], Awaitable[Exchange]]) -> Exchange:
        self._breaker.enter()
        try:
            exchange = await ask()
        except UpstreamError:
            self._breaker.failed()
            raise
        if exchange.status in FAILED:
            self._breaker.failed()
        else:
            self._breaker.succeeded()
        return exchange

    def _judged(self, exchange: Exchange, *, repeatable: bool) -> Exchange:
        if not repeatable or exchange.status not in REPEATED or self._attempts == 1:
            return exchange
        headers = dict(exchange.headers)
        if headers.get("x-should-retry") == "false":
            return exchange
        wait = _wait(headers)
        if wait is not None and wait > self._wait_max_s:
            return exchange
        raise _AgainError(exchange, wait)

    async def _again(
        self, ask: Callable[[], Awaitable[Exchange]], first: UpstreamError | _AgainError, *, repeatable: bool
    ) -> Exchange:
        """The further attempts. The first one failed with `first`; it is only told of, not made again."""

        def wanted(error: Exception) -> bool | float:
            if isinstance(error, _AgainError):
                return True if error.wait_s is None else error.wait_s
            return isinstance(error, UpstreamUnreachableError) or (repeatable and isinstance(error, UpstreamError))

        last: UpstreamError | _AgainError = first
        try:
            async for attempt in stamina.retry_context(
                wanted, attempts=self._attempts, timeout=None, wait_initial=WAIT_INITIAL_S,
                wait_max=self._wait_max_s, wait_jitter=min(WAIT_JITTER_S, self._wait_max_s),
            ):  # fmt: skip
                with attempt:
                    if attempt.num == 1:
                        raise first
                    if isinstance(last, _AgainError):
                        last.exchange.close()
                    self._retried()
                    try:
                        return self._judged(await self._once(ask), repeatable=repeatable)
                    except (UpstreamError, _AgainError) as error:
                        last = error
                        raise
        except _AgainError as answer:
            return answer.exchange
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def conceal(self, body: bytes) -> bytes:
        """`body` without the provider's key."""
        return self._upstream.conceal(body)

    async def close(self) -> None:
        """Close every connection."""
        await self._upstream.close()


def _wait(headers: dict[str, str]) -> float | None:
    """How long the provider wants to be left alone, in seconds; None when it did not say, or said a date."""
    for name, scale in (("retry-after-ms", 1000), ("retry-after", 1)):
        text = headers.get(name, "")
        if text.replace(".", "", 1).isdecimal():
            return float(text) / scale
    return None
