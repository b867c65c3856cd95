"""Surrogates of conversations that are in use but not on disk yet: the write-behind queue of one process.

Theory: a conversation's surrogates follow from its text, which the client sends again, so losing the queue
in a crash loses no more than the surrogates of an answer that was never delivered. What must not happen is
that two processes serve one conversation and use one surrogate for two values; the store's unique keys
find that at the flush, and the later process withdraws its surrogate.

Must never: grow without bound, or drop a row that the store has not taken.
"""

from __future__ import annotations

import threading

from strongroom.surrogates.memory import Held, ScopeMemory, held_of
from strongroom.surrogates.store import SurrogateRow, SurrogateStore

PENDING_MAX = 4096
"""Rows in the queue; at this many, whoever issues next waits for a flush."""

_Key = tuple[bytes, str]


class Pending:
    """See the module. Safe under threads."""

    def __init__(self, store: SurrogateStore) -> None:
        self._store = store
        self._rows: dict[_Key, tuple[SurrogateRow, ScopeMemory]] = {}
        self._values: dict[tuple[bytes, bytes | None], str] = {}
        self._scopes: set[bytes] = set()
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: SurrogateRow, memory: ScopeMemory) -> None:
        """Queue `row`; flushes first when the queue is full."""
        with self._lock:
            if len(self._rows) >= PENDING_MAX:
                self.flush()
            self._rows[row.scope, row.surrogate] = (row, memory)
            self._values[row.scope, row.lookup] = row.surrogate
            self._scopes.add(row.scope)

    def holds(self, scope: bytes) -> bool:
        """Whether anything of `scope` is queued."""
        return scope in self._scopes

    def find_surrogate(self, scope: bytes, surrogate: str) -> Held | None:
        """The queued row of `surrogate`, if there is one."""
        found = self._rows.get((scope, surrogate))
        return held_of(found[0]) if found else None

    def find_value(self, scope: bytes, lookup: bytes) -> Held | None:
        """The queued row of the value with this MAC, if there is one."""
        with self._lock:
            surrogate = self._values.get((scope, lookup))
            return self.find_surrogate(scope, surrogate) if surrogate else None

    def relabel(self, row: SurrogateRow, memory: ScopeMemory) -> bool:
        """Put `row` in place of the queued or stored one; False if the store has it no longer."""
        with self._lock:  # so that no flush is between the queue and the store meanwhile
            if (row.scope, row.surrogate) in self._rows:
                self._rows[row.scope, row.surrogate] = (row, memory)
                return True
            return self._store.relabel(row)

    def flush(self) -> tuple[str, ...]:
        """Write the queue in one transaction; gives the surrogates that had to be withdrawn (hardly ever any).

        Raises `StoreError`, and the queue is as it was.
        """
        with self._lock:
            queued = list(self._rows.values())
            if not queued:
                return ()
            standing = self._store.claim([row for row, _ in queued])
            self._rows.clear()
            self._values.clear()
            self._scopes.clear()
            withdrawn: list[str] = []
            for (row, memory), now in zip(queued, standing, strict=True):
                if (now.surrogate, now.lookup) != (row.surrogate, row.lookup):
                    memory.withdraw(held_of(row))
                    withdrawn.append(row.surrogate)
                elif now.sealed != row.sealed:  # another process sealed the same value first
                    memory.keep(held_of(now))
            return tuple(withdrawn)
