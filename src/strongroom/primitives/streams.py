"""Byte streams read and written completely, and written while the next piece is prepared.

A raw file may return or take less than asked; everything that seals goes through here so that this cannot look
like the end of the data.

Must never: take "no data yet" for the end of a source, or leave a thread behind.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import BinaryIO, Self

from strongroom.errors import DecryptionError

BUFFERS = 2
"""One being filled, one being written; a third was measured and gains nothing."""


class Reader:
    """A source that fills buffers and remembers how much it gave, which tells an altered end from a cut one."""

    __slots__ = ("_readinto", "length")

    def __init__(self, source: BinaryIO) -> None:
        found: Callable[[memoryview], int | None] | None = getattr(source, "readinto", None)
        self._readinto = found or _copying(source)
        self.length = 0

    def fill(self, buffer: memoryview) -> int:
        """Read until `buffer` is full or the source ends; returns how many bytes were read."""
        got = 0
        while got < len(buffer) and (read := self._readinto(buffer[got:])) != 0:
            if read is None:
                msg = "the source is not in blocking mode"
                raise BlockingIOError(msg)
            got += read
        self.length += got
        return got

    def exactly(self, length: int) -> bytes:
        """The next `length` bytes; raises `DecryptionError` if the source ends before."""
        content = bytearray(length)
        if self.fill(memoryview(content)) != length:
            raise DecryptionError(reason="truncated")
        return bytes(content)


def _copying(source: BinaryIO) -> Callable[[memoryview], int]:
    """`readinto` for a source that can only `read`."""

    def readinto(buffer: memoryview) -> int:
        piece = source.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    return readinto


class Behind:
    """Writes buffers to a target on a thread of its own while the next one is being filled.

    Use as a context manager: take a buffer with `free`, fill it, hand it over with `write`. Leaving the block
    waits until all is written and raises what the target raised; no thread survives it.
    """

    def __init__(self, target: BinaryIO, buffer_len: int) -> None:
        self._target = target
        self._failure: BaseException | None = None
        self._free: SimpleQueue[memoryview] = SimpleQueue()
        self._full: SimpleQueue[tuple[memoryview, int] | None] = SimpleQueue()
        for _ in range(BUFFERS):
            self._free.put(memoryview(bytearray(buffer_len)))
        self._thread = Thread(target=self._run, name="strongroom-write", daemon=True)

    def free(self) -> memoryview:
        """A buffer that nobody uses, as soon as there is one; raises what a previous write raised."""
        buffer = self._free.get()
        if self._failure is not None:
            raise self._failure
        return buffer

    def write(self, buffer: memoryview, length: int) -> None:
        """Write the first `length` bytes of `buffer`, which belongs to the writer from now on."""
        self._full.put((buffer, length))

    def _run(self) -> None:
        while (piece := self._full.get()) is not None:
            buffer, length = piece
            if self._failure is None:
                try:
                    write_all(self._target, buffer[:length])
                except BaseException as error:  # noqa: BLE001 - carried to the thread that asked, and raised there
                    self._failure = error
            self._free.put(buffer)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._full.put(None)
        self._thread.join()
        if kind is None and self._failure is not None:
            raise self._failure


def write_all(target: BinaryIO, content: memoryview) -> None:
    """Write every byte of `content`, which a raw file may take in parts."""
    while len(content):
        wrote: int | None = target.write(content)
        if not wrote:
            msg = "the target takes no more bytes, or is not in blocking mode"
            raise BlockingIOError(msg)
        content = content[wrote:]
