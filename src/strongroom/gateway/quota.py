"""Counts what principals use and says when it is too much: requests before the work, tokens and money around it.

A request is counted when it comes. Before it is forwarded a guess of its tokens is taken from every budget that
applies, and when the answer has passed the guess is replaced by what was used: many requests at once cannot all
spend the same remainder, and a budget is overdrawn by no more than the difference of the guesses under way.

Must never: let a request pass uncounted because the counters failed, unless the operator chose to count per
process then.
"""

from __future__ import annotations

import logging
from typing import Protocol

from strongroom.clock import Clock
from strongroom.errors import CountersUnavailableError, RequestRefusedError
from strongroom.gateway.problems import QuotaExceededError
from strongroom.gateway.quota_rules import COST, Applied, Bound, Rules
from strongroom.gateway.usage import Usage
from strongroom.identity import Principal

GUESS_IN_MAX = 1 << 15
"""A long body is often a picture, which counts for far fewer tokens than its bytes suggest."""

GUESS_OUT = 1024
BYTES_PER_TOKEN = 4
RETRY_S = 1.0
"""How long counters that failed are left alone."""

_log = logging.getLogger("strongroom.gateway")


class Counters(Protocol):
    """Counts per key over a sliding window (`adapters.counters_memory`, `adapters.counters_redis`)."""

    async def take(self, key: str, *, limit: int, seconds: int, amount: int) -> tuple[bool, float, float, float]:
        """Count `amount` unless more than `limit` would be in the last `seconds`.

        Returns whether it was counted, the counts of the window before and of this one, and how much of it is
        over.
        """
        ...

    async def correct(self, key: str, *, seconds: int, amount: int) -> None:
        """Add `amount`, which may be negative, to what was counted."""
        ...

    async def close(self) -> None:
        """Let go of what is held."""
        ...


class LocalInOutages:
    """Counts in `shared`, and in this process alone while that does not answer."""

    def __init__(self, shared: Counters, local: Counters, clock: Clock) -> None:
        self._shared = shared
        self._local = local
        self._clock = clock
        self._again_at = 0.0
        self.outage = False

    def _now(self) -> Counters:
        return self._local if self.outage and self._clock.monotonic() < self._again_at else self._shared

    def _note(self, error: CountersUnavailableError | None) -> None:
        if error is not None:
            self._again_at = self._clock.monotonic() + RETRY_S
            if not self.outage:
                _log.warning("%s; counting in this process", error)
        elif self.outage:
            _log.warning("the shared counters answer again")
        self.outage = error is not None

    async def take(self, key: str, *, limit: int, seconds: int, amount: int) -> tuple[bool, float, float, float]:
        """See `Counters.take`."""
        if (now := self._now()) is self._shared:
            try:
                answer = await now.take(key, limit=limit, seconds=seconds, amount=amount)
            except CountersUnavailableError as error:
                self._note(error)
            else:
                self._note(None)
                return answer
        return await self._local.take(key, limit=limit, seconds=seconds, amount=amount)

    async def correct(self, key: str, *, seconds: int, amount: int) -> None:
        """See `Counters.correct`."""
        if (now := self._now()) is self._shared:
            try:
                await now.correct(key, seconds=seconds, amount=amount)
            except CountersUnavailableError as error:
                self._note(error)
            else:
                return
        await self._local.correct(key, seconds=seconds, amount=amount)

    async def close(self) -> None:
        """Close both."""
        await self._shared.close()
        await self._local.close()


