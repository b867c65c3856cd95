"""Killed while one new root after the other is taken: the store always has exactly one root, and all its keys."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from strongroom.adapters.memory import MemoryEpoch
from strongroom.adapters.root_keyfile import KeyfileRoot
from strongroom.adapters.sqlite import Database, SQLiteRootStore
from strongroom.adapters.sqlite.keys import SQLiteKeyStore
from strongroom.adapters.sqlite.succession import SQLiteSuccession
from strongroom.clock import SystemClock, system_entropy
from strongroom.errors import RootError
from strongroom.keys import KeyPath, Keyring, initialise, succession, unseal
from strongroom.keys.succession import RootInForce
from strongroom.permit import PermitOffice

STORE_ID = "store-1"
SUBJECTS = [KeyPath("acme", "prod", "health", f"s-{number}") for number in range(300)]
LIVES_S = (0.31, 0.47, 0.53, 0.69, 0.83)


def keyfile(directory: Path, number: int) -> KeyfileRoot:
    path = directory / f"{number}.key"
    if path.exists():
        return KeyfileRoot(path, store_id=STORE_ID)
    return KeyfileRoot.create(path, store_id=STORE_ID)


def rotate_for_ever(directory: Path, number: int, life_s: float) -> None:
    """The program that is killed: a new root, said on standard output once it is in force, and again.

    The alarm ends the process where it stands, as `kill -9` does; nothing in it runs afterwards.
    """
    signal.setitimer(signal.ITIMER_REAL, life_s)
    database = Database.open(directory / "strongroom.db")
    roots, proposals = SQLiteRootStore(database), SQLiteSuccession(database)
    present = RootInForce.of(roots, unseal(roots, keyfile(directory, number)))
    while True:
        number += 1
        proposals.withdraw()
        provider = keyfile(directory, number)
        succession.propose(proposals, present, providers=[provider], entropy=system_entropy, now_ms=1)
        succession.take(proposals, present, MemoryEpoch(), system_entropy)
        present = RootInForce.of(roots, unseal(roots, provider))
        os.write(1, f"{number}\n".encode())


def in_force(directory: Path, last: int) -> int:
    """Which root the store has: the last one that was announced, or the one that was being taken."""
    database = Database.open(directory / "strongroom.db")
    try:
        roots = SQLiteRootStore(database)
        working = []
        for number in (last, last + 1):
            if (directory / f"{number}.key").exists():
                try:
                    root = unseal(roots, keyfile(directory, number))
                except RootError:
                    continue
                working.append(number)
                require_all_keys(database, RootInForce.of(roots, root))
        (number,) = working
        return number
    finally:
        database.close()


def require_all_keys(database: Database, present: RootInForce) -> None:
    clock = SystemClock()
    office = PermitOffice(clock)
    keyring = Keyring(
        store=SQLiteKeyStore(database, mark=present.mark), root=present.root, epoch=MemoryEpoch(), office=office,
        clock=clock, subject_key=present.subject_key,
    )  # fmt: skip
    permit = office.mint(
        principal="test", tenant="acme", environment="prod", action="seal", category="*", resource="*",
        policy_version="1",
    )  # fmt: skip
    assert all(keyring.sealing_key(path, permit).version == 1 for path in SUBJECTS)


@pytest.mark.e2e
def test_killed_at_any_moment(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "strongroom.db")
    root = initialise(
        SQLiteRootStore(database), store_id=STORE_ID, providers=[keyfile(tmp_path, 0)], entropy=system_entropy
    )
    require_all_keys(database, RootInForce.of(SQLiteRootStore(database), root))
    database.close()
    last, taken = 0, 0
    for life_s in LIVES_S:
        process = subprocess.Popen(
            [sys.executable, __file__, str(tmp_path), str(last), str(life_s)], stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        assert process.stdout is not None
        said = process.stdout.read().split()
        process.stdout.close()
        assert process.wait() == -signal.SIGALRM
        taken += len(said)
        last = in_force(tmp_path, int(said[-1]) if said else last)
    assert taken >= len(LIVES_S)


if __name__ == "__main__":
    rotate_for_ever(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
