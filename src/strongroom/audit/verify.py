"""Verifying a whole audit log from its bytes and the public key: every shard, entry, tile and checkpoint.

Works while processes are writing: checkpoints are read twice and everything is held against the second reading,
anchors only up to the first, so a log that grows meanwhile is not mistaken for one that was edited.

Must never: repair anything, or trust a tile, an anchor or a checkpoint before it was recomputed or verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from strongroom.audit.anchor import anchor_of
from strongroom.audit.checkpoint import verify_checkpoint
from strongroom.audit.merkle import leaf_hash
from strongroom.audit.segments import SEGMENT_ENTRIES, scan, segment_name
from strongroom.audit.shard import CHECKPOINT
from strongroom.audit.storage import LogShelf, LogStorage
from strongroom.audit.tiles import TILE_HEIGHT, TILE_WIDTH, TiledTree, tile_name
from strongroom.errors import FormatError, IntegrityError
from strongroom.formats.note import Checkpoint
from strongroom.primitives.digest import DIGEST_LEN


@dataclass(frozen=True, slots=True)
class ShardReport:
    """What was verified of one shard.

    `unsigned` entries lie beyond its checkpoint and `torn_bytes` after them: a writer at work, or a crash that
    the next opening recovers. `claims` are the remembered checkpoints of it that hold.
    """

    origin: str
    entries: int
    bytes: int
    root: str
    unsigned: int = 0
    torn_bytes: int = 0
    claims: int = 0


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was verified: the shards, and their sums."""

    shards: tuple[ShardReport, ...]

    @property
    def entries(self) -> int:
        """Entries covered by a signed checkpoint."""
        return sum(shard.entries for shard in self.shards)

    @property
    def bytes(self) -> int:
        """Bytes of entries, tiles and checkpoints that were read."""
        return sum(shard.bytes for shard in self.shards)

    @property
    def claims(self) -> int:
        """Checkpoints of one shard that another one, or the caller, remembered, and that still hold."""
        return sum(shard.claims for shard in self.shards)


def verify_audit(shelf: LogShelf, *, public: bytes, known: Iterable[str] = ()) -> AuditReport:
    """Recompute every shard of `shelf` and hold it against its checkpoint and what other shards remember of it.

    `public` is the log's Ed25519 key; `known` are signed checkpoints that were kept elsewhere, the only defence
    against a rollback of all shards at once. Raises `IntegrityError` that names the shard and, where there is
    one, the index of the first entry in question, and `OSError` if the storage cannot be read.
    """
    first = _heads(shelf, public)
    heads = _heads(shelf, public)
    readers = {origin: _Reader(shelf.storage(origin), head) for origin, head in heads.items()}
    for reader in readers.values():
        reader.verify()
    claims = [("a checkpoint kept elsewhere", verify_checkpoint(text, public=public)) for text in known]
    claims += [(f"{origin}: checkpoint", head) for origin, head in first.items()]
    for origin, reader in readers.items():
        seen = first[origin].size if origin in first else 0
        claims += [(f"{origin}: entry {index}", head) for index, head in reader.anchors if index < seen]
    for source, claim in claims:
        if claim.origin not in readers:
            msg = f"{claim.origin}: the shard is missing, {source} remembers {claim.size} entries of it"
            raise IntegrityError(msg)
        readers[claim.origin].verify_claim(source, claim)
    return AuditReport(tuple(reader.report() for _, reader in sorted(readers.items())))


def _heads(shelf: LogShelf, public: bytes) -> dict[str, Checkpoint]:
    heads = {}
    for origin in shelf.origins():
        storage = shelf.storage(origin)
        raw = storage.read(CHECKPOINT)
        if raw is not None:
            heads[origin] = verify_checkpoint(raw, public=public, origin=origin)
        elif storage.names("entries") or storage.names("tile"):
            msg = f"{origin}: the checkpoint is missing"
            raise IntegrityError(msg)
    return heads


@dataclass
class _Reader:
    """Recomputes one shard and remembers what other shards' anchors it met."""

    storage: LogStorage
    head: Checkpoint
    anchors: list[tuple[int, Checkpoint]] = field(default_factory=list)
    read_bytes: int = 0
    unsigned: int = 0
    torn_bytes: int = 0
    claims: int = -1
    """The shard's own first reading is among the claims and does not count."""

    def __post_init__(self) -> None:
        self.tree = TiledTree(self.storage)

    def verify(self) -> None:
        """Recompute entries, tiles and root; keep the anchors."""
        origin, number, is_full = self.head.origin, 0, True
        while is_full:
            raw = self.storage.read(segment_name(number)) or b""
            found = scan(raw)
            self._add(found.entries)
            if found.damaged:
                msg = f"{origin}: entry {number * SEGMENT_ENTRIES + len(found.entries)} is damaged"
                raise IntegrityError(msg)
            self.read_bytes += len(raw)
            self.torn_bytes = len(raw) - found.end
            is_full = len(found.entries) == SEGMENT_ENTRIES
            number += 1
        size = self.tree.size
        if size < self.head.size:
            msg = f"{origin}: entry {size} is missing, the checkpoint covers {self.head.size} entries"
            raise IntegrityError(msg)
        if self.tree.root() != self.head.root:
            msg = (
                f"{origin}: entries {size // TILE_WIDTH * TILE_WIDTH} to {size - 1}, or earlier ones together "
                "with their tiles, are not those the checkpoint signed"
            )
            raise IntegrityError(msg)

    def verify_claim(self, source: str, claim: Checkpoint) -> None:
        """Hold a remembered checkpoint against the shard as it is."""
        if claim.size > self.head.size:
            msg = (
                f"{claim.origin}: rolled back, it has {self.head.size} entries and {source} remembers {claim.size}"
            )
            raise IntegrityError(msg)
        if self.tree.root(claim.size) != claim.root:
            msg = f"{claim.origin}: the first {claim.size} entries are not those {source} remembers"
            raise IntegrityError(msg)
        self.claims += 1

    def report(self) -> ShardReport:
        """What was verified."""
        return ShardReport(
            origin=self.head.origin,
            entries=self.head.size,
            bytes=self.read_bytes,
            root=self.head.root.hex(),
            unsigned=self.unsigned,
            torn_bytes=self.torn_bytes,
            claims=self.claims,
        )

    def _add(self, entries: Sequence[bytes]) -> None:
        signed = entries[: self.head.size - self.tree.size]
        self.unsigned += len(entries) - len(signed)
        for entry in signed:
            try:
                anchor = anchor_of(entry)
            except FormatError as error:
                msg = f"{self.head.origin}: entry {self.tree.size}: {error}"
                raise IntegrityError(msg) from error
            if anchor is not None:
                self.anchors.append((self.tree.size, anchor))
            self.tree.add(leaf_hash(entry))
        for level, number, content in self.tree.take_full():
            self._require_tile(level, number, content)

    def _require_tile(self, level: int, number: int, content: bytes) -> None:
        name = tile_name(level, number)
        raw = self.storage.read(name)
        self.read_bytes += len(content)
        if raw == content:
            return
        place = next((i for i in range(TILE_WIDTH) if not _same_hash(raw or b"", content, i)), TILE_WIDTH - 1)
        index = (number * TILE_WIDTH + place) << (TILE_HEIGHT * level)
        what = "is missing" if raw is None else "differs from the entries"
        msg = f"{self.head.origin}: entry {index}: its hash in {name} {what}"
        raise IntegrityError(msg)


def _same_hash(one: bytes, other: bytes, place: int) -> bool:
    part = slice(place * DIGEST_LEN, (place + 1) * DIGEST_LEN)
    return one[part] == other[part]