class Charge:
    """What one request took from its budgets; `settle` it once, when its answer has passed."""

    __slots__ = ("_guess", "_model", "_quotas", "_taken")

    def __init__(self, quotas: Quotas, model: str, guess: Usage) -> None:
        self._quotas = quotas
        self._model = model
        self._guess = guess
        self._taken: list[tuple[str, Bound, int]] = []

    async def take(self, name: str, bound: Bound) -> None:
        """Take the guess from one budget; raises `QuotaExceededError`."""
        amount = self._amount(bound, self._guess)
        await self._quotas.count(name, bound, amount)
        self._taken.append((name, bound, amount))

    def _amount(self, bound: Bound, usage: Usage) -> int:
        if bound.what != COST:
            return usage.total
        cost = self._quotas.rules.cost(self._model, usage.tokens_in, usage.tokens_out)
        if cost is None:
            msg = "the model has no price under [prices], and a cost budget applies to this principal"
            raise RequestRefusedError(msg)
        return cost

    async def settle(self, usage: Usage | None) -> None:
        """Replace the guess by `usage`; None when nothing was used."""
        taken, self._taken = self._taken, []
        for name, bound, amount in taken:
            used = 0 if usage is None else self._amount(bound, usage)
            await self._quotas.correct(name, bound, used - amount)


class Quotas:
    """One per process. `rules` may be replaced while it runs."""

    def __init__(self, rules: Rules, counters: Counters) -> None:
        self.rules = rules
        self._counters = counters

    def of(self, principal: Principal) -> Applied:
        """What holds for `principal` now."""
        return self.rules.of(principal)

    async def admit(self, applied: Applied) -> None:
        """Count one request. Raises `QuotaExceededError`, or `CountersUnavailableError`."""
        taken: list[tuple[str, Bound]] = []
        try:
            for name, bound in applied.requests:
                await self.count(name, bound, 1)
                taken.append((name, bound))
        except BaseException:
            for name, bound in taken:  # what the first rule counted was not served
                await self.correct(name, bound, -1)
            raise

    async def reserve(self, applied: Applied, model: str, body_bytes: int) -> Charge:
        """Take a guess from every budget. Raises what `admit` raises, `RequestRefusedError` without a price."""
        guess = Usage(min(body_bytes // BYTES_PER_TOKEN, GUESS_IN_MAX), GUESS_OUT, exact=False)
        charge = Charge(self, model, guess)
        try:
            for name, bound in applied.spending:
                await charge.take(name, bound)
        except BaseException:
            await charge.settle(None)
            raise
        return charge

    async def count(self, name: str, bound: Bound, amount: int) -> None:
        """Count `amount`, at most all there is; raises `QuotaExceededError`."""
        what, limit, seconds = bound
        wanted = min(amount, limit)  # one large request may use a whole budget, never find it too small
        counted, before, now, over = await self._counters.take(
            _key(name, bound), limit=limit, seconds=seconds, amount=wanted
        )
        if not counted:
            wait = wait_s(limit, seconds, wanted, before, now, over)
            msg = f"{what}: at most {_shown(what, limit)} per {seconds} s for {name}"
            raise QuotaExceededError(msg, what=what, retry_after_s=wait)
        if wanted < amount:
            await self._counters.correct(_key(name, bound), seconds=seconds, amount=amount - wanted)

    async def correct(self, name: str, bound: Bound, amount: int) -> None:
        """Add to what was counted; a failure of the counters is logged, for the answer has passed."""
        if not amount:
            return
        try:
            await self._counters.correct(_key(name, bound), seconds=bound.seconds, amount=amount)
        except CountersUnavailableError as error:
            _log.warning("a budget could not be settled: %s", error.code)

    async def close(self) -> None:
        """Let go of the counters."""
        await self._counters.close()


def wait_s(limit: int, seconds: int, amount: int, before: float, now: float, over: float) -> float:
    """After how many seconds `amount` fits, if nothing else is counted; what was counted fades evenly."""
    room = limit - amount
    if now <= room and before > 0:  # the window before has to fade further
        return max((1 - (room - now) / before) - over, 0.0) * seconds
    fade = 1 - room / now if now > 0 else 0.0
    return (1 - over + max(fade, 0.0)) * seconds


def _key(name: str, bound: Bound) -> str:
    return f"{name}/{bound.what}/{bound.seconds}"


def _shown(what: str, amount: int) -> str:
    return f"{amount / 1_000_000:g}" if what == COST else str(amount)
