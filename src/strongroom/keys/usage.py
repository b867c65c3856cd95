"""Who uses which key version for what: counted in memory, written in batches, alarmed when it should have ended.

Theory: counting must cost nothing beside a seal, so an operation adds one to a number in memory, and once a second
the sums go to the store in one write. A process that is killed loses the last second of counts; nothing that
must be exact hangs on them (what sealed data still names a version is counted in the data itself, `gate`). A use
of a version whose end is announced is told at once, the first time and then once an hour per user.

Must never: hold up an operation for a write, fail one because the counts could not be written, or count less
than what was used while the process lives.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from strongroom.clock import Clock
from strongroom.errors import StoreError
from strongroom.keys.path import KeyPath
from strongroom.permit import Permit

if TYPE_CHECKING:
    from strongroom.keys.keyring import DataKey

FLUSH_S = 1.0
"""Seconds between two writes; also the most that a killed process loses."""

DISTINCT_MAX = 65_536
"""Different (version, principal, operation) held before a write is asked for ahead of its time."""

ALARM_EVERY_S = 3600.0
"""The same user of the same ending version is alarmed again after this long."""


@dataclass(frozen=True, slots=True)
class UsageCount:
    """How often one principal used one key version for one operation. Times are milliseconds since the epoch."""

    keyref: int
    principal: str
    operation: str
    count: int
    first_at: int
    last_at: int


class UsageStore(Protocol):
    """Where counts are kept."""

    def add(self, counts: Sequence[UsageCount]) -> None:
        """Add to the counts that are there, all in one write; `last_at` only grows."""
        ...

    def of(self, keyrefs: Collection[int]) -> tuple[UsageCount, ...]:
        """The counts of these versions, the latest use first."""
        ...


@dataclass(frozen=True, slots=True)
class EndingUse:
    """Somebody used a version whose end is announced."""

    keyref: int
    path: KeyPath
    version: int
    principal: str
    operation: str


class UsageMeter:
    """Counts uses for one process. Thread-safe. `start` writes every `FLUSH_S`; `close` writes what is left."""

    def __init__(
        self, store: UsageStore, clock: Clock, *, alarm: Callable[[EndingUse], None] | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._alarm = alarm
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._counts: dict[tuple[int, str, str], int] = {}
        self._alarmed: dict[tuple[int, str, str], float] = {}
        self._wake = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def alarm_to(self, alarm: Callable[[EndingUse], None]) -> None:
        """Tell `alarm` from now on; the log it writes to is signed with keys, and so comes to be after them."""
        self._alarm = alarm

    def count(self, key: DataKey, permit: Permit) -> None:
        """One use of `key` by the principal and for the action of `permit`. Raises what the alarm raises."""
        place = (key.keyref, permit.principal, permit.action)
        with self._lock:
            self._counts[place] = self._counts.get(place, 0) + 1
            if len(self._counts) >= DISTINCT_MAX:
                self._wake.set()
        if key.ending:
            self._warn(key, place)

    def flush(self) -> int:
        """Write the counts; returns how many different ones. Raises `StoreError`, and then keeps them."""
        with self._writing:
            with self._lock:
                taken, self._counts = self._counts, {}
            if not taken:
                return 0
            now = int(self._clock.now() * 1000)
            try:
                self._store.add([UsageCount(*place, count, now, now) for place, count in taken.items()])
            except BaseException:
                with self._lock:
                    for place, count in taken.items():
                        self._counts[place] = self._counts.get(place, 0) + count
                raise
            return len(taken)

    @property
    def pending(self) -> int:
        """Different counts that are not in the store yet."""
        return len(self._counts)

    def start(self) -> None:
        """Write in the background from now on."""
        self._thread = threading.Thread(target=self._run, name="strongroom-usage", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop and write what is left; if the store cannot take it now, it is lost."""
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._try_to_flush()

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait(FLUSH_S)
            self._wake.clear()
            self._try_to_flush()

    def _try_to_flush(self) -> None:
        try:
            self.flush()
        except StoreError:
            return  # the counts are kept and written with the next ones; `pending` says so

    def _warn(self, key: DataKey, place: tuple[int, str, str]) -> None:
        now = self._clock.monotonic()
        with self._lock:
            last = self._alarmed.get(place)
            if last is not None and now - last < ALARM_EVERY_S:
                return
            self._alarmed[place] = now
        self._wake.set()
        if self._alarm is not None:
            self._alarm(EndingUse(key.keyref, key.path, key.version, place[1], place[2]))
