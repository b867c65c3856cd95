"""Ways to break the protection on purpose, each of which the demo has to notice.

``surrogates``: the gateway only watches. ``sealing``: the agent keeps its files in clear. ``log``: a byte of the
audit log is flipped. ``cache``: the agent's process never learns that a key changed.

Must never: be reachable from anything but the demo.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from pathlib import Path

from strongroom.errors import IntegrityError


class Sabotage(StrEnum):
    """What to break."""

    SURROGATES = "surrogates"
    SEALING = "sealing"
    LOG = "log"
    CACHE = "cache"


class FrozenEpoch:
    """An epoch that never moves: a process whose key cache is never told to look again."""

    def value(self) -> int:
        """Always the same."""
        return 0

    def bump(self) -> int:
        """Does not move it."""
        return 0

    def changing(self) -> AbstractContextManager[None]:
        """Does not hold it either."""
        return nullcontext()


def flip_log_byte(directory: Path) -> None:
    """Change one bit in the middle of the longest file of entries below `directory`.

    Raises `IntegrityError` when there is nothing to change.
    """
    entries = [
        path for path in directory.rglob("*") if path.is_file() and "entries" in str(path.relative_to(directory))
    ]
    if not entries:
        msg = "the audit log has no entries to sabotage"
        raise IntegrityError(msg)
    target = max(entries, key=lambda path: path.stat().st_size)
    with target.open("r+b") as log:
        middle = target.stat().st_size // 2
        log.seek(middle)
        byte = log.read(1)
        log.seek(middle)
        log.write(bytes([byte[0] ^ 1]))
