"""Real processes on one store: revocation on the next operation, races, and death at every write.

Each worker is an interpreter of its own that does one thing per line it is sent, so that "the next operation" is
exactly that and nothing depends on timing.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from strongroom.adapters.epoch_mmap import MmapEpoch
from strongroom.adapters.sqlite import Database, SQLiteKeyStore
from strongroom.clock import SystemClock
from strongroom.errors import KeyStateError
from strongroom.keys import KeyAdmin, KeyPath, Keyring, State, Use
from strongroom.permit import Permit, PermitOffice

pytestmark = pytest.mark.e2e

ROOT = bytes(range(32))
PATH = KeyPath("acme", "prod", "health")
SUBJECT = KeyPath("acme", "prod", "health", "cust-812")


class Process:
    """This process's view of the store in `home`."""

    def __init__(self, home: Path) -> None:
        self.clock = SystemClock()
        self.office = PermitOffice(self.clock)
        self.epoch = MmapEpoch.open(home / "epoch")
        self.database = Database.open(home / "strongroom.db")
        self.store = SQLiteKeyStore(self.database)
        self.keyring = Keyring(store=self.store, root=ROOT, epoch=self.epoch, office=self.office, clock=self.clock)
        self.admin = KeyAdmin(
            store=self.store, keyring=self.keyring, epoch=self.epoch, office=self.office, clock=self.clock
        )

    def permit(self, action: str) -> Permit:
        return self.office.mint(
            principal="test", tenant="acme", environment="prod", action=action, category="*", resource="*",
            policy_version="1",
        )  # fmt: skip

    def close(self) -> None:
        self.database.close()
        self.epoch.close()


WORKER = """
import json, os, signal, sys
from pathlib import Path
from sqlalchemy import event
from strongroom.adapters.epoch_mmap import MmapEpoch
from strongroom.adapters.sqlite import Database, SQLiteKeyStore
from strongroom.clock import SystemClock
from strongroom.errors import StrongroomError
from strongroom.keys import KeyAdmin, KeyPath, Keyring
from strongroom.permit import PermitOffice

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

class Store(SQLiteKeyStore):
    dies_after_commit = False
    def commit(self, commit):
        done = super().commit(commit)
        if self.dies_after_commit:
            die()
        return done

home = Path(sys.argv[1])
clock = SystemClock()
office = PermitOffice(clock)
epoch = MmapEpoch.open(home / "epoch")
database = Database.open(home / "strongroom.db")
store = Store(database)
keyring = Keyring(store=store, root=bytes(range(32)), epoch=epoch, office=office, clock=clock)
admin = KeyAdmin(store=store, keyring=keyring, epoch=epoch, office=office, clock=clock)

def permit(action):
    return office.mint(principal="w", tenant="acme", environment="prod", action=action, category="*",
                       resource="*", policy_version="1")

def arm(point):
    if point == "after":
        store.dies_after_commit = True
        return
    left = [point]
    def count(connection, *_):
        if not connection.get_execution_options().get("strongroom_immediate"):
            return
        left[0] -= 1
        if left[0] < 0:
            die()
    event.listen(database._engine, "before_cursor_execute", count)
    event.listen(database._engine, "commit", count)

for line in sys.stdin:
    verb, *arguments = json.loads(line)
    try:
        if verb == "seal":
            answer = keyring.sealing_key(KeyPath.parse(arguments[0]), permit("seal")).keyref
        elif verb == "open":
            answer = keyring.opening_key(arguments[0], KeyPath.parse(arguments[1]), permit("open")).keyref
        elif verb == "arm":
            answer = arm(arguments[0])
        elif verb == "erase":
            answer = admin.erase("acme", "prod", arguments[0], permit("erase"))
        else:
            answer = getattr(admin, verb)(KeyPath.parse(arguments[0]), permit("manage_key"))
    except StrongroomError as error:
        answer = error.code
    print(json.dumps(answer), flush=True)
"""


