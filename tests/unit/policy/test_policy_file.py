"""A bundle that is edited while it is in force."""

import os
import threading
from pathlib import Path

import pytest

from strongroom.clock import SystemClock
from strongroom.errors import PolicyInvalidError
from strongroom.policy import Policy, PolicyFile

ONE = '@id("one") permit (principal, action, resource);'
TWO = '@id("two") forbid (principal, action, resource);'


class StillClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "policy.cedar"
    path.write_text(ONE)
    return path


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def watched(path: Path, clock: StillClock) -> PolicyFile:
    return PolicyFile(path, clock=clock)


def write(path: Path, text: str, when: int) -> None:
    path.write_text(text)
    os.utime(path, ns=(when, when))


def test_an_edit_is_seen_after_the_interval_and_not_before(
    watched: PolicyFile, path: Path, clock: StillClock
) -> None:
    assert watched.current().rules == ("one",)
    write(path, TWO, 1)
    clock.seconds = 0.5
    assert watched.current().rules == ("one",)
    clock.seconds = 1.0
    assert watched.current().rules == ("two",)
    assert watched.error is None


def test_an_unchanged_file_is_not_read_again(watched: PolicyFile, clock: StillClock) -> None:
    policy = watched.current()
    clock.seconds = 5.0
    assert watched.current() is policy


def test_a_mistake_leaves_the_last_good_bundle_in_force_and_is_reported(
    watched: PolicyFile, path: Path, clock: StillClock
) -> None:
    write(path, "permit (principal, action;", 1)
    clock.seconds = 1.0
    assert watched.current().rules == ("one",)
    assert watched.error is not None
    assert f"{path}:1:26: " in str(watched.error)
    error = watched.error
    clock.seconds = 2.0
    assert watched.current().rules == ("one",)
    assert watched.error is error  # not parsed again until it changes
    write(path, TWO, 2)
    clock.seconds = 3.0
    assert watched.current().rules == ("two",)
    assert watched.error is None


def test_a_file_that_vanishes_changes_nothing_and_comes_back(
    watched: PolicyFile, path: Path, clock: StillClock
) -> None:
    os.utime(path, ns=(7, 7))
    path.unlink()
    clock.seconds = 1.0
    assert watched.current().rules == ("one",)
    assert "cannot be read" in str(watched.error)
    write(path, ONE, 7)
    clock.seconds = 2.0
    assert watched.current().rules == ("one",)
    assert watched.error is None


def test_a_reload_by_hand_says_what_is_wrong(watched: PolicyFile, path: Path) -> None:
    write(path, TWO, 1)
    assert watched.reload().rules == ("two",)
    write(path, "nonsense", 2)
    with pytest.raises(PolicyInvalidError):
        watched.reload()
    assert watched.current().rules == ("two",)
    assert watched.error is not None


def test_without_a_first_good_bundle_there_is_nothing_to_keep(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalidError, match="cannot be read"):
        PolicyFile(tmp_path / "missing.cedar")
    bad = tmp_path / "bad.cedar"
    bad.write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyInvalidError, match=r"not UTF-8 \(byte 0\)"):
        PolicyFile(bad)


def test_the_path_may_be_text_and_the_clock_the_systems(path: Path) -> None:
    watched = PolicyFile(str(path))
    assert isinstance(watched._clock, SystemClock)
    assert watched.current().rules == ("one",)


def test_threads_read_a_change_once(
    watched: PolicyFile, path: Path, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []
    genuine = Policy.load

    def counted(text: str | None = None, *, source: str = "") -> Policy:
        loads.append(source)
        return genuine(text, source=source)

    monkeypatch.setattr(Policy, "load", counted)
    write(path, TWO, 1)
    clock.seconds = 1.0
    seen: list[tuple[str, ...]] = []
    threads = [threading.Thread(target=lambda: seen.append(watched.current().rules)) for _ in range(8)]
    with watched._lock:  # all of them find it due and wait
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len(seen) == 8
    assert watched.current().rules == ("two",)
