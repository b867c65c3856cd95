"""The audit log as the rest of the house sees it: append an event, prove an entry, close.

Each process writes a shard of its own; the first free one is taken, and `verify.verify_audit` checks all of
them together. What could point to a person is concealed on the caller's thread, before the entry exists.

Must never: accept an event after the log failed once, or return from a durable append before the disk has it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import orjson

from strongroom.audit.anchor import anchor_event, peers, recovery_event
from strongroom.audit.committer import DEFAULT_LIMITS, CommitLimits, Committer, Observer
from strongroom.audit.merkle import consistency_path, inclusion_path
from strongroom.audit.proof import InclusionProof
from strongroom.audit.shard import Shard, read_entry
from strongroom.audit.storage import LogShelf
from strongroom.clock import Clock
from strongroom.errors import AuditUnavailableError, IntegrityError
from strongroom.formats.entry import Event, encode_entry
from strongroom.formats.note import Checkpoint, parse_checkpoint, parse_note
from strongroom.primitives.signing import SigningKey

SHARDS_MAX = 1024
"""One shard per process of one host; a thousand processes on one directory is a mistake."""


class AuditLog:
    """One shard, open for appending. Thread-safe. Use as a context manager, or call `close`."""

    def __init__(
        self, shelf: LogShelf, shard: Shard, committer: Committer, *, public: bytes,
        conceal: Callable[[str], str], clock: Clock,
    ) -> None:  # fmt: skip
        self.origin = shard.origin
        self.recovery = shard.recovery
        self._shelf = shelf
        self._committer = committer
        self._public = public
        self._conceal = conceal
        self._clock = clock
        self._anchored: dict[str, int] = {}
        # a log that is forgotten is drained and its shard released all the same, at the latest at exit
        self._finish = weakref.finalize(self, _finish, committer, shelf, shard.origin)

    @classmethod
    def open(
        cls, shelf: LogShelf, *, signing_key: SigningKey, conceal: Callable[[str], str], clock: Clock,
        observer: Observer | None = None, limits: CommitLimits = DEFAULT_LIMITS,
    ) -> Self:  # fmt: skip
        """Take the first shard nobody holds, recover it, and anchor the checkpoints of the others in it.

        `conceal` is a keyed one-way function for resource, session and subject names; `shelf` is an
        `adapters.log_files.LogFiles` or another `LogShelf`. Raises `IntegrityError` when this shard was
        altered or rolled back below its checkpoint or another's checkpoint does not verify, and
        `AuditUnavailableError` when the storage fails or every shard is taken.
        """
        try:
            shard = _claim(shelf, signing_key)
        except OSError as error:
            msg = "the audit log cannot be opened"
            raise AuditUnavailableError(msg) from error
        committer = Committer(shard, clock=clock, observer=observer, limits=limits)
        log = cls(shelf, shard, committer, public=signing_key.public, conceal=conceal, clock=clock)
        try:
            log._record_opening()
        except BaseException:
            log._finish()
            raise
        return log

    @property
    def size(self) -> int:
        """Entries of this shard that are durable."""
        return self._committer.size

    def append(self, event: Event, *, durable: bool) -> int:
        """Record `event`; returns its index in this shard.

        With `durable` the entry is on disk on return. Without, it is queued and reaches the disk within
        milliseconds, or the log fails and every later call says so. Raises `FormatError` for an event that
        cannot be encoded and `AuditUnavailableError` when the log cannot take it.
        """
        time_ms = int(self._clock.now() * 1000)
        return self._committer.submit(encode_entry(event, time_ms=time_ms, conceal=self._conceal), durable=durable)

    def flush(self) -> None:
        """Return when everything appended so far is durable and signed. Raises `AuditUnavailableError`."""
        self._committer.flush()

    def checkpoint(self) -> str:
        """A signed checkpoint that covers everything appended so far (C2SP tlog-checkpoint)."""
        return self._committer.flush()

    def prove(self, index: int) -> InclusionProof:
        """The proof that entry `index` of this shard is in the log, against a checkpoint made now.

        Raises `IntegrityError` when there is no such entry or it no longer has the hash it was logged with.
        """
        signed = self._committer.flush()
        head = _head(signed)
        if not 0 <= index < head.size:
            msg = f"{self.origin}: there is no entry {index}"
            raise IntegrityError(msg)
        entry = self._read(index)
        path = self._committer.read_tree(lambda tree: inclusion_path(tree.node, index, head.size))
        return InclusionProof(self.origin, index, head.size, tuple(path), entry, signed)

    def prove_consistency(self, old_size: int) -> tuple[str, list[bytes]]:
        """A checkpoint made now, and the path that shows it extends the tree of `old_size` entries."""
        signed = self._committer.flush()
        head = _head(signed)
        if not 0 <= old_size <= head.size:
            msg = f"{self.origin}: there never was a tree of {old_size} entries"
            raise IntegrityError(msg)
        return signed, self._committer.read_tree(lambda tree: consistency_path(tree.node, old_size, head.size))

    def entry(self, index: int) -> dict[str, Any]:
        """Entry `index` of this shard as a record. Raises `IntegrityError` when it is not there."""
        if index >= self._committer.size:
            self._committer.flush()
        record: dict[str, Any] = orjson.loads(self._read(index))
        return record

    def close(self) -> None:
        """Anchor the other shards once more, drain, sign and release the shard; twice is harmless.

        Raises `AuditUnavailableError` if entries that were accepted did not reach the disk.
        """
        if self._finish.alive:
            try:
                self._anchor_peers()
            finally:
                self._finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, index: int) -> bytes:
        try:
            return read_entry(self._shelf.storage(self.origin), index)
        except IntegrityError as error:
            msg = f"{self.origin}: {error}"
            raise IntegrityError(msg) from error

    def _record_opening(self) -> None:
        if self.recovery.dropped_bytes:
            self.append(recovery_event(self.recovery.dropped_bytes), durable=False)
        self._anchor_peers()
        self.flush()

    def _anchor_peers(self) -> None:
        """Record the checkpoints of other shards that have grown since this log last recorded them."""
        try:
            for checkpoint in peers(self._shelf, origin=self.origin, public=self._public):
                if self._anchored.get(checkpoint.origin) != checkpoint.size:
                    self.append(anchor_event(checkpoint), durable=False)
                    self._anchored[checkpoint.origin] = checkpoint.size
        except OSError as error:
            msg = "the checkpoints of the other shards cannot be read"
            raise AuditUnavailableError(msg) from error


def _claim(shelf: LogShelf, signing_key: SigningKey) -> Shard:
    for number in range(SHARDS_MAX):
        origin = f"shard-{number:04}"
        storage = shelf.claim(origin)
        if storage is not None:
            try:
                return Shard.open(storage, origin=origin, signing_key=signing_key)
            except BaseException:
                shelf.release(origin)
                raise
    msg = f"all {SHARDS_MAX} shards of the audit log are taken"
    raise AuditUnavailableError(msg)


def _finish(committer: Committer, shelf: LogShelf, origin: str) -> None:
    try:
        committer.close()
    finally:
        shelf.release(origin)


def _head(signed: str) -> Checkpoint:
    return parse_checkpoint(parse_note(signed).text)
