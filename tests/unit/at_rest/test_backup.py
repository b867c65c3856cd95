"""Backup and restore of a real store: what comes back, what must not, and every way it can be interrupted."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from strongroom import Strongroom
from strongroom.adapters.backup_files import BackupFiles
from strongroom.adapters.root_escrow import make_escrow_key
from strongroom.adapters.sqlite.snapshot import SQLiteSnapshots
from strongroom.at_rest.backup import ATTEMPTS_MAX, Backups, BackupShelf, SnapshotFacts, prune, taken_at
from strongroom.at_rest.restore import Restore
from strongroom.clock import SystemClock, system_entropy
from strongroom.errors import (
    BackupMismatchError,
    ForeignRootError,
    IntegrityError,
    KeyDestroyedError,
    RootError,
    RootMissingError,
    StoreError,
    StoreFullError,
)
from strongroom.formats.backup import KEYS, Stored
from strongroom.room.backups import BackupPlace

SCOPE: dict[str, Any] = {"tenant": "acme", "environment": "prod"}
VALUE = b"Anna Schmidt, anna@example.org"


@pytest.fixture
def filled(room: Strongroom) -> tuple[Strongroom, bytes]:
    """A room with something of every kind, and a sealed value that lies outside."""
    with room.session("bot", **SCOPE) as work:
        sealed = work.seal(VALUE, category="health", subject="cust-812")
        work.files.write("letter.txt", VALUE * 100, subject="cust-812")
        work.files.write("other.txt", b"other")
        work.history("ticket-1").append("user", VALUE.decode())
        handler = work.log_handler("tool")
        handler.handle(_record("a line"))
        handler.close()
    return room, sealed


def _record(text: str) -> Any:
    import logging

    return logging.LogRecord("x", logging.INFO, "x", 1, text, None, None)


def _reopened(home: Path, place: Path) -> Strongroom:
    return Strongroom.open(home=home, keyfile=place / "store.key")


def test_a_restored_store_has_everything_and_its_log_verifies(filled, place: Path, tmp_path: Path) -> None:
    room, sealed = filled
    at = BackupPlace(tmp_path / "backups")
    taken = room.backups.create(at)
    room.close()
    shutil.rmtree(place / "home")
    restored = at.restore(place / "home")
    assert restored.data == taken.data
    with _reopened(place / "home", place) as again, again.session("bot", **SCOPE) as work:
        assert work.open(sealed, category="health", subject="cust-812") == VALUE
        assert work.files.names() == ["letter.txt", "other.txt"]
        assert work.files.read("letter.txt") == VALUE * 100
        assert [message.content for message in work.history("ticket-1").messages()] == [VALUE.decode()]
        assert work.read_log("tool") == ["a line"]
        again.backups.note_restore()
        assert again.verify_audit().entries > taken.log.entries
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "backups").rglob("*")} == {0}


def test_an_empty_machine_needs_only_the_backup_and_the_share(tmp_path: Path) -> None:
    with Strongroom.open(home=tmp_path / "old", keyfile=tmp_path / "old.key", create=True) as room:
        share = room.recovery_share
        with room.session("bot", **SCOPE) as work:
            sealed = work.seal(VALUE, category="pii")
        room.backups.create(BackupPlace(tmp_path / "backups", tmp_path / "elsewhere"))
    shutil.rmtree(tmp_path / "old")
    (tmp_path / "old.key").unlink()
    BackupPlace(tmp_path / "backups", tmp_path / "elsewhere").restore(tmp_path / "new")
    key = tmp_path / "new.key"
    assert share is not None
    Strongroom.recover(share, home=tmp_path / "new", keyfile=key)
    with Strongroom.open(home=tmp_path / "new", keyfile=key) as room, room.session("bot", **SCOPE) as work:
        assert work.open(sealed, category="pii") == VALUE


def test_the_data_part_holds_no_wrapped_key_and_neither_part_a_value(filled, place: Path, tmp_path: Path) -> None:
    room, _ = filled
    room.backups.create(BackupPlace(tmp_path / "data", tmp_path / "keys"))
    connection = sqlite3.connect(place / "home" / "strongroom.db")
    wraps = [bytes(row[0]) for row in connection.execute("SELECT wrapped FROM key_version WHERE wrapped <> x''")]
    wraps += [bytes(row[0]) for row in connection.execute("SELECT wrapped FROM root_wrap")]
    connection.close()
    data = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    keys = b"".join(path.read_bytes() for path in (tmp_path / "keys").rglob("*") if path.is_file())
    assert len(wraps) > 5
    assert [wrap for wrap in wraps if wrap in data] == []
    assert [wrap for wrap in wraps if wrap not in keys] == []
    assert b"Anna" not in data + keys


def test_old_data_with_newer_keys_keeps_an_erasure_and_old_keys_undo_it(filled, place: Path, tmp_path: Path):
    room, sealed = filled
    at = BackupPlace(tmp_path / "backups")
    before = room.backups.create(at)
    room.erase(**SCOPE, subject="cust-812")
    with room.session("bot", **SCOPE) as work:
        late = work.seal(b"late", category="credentials")
    after = room.backups.create(at)
    room.close()
    at.restore(tmp_path / "kept", backup=before.data.id, keys=after.keys.id)
    with _reopened(tmp_path / "kept", place) as again, again.session("bot", **SCOPE) as work:
        with pytest.raises(KeyDestroyedError):
            work.open(sealed, category="health", subject="cust-812")
        assert work.files.read("other.txt") == b"other"
    at.restore(tmp_path / "hole", backup=before.data.id, keys=before.keys.id)
    with _reopened(tmp_path / "hole", place) as again, again.session("bot", **SCOPE) as work:
        assert work.open(sealed, category="health", subject="cust-812") == VALUE, "the documented hole"
    with pytest.raises(BackupMismatchError, match="older than the data"):
        at.restore(tmp_path / "no", backup=after.data.id, keys=before.keys.id)
    assert late
    assert not (tmp_path / "no").exists()


def test_what_was_backed_up_is_what_the_snapshot_names(filled, place: Path, tmp_path: Path) -> None:
    room, _ = filled
    (place / "home" / "files" / "stray.1.sealed").write_bytes(b"left by a crash")
    taken = room.backups.create(BackupPlace(tmp_path / "backups"))
    names = {file.name for file in taken.data.files}
    assert "files/stray.1.sealed" not in names
    assert len([name for name in names if name.startswith("files/")]) == 2
    assert "strongroom.db" in names
    assert not any("lock" in name or name.startswith("tmp/") for name in names)
    assert list((place / "home" / "tmp").iterdir()) == []


def test_files_that_are_replaced_meanwhile_mean_a_new_snapshot(filled, place: Path, tmp_path: Path) -> None:
    room, _ = filled

    class Replacing(SQLiteSnapshots):
        left = 2

        def take(self, data: Path, keys: Path) -> SnapshotFacts:
            facts = super().take(data, keys)
            if self.left:
                self.left -= 1
                with room.session("bot", **SCOPE) as work:
                    work.files.write("other.txt", b"newer")
            return facts

    def taking(snapshots: SQLiteSnapshots) -> Backups:
        return Backups(home=place / "home", snapshots=snapshots, signing=room.house.signing, clock=SystemClock())

    at = BackupPlace(tmp_path / "backups")
    taking(Replacing(place / "home" / "strongroom.db")).create(at.data, at.keys)
    assert at.verify().data
    spoiled = Replacing(place / "home" / "strongroom.db")
    spoiled.left = ATTEMPTS_MAX
    with pytest.raises(StoreError, match="every snapshot"):
        taking(spoiled).create(at.data, at.keys)
    assert len(at.data.backups()) == len(at.keys.backups()) == 1
    assert at.data.backups(finished=False) == []


@pytest.mark.parametrize("part", ["data/*/strongroom.db", "data/*/audit/*/checkpoint", "keys/*/keys.db"])
def test_a_changed_file_is_found_by_name(filled, tmp_path: Path, part: str) -> None:
    room, _ = filled
    at = BackupPlace(tmp_path / "backups")
    taken = room.backups.create(at)
    assert at.verify(public=room.audit_public_key).data == taken.data
    (path,) = list((tmp_path / "backups").glob(part))[:1]
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(IntegrityError, match=f"{path.name}|signature|checkpoint"):
        at.verify()
    with pytest.raises((IntegrityError, StoreError)):
        at.restore(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    path.unlink()
    with pytest.raises(IntegrityError):
        at.verify()


def test_a_backup_somebody_made_up_fails_against_the_key_that_was_noted(filled, tmp_path: Path) -> None:
    room, _ = filled
    at = BackupPlace(tmp_path / "backups")
    room.backups.create(at)
    with pytest.raises(IntegrityError):
        at.verify(public=bytes(32))


def test_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(BackupMismatchError, match="no backup"):
        BackupPlace(tmp_path / "none").verify()
    with pytest.raises(BackupMismatchError, match="there are: none"):
        BackupPlace(tmp_path / "none").verify("20200101T000000.000Z-00000000")
    assert not (tmp_path / "none").exists()


def test_a_home_that_holds_something_is_left_alone(filled, place: Path, tmp_path: Path) -> None:
    room, _ = filled
    at = BackupPlace(tmp_path / "backups")
    room.backups.create(at)
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "strongroom.db").write_bytes(b"mine")
    with pytest.raises(StoreError, match="something at"):
        at.restore(tmp_path / "used")
    assert (tmp_path / "used" / "strongroom.db").read_bytes() == b"mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backups", "place", "used"]


def test_a_second_store_s_keys_are_refused(filled, tmp_path: Path) -> None:
    room, _ = filled
    ours = BackupPlace(tmp_path / "ours")
    room.backups.create(ours)
    with Strongroom.open(home=tmp_path / "b", keyfile=tmp_path / "b.key", create=True) as other:
        other.backups.create(BackupPlace(tmp_path / "theirs"))
    with pytest.raises(BackupMismatchError, match="different stores"):
        BackupPlace(tmp_path / "ours", tmp_path / "theirs" / KEYS).verify()


def test_pruning_keeps_the_newest(tmp_path: Path) -> None:
    shelf = BackupFiles(tmp_path)
    ids = ["20260101T000000.000Z-00000000", "20260201T000000.000Z-00000000", "20260301T000000.000Z-00000000"]
    for backup in ids:
        (tmp_path / backup).mkdir()
    now = taken_at(ids[-1]) + 400 * 86400.0
    assert prune(shelf, keep_s=1000 * 86400, now=now) == []
    assert prune(shelf, keep_s=430 * 86400, now=now) == ids[:1]
    assert prune(shelf, keep_s=0, now=now) == ids[1:2]
    assert shelf.backups() == ids[2:]


def test_a_full_disk_leaves_nothing(filled, tmp_path: Path) -> None:
    room, _ = filled
    for fails_at in (1, 5):
        at = _Failing(BackupFiles(tmp_path / "full" / "data"), fails_at, StoreFullError("full"))
        keys = BackupFiles(tmp_path / "full" / "keys")
        with pytest.raises(StoreFullError):
            _backups(room).create(at, keys)
        assert at.backups() == keys.backups() == []
        assert at.backups(finished=False) == keys.backups(finished=False) == []


# --- interrupted at every write ------------------------------------------------------------------


class _Killed(BaseException):
    """The process is gone: nothing after it runs, except what a test does on the next day."""


class _Failing:
    """A shelf that fails at its n-th write, half-way through it."""

    def __init__(self, shelf: BackupShelf, fails_at: int, error: BaseException) -> None:
        self.left = fails_at
        self._shelf = shelf
        self._error = error

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise self._error

    def put(self, backup: str, name: str, source: BinaryIO, limit: int | None = None) -> Stored:
        if self.left == 1:
            self._shelf.put(backup, name, source, 7)
        self._count()
        return self._shelf.put(backup, name, source, limit)

    def finish(self, backup: str) -> None:
        self._count()
        self._shelf.finish(backup)
        self._count()

    def backups(self, *, finished: bool = True) -> list[str]:
        return self._shelf.backups(finished=finished)

    def open(self, backup: str, name: str) -> BinaryIO:
        return self._shelf.open(backup, name)

    def discard(self, backup: str) -> None:
        self._shelf.discard(backup)

    def remove(self, backup: str) -> None:
        self._shelf.remove(backup)


def _backups(room: Strongroom, clock: Any = None) -> Backups:
    house = room.house
    return Backups(
        home=house.home, snapshots=SQLiteSnapshots(house.home / "strongroom.db"), signing=house.signing,
        clock=clock or house.clock,
    )  # fmt: skip


def test_killed_at_every_write_of_a_backup(filled, tmp_path: Path) -> None:
    room, _ = filled
    room.house.audit.flush()
    at = BackupPlace(tmp_path / "backups")
    first, _ = _backups(room).create(at.data, at.keys)
    writes = 0
    for kept_by in ("data", "keys"):
        for fails_at in range(1, 200):
            data: BackupShelf = at.data
            keys: BackupShelf = at.keys
            failing = _Failing(data if kept_by == "data" else keys, fails_at, _Killed())
            before = len(at.data.backups())
            try:
                _backups(room).create(*((failing, keys) if kept_by == "data" else (data, failing)))
            except _Killed:
                writes += 1
                assert at.data.backups()[0] == first.id
                assert len(at.data.backups()) - before in ({0, 1} if kept_by == "data" else {0})
                at.verify(at.data.backups()[-1], keys=at.data.backups()[-1])
                continue
            break
    assert writes > 12
    assert at.data.backups(finished=False), "what the crashes left"
    assert room.backups.create(at).data
    late = type("Late", (SystemClock,), {"now": lambda _: SystemClock().now() + 2 * 86400})()
    _backups(room, late).create(at.data, at.keys)
    assert at.data.backups(finished=False) == at.keys.backups(finished=False) == []


def test_killed_at_every_write_of_a_restore(filled, place: Path, tmp_path: Path) -> None:
    room, sealed = filled
    at = BackupPlace(tmp_path / "backups")
    room.backups.create(at)
    room.close()
    home = tmp_path / "new"
    whole: Callable[[BackupShelf], None] = lambda shelf: _restore(at, shelf, home)  # noqa: E731
    for fails_at in range(1, 200):
        try:
            whole(_Failing(BackupFiles(tmp_path), fails_at, _Killed()))
        except _Killed:
            if home.exists():  # killed after the rename: then all of it is there
                break
            continue
        raise AssertionError
    assert fails_at >= 8
    with _reopened(home, place) as again, again.session("bot", **SCOPE) as work:
        assert work.open(sealed, category="health", subject="cust-812") == VALUE


def _restore(at: BackupPlace, shelf: BackupShelf, home: Path) -> None:
    work = Restore(at.data, at.keys, SQLiteSnapshots(Path()))
    data, keys = work.choose()
    work.run(data, keys, home=shelf, name=home.name, scratch=home.with_name(".joining"))


# --- escrow --------------------------------------------------------------------------------------


def test_the_root_in_escrow_opens_a_restored_store(filled, place: Path, tmp_path: Path) -> None:
    room, sealed = filled
    private, public = tmp_path / "escrow.key", tmp_path / "escrow.pub"
    number = make_escrow_key(private, public, entropy=system_entropy)
    assert private.stat().st_mode & 0o777 == 0o600
    away = private.rename(tmp_path / "away.key")
    assert number in room.backups.escrow(public)
    at = BackupPlace(tmp_path / "backups")
    room.backups.create(at)
    room.close()
    at.restore(tmp_path / "new")
    with (
        Strongroom.open(home=tmp_path / "new", root=f"escrow:{away}") as again,
        again.session("bot", **SCOPE) as work,
    ):
        assert work.open(sealed, category="health", subject="cust-812") == VALUE
    with pytest.raises(RootMissingError, match="only the private one"):
        Strongroom.open(home=tmp_path / "new", root=f"escrow:{public}")
    make_escrow_key(tmp_path / "other.key", tmp_path / "other.pub", entropy=system_entropy)
    with pytest.raises(ForeignRootError, match="another key"):
        Strongroom.open(home=tmp_path / "new", root=f"escrow:{tmp_path / 'other.key'}")
    away.chmod(0o644)
    with pytest.raises(RootError, match="chmod 600"):
        Strongroom.open(home=tmp_path / "new", root=f"escrow:{away}")
    with pytest.raises(RootError, match="cannot be written"):
        make_escrow_key(away, public, entropy=system_entropy)
    public.write_text("something else\n")
    with pytest.raises(RootError, match="not an escrow key"):
        Strongroom.open(home=tmp_path / "new", root=f"escrow:{public}")
