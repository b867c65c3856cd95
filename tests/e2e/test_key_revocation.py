"""Eight processes hammer a key and it is revoked: not one operation that began afterwards succeeds."""

import json
import mmap
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from strongroom.adapters.epoch_mmap import MmapEpoch
from strongroom.adapters.sqlite import Database, SQLiteKeyStore
from strongroom.clock import SystemClock
from strongroom.keys import KeyAdmin, KeyPath, Keyring
from strongroom.permit import Permit, PermitOffice

pytestmark = pytest.mark.e2e

PROCESSES = 8
PATH = KeyPath("acme", "prod", "health")

WORKER = """
import json, mmap, sys
from pathlib import Path
from strongroom.adapters.epoch_mmap import MmapEpoch
from strongroom.adapters.sqlite import Database, SQLiteKeyStore
from strongroom.clock import SystemClock
from strongroom.envelope import Envelope
from strongroom.errors import KeyStateError
from strongroom.formats.aad import Binding
from strongroom.keys import Keyring
from strongroom.permit import PermitOffice

home = Path(sys.argv[1])
clock = SystemClock()
office = PermitOffice(clock)
epoch = MmapEpoch.open(home / "epoch")
database = Database.open(home / "strongroom.db")
keyring = Keyring(store=SQLiteKeyStore(database), root=bytes(range(32)), epoch=epoch, office=office, clock=clock)
envelope = Envelope(keyring)
with (home / "flag").open("rb") as file:
    flag = mmap.mmap(file.fileno(), 1, access=mmap.ACCESS_READ)

def permit(action):
    return office.mint(principal="w", tenant="acme", environment="prod", action=action, category="*",
                       resource="*", policy_version="1")

binding = Binding("acme", "prod", "health", 3, "value", "v")
done = {"before": 0, "after": 0, "refused": 0}
told = False
permits = permit("seal"), permit("open")
sealed = envelope.seal(b"x", binding, permits[0])
while done["refused"] < 100:
    permits = permit("seal"), permit("open")
    revoked = flag[0]  # read before the operation begins
    try:
        envelope.open(envelope.seal(b"x", binding, permits[0]), binding, permits[1])
        envelope.open(sealed, binding, permits[1])
        done["after" if revoked else "before"] += 1
    except KeyStateError:
        done["refused"] += 1
    if done["before"] >= 200 and not told:
        told = True
        print("hammering", flush=True)
print(json.dumps(done), flush=True)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "flag").write_bytes(b"\0")
    return tmp_path


@pytest.fixture
def admin(home: Path) -> Iterator[tuple[KeyAdmin, Permit]]:
    clock = SystemClock()
    office = PermitOffice(clock)
    epoch = MmapEpoch.open(home / "epoch")
    database = Database.open(home / "strongroom.db")
    store = SQLiteKeyStore(database)
    keyring = Keyring(store=store, root=bytes(range(32)), epoch=epoch, office=office, clock=clock)
    permit = office.mint(
        principal="t", tenant="acme", environment="prod", action="manage_key", category="*", resource="*",
        policy_version="1",
    )  # fmt: skip
    yield KeyAdmin(store=store, keyring=keyring, epoch=epoch, office=office, clock=clock), permit
    database.close()
    epoch.close()


@pytest.mark.parametrize("act", ["disable", "compromise"])
def test_nothing_that_begins_after_a_revocation_succeeds(
    home: Path, admin: tuple[KeyAdmin, Permit], act: str
) -> None:
    keys, permit = admin
    keys.create(PATH, permit)
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", WORKER, str(home)],
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(PROCESSES)
        ]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "hammering\n"
        if act == "disable":
            keys.disable(PATH, permit)
        else:  # new values are sealed under the fresh version; what the old one sealed is refused
            keys.compromise(PATH, permit)
        with (home / "flag").open("r+b") as file, mmap.mmap(file.fileno(), 1) as flag:
            flag[0] = 1
        told = []
        for worker in workers:
            assert worker.stdout is not None
            told.append(json.loads(worker.stdout.readline()))
    assert [done["after"] for done in told] == [0] * PROCESSES
    assert all(done["before"] >= 200 for done in told)
    assert all(done["refused"] == 100 for done in told)
