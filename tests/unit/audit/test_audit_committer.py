import errno
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from strongroom.adapters.log_files import LogFiles
from strongroom.audit.committer import CommitLimits, Committer
from strongroom.audit.shard import BATCH_ENTRIES_MAX, Shard
from strongroom.audit.storage import LogStorage
from strongroom.clock import Clock, SystemClock
from strongroom.errors import AuditUnavailableError
from strongroom.primitives.signing import SigningKey

PATIENT = CommitLimits(linger_s=0.0, checkpoint_interval_s=3600.0)
"""Signs at once after the first batch and then only when asked, as long as the clock stands still."""


@dataclass
class WatchedStorage:
    """Passes everything on, counts syncs, and can be told to hold or to fail."""

    inner: LogStorage
    broken: set[str] = field(default_factory=set)
    gate: threading.Event = field(default_factory=threading.Event)
    reached: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    syncs: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    def _pass(self, call: str) -> None:
        self.reached.release()
        assert self.gate.wait(30)
        if call in self.broken:
            raise OSError(errno.ENOSPC, "no space left")

    def append(self, name: str, content: bytes) -> None:
        self._pass("append")
        self.inner.append(name, content)

    def put(self, name: str, content: bytes, *, durable: bool) -> None:
        if "put" in self.broken:
            raise OSError(errno.EIO, "input/output error")
        self.inner.put(name, content, durable=durable)

    def sync(self, names: Sequence[str]) -> None:
        self.syncs += 1
        if "sync" in self.broken:
            raise OSError(errno.EIO, "input/output error")
        self.inner.sync(names)

    def read(self, name: str) -> bytes | None:
        return self.inner.read(name)

    def truncate(self, name: str, length: int) -> None:
        self.inner.truncate(name, length)

    def names(self, folder: str) -> list[str]:
        return self.inner.names(folder)


@pytest.fixture
def storage(directory: Path) -> WatchedStorage:
    claimed = LogFiles(directory).claim("shard-0000")
    assert claimed is not None
    return WatchedStorage(claimed)


Start = Callable[..., Committer]


@pytest.fixture
def start(storage: WatchedStorage, key: SigningKey, clock: Clock) -> Iterator[Start]:
    started: list[Committer] = []

    def make(limits: CommitLimits = PATIENT, clock: Clock = clock, **more: object) -> Committer:
        shard = Shard.open(storage, origin="shard-0000", signing_key=key)
        started.append(Committer(shard, clock=clock, limits=limits, **more))  # type: ignore[arg-type]
        storage.syncs = 0
        return started[-1]

    yield make
    storage.gate.set()
    for committer in started:
        with suppress(AuditUnavailableError):  # of the tests in which the log fails
            committer.close()


def wait_until_writing(storage: WatchedStorage) -> None:
    assert storage.reached.acquire(timeout=30)


def wait_until_submitted(committer: Committer, count: int) -> None:
    while committer._next < count:
        os.sched_yield()


def test_waiters_share_a_sync(start: Start, storage: WatchedStorage) -> None:
    seen: list[tuple[str, int]] = []
    committer = start(observer=lambda event, number: seen.append((event, number)))
    storage.gate.clear()
    with ThreadPoolExecutor(40) as pool:
        first = pool.submit(committer.submit, b"0", durable=True)
        wait_until_writing(storage)
        others = [pool.submit(committer.submit, b"x", durable=True) for _ in range(30)]
        wait_until_submitted(committer, 31)
        storage.gate.set()
        assert first.result(30) == 0
        assert sorted(other.result(30) for other in others) == list(range(1, 31))
    assert [number for event, number in seen if event == "committed"] == [1, 30]
    assert storage.syncs == 2
    assert committer.size == 31


def test_a_durable_submission_is_on_disk_when_it_returns(start: Start, storage: WatchedStorage) -> None:
    committer = start()
    committer.submit(b"kept", durable=True)
    assert b"kept" in (storage.read("entries/000") or b"")


def test_what_nobody_waits_for_lingers_and_shares_a_sync(start: Start, storage: WatchedStorage) -> None:
    committer = start(CommitLimits(linger_s=30.0, checkpoint_interval_s=3600.0))
    for _ in range(100):
        committer.submit(b"x", durable=False)
    assert committer.submit(b"y", durable=True) == 100
    assert storage.syncs == 1


def test_a_full_batch_does_not_linger(start: Start) -> None:
    committed = threading.Event()
    committer = start(
        CommitLimits(linger_s=30.0, checkpoint_interval_s=3600.0),
        observer=lambda event, number: committed.set() if (event, number) == ("committed", 1024) else None,
    )
    for _ in range(BATCH_ENTRIES_MAX):
        committer.submit(b"x", durable=False)
    assert committed.wait(10)


