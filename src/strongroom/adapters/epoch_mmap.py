"""The shared epoch as eight bytes of shared memory: a file every process of the store maps.

Reading is one load from mapped memory. Changing takes the file's lock, so that one process changes at a time; the
kernel lets go of the lock when a process dies, and the next reader then finds the number odd and the lock
free, and makes it even: whatever the dead process committed or not is in the store.

Must never: be put on a network file system, where mapped memory is not shared between hosts.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from strongroom.errors import StoreError

EPOCH_LEN = 8
"""One aligned 64-bit number in the machine's own byte order; it never leaves the machine."""

FILE_MODE = 0o600


class MmapEpoch:
    """The `Epoch` port of the keys room over one file."""

    def __init__(self, path: Path, mapped: mmap.mmap, inode: int) -> None:
        self._path = path
        self._inode = inode
        self._mapped = mapped
        self._number = memoryview(mapped).cast("Q")
        # The file lock is per open file, so threads of this process exclude each other by it as well; this
        # one only spares them the system calls.
        self._lock = Lock()

    @classmethod
    def open(cls, path: Path) -> MmapEpoch:
        """Map the epoch at `path`, making it if it is not there. Raises `StoreError` if that is impossible."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
            try:
                status = os.fstat(descriptor)
                if status.st_size < EPOCH_LEN:
                    os.posix_fallocate(descriptor, 0, EPOCH_LEN)
                return cls(path, mmap.mmap(descriptor, EPOCH_LEN, mmap.MAP_SHARED), status.st_ino)
            finally:
                os.close(descriptor)
        except OSError as error:
            msg = f"the epoch file cannot be used ({error.strerror})"
            raise StoreError(msg) from error

    def value(self) -> int:
        """The number now; odd while a change is under way."""
        number = self._number[0]
        return self._settled(number) if number & 1 else number

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the number odd while the block runs, then make it even, whether the block succeeded or not.

        Raises `StoreError` if the file was replaced: other processes may be looking at another one.
        """
        with self._lock, self._locked(fcntl.LOCK_EX):
            number = self._number[0]
            self._number[0] = number = number + 1 if number % 2 == 0 else number + 2
            try:
                yield
            finally:
                self._number[0] = number + 1

    def bump(self) -> int:
        """Make every process drop what it cached; returns the new number."""
        with self.changing():
            pass
        return self.value()

    def close(self) -> None:
        """Unmap the file; the epoch cannot be used any more."""
        self._number.release()
        self._mapped.close()

    def _settled(self, number: int) -> int:
        try:
            with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
                number = self._number[0]
                if number & 1:
                    number = self._number[0] = number + 1
        except (BlockingIOError, StoreError):
            # Somebody is changing right now, or the file is gone: odd either way, so nothing is kept.
            return number
        return number

    @contextmanager
    def _locked(self, operation: int) -> Iterator[None]:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            msg = f"the epoch file cannot be used ({error.strerror})"
            raise StoreError(msg) from error
        try:
            if os.fstat(descriptor).st_ino != self._inode:
                msg = "the epoch file was replaced: stop every process of this store, then start them again"
                raise StoreError(msg)
            fcntl.flock(descriptor, operation)
            yield
        finally:
            os.close(descriptor)
