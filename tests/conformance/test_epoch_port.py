"""What every `Epoch` must do, and what the one in shared memory does across processes and deaths."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from strongroom.adapters.epoch_mmap import MmapEpoch
from strongroom.adapters.memory import MemoryEpoch
from strongroom.errors import StoreError
from strongroom.keys import Epoch


@pytest.fixture(params=["memory", "mmap"])
def epoch(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Epoch]:
    if request.param == "memory":
        yield MemoryEpoch()
        return
    mapped = MmapEpoch.open(tmp_path / "epoch")
    yield mapped
    mapped.close()


def test_it_starts_even_and_bumps_to_another_even_number(epoch: Epoch) -> None:
    first = epoch.value()
    assert first % 2 == 0
    second = epoch.bump()
    assert second % 2 == 0
    assert second > first
    assert epoch.value() == second


def test_it_is_odd_exactly_while_a_change_is_under_way(epoch: Epoch) -> None:
    before = epoch.value()
    with epoch.changing():
        assert epoch.value() % 2 == 1
        assert epoch.value() > before
    assert epoch.value() % 2 == 0


def test_a_change_that_fails_still_moves_it_on(epoch: Epoch) -> None:
    before = epoch.value()

    def fail() -> None:
        with epoch.changing():
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert epoch.value() % 2 == 0
    assert epoch.value() > before


def test_no_bump_is_lost_among_threads(epoch: Epoch) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: epoch.bump(), range(64)))
    assert epoch.value() == 128


def test_two_mappings_see_one_number(tmp_path: Path) -> None:
    first, second = MmapEpoch.open(tmp_path / "home" / "epoch"), MmapEpoch.open(tmp_path / "home" / "epoch")
    number = first.bump()
    assert second.value() == number
    with first.changing():
        assert second.value() == number + 1
    assert second.value() == number + 2
    assert (tmp_path / "home" / "epoch").stat().st_mode & 0o777 == 0o600


DIE_INSIDE = """
import os, sys
from pathlib import Path
from strongroom.adapters.epoch_mmap import MmapEpoch
epoch = MmapEpoch.open(Path(sys.argv[1]))
with epoch.changing():
    print(epoch.value(), flush=True)
    sys.stdin.read()
"""


def test_a_process_that_dies_inside_a_change_is_cleaned_up_after(tmp_path: Path) -> None:
    epoch = MmapEpoch.open(tmp_path / "epoch")
    before = epoch.bump()
    child = subprocess.Popen(
        [sys.executable, "-c", DIE_INSIDE, str(tmp_path / "epoch")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        assert int(child.stdout.readline()) == before + 1
        assert epoch.value() == before + 1, "the writer lives: still odd"
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert epoch.value() == before + 2, "the writer is gone: even again, and not the old number"
    assert epoch.bump() == before + 4


def test_a_number_left_odd_is_passed_over_by_the_next_change(tmp_path: Path) -> None:
    path = tmp_path / "epoch"
    path.write_bytes((7).to_bytes(8, sys.byteorder))
    epoch = MmapEpoch.open(path)
    with epoch.changing():
        assert epoch.value() == 9
    assert epoch.value() == 10


def test_a_replaced_or_missing_file_refuses_changes(tmp_path: Path) -> None:
    path = tmp_path / "epoch"
    epoch = MmapEpoch.open(path)
    path.rename(tmp_path / "old")
    with pytest.raises(StoreError, match="cannot be used"):
        epoch.bump()
    other = MmapEpoch.open(path)
    other.bump()
    with pytest.raises(StoreError, match="replaced"):
        epoch.bump()
    assert epoch.value() == 0


def test_a_number_left_odd_in_a_replaced_file_stays_odd(tmp_path: Path) -> None:
    path = tmp_path / "epoch"
    path.write_bytes((7).to_bytes(8, sys.byteorder))
    epoch = MmapEpoch.open(path)
    path.unlink()
    assert epoch.value() == 7


def test_a_place_that_cannot_be_used_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="epoch"):
        MmapEpoch.open(tmp_path / "file" / "epoch")
