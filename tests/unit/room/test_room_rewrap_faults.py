"""A rewrap job that is killed at every write it makes, and in a real process: nothing is lost, all is renewed."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection

from strongroom import Strongroom
from strongroom.adapters.sealed_files import SealedFiles
from strongroom.adapters.sqlite import Database
from strongroom.adapters.sqlite.inventory import SQLiteInventory
from strongroom.at_rest import rewrap
from strongroom.at_rest.segment import EmbeddingRow
from strongroom.errors import StoreFullError
from strongroom.keys import KeyPath

PLACE = "acme/prod"
WRITES_MAX = 80


class KilledError(Exception):
    """Stands for SIGKILL."""


def fill(room: Strongroom) -> str:
    """Three messages, two files, a segment and a surrogate; returns the tokenized text."""
    with room.session("bot", tenant="acme", environment="prod", conversation="c") as session:
        for number in range(3):
            session.history("talk", subject="c-1").append("user", f"message {number}")
        session.files.write("a.txt", b"content", subject="c-1")
        session.files.write("b.txt", b"other")
        session.embeddings("notes").add([EmbeddingRow("1", np.ones(3, np.float32), "text")])
        return session.tokenize("write to carl@example.org")


def everything(room: Strongroom, safe: str) -> tuple[Any, ...]:
    with room.session("bot", tenant="acme", environment="prod", conversation="c") as session:
        return (
            [message.content for message in session.history("talk").messages()],
            [session.files.read(name) for name in session.files.names()],
            [hit.text for hit in session.embeddings("notes").search(np.ones(3, np.float32))],
            session.detokenize(safe),
        )


def rotate(room: Strongroom) -> None:
    now = int(room.house.clock.now() * 1000) + 1
    rotation = room.house.upkeep.rotation
    room.keys._change(PLACE, lambda key, permit: rotation.rotate_older(key, permit, before_ms=now))


def stale(room: Strongroom) -> int:
    """Sealed things that name a version that does not seal any more."""
    old = [v.keyref for v in room.keys.list(PLACE) if v.use.value == "data" and v.state.value != "primary"]
    inventories = (SQLiteInventory(room.house.database), SealedFiles(room.house.home))
    return sum(holding.count for inventory in inventories for holding in inventory.holdings(old))


def dying_at(monkeypatch: pytest.MonkeyPatch, number: int, *, after: bool, error: type[Exception]) -> list[int]:
    """Let the store's `number`-th write die; returns the counter."""
    write = Database.write
    left = [number]

    @contextmanager
    def mortal(self: Database) -> Iterator[Connection]:
        left[0] -= 1
        if left[0] == 0 and not after:
            raise error("now")
        with write(self) as connection:
            yield connection
        if left[0] == 0:
            raise error("now")

    monkeypatch.setattr(Database, "write", mortal)
    return left


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("exposed", [False, True], ids=["rotated", "compromised"])
def test_a_job_killed_at_every_write_loses_nothing(
    open_room: Callable[..., Strongroom], *, after: bool, exposed: bool
) -> None:
    room = open_room()
    room.house.upkeep.meter.close()  # its own writes come when they like
    safe = fill(room)
    before = everything(room, safe)
    deaths = 0
    with pytest.MonkeyPatch.context() as small:
        small.setattr(rewrap, "BATCH", 2)
        for number in range(1, WRITES_MAX):
            if exposed:
                room.keys.compromise(f"{PLACE}/pii")
            else:
                rotate(room)
            with pytest.MonkeyPatch.context() as mortal:
                dying_at(mortal, number, after=after, error=KilledError)
                try:
                    room.keys.rewrap(PLACE)
                except KilledError:
                    deaths += 1
                else:
                    break
            if not exposed:
                assert everything(room, safe) == before  # readers go on, whatever was done so far
            report = room.keys.rewrap(PLACE)
            assert (report.refused, report.damaged, report.erased) == (0, 0, 0)
            assert stale(room) == 0
            assert everything(room, safe) == before
    assert 8 <= deaths < WRITES_MAX - 1


def test_a_full_disk_stops_the_job_and_loses_nothing(open_room: Callable[..., Strongroom]) -> None:
    room = open_room()
    safe = fill(room)
    before = everything(room, safe)
    rotate(room)
    with pytest.MonkeyPatch.context() as mortal:
        dying_at(mortal, 4, after=False, error=StoreFullError)
        with pytest.raises(StoreFullError):
            room.keys.rewrap(PLACE)
    assert everything(room, safe) == before
    room.keys.rewrap(PLACE)
    assert stale(room) == 0
    assert everything(room, safe) == before


MORTAL = """
import os, signal, sys
from contextlib import contextmanager
from pathlib import Path
from strongroom import Strongroom
from strongroom.adapters.sqlite import Database
from strongroom.at_rest import rewrap

place, left = Path(sys.argv[1]), [int(sys.argv[2])]
room = Strongroom.open(home=place / "home", keyfile=place / "store.key")
room.house.upkeep.meter.close()
rewrap.BATCH = 2
write = Database.write

@contextmanager
def mortal(self):
    left[0] -= 1
    with write(self) as connection:
        yield connection
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

Database.write = mortal
room.keys.rewrap("acme/prod")
"""


@pytest.mark.e2e
@pytest.mark.parametrize("number", [1, 4, 7])
def test_a_process_killed_inside_a_write_leaves_a_job_that_goes_on(
    open_room: Callable[..., Strongroom], place: Path, number: int
) -> None:
    room = open_room()
    safe = fill(room)
    before = everything(room, safe)
    rotate(room)
    room.close()
    killed = subprocess.run(
        [sys.executable, "-c", MORTAL, str(place), str(number)], check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    room = open_room()
    assert everything(room, safe) == before
    assert stale(room) > 0
    room.keys.rewrap(PLACE)
    assert stale(room) == 0
    assert everything(room, safe) == before
    assert room.house.upkeep.jobs.jobs() == ()
    assert room.keys.list(str(KeyPath("acme", "prod")))
