"""Many threads, two connections: one surrogate per value, one value per surrogate."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strongroom.adapters.sqlite import Database
from strongroom.adapters.sqlite.surrogates import SQLiteSurrogateStore
from strongroom.surrogates.issue import Surrogates
from strongroom.surrogates.scope import ScopeKey

THREADS = 8
VALUES = [f"user{number}@example.com" for number in range(24)]


def run_all(work: Callable[[int], None]) -> None:
    errors: list[BaseException] = []
    start = threading.Barrier(THREADS)

    def guarded(number: int) -> None:
        try:
            start.wait()
            work(number)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.fixture
def two_processes(stored_desk: Any, tmp_path: Path) -> Any:
    """Two `Surrogates` on two connections to one store, as two processes have them."""
    database = Database.open(tmp_path / "strongroom.db")
    first = stored_desk.surrogates
    stored_desk.store = SQLiteSurrogateStore(database)
    second = stored_desk.another()
    yield first, second
    database.close()


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many codes as values and a few more, so that nearly every issue collides."""

    def surrogate(key: Any, kind: str, lookup: bytes, probe: int) -> str | None:
        data = f"A{(lookup[0] + probe) % 32:04}".ljust(key._data_len, "0")
        return f"{kind}_{data}{key._check(kind, data)}"

    monkeypatch.setattr(ScopeKey, "surrogate", surrogate)


@pytest.mark.usefixtures("crowded")
def test_threads_and_connections_agree_on_durable_surrogates(
    stored_desk: Any, two_processes: tuple[Surrogates, Surrogates]
) -> None:
    issued: list[dict[str, str]] = [{} for _ in range(THREADS)]

    def work(number: int) -> None:
        for step in range(len(VALUES)):
            value = VALUES[(step + 3 * number) % len(VALUES)]
            process = two_processes[number % 2]
            issued[number][value] = stored_desk.issue(value, at=process, scope=stored_desk.tenant_scope)

    run_all(work)
    assert all(one == issued[0] for one in issued)
    assert len(set(issued[0].values())) == len(VALUES)
    for value, surrogate in issued[0].items():
        for process in two_processes:
            assert stored_desk.resolve(surrogate, at=process, scope=stored_desk.tenant_scope) == value


@pytest.mark.usefixtures("crowded")
def test_threads_of_one_process_agree_in_a_conversation(stored_desk: Any) -> None:
    issued: list[dict[str, str]] = [{} for _ in range(THREADS)]

    def work(number: int) -> None:
        for step in range(len(VALUES)):
            value = VALUES[(step + 5 * number) % len(VALUES)]
            issued[number][value] = stored_desk.issue(value)
            if step % 7 == number % 7:
                assert stored_desk.surrogates.flush() == ()

    run_all(work)
    assert all(one == issued[0] for one in issued)
    stored_desk.surrogates.flush()
    reader = stored_desk.another()
    for value, surrogate in issued[0].items():
        assert stored_desk.resolve(surrogate, at=reader) == value


@pytest.mark.usefixtures("crowded")
def test_two_processes_in_one_conversation_never_restore_the_wrong_value(
    stored_desk: Any, two_processes: tuple[Surrogates, Surrogates]
) -> None:
    withdrawn: list[set[str]] = [set(), set()]
    issued: list[dict[str, str]] = [{}, {}]
    for step in range(len(VALUES)):
        for side, process in enumerate(two_processes):
            value = VALUES[step if side == 0 else -1 - step]
            issued[side][stored_desk.issue(value, at=process)] = value
        if step % 3 == 2:
            for side, process in enumerate(two_processes):
                withdrawn[side] |= set(process.flush())
    for side, process in enumerate(two_processes):
        withdrawn[side] |= set(process.flush())
    assert withdrawn[0] | withdrawn[1]  # the crowd made them meet
    for side, process in enumerate(two_processes):
        for surrogate, value in issued[side].items():
            if surrogate in withdrawn[side]:
                assert process.label(stored_desk.scope, surrogate) is None
            else:
                assert stored_desk.resolve(surrogate, at=process) == value
    reader = stored_desk.another()
    for value in VALUES:  # and in the end everybody agrees
        now = {stored_desk.issue(value, at=process) for process in (*two_processes, reader)}
        assert len(now) == 1