class Worker:
    """Another process on the same store."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def send(self, *request: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, *request: object) -> Any:
        self.send(*request)
        return self.answer()

    def dies(self, *request: object) -> bool:
        """Send `request`; True if the worker died of it, False if it answered."""
        self.send(*request)
        assert self.process.stdout is not None
        if self.process.stdout.readline():
            return False
        assert self.process.wait() == -signal.SIGKILL
        return True


@contextmanager
def worker(home: Path) -> Iterator[Worker]:
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Worker(process)
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def here(home: Path) -> Iterator[Process]:
    process = Process(home)
    yield process
    process.close()


def primaries(process: Process) -> list[int]:
    shown = process.admin.versions(PATH, process.permit("manage_key"))
    return [row.version for row in shown if row.use is Use.DATA and row.state is State.PRIMARY]


def test_a_key_disabled_here_is_refused_by_every_process_on_its_next_operation(home: Path, here: Process) -> None:
    keyref = here.keyring.sealing_key(SUBJECT, here.permit("seal")).keyref
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(home)) for _ in range(4)]
        for _ in range(5):
            for each in workers:
                assert each.ask("open", keyref, str(SUBJECT)) == keyref
                assert each.ask("seal", str(SUBJECT)) == keyref
            here.admin.disable(PATH, here.permit("manage_key"))
            for each in workers:
                assert each.ask("open", keyref, str(SUBJECT)) == "key_state"
                assert each.ask("seal", str(SUBJECT)) == "key_state"
            here.admin.enable(PATH, here.permit("manage_key"))
        assert workers[0].ask("erase", "cust-812") == 1
        for each in workers:
            assert each.ask("open", keyref, str(SUBJECT)) == "key_destroyed"


def test_processes_that_meet_a_new_path_at_once_agree(home: Path, here: Process) -> None:
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(home)) for _ in range(4)]
        for number in range(5):
            for each in workers:
                each.send("seal", f"acme/prod/health/new-{number}")
            assert len({each.answer() for each in workers}) == 1


def test_processes_that_administer_at_once_lose_nothing(home: Path, here: Process) -> None:
    here.admin.create(PATH, here.permit("manage_key"))
    with ExitStack() as stack:
        workers = [stack.enter_context(worker(home)) for _ in range(4)]
        for _ in range(5):
            for each in workers:
                each.send("rotate", str(PATH))
        assert [each.answer() for each in workers for _ in range(5)] == [2] * 20
    assert primaries(here) == [21]
    assert here.admin.journal_size() == 20


WRITES_MAX = 12
"""More than any act's transaction has statements."""


@pytest.mark.parametrize("act", ["rotate", "destroy"])
def test_death_at_every_write_leaves_all_or_nothing(home: Path, here: Process, act: str) -> None:
    deaths = 0
    for number in range(WRITES_MAX):
        path = KeyPath("acme", "prod", f"c-{number}")
        old = here.keyring.sealing_key(path, here.permit("seal"))
        before = here.admin.versions(path, here.permit("manage_key"))
        with worker(home) as victim:
            victim.ask("arm", number)
            if not victim.dies(act, str(path)):
                break
        deaths += 1
        # Not committed: nothing changed, and whoever cached the key goes on.
        assert here.admin.versions(path, here.permit("manage_key")) == before
        assert here.keyring.sealing_key(path, here.permit("seal")) == old
        assert here.keyring.opening_key(old.keyref, path, here.permit("open")) == old
        assert here.epoch.value() % 2 == 0
    assert deaths >= 4, "BEGIN, the reads and writes of the transaction, and COMMIT"
    assert deaths < WRITES_MAX


def test_death_right_after_the_commit_revokes_all_the_same(home: Path, here: Process) -> None:
    old = here.keyring.sealing_key(PATH, here.permit("seal"))
    with worker(home) as victim:
        victim.ask("arm", "after")
        assert victim.dies("rotate", str(PATH))
    assert here.keyring.sealing_key(PATH, here.permit("seal")).version == 2
    assert primaries(here) == [2]
    with worker(home) as victim:
        victim.ask("arm", "after")
        assert victim.dies("disable", str(PATH))
    with pytest.raises(KeyStateError, match="disabled"):
        here.keyring.opening_key(old.keyref, PATH, here.permit("open"))
    assert here.admin.enable(PATH, here.permit("manage_key")) == 2
    assert here.keyring.opening_key(old.keyref, PATH, here.permit("open")) == old


def test_death_while_making_keys_leaves_whole_branches_or_none(home: Path, here: Process) -> None:
    for number in range(WRITES_MAX):
        subject = f"acme/prod/c-{number}/s"
        with worker(home) as victim:
            victim.ask("arm", number)
            died = victim.dies("seal", subject)
        shown = here.admin.list(KeyPath("acme", "prod", f"c-{number}"), here.permit("manage_key"))
        assert len(shown) == (0 if died else 2)
        if not died:
            return
    pytest.fail("the worker died of every write")
