"""What keys cost while they are used, and what rotation costs those who read meanwhile.

The epoch is what makes a revocation effective on the next operation, so it is read on every one; its limit is
reading eight bytes of mapped memory. The readers' rows compare opening small sealed values with nothing else
going on to opening the same ones while the job seals all of them anew, in the same process and on the same disk;
the limit is the same reader beside a process that only computes.
"""

from __future__ import annotations

import contextlib
import mmap
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench.harness import Row, Target, interleave, per_call, row, say
from sqlalchemy import insert, select

from strongroom import Strongroom
from strongroom.adapters.epoch_mmap import MmapEpoch
from strongroom.adapters.sqlite.at_rest import history
from strongroom.errors import StrongroomError
from strongroom.formats.aad import Binding
from strongroom.keys import KeyPath, Keyring
from strongroom.permit import Permit

VALUES = 1_000_000
VALUE_LEN = 40
CALLS = 20_000
ROUNDS = 9
CHUNK = 2_000
RATED_ROUNDS = 60
NICE = 10
"""As `strongroom keys rewrap` lowers its own priority."""
NANO = 1e9
MICRO = 1e6
PATH = KeyPath("acme", "prod", "pii")
SCRIPT = """
import os, sys
from pathlib import Path
from strongroom import Strongroom
place = Path(sys.argv[1])
with Strongroom.open(home=place / "home", keyfile=place / "store.key") as room:
    print("ready", flush=True)
    sys.stdin.readline()
    os.nice(10)
    room.keys.rotate("acme/prod/pii")
    report = room.keys.rewrap("acme/prod/pii", per_second=float(sys.argv[2]))
    print(report.renewed, flush=True)
"""


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="strongroom-bench-") as name:
        place = Path(name)
        with Strongroom.open(home=place / "home", keyfile=place / "store.key", create=True) as room:
            return [*cached(room, place), *revoked(room), *rotated(room, place)]


def minted(room: Strongroom) -> Callable[[str], Permit]:
    """Permits without a log entry each: the keyring's own cost is measured."""
    office = room.house.guard._office  # noqa: SLF001 - no other way to a permit, on purpose
    return lambda action: office.mint(
        principal="bench", tenant="acme", environment="prod", action=action, category="*", resource="*",
        policy_version="1",
    )  # fmt: skip


def cached(room: Strongroom, place: Path) -> list[Row]:
    """The epoch, and a key out of the cache with and without counting its use."""
    say("epoch and cache")
    permit = minted(room)
    epoch = MmapEpoch.open(place / "epoch")
    with (place / "eight").open("w+b") as file:
        file.truncate(mmap.PAGESIZE)
        number = memoryview(mmap.mmap(file.fileno(), mmap.PAGESIZE)).cast("Q")
    house = room.house
    store = house.keys.changes.hierarchy.store
    root = house.keyring.hierarchy._root  # noqa: SLF001 - a second keyring on the same store
    uncounted = Keyring(
        store=store, root=root, epoch=house.epoch, office=house.guard._office, clock=house.clock,  # noqa: SLF001
    )  # fmt: skip
    ref = house.keyring.sealing_key(PATH, permit("seal")).keyref

    def served(keyring: Keyring) -> Callable[[], float]:
        def case() -> float:
            allowed = permit("open")
            return per_call(lambda: keyring.opening_key(ref, PATH, allowed), CALLS).wall * MICRO

        return case

    took = interleave(
        {
            "epoch": lambda: per_call(epoch.value, CALLS).wall * MICRO,
            "load": lambda: per_call(lambda: number[0], CALLS).wall * MICRO,
            "counted": served(house.keyring),
            "uncounted": served(uncounted),
        },
        ROUNDS,
    )
    epoch.close()
    return [
        row(
            "epoch check", "us", took["epoch"], limit=took["load"], target=Target("ours", at_most=0.2),
            rounds=took.rounds, note="limit: eight mapped bytes read in Python",
        ),
        row(
            "key from the cache, permit and epoch checked, use counted", "us", took["counted"],
            peer=took["uncounted"], peer_name="the same, not counted", rounds=took.rounds,
        ),
    ]  # fmt: skip


def revoked(room: Strongroom) -> list[Row]:
    """How long an administrator waits until a revocation is in effect for every process of the host."""
    say("revocation")
    house, permit = room.house, minted(room)
    seen = []
    for _ in range(ROUNDS):
        house.keyring.opening_key(house.keyring.sealing_key(PATH, permit("seal")).keyref, PATH, permit("open"))
        started = time.perf_counter()
        house.keys.disable(PATH, permit("manage_key"))
        seen.append((time.perf_counter() - started) * 1000)
        with contextlib.suppress(StrongroomError):
            house.keyring.sealing_key(PATH, permit("seal"))
            msg = "a disabled key was served"
            raise AssertionError(msg)
        house.keys.enable(PATH, permit("manage_key"))
    return [
        row(
            "disable, until the next operation of every process on the host is refused", "ms",
            statistics.median(seen), rounds={"ours": seen}, note="one commit; no process is waited for",
        )
    ]  # fmt: skip


