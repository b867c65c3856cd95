"""An audit log as plain files: one folder per shard, held by an advisory lock (flock) of the writing process.

    <directory>/<origin>/lock | checkpoint | entries/000 ... | tile/0/000 ...

The lock is the kernel's: it goes with the process, however that ends. Files are for the owner alone (0600).

Must never: report a file as durable before both its bytes and its directory entry are synced.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

_LOCK = "lock"
_UNFINISHED = ".tmp"
_FILE_MODE = 0o600
_FOLDER_MODE = 0o700


class ShardFiles:
    """The files of one shard: implements `strongroom.audit.storage.LogStorage`."""

    def __init__(self, folder: Path, *, is_new: bool = False) -> None:
        self._folder = folder
        self._appending: dict[str, int] = {}
        self._changed_folders = {folder, *list(folder.parents)[:2]} if is_new else set()

    def append(self, name: str, content: bytes) -> None:
        """Add `content` at the end of the file; durable only after `sync`."""
        descriptor = self._appending.get(name)
        if descriptor is None:
            path = self._prepared(name)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, _FILE_MODE)
            self._appending[name] = descriptor
        _write(descriptor, content)

    def put(self, name: str, content: bytes, *, durable: bool) -> None:
        """Replace the file at once, by writing beside it and renaming."""
        path = self._prepared(name)
        beside = path.with_name(path.name + _UNFINISHED)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _FILE_MODE)
        try:
            _write(descriptor, content)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        beside.replace(path)
        if durable:
            self._sync_folders()

    def sync(self, names: Sequence[str]) -> None:
        """Wait until the files and their directory entries would survive a loss of power."""
        for name in names:
            descriptor = self._appending.get(name)
            if descriptor is not None:
                os.fdatasync(descriptor)
                continue
            descriptor = os.open(self._folder / name, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._sync_folders()
        for name in list(self._appending)[:-1]:  # only the newest segment is appended to again
            os.close(self._appending.pop(name))

    def read(self, name: str) -> bytes | None:
        """All bytes of the file, or None when there is none."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def truncate(self, name: str, length: int) -> None:
        """Cut the file to `length` bytes, durably."""
        descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(descriptor, length)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def names(self, folder: str) -> list[str]:
        """The files under `folder`, sorted; unfinished replacements do not count."""
        found = (path for path in (self._folder / folder).rglob("*") if path.is_file())
        return sorted(path.relative_to(self._folder).as_posix() for path in found if path.suffix != _UNFINISHED)

    def close(self) -> None:
        """Close what is open; the last sync decided what is durable."""
        while self._appending:
            os.close(self._appending.popitem()[1])

    def _prepared(self, name: str) -> Path:
        path = self._folder / name
        if not path.exists():
            missing = [parent for parent in path.parents if not parent.exists()]
            for parent in reversed(missing):
                parent.mkdir(mode=_FOLDER_MODE, exist_ok=True)
                self._changed_folders.add(parent.parent)
        self._changed_folders.add(path.parent)
        return path

    def _sync_folders(self) -> None:
        for folder in self._changed_folders:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._changed_folders.clear()


class LogFiles:
    """A folder of shards: implements `strongroom.audit.storage.LogShelf`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._claims: dict[str, tuple[int, ShardFiles]] = {}

    def origins(self) -> list[str]:
        """The folders in the directory, sorted; empty when there is no directory."""
        if not self._directory.is_dir():
            return []
        return sorted(path.name for path in self._directory.iterdir() if path.is_dir())

    def claim(self, origin: str) -> ShardFiles | None:
        """Take the shard's lock and give its files, or None while another process or log has it."""
        folder = self._directory / origin
        is_new = not folder.exists()
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        except BaseException:
            os.close(lock)
            raise
        files = ShardFiles(folder, is_new=is_new)
        self._claims[origin] = (lock, files)
        return files

    def release(self, origin: str) -> None:
        """Close the shard's files and give its lock back. Does nothing for a shard that is not claimed."""
        if origin in self._claims:
            lock, files = self._claims.pop(origin)
            files.close()
            os.close(lock)

    def storage(self, origin: str) -> ShardFiles:
        """The shard's files, for reading."""
        return ShardFiles(self._directory / origin)


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
