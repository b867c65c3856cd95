"""Counting uses in batches, the alarm of an ending version, and the gate before its end."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from strongroom.adapters.sqlite import Database
from strongroom.adapters.sqlite.usage import SQLiteUsage
from strongroom.errors import AuditUnavailableError, KeyInUseError, StoreError, StoreFullError
from strongroom.keys import Keyring, KeyRotation
from strongroom.keys.gate import DeactivationGate, Holding
from strongroom.keys.usage import ALARM_EVERY_S, DISTINCT_MAX, EndingUse, UsageCount, UsageMeter

DAY_S = 86_400


@pytest.fixture
def usage(tmp_path: Path) -> Iterator[SQLiteUsage]:
    database = Database.open(tmp_path / "strongroom.db")
    yield SQLiteUsage(database)
    database.close()


class Metered:
    """A keyring that counts, and what it alarmed."""

    def __init__(self, stand: Any, usage: Any) -> None:
        self.alarms: list[EndingUse] = []
        self.meter = UsageMeter(usage, stand.clock, alarm=self.alarms.append)
        self.keyring = Keyring(
            store=stand.store, root=stand.root, epoch=stand.epoch, office=stand.office, clock=stand.clock,
            meter=self.meter,
        )  # fmt: skip


@pytest.fixture
def metered(stand: Any, usage: SQLiteUsage) -> Metered:
    stand.admin.create(stand.path, stand.managing)
    return Metered(stand, usage)


def test_every_use_is_counted_by_version_principal_and_operation(
    stand: Any, metered: Metered, usage: SQLiteUsage
) -> None:
    key = metered.keyring.sealing_key(stand.path, stand.sealing)
    for _ in range(3):
        metered.keyring.opening_key(key.keyref, stand.path, stand.opening)
    assert usage.of([key.keyref]) == ()
    assert metered.meter.pending == 2
    assert metered.meter.flush() == 2
    now = int(stand.clock.wall * 1000)
    assert usage.of([key.keyref]) == (
        UsageCount(key.keyref, "test", "open", 3, now, now),
        UsageCount(key.keyref, "test", "seal", 1, now, now),
    )
    assert metered.meter.flush() == 0


def test_counts_add_up_and_the_last_use_never_goes_back(stand: Any, metered: Metered, usage: SQLiteUsage) -> None:
    key = metered.keyring.sealing_key(stand.path, stand.sealing)
    metered.meter.flush()
    first = int(stand.clock.wall * 1000)
    stand.clock.wall -= 100  # the clock was set back
    metered.keyring.sealing_key(stand.path, stand.sealing)
    metered.meter.flush()
    assert usage.of([key.keyref]) == (UsageCount(key.keyref, "test", "seal", 2, first - 100_000, first),)


class BrokenUsage:
    """A store that is full until it is not."""

    def __init__(self) -> None:
        self.broken = True
        self.taken: list[UsageCount] = []

    def add(self, counts: Sequence[UsageCount]) -> None:
        if self.broken:
            raise StoreFullError("full")
        self.taken += counts

    def of(self, keyrefs: Collection[int]) -> tuple[UsageCount, ...]:
        return tuple(self.taken)


def test_a_full_disk_loses_no_count_and_stops_no_operation(stand: Any) -> None:
    store = BrokenUsage()
    metered = Metered(stand, store)
    metered.keyring.sealing_key(stand.path, stand.sealing)
    with pytest.raises(StoreFullError):
        metered.meter.flush()
    metered.keyring.sealing_key(stand.path, stand.sealing)
    store.broken = False
    metered.meter.close()
    assert [count.count for count in store.taken] == [2]


def test_what_is_left_is_written_in_the_background_and_at_the_end(stand: Any) -> None:
    written = threading.Event()

    class Telling(BrokenUsage):
        def add(self, counts: Sequence[UsageCount]) -> None:
            super().add(counts)
            written.set()

    store = Telling()
    store.broken = False
    metered = Metered(stand, store)
    metered.meter.start()
    metered.keyring.sealing_key(stand.path, stand.sealing)
    assert written.wait(30)
    metered.keyring.sealing_key(stand.path, stand.sealing)
    metered.meter.close()
    assert sum(count.count for count in store.taken) == 2
    assert metered.meter.pending == 0


def test_many_different_counts_ask_to_be_written(stand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strongroom.keys.usage.DISTINCT_MAX", 2)
    assert DISTINCT_MAX > 2
    metered = Metered(stand, BrokenUsage())
    metered.keyring.sealing_key(stand.path, stand.sealing)
    assert not metered.meter._wake.is_set()
    metered.keyring.sealing_key(stand.subject, stand.sealing)
    assert metered.meter._wake.is_set()


def test_counting_under_threads_is_exact(stand: Any, metered: Metered, usage: SQLiteUsage) -> None:
    key = metered.keyring.sealing_key(stand.path, stand.sealing)

    def work() -> None:
        for _ in range(500):
            metered.keyring.opening_key(key.keyref, stand.path, stand.opening)
            if _ % 100 == 0:
                metered.meter.flush()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    metered.meter.flush()
    assert {count.operation: count.count for count in usage.of([key.keyref])} == {"open": 2000, "seal": 1}


def test_the_first_use_of_an_ending_version_is_alarmed_at_once(stand: Any, metered: Metered) -> None:
    key = metered.keyring.sealing_key(stand.path, stand.sealing)
    stand.admin.rotate(stand.path, stand.managing)
    metered.keyring.opening_key(key.keyref, stand.path, stand.opening)
    assert metered.alarms == []
    KeyRotation(stand.admin.changes).schedule_deactivation(stand.path, stand.managing, version=1, after_s=60)
    for _ in range(3):
        metered.keyring.opening_key(key.keyref, stand.path, stand.opening)
    assert metered.alarms == [EndingUse(key.keyref, stand.path, 1, "test", "open")]
    assert "health" in repr(metered.alarms[0].path)
    stand.clock.ticks += ALARM_EVERY_S
    stand.opening = stand.permit("open")
    metered.keyring.opening_key(key.keyref, stand.path, stand.opening)
    assert len(metered.alarms) == 2


def test_no_alarm_sink_no_service(stand: Any, usage: SQLiteUsage) -> None:
    metered = Metered(stand, usage)
    key = metered.keyring.sealing_key(stand.path, stand.sealing)
    stand.admin.rotate(stand.path, stand.managing)
    KeyRotation(stand.admin.changes).schedule_deactivation(stand.path, stand.managing, version=1, after_s=60)

    def fail(_: EndingUse) -> None:
        raise AuditUnavailableError("down")

    metered.meter._alarm = fail
    with pytest.raises(AuditUnavailableError):
        metered.keyring.opening_key(key.keyref, stand.path, stand.opening)


class Shelf:
    """An inventory that says what it is told."""

    def __init__(self, *holdings: Holding) -> None:
        self.found = holdings

    def holdings(self, keyrefs: Collection[int]) -> tuple[Holding, ...]:
        return tuple(holding for holding in self.found if holding.keyref in keyrefs)


@pytest.fixture
def gate_over(stand: Any, metered: Metered, usage: SQLiteUsage) -> Callable[..., DeactivationGate]:
    return lambda *shelves: DeactivationGate(
        usage, shelves, stand.clock, window_s=30 * DAY_S, flush=metered.meter.flush
    )


def test_a_version_ends_only_when_nobody_used_it_in_the_window_and_nothing_names_it(
    stand: Any, metered: Metered, gate_over: Callable[..., DeactivationGate]
) -> None:
    rotation = KeyRotation(stand.admin.changes)
    key = metered.keyring.sealing_key(stand.path, stand.sealing)
    child = metered.keyring.sealing_key(stand.subject, stand.sealing)
    stand.admin.rotate(stand.path, stand.managing)
    rotation.schedule_deactivation(stand.path, stand.managing, version=1, after_s=0)
    shelf = Shelf(Holding(key.keyref, "history", 7), Holding(child.keyref, "files", 1))

    def end() -> int:
        return rotation.deactivate(stand.path, stand.managing, version=1, gate=gate_over(shelf))

    with pytest.raises(KeyInUseError) as refused:
        end()
    assert str(refused.value) == (
        "key acme/prod/health version 1 is still needed: test (seal, 1 times, last 2027-01-15T08:00:00Z); "
        "7 sealed in history; 1 keys wrapped under it"
    )
    stand.admin.rewrap(stand.path, stand.managing)
    shelf.found = shelf.found[1:]
    stand.clock.wall += 30 * DAY_S
    metered.keyring.opening_key(key.keyref, stand.path, stand.opening)
    with pytest.raises(KeyInUseError, match=r"test \(open, 1 times"):
        end()
    stand.clock.wall += 31 * DAY_S
    assert end() == 1


def test_what_cannot_be_counted_keeps_the_gate_shut(
    stand: Any, metered: Metered, gate_over: Callable[..., DeactivationGate]
) -> None:
    class Unreadable(Shelf):
        def holdings(self, keyrefs: Collection[int]) -> tuple[Holding, ...]:
            raise StoreError("unreadable")

    rotation = KeyRotation(stand.admin.changes)
    stand.admin.rotate(stand.path, stand.managing)
    rotation.schedule_deactivation(stand.path, stand.managing, version=1, after_s=0)
    with pytest.raises(StoreError, match="unreadable"):
        rotation.deactivate(stand.path, stand.managing, version=1, gate=gate_over(Unreadable()))


def test_a_refusal_names_ten_users_and_counts_the_rest(
    stand: Any, metered: Metered, usage: SQLiteUsage, gate_over: Callable[..., DeactivationGate]
) -> None:
    now = int(stand.clock.wall * 1000)
    usage.add([UsageCount(7, f"agent-{number:02}", "open", 1, now, now) for number in range(12)])
    told = str(gate_over().need(7))
    assert told.count("agent-") == 10
    assert told.endswith("2 more users")
    assert not gate_over().need(8)