def filled(room: Strongroom) -> list[tuple[bytes, Binding]]:
    """`VALUES` history rows of `VALUE_LEN` bytes; returns some of them with what they are bound to."""
    say(f"sealing {VALUES:,} values")
    permit = minted(room)
    level = int(room.catalogue.category_level("pii"))
    sample: list[tuple[bytes, Binding]] = []
    for start in range(0, VALUES, CHUNK):
        allowed = permit("seal")
        batch = []
        for number in range(start, min(start + CHUNK, VALUES)):
            binding = Binding("acme", "prod", "pii", level, "history", f"bench/{number}", "", 0)
            sealed = room.house.envelope.seal(b"x" * VALUE_LEN, binding, allowed)
            batch.append({
                "tenant": "acme", "environment": "prod", "conversation": "bench", "place": number,
                "category": "pii", "subject": "", "sealed": sealed,
            })  # fmt: skip
        with room.house.database.write() as connection:
            connection.execute(insert(history), batch)
        sample.append(
            (batch[0]["sealed"], Binding("acme", "prod", "pii", level, "history", f"bench/{start}", "", 0))
        )
    return sample


class Readers:
    """One thread that reads rows from the store and opens them; how long each took, and how many were refused."""

    def __init__(self, room: Strongroom, sample: Sequence[tuple[bytes, Binding]]) -> None:
        self._room = room
        self._permit = minted(room)
        self._places = [int(binding.object_id.partition("/")[2]) for _, binding in sample]
        self._level = sample[0][1].level
        self.refused = 0

    def read(self, count: int) -> float:
        """Microseconds per value over `count` of them, each fetched and opened."""
        allowed = self._permit("open")
        started = time.perf_counter()
        for number in range(count):
            place = self._places[number % len(self._places)]
            query = select(history.c.sealed).where(
                history.c.tenant == "acme", history.c.environment == "prod", history.c.conversation == "bench",
                history.c.place == place,
            )  # fmt: skip
            with self._room.house.database.read() as connection:
                sealed = connection.execute(query).scalar_one()
            binding = Binding("acme", "prod", "pii", self._level, "history", f"bench/{place}", "", 0)
            try:
                self._room.house.envelope.open(sealed, binding, allowed)
            except StrongroomError:
                self.refused += 1
        return (time.perf_counter() - started) / count * MICRO


@contextmanager
def rotating(place: Path, per_second: float) -> Iterator[subprocess.Popen[str]]:
    """Another process that rotates and seals everything anew once it is told to."""
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(place), str(per_second)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout  # noqa: S101 - Popen was told PIPE
        process.stdout.readline()
        yield process
        process.wait()


@contextmanager
def spinning() -> Iterator[subprocess.Popen[bytes]]:
    """A process that computes and touches nothing, with the priority of the job; stopped to begin with."""
    with subprocess.Popen([sys.executable, "-c", f"import os; os.nice({NICE})\nwhile True: pass"]) as process:
        process.send_signal(signal.SIGSTOP)
        try:
            yield process
        finally:
            process.kill()


def rotated(room: Strongroom, place: Path) -> list[Row]:
    """A key over many values is rotated and all of them are sealed anew, while a reader reads.

    Three kinds of rounds take turns, so that all have the same neighbours: the job stopped (SIGSTOP), the job
    running, and, with the job stopped, a process of its priority that only computes: what it costs a reader that
    somebody else uses the machine at all.
    """
    readers = Readers(room, filled(room))
    readers.read(CHUNK)
    out = []
    for per_second, title in ((0.0, "as fast as it goes"), (5000.0, "5,000 a second")):
        say(f"rotation and rewrap of {VALUES:,} values, {title}")
        still, busy, spun = list[float](), list[float](), list[float]()
        with rotating(place, per_second) as job, spinning() as spinner, ThreadPoolExecutor(1) as pool:
            assert job.stdin and job.stdout  # noqa: PT018, S101 - Popen was told PIPE
            job.stdin.write("go\n")
            job.stdin.flush()
            ended = pool.submit(job.stdout.readline)
            while not ended.done() and not (per_second and len(busy) >= RATED_ROUNDS):
                job.send_signal(signal.SIGSTOP)
                still.append(readers.read(CHUNK))
                spinner.send_signal(signal.SIGCONT)
                spun.append(readers.read(CHUNK))
                spinner.send_signal(signal.SIGSTOP)
                job.send_signal(signal.SIGCONT)
                busy.append(readers.read(CHUNK))
            if not ended.done():
                job.kill()  # at this rate nothing new would be seen
        slower = statistics.median(busy) / statistics.median(still) - 1
        done = int(ended.result() or 0)
        told = f"{done:,} sealed anew in {sum(busy) * CHUNK / MICRO:.0f} s of work" if done else "stopped early"
        out.append(
            row(
                f"fetch and open a value while {VALUES:,} are sealed anew, {title}", "us",
                statistics.median(busy), peer=statistics.median(still), peer_name="the same, the job stopped",
                limit=statistics.median(spun), target=Target("ratio", at_least=1 / 1.05),
                rounds={"busy": busy, "still": still, "spun": spun},
                note=f"{readers.refused} of {(len(busy) * 3) * CHUNK:,} reads refused; {told}; "
                f"{100 * slower:.1f} % slower; limit: beside a process that only computes",
            )
        )  # fmt: skip
    return out