def test_an_entry_is_signed_when_the_interval_is_over_although_none_follows(start: Start) -> None:
    signed = threading.Event()
    sizes: list[int] = []

    def observe(event: str, number: int) -> None:
        if event == "signed":
            sizes.append(number)
            signed.set()

    committer = start(
        CommitLimits(linger_s=0.0, checkpoint_interval_s=0.02), clock=SystemClock(), observer=observe
    )
    committer.submit(b"one", durable=True)
    assert signed.wait(30)
    signed.clear()
    committer.submit(b"two", durable=True)
    assert signed.wait(30)
    assert sizes == [1, 2]


def test_checkpoints_are_no_more_frequent_than_the_interval(start: Start) -> None:
    sizes: list[int] = []
    committer = start(observer=lambda event, number: sizes.append(number) if event == "signed" else None)
    for _ in range(20):
        committer.submit(b"x", durable=True)
    committer.flush()
    committer.flush()
    assert sizes == [1, 20]


def test_a_flush_of_nothing_returns_the_checkpoint_there_is(start: Start, storage: WatchedStorage) -> None:
    assert start().flush().encode() == storage.read("checkpoint")


@pytest.mark.parametrize("call", ["append", "sync", "put"])
def test_any_failed_write_ends_the_log(start: Start, storage: WatchedStorage, call: str) -> None:
    seen: list[str] = []
    committer = start(observer=lambda event, _: seen.append(event))
    committer.submit(b"before", durable=True)
    committer.flush()
    storage.broken = {call}

    def append_and_sign() -> None:
        committer.submit(b"lost", durable=True)
        committer.flush()

    with pytest.raises(AuditUnavailableError, match="has failed") as caught:
        append_and_sign()
    assert isinstance(caught.value.__cause__, OSError)
    storage.broken = set()  # the disk is well again, the log is not
    for use in (
        lambda: committer.submit(b"x", durable=False),
        lambda: committer.submit(b"x", durable=True),
        committer.flush,
        committer.close,
    ):
        with pytest.raises(AuditUnavailableError, match="has failed"):
            use()
    assert seen[-1] == "failed"


def test_everybody_who_waits_learns_of_the_failure(start: Start, storage: WatchedStorage) -> None:
    committer = start()
    storage.gate.clear()
    storage.broken = {"append"}
    with ThreadPoolExecutor(10) as pool:
        waiting = [pool.submit(committer.submit, b"x", durable=True) for _ in range(10)]
        wait_until_submitted(committer, 10)
        storage.gate.set()
        assert all(isinstance(one.exception(30), AuditUnavailableError) for one in waiting)


def test_a_full_queue_refuses_after_a_moment_and_recovers(start: Start, storage: WatchedStorage) -> None:
    committer = start(CommitLimits(queue_entries=3, queue_wait_s=0.01, linger_s=0.0))
    storage.gate.clear()
    committer.submit(b"taken", durable=False)
    wait_until_writing(storage)
    for _ in range(3):
        committer.submit(b"queued", durable=False)
    with pytest.raises(AuditUnavailableError, match="3 entries waiting"):
        committer.submit(b"refused", durable=False)
    storage.gate.set()
    committer.flush()
    assert committer.submit(b"welcome", durable=True) == 4


def test_a_submitter_waits_for_room(start: Start, storage: WatchedStorage) -> None:
    committer = start(CommitLimits(queue_entries=1, queue_wait_s=30.0, linger_s=0.0))
    storage.gate.clear()
    committer.submit(b"taken", durable=False)
    wait_until_writing(storage)
    committer.submit(b"queued", durable=False)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(committer.submit, b"late", durable=True)
        storage.gate.set()
        assert late.result(30) == 2


def test_a_disk_that_does_not_answer_ends_the_log(start: Start, storage: WatchedStorage) -> None:
    committer = start(CommitLimits(durable_wait_s=0.02, linger_s=0.0))
    storage.gate.clear()
    with pytest.raises(AuditUnavailableError, match="has failed") as caught:
        committer.submit(b"x", durable=True)
    assert isinstance(caught.value.__cause__, TimeoutError)
    with pytest.raises(AuditUnavailableError, match="has failed"):
        committer.close()
    storage.gate.set()
    committer._thread.join(30)
    assert not committer._thread.is_alive()


def test_closing_waits_only_so_long_for_the_disk(start: Start, storage: WatchedStorage) -> None:
    committer = start(CommitLimits(durable_wait_s=0.02, linger_s=0.0))
    storage.gate.clear()
    committer.submit(b"x", durable=False)
    wait_until_writing(storage)
    with pytest.raises(AuditUnavailableError, match="has failed"):
        committer.close()


def test_closing_drains_and_signs(start: Start, storage: WatchedStorage) -> None:
    committer = start(CommitLimits(linger_s=30.0))
    for _ in range(3 * BATCH_ENTRIES_MAX + 1):
        committer.submit(b"x", durable=False)
    committer.close()
    assert committer.size == 3 * BATCH_ENTRIES_MAX + 1
    assert (storage.read("checkpoint") or b"").splitlines()[1] == b"%d" % committer.size
