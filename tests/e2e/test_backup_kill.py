"""`kill -9` in the middle of backups and restores by real processes, while the store is in use."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from strongroom import Strongroom
from strongroom.errors import StoreError
from strongroom.room.backups import BackupPlace

pytestmark = pytest.mark.e2e
SCOPE: dict[str, Any] = {"tenant": "acme", "environment": "prod"}

BACKING_UP = """
import sys
from pathlib import Path
from strongroom import Strongroom
from strongroom.room.backups import BackupPlace
place = Path(sys.argv[1])
room = Strongroom.open(home=place / "home", keyfile=place / "store.key")
with room.session("other", tenant="acme", environment="prod") as work:
    for number in range(1000):
        work.files.write("kept.txt", b"version %d" % number)
        room.backups.create(BackupPlace(place / "backups"), lambda _: print("stored", flush=True))
"""
RESTORING = """
import sys
from pathlib import Path
from strongroom.room.backups import BackupPlace
place = Path(sys.argv[1])
BackupPlace(place / "backups").restore(place / sys.argv[2], progress=lambda _: print("stored", flush=True))
"""


def _killed_after(lines: int, script: str, *arguments: str) -> None:
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(lines):
            assert child.stdout.readline(), "the process ended by itself"
        child.kill()


@pytest.mark.parametrize("lines", [1, 6, 17, 40])
def test_a_backup_that_was_killed_is_none_and_those_before_are_whole(place: Path, lines: int) -> None:
    with Strongroom.open(home=place / "home", keyfile=place / "store.key") as room:
        with room.session("bot", **SCOPE) as work:
            sealed = work.seal(b"x", category="pii")
        first = room.backups.create(BackupPlace(place / "backups")).data.id
        _killed_after(lines, BACKING_UP, str(place))
        at = BackupPlace(place / "backups")
        assert at.data.backups()[0] == first
        assert set(at.data.backups()) <= set(at.keys.backups())
        for backup in at.data.backups():
            at.verify(backup, keys=backup)
        room.backups.create(at)
    at.restore(place / "new")
    with (
        Strongroom.open(home=place / "new", keyfile=place / "store.key") as again,
        again.session("other", **SCOPE) as work,
    ):
        assert work.open(sealed, category="pii") == b"x"
        if work.files.names():
            assert work.files.read("kept.txt").startswith(b"version ")
        again.verify_audit()


def test_a_restore_that_was_killed_leaves_no_home(place: Path) -> None:
    at = BackupPlace(place / "backups")
    with Strongroom.open(home=place / "home", keyfile=place / "store.key") as room:
        room.backups.create(at)
    _killed_after(2, RESTORING, str(place), "new")
    assert not (place / "new").exists()
    at.restore(place / "new")
    Strongroom.open(home=place / "new", keyfile=place / "store.key").close()
    with pytest.raises(StoreError, match="something at"):
        at.restore(place / "new")
    assert sorted(path.name for path in place.iterdir()) == ["backups", "home", "new", "store.key"]
