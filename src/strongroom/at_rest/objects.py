"""Large sealed things as files of the caller's own: written and read as streams, whole or in part.

Unlike `files`, which keeps a store of its own, these go where the caller says.

Must never: let a file appear under its name before all of it was sealed, or verified; or serve a range without
asking for the key again.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import SEEK_CUR, SEEK_END, SEEK_SET
from pathlib import Path
from typing import BinaryIO, Protocol

from strongroom.at_rest.custody import Custody
from strongroom.clock import Entropy, system_entropy
from strongroom.errors import DecryptionError
from strongroom.formats.object import OBJECT_HEADER_LEN
from strongroom.primitives.chunked import RANGE_LEN_MAX, plain_len

KIND = "file"
READ_AHEAD = 1 << 20
"""Every range costs a decision, a log entry and the verification of the last chunk: few large ones, then."""

Progress = Callable[[int], None]


class Writer(Protocol):
    """Takes the plaintext of an object, bit by bit."""

    def write(self, content: bytes | bytearray | memoryview, /) -> int:
        """Seal all of `content`; returns its length."""
        ...


class Objects:
    """Sealed objects of one caller, in one category, about one subject or nobody."""

    def __init__(self, custody: Custody, *, category: str, subject: str = "", object_id: str) -> None:
        self._custody = custody
        self._category = category
        self._subject = subject
        self._object_id = object_id
        self._binding = custody.binding(KIND, object_id, category=category, subject=subject)

    def seal(self, source: BinaryIO, target: BinaryIO, progress: Progress | None = None) -> int:
        """All of `source` to `target`; returns the bytes written."""
        with self._custody.sealing(self._category, subject=self._subject, resource=self._object_id) as permit:
            return self._custody.envelope.seal_object(source, target, self._binding, permit, progress)

    def open(self, source: BinaryIO, target: BinaryIO, progress: Progress | None = None) -> int:
        """The plaintext to `target`, which holds a mere beginning if this raises; returns the bytes written."""
        with self._custody.opening(self._category, subject=self._subject, resource=self._object_id) as permit:
            return self._custody.envelope.open_object(source, target, self._binding, permit, progress)

    def seal_file(self, source: Path, target: Path, progress: Progress | None = None) -> int:
        """Seal a file; `target` appears, or is replaced, when all of it is on disk."""
        with source.open("rb", buffering=0) as reading, appearing(target) as writing:
            return self.seal(reading, writing, progress)

    def open_file(self, source: Path, target: Path, progress: Progress | None = None) -> int:
        """Open a file; `target` appears, or is replaced, when all of it was verified and is on disk."""
        with source.open("rb", buffering=0) as reading, appearing(target) as writing:
            return self.open(reading, writing, progress)

    @contextmanager
    def writer(self, target: Path) -> Iterator[Writer]:
        """Seal what the block writes; the file appears when the block ends well, and not otherwise."""
        with (
            self._custody.sealing(self._category, subject=self._subject, resource=self._object_id) as permit,
            appearing(target) as writing,
            self._custody.envelope.object_writer(writing, self._binding, permit) as writer,
        ):
            yield writer

    def reader(self, source: Path) -> io.BufferedReader:
        """A readable, seekable stream of the plaintext; only what is read is decrypted, and verified first.

        Every megabyte asks for the key again: when it is revoked, the next one raises `KeyStateError`. Raises
        `DecryptionError` for a file that does not open.
        """
        return io.BufferedReader(SealedReader(self, source.open("rb", buffering=0)), READ_AHEAD)

    def read_range(self, source: BinaryIO, start: int, length: int) -> bytes:
        """Bytes `start` to `start + length` of the object in the seekable `source`, shorter at its end."""
        with self._custody.opening(self._category, subject=self._subject, resource=self._object_id) as permit:
            return self._custody.envelope.open_object_range(
                source, self._binding, permit, start=start, length=length
            )


class SealedReader(io.RawIOBase):
    """The plaintext of a sealed file, by ranges. Closes `file` with itself."""

    def __init__(self, objects: Objects, file: io.FileIO) -> None:
        super().__init__()
        self._objects = objects
        self._file = file
        self._at = 0
        try:
            self._length = plain_len(os.fstat(file.fileno()).st_size - OBJECT_HEADER_LEN)
            objects.read_range(file, 0, 0)  # the length is believed after the last chunk verified
        except BaseException:
            file.close()
            raise

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Fill `buffer`, or what is left of the object."""
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), RANGE_LEN_MAX, max(self._length - self._at, 0))
        if not wanted:
            return 0
        found = self._objects.read_range(self._file, self._at, wanted)
        if len(found) != wanted:
            raise DecryptionError(reason="truncated")  # the file changed under the reader
        view[:wanted] = found
        self._at += wanted
        return wanted

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        """Move, as files do."""
        base = {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._length}[whence]
        if base + offset < 0:
            msg = "a position is not negative"
            raise ValueError(msg)
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """Where the next read starts."""
        return self._at

    def close(self) -> None:
        """Close the file too."""
        self._file.close()
        super().close()


@contextmanager
def appearing(path: Path, entropy: Entropy = system_entropy) -> Iterator[BinaryIO]:
    """A file that stands under `path` only when the block ended well and all of it is on disk; `OSError` as is."""
    beside = path.with_name(f".{path.name}.{entropy(4).hex()}.partial")
    try:  # opened inside, so that an interrupt at any moment finds the name to remove
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as target:
            yield target
            os.fsync(descriptor)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
