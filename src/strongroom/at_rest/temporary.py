"""Temporary files of tools: sealed while they lie on disk, gone when the block ends.

A crash leaves sealed bytes only; `sweep` removes what a crashed process left.

Must never: be opened by name from outside, or outlive the process that made it by more than the next sweep.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strongroom.at_rest.custody import Custody
from strongroom.clock import Clock, Entropy, system_entropy
from strongroom.errors import DecryptionError

STALE_S = 24 * 3600
"""No tool call lasts a day; older leftovers belong to a process that crashed."""

_LENGTH = struct.Struct(">I")


class TemporaryFile:
    """A sealed scratch file: `write` appends, `read` gives everything written so far."""

    def __init__(self, custody: Custody, path: Path, *, category: str, subject: str) -> None:
        self.path = path
        self._custody = custody
        self._category = category
        self._subject = subject
        self._pieces = 0
        path.touch(mode=0o600)

    def write(self, content: bytes) -> None:
        """Seal `content` and append it."""
        sealed = self._custody.seal(
            content, "temporary", self.path.name, category=self._category, subject=self._subject,
            version=self._pieces,
        )  # fmt: skip
        with self.path.open("ab") as target:
            target.write(_LENGTH.pack(len(sealed)) + sealed)
        self._pieces += 1

    def read(self) -> bytes:
        """Everything written, in order; raises `DecryptionError` when a piece is missing or altered."""
        raw = self.path.read_bytes()
        out: list[bytes] = []
        position = 0
        while position < len(raw):
            (length,) = _LENGTH.unpack_from(raw, position)
            position += _LENGTH.size
            out.append(
                self._custody.open(
                    raw[position : position + length], "temporary", self.path.name, category=self._category,
                    subject=self._subject, version=len(out),
                )
            )  # fmt: skip
            position += length
        if len(out) != self._pieces:
            reason = "temporary_truncated"
            raise DecryptionError(reason)
        return b"".join(out)


@contextmanager
def temporary(
    custody: Custody, directory: Path, *, category: str, subject: str = "", entropy: Entropy = system_entropy
) -> Iterator[TemporaryFile]:
    """A sealed scratch file that is removed when the block ends."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = TemporaryFile(custody, directory / f"{entropy(16).hex()}.sealed", category=category, subject=subject)
    try:
        yield made
    finally:
        made.path.unlink(missing_ok=True)


def sweep(directory: Path, clock: Clock) -> int:
    """Remove leftovers older than `STALE_S`; returns how many there were."""
    stale = [path for path in directory.glob("*.sealed") if clock.now() - path.stat().st_mtime > STALE_S]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)
