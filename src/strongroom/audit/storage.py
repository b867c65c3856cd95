"""Where a log's bytes live: the two ports the audit room calls, implemented in `adapters.log_files`.

A shelf holds shards by origin; a shard's storage holds named byte strings: append-only segments, write-once
tiles, one replaceable checkpoint. Names are relative, with ``/`` between parts.

Must never: claim durability before `sync` (or a durable `put`) has returned. Every method raises `OSError`
when the medium fails; the caller decides what that means.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class LogStorage(Protocol):
    """The bytes of one shard."""

    def append(self, name: str, content: bytes) -> None:
        """Add `content` at the end of `name`, creating it; durable only after `sync`."""
        ...

    def put(self, name: str, content: bytes, *, durable: bool) -> None:
        """Replace `name` by `content` all at once: a reader sees the old or the new, never a mixture."""
        ...

    def sync(self, names: Sequence[str]) -> None:
        """Return when everything written to `names` would survive a loss of power."""
        ...

    def read(self, name: str) -> bytes | None:
        """All bytes of `name`, or None when there is no such name."""
        ...

    def truncate(self, name: str, length: int) -> None:
        """Cut `name` to `length` bytes, durably."""
        ...

    def names(self, folder: str) -> list[str]:
        """The names under `folder`, at any depth, sorted; empty when there are none."""
        ...


class LogShelf(Protocol):
    """The shards of one audit log. One process at a time holds a shard for writing."""

    def origins(self) -> list[str]:
        """The origins that exist, sorted."""
        ...

    def claim(self, origin: str) -> LogStorage | None:
        """The storage of `origin` for writing, or None while another holder has it. Creates it when new."""
        ...

    def release(self, origin: str) -> None:
        """Give a claimed `origin` back."""
        ...

    def storage(self, origin: str) -> LogStorage:
        """The storage of `origin` for reading, claimed or not."""
        ...
