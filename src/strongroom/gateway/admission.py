"""What a request has to pass before any work is done for it, and what is counted when its answer has passed.

In this order: the address, how much is in progress, the credential (which is the round trip's own), the
addresses and rates of the principal; then, when the model is known, the budgets.

Must never: say which of several rules refused an address, or leave a visit open.
"""

from __future__ import annotations

from collections.abc import Mapping

from strongroom.gateway.client_address import Entrance, refusal, within
from strongroom.gateway.http import Scope
from strongroom.gateway.occupancy import Occupancy
from strongroom.gateway.quota import Charge, Quotas
from strongroom.gateway.quota_rules import Applied
from strongroom.gateway.telemetry import Observation
from strongroom.gateway.usage import UsageReader
from strongroom.identity import Principal

_OK = 200


class Admission:
    """One per process. `entrance` and the rules of `quotas` may be replaced while it runs."""

    def __init__(
        self, *, entrance: Entrance | None = None, quotas: Quotas | None = None, occupancy: Occupancy | None = None
    ) -> None:
        self.entrance = entrance or Entrance()
        self.quotas = quotas
        self.occupancy = occupancy or Occupancy()

    def enter(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Visit:
        """Let a request in whose credential nobody has looked at yet.

        Raises `AddressRefusedError` or `OverloadedError`. Who enters has to `Visit.leave`.
        """
        address = self.entrance.address(scope, headers)
        self.entrance.require(address)
        self.occupancy.enter()
        return Visit(self, address)

    async def close(self) -> None:
        """Let go of the counters."""
        if self.quotas is not None:
            await self.quotas.close()


class Visit:
    """One request in progress. `address` is where it came from; `usage` reads what its answer used."""

    __slots__ = ("_applied", "_charge", "_held", "_home", "address", "usage")

    def __init__(self, home: Admission, address: str) -> None:
        self._home = home
        self._applied: Applied | None = None
        self._charge: Charge | None = None
        self._held = 0
        self.address = address
        self.usage = UsageReader()

    async def admit(self, principal: Principal) -> None:
        """Raise `AddressRefusedError` or `QuotaExceededError` unless `principal` may ask now, from here."""
        quotas = self._home.quotas
        if quotas is None:
            return
        self._applied = applied = quotas.of(principal)
        for networks in applied.networks:
            if not within(self.address, networks):
                raise refusal()
        if applied.requests:
            await quotas.admit(applied)

    def hold(self, size: int) -> None:
        """Hold `size` more bytes until the end; raises `OverloadedError`."""
        self._home.occupancy.hold(size)
        self._held += size

    async def reserve(self, model: str, body_bytes: int) -> None:
        """Take a guess of what the request will use from its budgets; raises `QuotaExceededError`."""
        self.usage.tokens_in = body_bytes // 4
        if self._applied is not None and self._applied.spending and self._home.quotas is not None:
            self._charge = await self._home.quotas.reserve(self._applied, model, body_bytes)

    async def leave(self, seen: Observation) -> None:
        """Count what was used, and let go of everything. Once."""
        occupancy = self._home.occupancy
        occupancy.release(self._held)
        occupancy.leave()
        used = self.usage.usage if seen.status == _OK else None
        if used is not None:
            seen.tokens_in, seen.tokens_out, seen.tokens_exact = used
        if self._charge is not None:
            await self._charge.settle(used)
