"""Backups as directories: the `BackupShelf` port of the at-rest room.

    <directory>/<id>/...               finished
    <directory>/.<id>.partial/...      being made, or left by a crash

Must never: rename before every file and directory entry is synced, or follow a name out of its backup.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from strongroom.errors import IntegrityError, StoreError, StoreFullError
from strongroom.formats.backup import Stored
from strongroom.primitives.digest import Digest

FILE_MODE = 0o600
FOLDER_MODE = 0o700

_BLOCK = 1 << 20
_ID = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}", re.ASCII)
_PARTIAL = re.compile(r"\.(\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8})\.partial", re.ASCII)


class BackupFiles:
    """One directory of backups. It is made when the first one is."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, backup: str, name: str, source: BinaryIO, limit: int | None = None) -> Stored:
        """Write a file of an unfinished backup, readable by its owner alone, and sync it."""
        with _meaning():
            path = self._partial(backup) / name
            for folder in reversed([parent for parent in path.parents if not parent.exists()]):
                folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
            digest = Digest()
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
            with os.fdopen(os.open(path, flags, FILE_MODE), "wb", buffering=0) as target:
                left = limit
                while block := source.read(_BLOCK if left is None else min(left, _BLOCK)):
                    view = memoryview(digest.update(block))
                    while view:
                        view = view[target.write(view) :]
                    left = None if left is None else left - len(block)
                os.fsync(target.fileno())
        return Stored(name, digest.length, digest.hex())

    def finish(self, backup: str) -> None:
        """Sync every directory, then rename: an empty directory may stand there already, nothing else."""
        partial = self._partial(backup)
        with _meaning():
            for folder, _, _ in os.walk(partial):
                _sync(Path(folder))
            try:
                partial.rename(self._directory / backup)
            except OSError as error:
                if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
                    raise
                msg = f"there is something at {self._directory / backup} already; it was left as it is"
                raise StoreError(msg) from error
            _sync(self._directory)

    def backups(self, *, finished: bool = True) -> list[str]:
        """The ids of finished backups, oldest first, or of unfinished ones."""
        if not self._directory.is_dir():
            return []
        found = [(_ID if finished else _PARTIAL).fullmatch(path.name) for path in self._directory.iterdir()]
        return sorted(match[match.lastindex or 0] for match in found if match)

    def open(self, backup: str, name: str) -> BinaryIO:
        """A file of a backup. Raises `IntegrityError` if there is no such file."""
        folder = self._directory / backup
        try:
            return ((folder if folder.is_dir() else self._partial(backup)) / name).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            msg = f"backup {backup}: {name} is missing"
            raise IntegrityError(msg) from error

    def discard(self, backup: str) -> None:
        """Remove what an unfinished backup has so far."""
        shutil.rmtree(self._partial(backup), ignore_errors=True)

    def remove(self, backup: str) -> None:
        """Remove a finished backup; it stops counting first, in one step."""
        finished = self._directory / backup
        if finished.is_dir():
            finished.rename(self._partial(backup))
            _sync(self._directory)
            self.discard(backup)

    def _partial(self, backup: str) -> Path:
        return self._directory / f".{backup}.partial"


@contextmanager
def _meaning() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            msg = "the disk that takes the backup is full"
            raise StoreFullError(msg) from error
        msg = f"the backup could not be written ({error.strerror})"
        raise StoreError(msg) from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
