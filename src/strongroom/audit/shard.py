"""One shard: the single-writer log, from the last durable entry to the signed checkpoint, and its recovery.

The order of writes is the whole argument (docs/spec/audit-log.md, "Crash safety"):

    1. entries appended and synced     -> they are acknowledged
    2. hashed; full tiles written
    3. tiles synced, checkpoint put    -> they are signed

so whatever a checkpoint covers is durable, and what is durable beyond it can be replayed from the entries.

Must never: sign a tree that does not extend the last signed one, or go on after a write failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strongroom.audit.checkpoint import sign_checkpoint, verify_checkpoint
from strongroom.audit.merkle import leaf_hash
from strongroom.audit.segments import SEGMENT_ENTRIES, frame, scan, segment_name
from strongroom.audit.storage import LogStorage
from strongroom.audit.tiles import TiledTree, tile_name
from strongroom.errors import IntegrityError
from strongroom.formats.note import Checkpoint
from strongroom.primitives.signing import SigningKey

CHECKPOINT = "checkpoint"

BATCH_ENTRIES_MAX = SEGMENT_ENTRIES
"""A batch touches at most two segments, so recovery looks at no more than one beyond the last."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening a shard had to repair: bytes of a torn tail dropped, entries signed anew."""

    dropped_bytes: int = 0
    replayed_entries: int = 0


class Shard:
    """The writer's side of one shard. Not thread-safe: `committer` owns it."""

    def __init__(self, storage: LogStorage, *, origin: str, signing_key: SigningKey, tree: TiledTree) -> None:
        self.origin = origin
        self.signed = ""
        self.recovery = Recovery()
        self._storage = storage
        self._key = signing_key
        self._tree = tree
        self._written = tree.size
        self._unhashed: list[bytes] = []
        self._unsynced: list[str] = []
        self._signed_size = -1

    @classmethod
    def open(cls, storage: LogStorage, *, origin: str, signing_key: SigningKey) -> Shard:
        """Open or create the shard in `storage`.

        A torn tail after the last checkpoint is dropped. Raises `IntegrityError` when anything the checkpoint
        covers is missing or altered, and `OSError` when the storage fails.
        """
        raw = storage.read(CHECKPOINT)
        if raw is None:
            if storage.names("entries") or storage.names("tile"):
                msg = f"{origin}: the checkpoint is missing"
                raise IntegrityError(msg)
            shard = cls(storage, origin=origin, signing_key=signing_key, tree=TiledTree(storage))
            shard.sign()
            return shard
        checkpoint = verify_checkpoint(raw, public=signing_key.public, origin=origin)
        try:
            tree = TiledTree.load(storage, checkpoint.size)
        except IntegrityError as error:
            msg = f"{origin}: {error}"
            raise IntegrityError(msg) from error
        dropped = _replay(storage, tree, checkpoint)
        shard = cls(storage, origin=origin, signing_key=signing_key, tree=tree)
        shard.recovery = Recovery(dropped, tree.size - checkpoint.size)
        shard.signed, shard._signed_size = raw.decode(), checkpoint.size
        shard._write_tiles()
        if tree.size > checkpoint.size:
            shard.sign()
        return shard

    @property
    def size(self) -> int:
        """Entries that are durable."""
        return self._written

    @property
    def is_signed(self) -> bool:
        """Whether the checkpoint covers every durable entry."""
        return self._signed_size == self._written

    @property
    def tree(self) -> TiledTree:
        """The tree over the entries that were hashed."""
        return self._tree

    def write(self, entries: Sequence[bytes]) -> None:
        """Append at most `BATCH_ENTRIES_MAX` entries; they are durable on return. Raises `OSError`."""
        names = []
        start = 0
        while start < len(entries):
            number, filled = divmod(self._written + start, SEGMENT_ENTRIES)
            part = entries[start : start + SEGMENT_ENTRIES - filled]
            names.append(segment_name(number))
            self._storage.append(names[-1], b"".join(map(frame, part)))
            start += len(part)
        self._storage.sync(names)
        self._written += len(entries)
        self._unhashed += entries

    def hash(self) -> None:
        """Take what was written into the tree, and write the tiles that became full. Raises `OSError`."""
        for entry in self._unhashed:
            self._tree.add(leaf_hash(entry))
        self._unhashed.clear()
        self._write_tiles()

    def sign(self) -> str:
        """Hash what is left, make the tiles durable, and sign and put the checkpoint. Raises `OSError`."""
        self.hash()
        if self._unsynced:
            self._storage.sync(self._unsynced)
            self._unsynced.clear()
        head = Checkpoint(self.origin, self._tree.size, self._tree.root())
        signed = sign_checkpoint(head, self._key)
        self._storage.put(CHECKPOINT, signed.encode(), durable=True)
        self.signed, self._signed_size = signed, head.size
        return signed

    def _write_tiles(self) -> None:
        for level, number, content in self._tree.take_full():
            name = tile_name(level, number)
            self._storage.put(name, content, durable=False)
            self._unsynced.append(name)


def read_entry(storage: LogStorage, index: int) -> bytes:
    """Entry `index`, found in its segment. Raises `IntegrityError` if it is not there in one piece."""
    number, offset = divmod(index, SEGMENT_ENTRIES)
    found = scan(storage.read(segment_name(number)) or b"")
    if index < 0 or offset >= len(found.entries):
        msg = f"entry {index} is missing or damaged"
        raise IntegrityError(msg)
    return found.entries[offset]


def _replay(storage: LogStorage, tree: TiledTree, checkpoint: Checkpoint) -> int:
    """Add the entries after the last whole tile to `tree`; returns how many bytes of torn tail were cut."""
    origin, dropped = checkpoint.origin, 0
    _require_root(tree, checkpoint)
    number, skip = divmod(tree.size, SEGMENT_ENTRIES)
    while True:
        name = segment_name(number)
        raw = storage.read(name) or b""
        found = scan(raw)
        for entry in found.entries[skip:]:
            tree.add(leaf_hash(entry))
            _require_root(tree, checkpoint)
        if tree.size < checkpoint.size and (found.damaged or len(found.entries) < SEGMENT_ENTRIES):
            what = "is damaged" if found.damaged else "is missing, the log was rolled back"
            msg = f"{origin}: entry {number * SEGMENT_ENTRIES + len(found.entries)} {what}"
            raise IntegrityError(msg)
        if found.end < len(raw):
            storage.truncate(name, found.end)
            dropped += len(raw) - found.end
        number, skip = number + 1, 0
        if len(found.entries) < SEGMENT_ENTRIES:
            break
    stray = storage.read(segment_name(number))
    if stray:  # the later half of a batch whose earlier half did not reach the disk
        storage.truncate(segment_name(number), 0)
        dropped += len(stray)
    return dropped


def _require_root(tree: TiledTree, checkpoint: Checkpoint) -> None:
    if tree.size == checkpoint.size and tree.root() != checkpoint.root:
        msg = f"{checkpoint.origin}: the first {tree.size} entries do not have the root their checkpoint signed"
        raise IntegrityError(msg)
