"""Backups of the embedded store: the sealed data and the wrapped keys, apart, from one moment.

Theory: what is sealed may be copied and kept for years; what opens it may not, or nothing could ever be erased.
So a backup has two parts. ``data`` has the store without its keys, the audit log and the sealed files; ``keys``
has the wrapped keys and nothing else, is small, and is kept for a much shorter time. The data of last month
with the keys of yesterday is a good restore: whoever was erased in between stays erased.

Order: the log first, then the store and its keys in one snapshot, then the files the snapshot names; a file that
was replaced meanwhile means a new snapshot. Nothing counts as a backup before it is complete and on disk.

Must never: open anything sealed, or write a wrapped key into the data part.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from strongroom.at_rest.logs import whole_frames
from strongroom.clock import Clock, Entropy, system_entropy
from strongroom.errors import FormatError, IntegrityError, StoreError
from strongroom.formats.backup import DATA, KEYS, MANIFEST, Manifest, Stored
from strongroom.primitives.digest import Digest
from strongroom.primitives.signing import SigningKey

STORE = "strongroom.db"
KEY_STORE = "keys.db"
CONFIGURATION = "strongroom.toml"

ATTEMPTS_MAX = 5
"""Files are replaced rarely; this many snapshots spoiled in a row mean that something else is wrong."""

STALE_S = 24 * 3600
"""An unfinished backup that is a day old belongs to a process that died."""

BLOCK = 1 << 20
_LOG_LOCK = "lock"
_CHECKPOINT = "checkpoint"

Progress = Callable[[int], None]
"""Called with the number of bytes stored so far."""


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    """What a snapshot of the store is of. `referenced` are the files its rows name, relative to the home."""

    store_id: str
    key_versions: int
    key_changes: int
    referenced: tuple[str, ...]


class StoreSnapshots(Protocol):
    """Copies of the store as of one moment."""

    def take(self, data: Path, keys: Path) -> SnapshotFacts:
        """Write the store without its keys to `data`, and its keys to `keys`; both files are new."""
        ...

    def join(self, data: Path, keys: Path, target: Path) -> None:
        """Make a whole store again in the new file `target`. Raises `IntegrityError` if they do not fit."""
        ...


class BackupShelf(Protocol):
    """Where parts of backups stand, by id. What is not finished does not count."""

    def put(self, backup: str, name: str, source: BinaryIO, limit: int | None = None) -> Stored:
        """Store a file of an unfinished backup, replacing an earlier try; at most `limit` bytes of `source`."""
        ...

    def finish(self, backup: str) -> None:
        """Make everything durable, then let it count, in one step. Raises `StoreError` if the id is taken."""
        ...

    def backups(self, *, finished: bool = True) -> list[str]:
        """The finished ones, oldest first; or else what crashes left and others are making."""
        ...

    def open(self, backup: str, name: str) -> BinaryIO:
        """A file of a backup, finished or not. Raises `IntegrityError` if there is none."""
        ...

    def discard(self, backup: str) -> None:
        """Forget an unfinished one; nothing happens if there is none."""
        ...

    def remove(self, backup: str) -> None:
        """Forget a finished one; nothing happens if there is none."""
        ...


class Backups:
    """Takes backups of one home."""

    def __init__(
        self, *, home: Path, snapshots: StoreSnapshots, signing: SigningKey, clock: Clock,
        entropy: Entropy = system_entropy,
    ) -> None:  # fmt: skip
        self._home = home
        self._snapshots = snapshots
        self._signing = signing
        self._clock = clock
        self._entropy = entropy

    def create(
        self, data: BackupShelf, keys: BackupShelf, progress: Progress | None = None
    ) -> tuple[Manifest, Manifest]:
        """Back up into both shelves; returns the manifests of the data and of the keys.

        The keys are finished first: data without keys opens nothing, keys without data hold nothing.
        """
        now = self._clock.now()
        at = int(now)
        self._sweep(data, at)
        self._sweep(keys, at)
        moment = f"{datetime.fromtimestamp(at, tz=UTC):%Y%m%dT%H%M%S}.{int(now * 1000) % 1000:03}"
        backup = f"{moment}Z-{self._entropy(4).hex()}"
        into = _Filling(data, backup, progress)
        beside = _Filling(keys, backup, progress)
        try:
            self._log(into)
            with self._scratch() as scratch:
                facts = self._store(scratch, into, beside)
            self._loose(into)
            of_data = self._sign(DATA, backup, at, facts, into)
            of_keys = self._sign(KEYS, backup, at, facts, beside)
            keys.finish(backup)
            data.finish(backup)
        except Exception:  # whatever went wrong, nothing that looks like a backup may stay
            data.discard(backup)
            keys.discard(backup)
            raise
        return of_data, of_keys

    def _sign(self, part: str, backup: str, at: int, facts: SnapshotFacts, filling: _Filling) -> Manifest:
        made = Manifest(
            part, backup, facts.store_id, at, facts.key_versions, facts.key_changes, tuple(filling.stored)
        )
        signed = made.signed(self._signing)
        filling.shelf.put(backup, MANIFEST, io.BytesIO(signed.to_bytes()))
        return signed

    def _log(self, into: _Filling) -> None:
        """Every shard: the checkpoints first, so that the entries copied afterwards cover them."""
        log = self._home / "audit"
        paths = sorted(path for path in log.rglob("*") if path.is_file() and path.name != _LOG_LOCK)
        checkpoints = [path for path in paths if path.name == _CHECKPOINT]
        for path in (*checkpoints, *(path for path in paths if path not in set(checkpoints))):
            if path.suffix != ".tmp":
                into.put(path.relative_to(self._home).as_posix(), path)

    def _store(self, scratch: Path, into: _Filling, beside: _Filling) -> SnapshotFacts:
        for attempt in range(ATTEMPTS_MAX):
            database, key_store = scratch / f"{attempt}.data", scratch / f"{attempt}.keys"
            facts = self._snapshots.take(database, key_store)
            mark = len(into.stored)
            try:
                for name in facts.referenced:
                    into.put(name, self._home / name)
            except FileNotFoundError:
                del into.stored[mark:]
                continue
            into.put(STORE, database)
            beside.put(KEY_STORE, key_store)
            return facts
        msg = "a file that the store names is not there, in every snapshot that was taken"
        raise StoreError(msg)

    def _loose(self, into: _Filling) -> None:
        """Sealed logs, which are appended to meanwhile, and the settings file."""
        for path in sorted((self._home / "logs").glob("*.sealed")):
            into.put(f"logs/{path.name}", path, whole_frames(path))
        if (self._home / CONFIGURATION).is_file():
            into.put(CONFIGURATION, self._home / CONFIGURATION)

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        """A directory in the home for the snapshot; what a crash left of an earlier one goes."""
        parent = self._home / "tmp"
        for left in parent.glob("backup-*"):
            if self._clock.now() - left.stat().st_mtime > STALE_S:
                shutil.rmtree(left, ignore_errors=True)
        made = parent / f"backup-{self._entropy(8).hex()}"
        made.mkdir(parents=True, mode=0o700)
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    @staticmethod
    def _sweep(shelf: BackupShelf, now: int) -> None:
        for left in shelf.backups(finished=False):
            if now - taken_at(left) > STALE_S:
                shelf.discard(left)


class _Filling:
    """One part while it is being made."""

    def __init__(self, shelf: BackupShelf, backup: str, progress: Progress | None) -> None:
        self.shelf = shelf
        self.stored: list[Stored] = []
        self._backup = backup
        self._progress = progress
        self._bytes = 0

    def put(self, name: str, path: Path, limit: int | None = None) -> None:
        with path.open("rb") as source:
            stored = self.shelf.put(self._backup, name, source, limit)
        self.stored.append(stored)
        self._bytes += stored.length
        if self._progress is not None:
            self._progress(self._bytes)


def taken_at(backup: str) -> int:
    """When the backup with this id was begun, in seconds since the Unix epoch. Raises `FormatError`."""
    try:
        return int(datetime.strptime(f"{backup[:15]}+0000", "%Y%m%dT%H%M%S%z").timestamp())
    except ValueError:
        msg = "this is not the id of a backup"
        raise FormatError(msg) from None


def read_manifest(shelf: BackupShelf, backup: str, *, part: str, public: bytes | None = None) -> Manifest:
    """The verified manifest of `backup`. Raises `IntegrityError`, `FormatError` or `LimitExceededError`."""
    with shelf.open(backup, MANIFEST) as file:
        manifest = Manifest.parse(file.read())
    manifest.verify(public)
    if (manifest.part, manifest.id) != (part, backup):
        msg = f"backup {backup}: the manifest is that of {manifest.part} {manifest.id}"
        raise IntegrityError(msg)
    return manifest


def verify_backup(
    shelf: BackupShelf, backup: str, *, part: str, public: bytes | None = None, progress: Progress | None = None
) -> Manifest:
    """Read every file of `backup` and hold it against the manifest, and that against `public` or its own key.

    Raises `IntegrityError` naming the file.
    """
    manifest = read_manifest(shelf, backup, part=part, public=public)
    done = 0
    for stored in manifest.files:
        digest = Digest()
        with shelf.open(backup, stored.name) as file:
            while block := file.read(BLOCK):
                digest.update(block)
                done += len(block)
                if progress is not None:
                    progress(done)
        require_same(backup, stored, Stored(stored.name, digest.length, digest.hex()))
    return manifest


def require_same(backup: str, expected: Stored, found: Stored) -> None:
    """Raise `IntegrityError` unless a file is the one its manifest describes."""
    if expected != found:
        msg = f"backup {backup}: {expected.name} is not what was backed up"
        raise IntegrityError(msg)


def prune(shelf: BackupShelf, *, keep_s: float, now: float) -> list[str]:
    """Remove the backups that are older than `keep_s` seconds, but never the newest; returns their ids."""
    finished = shelf.backups()
    old = [backup for backup in finished[:-1] if now - taken_at(backup) > keep_s]
    for backup in old:
        shelf.remove(backup)
    return old
