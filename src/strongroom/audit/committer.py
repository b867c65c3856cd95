"""Group commit: many threads submit, one thread writes, and one sync acknowledges them all.

An entry gets its index when it is submitted and its durability when the batch that carries it is synced. An
entry nobody waits for lingers a few milliseconds so that it shares a sync. The queue is bounded: when the disk
cannot keep up, submitters wait briefly and are then refused.

Must never: acknowledge before the sync, or write again after a failed write: after a failed sync the kernel
may have dropped the pages it could not write, so trying again would acknowledge what is lost.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from strongroom.audit.shard import BATCH_ENTRIES_MAX, Shard
from strongroom.audit.tiles import TiledTree
from strongroom.clock import Clock
from strongroom.errors import AuditUnavailableError

Observer = Callable[[str, int], None]
"""Told ``("committed", entries)``, ``("signed", size)`` and ``("failed", 0)`` on the committer's thread."""


@dataclass(frozen=True, slots=True)
class CommitLimits:
    """How much waits, and for how long; seconds.

    `queue_entries` bounds memory at some 40 MB of usual entries; `queue_wait_s` is what a caller may be held up
    by a slow disk before it is refused; `durable_wait_s` is beyond any disk that still works; `linger_s` is
    one disk flush, so waiting costs no more than it saves; `checkpoint_interval_s` bounds what a crash leaves
    unsigned, and is long against the two flushes a checkpoint takes.
    """

    queue_entries: int = 1 << 16
    queue_wait_s: float = 2.0
    durable_wait_s: float = 30.0
    linger_s: float = 0.005
    checkpoint_interval_s: float = 1.0


DEFAULT_LIMITS = CommitLimits()

_Result = TypeVar("_Result")


