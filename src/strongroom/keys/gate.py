"""The gate before the end of a key version: who still needs it, and what is still sealed under it.

Theory: a version may end when nothing names it. Three things can: keys wrapped under it, sealed data the store
can list, and somebody who used it lately (who may hold sealed data that no list has). The gate asks all three
and its refusal is the answer a person needs: who, how often, when last, and how many of what.

Must never: let a version end because something could not be counted; a failure to count is a failure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from strongroom.clock import Clock
from strongroom.errors import KeyInUseError
from strongroom.keys.store import KeyRow
from strongroom.keys.usage import UsageCount, UsageStore

USERS_NAMED_MAX = 10
"""So many users are named in a refusal; the whole list is what `usage` shows."""


@dataclass(frozen=True, slots=True)
class Holding:
    """So many sealed things of one kind that name one key version."""

    keyref: int
    place: str
    count: int


class Inventory(Protocol):
    """Can list sealed data by the key version it names."""

    def holdings(self, keyrefs: Collection[int]) -> tuple[Holding, ...]:
        """What is sealed under these versions, by kind; nothing for a kind without any."""
        ...


@dataclass(frozen=True, slots=True)
class Need:
    """Who and what needs a key version. `users` are those of the window only."""

    users: tuple[UsageCount, ...]
    holdings: tuple[Holding, ...]
    wraps: int = 0

    def __bool__(self) -> bool:
        """Whether anybody or anything does."""
        return bool(self.users or self.holdings or self.wraps)

    def __str__(self) -> str:
        told = [
            f"{user.principal} ({user.operation}, {user.count} times, last {instant(user.last_at)})"
            for user in self.users[:USERS_NAMED_MAX]
        ]
        if len(self.users) > USERS_NAMED_MAX:
            told.append(f"{len(self.users) - USERS_NAMED_MAX} more users")
        told += [f"{holding.count} sealed in {holding.place}" for holding in self.holdings]
        if self.wraps:
            told.append(f"{self.wraps} keys wrapped under it")
        return "; ".join(told)


class DeactivationGate:
    """Refuses to let a version end while it is needed. `window_s` is how long a use counts.

    `flush` makes this process's own counts visible first; those of other processes are at most a second old.
    """

    def __init__(
        self, usage: UsageStore, inventories: Sequence[Inventory], clock: Clock, *, window_s: float,
        flush: Callable[[], object],
    ) -> None:  # fmt: skip
        self._usage = usage
        self._inventories = inventories
        self._clock = clock
        self._window_s = window_s
        self._flush = flush

    def need(self, keyref: int, wraps: int = 0) -> Need:
        """Who used version `keyref` within the window, and what is sealed under it. Raises `StoreError`."""
        self._flush()
        since = int((self._clock.now() - self._window_s) * 1000)
        users = tuple(user for user in self._usage.of([keyref]) if user.last_at >= since)
        found = tuple(item for inventory in self._inventories for item in inventory.holdings([keyref]))
        return Need(users, found, wraps)

    def needed(self, keyrefs: Collection[int], *, by_users: bool = True) -> frozenset[int]:
        """Those of `keyrefs` that something is sealed under or, with `by_users`, that somebody used lately."""
        self._flush()
        since = int((self._clock.now() - self._window_s) * 1000)
        found = {item.keyref for inventory in self._inventories for item in inventory.holdings(keyrefs)}
        if by_users:
            found |= {user.keyref for user in self._usage.of(keyrefs) if user.last_at >= since}
        return frozenset(found)

    def __call__(self, row: KeyRow, wraps: int) -> None:
        """Raise `KeyInUseError`, naming users and holdings, while `row` is needed."""
        need = self.need(row.keyref, wraps)
        if need:
            msg = f"key {row.path.public} version {row.version} is still needed: {need}"
            raise KeyInUseError(msg)


def instant(milliseconds: int) -> str:
    """Milliseconds since the Unix epoch as UTC date and time."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(milliseconds // 1000))
