"""Byte streams read and written completely, and written while the next piece is prepared.

A raw file may return or take less than asked; everything that seals goes through here so that this cannot look
like the end of the data.

Must never: take "no data yet" for the end of a source, or leave a thread behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import BinaryIO

from strongroom.errors import DecryptionError

BEHIND_LEN_MIN = 1 << 18
"""Shorter pieces are written at once: handing one over costs about as much as writing 64 KiB."""


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


@contextmanager
def writing_behind(target: BinaryIO) -> Iterator[Callable[[memoryview], None]]:
    """A `write` that returns while a large piece is still on its way, at most one at a time.

    The thread is made for the first large piece, so small objects do without. On leaving, every byte has been
    written or a failure has been raised; no thread survives the block.
    """
    pool: ThreadPoolExecutor | None = None
    pending: Future[None] | None = None

    def settle() -> None:
        nonlocal pending
        if pending is not None:
            waiting, pending = pending, None
            waiting.result()

    def write(piece: memoryview) -> None:
        nonlocal pool, pending
        settle()
        if len(piece) < BEHIND_LEN_MIN:
            write_all(target, piece)
        else:
            pool = pool or ThreadPoolExecutor(1, "strongroom-write")
            pending = pool.submit(write_all, target, piece)

    try:
        yield write
        settle()
    finally:
        if pool is not None:
            pool.shutdown(wait=True)


def write_all(target: BinaryIO, content: memoryview) -> None:
    """Write every byte of `content`, which a raw file may take in parts."""
    while len(content):
        wrote: int | None = target.write(content)
        if not wrote:
            msg = "the target takes no more bytes, or is not in blocking mode"
            raise BlockingIOError(msg)
        content = content[wrote:]
