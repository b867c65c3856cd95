"""Bringing a store back from its backup, into a place where there is none.

The data and the keys may be from different moments, as long as the keys are not the older ones: keys are never
forgotten, so newer keys open older data, less what was erased in between.

Everything is copied beside the target, verified on the way, and becomes visible in one step at the end.

Must never: write into a home that holds a store, or make keys and data one that are of different stores.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from strongroom.at_rest.backup import (
    BLOCK,
    KEY_STORE,
    STORE,
    BackupShelf,
    Progress,
    StoreSnapshots,
    read_manifest,
    require_same,
)
from strongroom.errors import BackupMismatchError, IntegrityError
from strongroom.formats.backup import DATA, KEYS, Manifest, Stored
from strongroom.primitives.digest import Digest


class Restore:
    """Restores from the shelves of the data and of the keys."""

    def __init__(self, data: BackupShelf, keys: BackupShelf, snapshots: StoreSnapshots) -> None:
        self._data = data
        self._keys = keys
        self._snapshots = snapshots

    def choose(
        self, backup: str = "", keys: str = "", *, public: bytes | None = None
    ) -> tuple[Manifest, Manifest]:
        """The manifests of the data and of the keys to use: those named, or the newest of each.

        Raises `BackupMismatchError` when there are none, when they are of two stores, or the keys are older.
        """
        data_part = read_manifest(self._data, self._named(self._data, backup), part=DATA, public=public)
        key_part = read_manifest(self._keys, self._named(self._keys, keys), part=KEYS, public=public)
        if data_part.store_id != key_part.store_id or data_part.public != key_part.public:
            msg = f"the data {data_part.id} and the keys {key_part.id} are of different stores"
            raise BackupMismatchError(msg)
        if key_part.key_versions < data_part.key_versions or key_part.key_changes < data_part.key_changes:
            msg = f"the keys {key_part.id} are older than the data {data_part.id}: something would not open"
            raise BackupMismatchError(msg)
        return data_part, key_part

    def run(
        self, data: Manifest, keys: Manifest, *, home: BackupShelf, name: str, scratch: Path,
        progress: Progress | None = None,
    ) -> None:  # fmt: skip
        """Make the home `name` on the shelf `home` from both parts. Raises `IntegrityError` naming a bad file.

        `scratch` is a directory beside the home, made and removed here, in which the store is put together.
        """
        home.discard(name)  # what a try that crashed left
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        try:
            self._files(data, home, name, scratch, progress)
            self._store(data, keys, home, name, scratch)
            home.finish(name)
        except Exception:  # a home that is not whole may not stay
            home.discard(name)
            raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _files(
        self, data: Manifest, home: BackupShelf, name: str, scratch: Path, progress: Progress | None
    ) -> None:
        done = 0
        for expected in data.files:
            if expected.name == STORE:
                self._copy(self._data, data.id, expected, scratch / STORE)
            else:
                with self._data.open(data.id, expected.name) as source:
                    require_same(data.id, expected, home.put(name, expected.name, source))
            done += expected.length
            if progress is not None:
                progress(done)

    def _store(self, data: Manifest, keys: Manifest, home: BackupShelf, name: str, scratch: Path) -> None:
        key_store = next((file for file in keys.files if file.name == KEY_STORE), None)
        if key_store is None or not (scratch / STORE).exists():
            msg = f"backup {data.id}: the store is not in it"
            raise IntegrityError(msg)
        self._copy(self._keys, keys.id, key_store, scratch / KEY_STORE)
        whole = scratch / "whole.db"
        self._snapshots.join(scratch / STORE, scratch / KEY_STORE, whole)
        with whole.open("rb") as source:
            home.put(name, STORE, source)

    @staticmethod
    def _copy(shelf: BackupShelf, backup: str, expected: Stored, target: Path) -> None:
        digest = Digest()
        with shelf.open(backup, expected.name) as source, target.open("xb") as file:
            while block := source.read(BLOCK):
                file.write(digest.update(block))
        require_same(backup, expected, Stored(expected.name, digest.length, digest.hex()))

    @staticmethod
    def _named(shelf: BackupShelf, backup: str) -> str:
        there = shelf.backups()
        if backup and backup not in there:
            msg = f"there is no backup {backup}; there are: {', '.join(there) or 'none'}"
            raise BackupMismatchError(msg)
        if not there:
            msg = "there is no backup in this directory"
            raise BackupMismatchError(msg)
        return backup or there[-1]
