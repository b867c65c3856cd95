"""Leases: what makes a revocation reach processes that do not share the epoch, such as those on another host.

Theory: messages get lost, so no message can be the guarantee. The guarantee is a lease: a process may use what it
knows of keys until its lease expires, and to renew it, it has to ask the store, which tells it how far the key
journal has come. Who cannot renew refuses everything. So a change is in effect everywhere when every holder has
seen it, and at the latest one lifetime after it was committed, whatever broke in between.

Only monotonic clocks decide. A holder counts its lifetime from before it asked; who waits for a change counts it
from after the commit. The wall-clock times in a lease are for people, so that no clock that jumps can matter.

Must never: serve after the lifetime, or take the store's silence for its consent.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Protocol

from strongroom.clock import Clock
from strongroom.errors import KeyLeaseError, StoreError

LIFETIME_S = 30.0
"""How long a process may go on without the store: the bound on a revocation between hosts."""

RENEWALS_PER_LIFETIME = 3
"""Renewed after a third, so that two renewals may fail before anything is refused."""

RETRY_S = 1.0
"""A renewal that failed is tried again by the first operation after this long."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One holder's lease. `seen` is the last journal entry it acts upon; times are wall-clock milliseconds."""

    holder: str
    host: str
    seen: int
    renewed_at: int
    expires_at: int


class LeaseStore(Protocol):
    """Where leases are kept, beside the key journal."""

    def renew(self, lease: Lease) -> int:
        """Write `lease` over its holder's last one and return the journal's last entry, as one transaction."""
        ...

    def leases(self) -> tuple[Lease, ...]:
        """Every lease that was not released, expired ones included, by holder."""
        ...

    def release(self, holder: str) -> None:
        """Forget a holder's lease; nothing happens if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as its holder knows it. `ask_again_at` is on the monotonic clock and never after the expiry."""

    revision: int
    ask_again_at: float


class LeaseHolder:
    """One process's lease. Thread-safe. It is renewed by the operations themselves; an idle process lets it go."""

    def __init__(
        self, store: LeaseStore, clock: Clock, *, holder: str, host: str, lifetime_s: float = LIFETIME_S
    ) -> None:
        self._store = store
        self._clock = clock
        self._holder = holder
        self._host = host
        self.lifetime_s = lifetime_s
        self._lock = threading.Lock()
        self._revision = 0
        self._due_at = self._expires_at = clock.monotonic()

    def held(self) -> Held:
        """The lease, renewed first if that is due.

        Raises `KeyLeaseError` once it has expired and the store does not answer.
        """
        with self._lock:
            now = self._clock.monotonic()
            if now >= self._due_at:
                self._renew(now)
            # Asked again, because the store may have answered after the lifetime it was asked for.
            if self._clock.monotonic() >= self._expires_at:
                raise _expired()
            return Held(self._revision, min(self._due_at, self._expires_at))

    def _renew(self, now: float) -> None:
        wall = int(self._clock.now() * 1000)
        lease = Lease(self._holder, self._host, self._revision, wall, wall + int(self.lifetime_s * 1000))
        try:
            revision = self._store.renew(lease)
        except StoreError as error:
            if self._clock.monotonic() >= self._expires_at:
                raise _expired() from error
            self._due_at = min(now + RETRY_S, self._expires_at)
            return
        self._expires_at = now + self.lifetime_s
        self._due_at = now + self.lifetime_s / RENEWALS_PER_LIFETIME
        if revision != self._revision:
            # What was just learned is acknowledged by the next renewal: by then nobody uses the old cache.
            self._revision = revision
            self._due_at = now

    def close(self) -> None:
        """Give the lease back. A store that does not answer is left to let it expire."""
        try:
            self._store.release(self._holder)
        except StoreError:
            return


def _expired() -> KeyLeaseError:
    return KeyLeaseError("the lease on the keys has expired and the store does not renew it")


class Settlement:
    """Whether a change has reached every holder. Made after the change was committed."""

    def __init__(self, store: LeaseStore, clock: Clock, *, revision: int, lifetime_s: float = LIFETIME_S) -> None:
        self._store = store
        self._clock = clock
        self._revision = revision
        self._over_at = clock.monotonic() + lifetime_s

    def waiting_for(self) -> tuple[Lease, ...]:
        """The holders that may not know of the change yet; empty when it is in effect everywhere."""
        if self._clock.monotonic() >= self._over_at:
            return ()
        return tuple(lease for lease in self._store.leases() if lease.seen < self._revision)
