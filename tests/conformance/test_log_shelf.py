"""One suite for every log shelf, the fake included, and the crash simulation that stands on the fake.

`MemoryShelf` keeps what was written apart from what was synced, and can lose power after any byte.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.adapters.log_files import LogFiles
from strongroom.audit.segments import SEGMENT_ENTRIES, scan, segment_name
from strongroom.audit.shard import Shard
from strongroom.audit.storage import LogShelf, LogStorage
from strongroom.audit.verify import verify_audit
from strongroom.errors import IntegrityError
from strongroom.primitives.signing import SigningKey

KEY = SigningKey.from_seed(bytes(range(32)))
ORIGIN = "shard-0000"


@dataclass
class Power:
    """Bytes that can still be written; every call costs one more, so that calls without bytes can be cut too."""

    left: int = 1 << 60
    spent: list[int] = field(default_factory=list)

    def draw(self, wanted: int) -> int:
        granted = min(wanted, self.left)
        self.left -= granted
        self.spent.append(wanted)
        return granted


class MemoryStorage:
    """Implements `LogStorage` with a page cache (`live`) and a disk (`durable`)."""

    def __init__(self, power: Power) -> None:
        self.live: dict[str, bytes] = {}
        self.durable: dict[str, bytes] = {}
        self._power = power

    def _spend(self, wanted: int) -> int:
        if self._power.left <= 0:
            raise OSError(5, "power is off")
        return self._power.draw(wanted)

    def append(self, name: str, content: bytes) -> None:
        granted = self._spend(len(content) + 1)
        self.live[name] = self.live.get(name, b"") + content[:granted]
        if granted <= len(content):
            raise OSError(5, "power is off")

    def put(self, name: str, content: bytes, *, durable: bool) -> None:
        if self._spend(len(content) + 1) <= len(content):
            raise OSError(5, "power is off")
        self.live[name] = content
        if durable:
            self.durable[name] = content

    def sync(self, names: Sequence[str]) -> None:
        for name in names:
            self._spend(1)
            self.durable[name] = self.live[name]

    def read(self, name: str) -> bytes | None:
        return self.live.get(name)

    def truncate(self, name: str, length: int) -> None:
        self._spend(1)
        self.live[name] = self.durable[name] = self.live[name][:length]

    def names(self, folder: str) -> list[str]:
        return sorted(name for name in self.live if name.startswith(folder + "/"))

    def crash(self, survival: str) -> None:
        """Become what a new process finds.

        ``process``: the kernel lives on; ``synced``: only what was synced; ``half``: half of the rest;
        ``zeros``: the lengths of the rest without its bytes; ``later``: of the segments only the last.
        """
        if survival != "process":
            segments = self.names("entries")
            for name, written in list(self.live.items()):
                kept = self.durable.get(name)
                extra = len(written) - len(kept or b"")
                if survival == "later" and name in segments[-1:]:
                    now: bytes | None = written
                elif survival in ("synced", "later"):
                    now = kept
                elif kept is None or not written.startswith(kept):
                    now = written[: len(written) // 2] if survival == "half" else bytes(len(written))
                else:
                    tail = written[len(kept) : len(kept) + extra // 2] if survival == "half" else bytes(extra)
                    now = kept + tail
                if now is None:
                    del self.live[name]
                else:
                    self.live[name] = now
        self.durable = dict(self.live)


class MemoryShelf:
    """Implements `LogShelf`."""

    def __init__(self, power: Power | None = None) -> None:
        self.power = power or Power()
        self.shards: dict[str, MemoryStorage] = {}
        self._claimed: set[str] = set()

    def origins(self) -> list[str]:
        return sorted(self.shards)

    def claim(self, origin: str) -> MemoryStorage | None:
        if origin in self._claimed:
            return None
        self._claimed.add(origin)
        return self.shards.setdefault(origin, MemoryStorage(self.power))

    def release(self, origin: str) -> None:
        self._claimed.discard(origin)

    def storage(self, origin: str) -> MemoryStorage:
        return self.shards[origin]


# --- the suite ------------------------------------------------------------------------------------


@pytest.fixture(params=["files", "memory"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LogShelf]:
    made: LogShelf = LogFiles(tmp_path / "home" / "audit") if request.param == "files" else MemoryShelf()
    yield made
    for origin in made.origins():
        made.release(origin)


@pytest.fixture
def storage(shelf: LogShelf) -> LogStorage:
    claimed = shelf.claim(ORIGIN)
    assert claimed is not None
    return claimed


def test_a_shard_has_one_holder_until_it_is_released(shelf: LogShelf) -> None:
    assert shelf.origins() == []
    assert shelf.claim("shard-0000") is not None
    assert shelf.claim("shard-0000") is None
    assert shelf.claim("shard-0001") is not None
    assert shelf.origins() == ["shard-0000", "shard-0001"]
    shelf.release("shard-0000")
    shelf.release("shard-0000")
    assert shelf.claim("shard-0000") is not None


def test_what_is_appended_is_read_in_order_by_everybody(shelf: LogShelf, storage: LogStorage) -> None:
    storage.append("entries/000", b"one")
    storage.append("entries/000", b"two")
    storage.append("entries/x001/000", b"three")
    storage.sync(["entries/000", "entries/x001/000"])
    storage.append("entries/x001/000", b"four")
    storage.sync([])
    assert shelf.storage(ORIGIN).read("entries/000") == b"onetwo"
    assert shelf.storage(ORIGIN).read("entries/x001/000") == b"threefour"
    assert shelf.storage(ORIGIN).names("entries") == ["entries/000", "entries/x001/000"]


def test_a_put_replaces_the_whole(storage: LogStorage) -> None:
    storage.put("tile/0/000", b"long content", durable=False)
    storage.put("tile/0/000", b"short", durable=True)
    storage.sync(["tile/0/000"])
    assert storage.read("tile/0/000") == b"short"
    assert storage.names("tile") == ["tile/0/000"]


def test_truncation_cuts_and_appending_goes_on_there(storage: LogStorage) -> None:
    storage.append("entries/000", b"keep and drop")
    storage.sync(["entries/000"])
    storage.truncate("entries/000", 4)
    storage.append("entries/000", b"!")
    assert storage.read("entries/000") == b"keep!"


def test_what_is_not_there_reads_as_nothing(storage: LogStorage) -> None:
    assert storage.read("checkpoint") is None
    assert storage.names("entries") == []


def test_a_failure_is_an_os_error(storage: LogStorage) -> None:
    with pytest.raises((OSError, KeyError)):
        storage.truncate("entries/000", 0)


# --- crashes --------------------------------------------------------------------------------------

BATCHES = (1, 2, 250, 10, 600, 400, 5)
"""Crosses a tile at 256 and a segment at 1,024, and ends in the middle of both."""

SIGN_AFTER = {1, 3, 4}
SURVIVALS = ("process", "synced", "half", "zeros", "later")


def entries_of(start: int, count: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(start, start + count)]


@dataclass
class Outcome:
    acknowledged: int = 0
    signed: int = 0


def run_until_the_power_goes(storage: MemoryStorage, outcome: Outcome) -> None:
    shard = Shard.open(storage, origin=ORIGIN, signing_key=KEY)
    for number, count in enumerate(BATCHES):
        shard.write(entries_of(shard.size, count))
        outcome.acknowledged = shard.size
        shard.hash()
        if number in SIGN_AFTER:
            shard.sign()
            outcome.signed = shard.size


def stored_entries(storage: MemoryStorage) -> list[bytes]:
    found: list[bytes] = []
    number = 0
    while (raw := storage.read(segment_name(number))) is not None:
        found += scan(raw).entries
        number += 1
    return found


def require_sound(shelf: MemoryShelf, outcome: Outcome) -> None:
    """Nothing acknowledged is lost, nothing is made up, the log verifies, and it can go on."""
    storage = shelf.storage(ORIGIN)
    shard = Shard.open(storage, origin=ORIGIN, signing_key=KEY)
    assert outcome.acknowledged <= shard.size <= sum(BATCHES)
    assert stored_entries(storage) == entries_of(0, shard.size)
    report = verify_audit(shelf, public=KEY.public)
    assert (report.entries, report.shards[0].unsigned, report.shards[0].torn_bytes) == (shard.size, 0, 0)
    shard.write(entries_of(shard.size, 300))
    shard.sign()
    storage.crash("synced")
    assert verify_audit(shelf, public=KEY.public).entries == shard.size
    assert stored_entries(storage) == entries_of(0, shard.size)


def crashed_at(cut: int, survival: str) -> tuple[MemoryShelf, Outcome]:
    shelf, outcome = MemoryShelf(Power(cut)), Outcome()
    storage = shelf.claim(ORIGIN)
    assert storage is not None
    with pytest.raises(OSError, match="power"):
        run_until_the_power_goes(storage, outcome)
    storage.crash(survival)
    shelf.power.left = 1 << 60
    return shelf, outcome


def write_points() -> list[int]:
    """Around the start and end of every single write, and in its middle."""
    shelf = MemoryShelf()
    storage = shelf.claim(ORIGIN)
    assert storage is not None
    run_until_the_power_goes(storage, Outcome())
    points, start = set(), 0
    for length in shelf.power.spent:
        points |= {start + offset for offset in (0, 1, 9, length // 2, length - 1) if offset < length}
        start += length
    return sorted(points)


@pytest.mark.parametrize("survival", SURVIVALS)
def test_a_crash_at_every_write_loses_nothing_acknowledged(survival: str) -> None:
    points = write_points()
    assert len(points) > 80
    for cut in points:
        require_sound(*crashed_at(cut, survival))


@settings(max_examples=60, deadline=None)
@given(
    cut=st.integers(0, 60_000),
    again=st.integers(0, 30_000),
    survivals=st.tuples(st.sampled_from(SURVIVALS), st.sampled_from(SURVIVALS)),
)
def test_a_crash_during_recovery_loses_nothing_either(cut: int, again: int, survivals: tuple[str, str]) -> None:
    total = write_points()[-1]
    shelf, outcome = crashed_at(min(cut, total), survivals[0])
    storage = shelf.storage(ORIGIN)
    shelf.power.left = again
    try:
        Shard.open(storage, origin=ORIGIN, signing_key=KEY)
    except OSError:
        storage.crash(survivals[1])
    shelf.power.left = 1 << 60
    require_sound(shelf, outcome)


def test_the_simulation_would_notice_a_log_that_acknowledges_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    def forget(_storage: MemoryStorage, _names: Sequence[str]) -> None:
        """A sync that does nothing."""

    monkeypatch.setattr(MemoryStorage, "sync", forget)
    shelf, outcome = crashed_at(write_points()[-1], "synced")
    assert outcome.acknowledged
    with pytest.raises((AssertionError, IntegrityError)):
        require_sound(shelf, outcome)


def test_the_batches_cross_a_tile_and_a_segment() -> None:
    assert sum(BATCHES[:3]) < 256 < sum(BATCHES[:4])
    assert sum(BATCHES[:5]) < SEGMENT_ENTRIES < sum(BATCHES[:6])