class Committer:
    """Owns a shard: every write to it happens on the committer's thread."""

    def __init__(
        self,
        shard: Shard,
        *,
        clock: Clock,
        observer: Observer | None = None,
        limits: CommitLimits = DEFAULT_LIMITS,
    ) -> None:
        self._shard = shard
        self._clock = clock
        self._observe: Observer = observer or (lambda _event, _number: None)
        self._limits = limits
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._done = threading.Condition(self._lock)
        self._tree_lock = threading.Lock()
        self._queue: deque[bytes] = deque()
        self._next = self._durable = self._signed = shard.size
        self._urgent = self._sign_wanted = 0
        self._idle = self._closing = False
        self._failure: BaseException | None = None
        self._sign_due = 0.0
        self._thread = threading.Thread(target=self._run, name=f"audit {shard.origin}", daemon=True)
        self._thread.start()

    @property
    def size(self) -> int:
        """Entries that are durable."""
        return self._durable

    def submit(self, entry: bytes, *, durable: bool) -> int:
        """Queue `entry` and return its index; with `durable`, after it is on disk.

        Raises `AuditUnavailableError` when the log failed or is closed, or when the queue stays full.
        """
        self._require_own_process()
        with self._lock:
            if self._failure is not None or self._closing:
                self._require_working()
            if len(self._queue) >= self._limits.queue_entries:
                self._await_room()
            index = self._next
            self._next = index + 1
            self._queue.append(entry)
            if durable:
                self._urgent = index + 1
            if self._idle or durable or len(self._queue) == BATCH_ENTRIES_MAX:
                self._idle = False
                self._work.notify()
            if durable:
                self._await(lambda: self._durable > index)
        return index

    def flush(self) -> str:
        """Wait until everything submitted so far is durable and signed; returns the checkpoint.

        Raises `AuditUnavailableError` when that does not happen.
        """
        self._require_own_process()
        with self._lock:
            self._require_working()
            target = self._sign_wanted = self._urgent = self._next
            self._work.notify()
            self._await(lambda: self._signed >= target)
        with self._tree_lock:
            return self._shard.signed

    def read_tree(self, read: Callable[[TiledTree], _Result]) -> _Result:
        """What `read` finds in the tree while nothing is added to it."""
        with self._tree_lock:
            return read(self._shard.tree)

    def close(self) -> None:
        """Drain the queue, sign, and stop. Raises `AuditUnavailableError` if something was lost."""
        self._require_own_process()
        with self._lock:
            self._closing = True
            self._work.notify()
        self._thread.join(self._limits.durable_wait_s)
        with self._lock:
            if self._thread.is_alive():
                self._fail(TimeoutError())
            self._require_sound()

    def _require_own_process(self) -> None:
        # before the lock is touched: a fork may have copied it in the locked state, and has no committer
        if self._process != os.getpid():
            msg = f"the audit log {self._shard.origin} belongs to the process that opened it"
            raise AuditUnavailableError(msg)

    def _require_working(self) -> None:
        self._require_sound()
        if self._closing:
            msg = f"the audit log {self._shard.origin} is closed"
            raise AuditUnavailableError(msg)

    def _require_sound(self) -> None:
        if self._failure is not None:
            msg = f"the audit log {self._shard.origin} has failed and takes no entries"
            raise AuditUnavailableError(msg) from self._failure

    def _await_room(self) -> None:
        limit = self._limits.queue_entries
        has_room = self._done.wait_for(
            lambda: len(self._queue) < limit or self._failure is not None, self._limits.queue_wait_s
        )
        self._require_working()
        if not has_room:
            msg = f"the audit log {self._shard.origin} has {limit} entries waiting for the disk"
            raise AuditUnavailableError(msg)

    def _await(self, reached: Callable[[], bool]) -> None:
        """Wait, holding the lock, until `reached`. What takes too long has failed: nobody knows its fate."""
        if not self._done.wait_for(lambda: reached() or self._failure is not None, self._limits.durable_wait_s):
            self._fail(TimeoutError())
        if not reached():
            self._require_sound()

    def _fail(self, error: BaseException) -> None:
        """From now on nothing is taken or acknowledged. Holds the lock."""
        self._failure = error
        self._queue.clear()
        self._done.notify_all()

    def _run(self) -> None:
        try:
            while self._step():
                pass
        except BaseException as error:  # noqa: BLE001 - whatever stops the only writer must stop the log, loudly
            with self._lock:
                self._fail(error)
            self._observe("failed", 0)

    def _step(self) -> bool:
        """Commit one batch, or sign, or wait; False when there is nothing left to do."""
        with self._lock:
            batch = self._take()
            if self._failure is not None:
                return False
            is_last = self._closing and not batch
        if batch:
            self._shard.write(batch)
            with self._lock:
                self._durable += len(batch)
                self._done.notify_all()
            with self._tree_lock:
                self._shard.hash()
            self._observe("committed", len(batch))
        if not self._shard.is_signed and (is_last or self._is_sign_due()):
            with self._tree_lock:
                self._shard.sign()
            with self._lock:
                self._signed = self._shard.size
                self._done.notify_all()
            self._sign_due = self._clock.monotonic() + self._limits.checkpoint_interval_s
            self._observe("signed", self._shard.size)
        return not is_last

    def _take(self) -> list[bytes]:
        """The next batch, after waiting for one; empty when it is time to sign or to stop. Holds the lock."""
        while not self._queue:
            if self._closing or self._failure is not None or self._is_sign_due():
                return []
            self._idle = True
            self._work.wait(None if self._shard.is_signed else self._sign_due - self._clock.monotonic())
            if not self._idle:
                continue
            self._idle = False
            if not self._shard.is_signed:  # the interval passed without a new entry
                self._sign_due = self._clock.monotonic()
        if not self._is_hurried():
            self._work.wait_for(self._is_hurried, self._limits.linger_s)
        return [self._queue.popleft() for _ in range(min(len(self._queue), BATCH_ENTRIES_MAX))]

    def _is_hurried(self) -> bool:
        """Whether somebody waits for what is queued, or a batch is full. Holds the lock."""
        return self._urgent > self._durable or self._closing or len(self._queue) >= BATCH_ENTRIES_MAX

    def _is_sign_due(self) -> bool:
        if self._shard.is_signed:
            return False
        return self._sign_wanted > self._signed or self._clock.monotonic() >= self._sign_due
