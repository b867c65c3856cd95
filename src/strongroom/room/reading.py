"""Reading the log of every shard, those other processes are writing included: last entries, and proofs.

Must never: vouch for what it shows; whether the log was edited is what `verify_audit` says.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from strongroom.audit.checkpoint import verify_checkpoint
from strongroom.audit.merkle import inclusion_path, leaf_hash
from strongroom.audit.proof import InclusionProof
from strongroom.audit.segments import SEGMENT_ENTRIES, scan, segment_name
from strongroom.audit.shard import CHECKPOINT, read_entry
from strongroom.audit.storage import LogShelf
from strongroom.audit.tiles import TiledTree
from strongroom.errors import IntegrityError
from strongroom.formats.entry import parse_entry


def recent_entries(shelf: LogShelf, last: int) -> list[dict[str, Any]]:
    """The `last` entries over all shards by time: `origin`, `index`, `time_ms` and the fields of the event.

    Raises `FormatError` for bytes that are no entry.
    """
    found: list[dict[str, Any]] = []
    for origin in shelf.origins():
        storage = shelf.storage(origin)
        taken = 0
        for number, name in reversed(list(enumerate(storage.names("entries")))):
            entries = scan(storage.read(name) or b"").entries
            for offset in range(len(entries) - 1, -1, -1):
                if taken == last:
                    break
                entry = parse_entry(entries[offset])
                place = {"origin": origin, "index": number * SEGMENT_ENTRIES + offset, "time_ms": entry.time_ms}
                found.append(place | asdict(entry.event))
                taken += 1
    found.sort(key=lambda entry: (entry["time_ms"], entry["origin"], entry["index"]))
    return found[-last:]


def prove_signed(shelf: LogShelf, origin: str, index: int, *, public: bytes) -> InclusionProof:
    """The proof that entry `index` of shard `origin` is under the last checkpoint on disk.

    Raises `IntegrityError` when there is no such shard, or the checkpoint does not cover the entry (yet).
    """
    if origin not in shelf.origins():
        msg = f"{origin}: there is no such log"
        raise IntegrityError(msg)
    storage = shelf.storage(origin)
    signed = (storage.read(CHECKPOINT) or b"").decode()
    head = verify_checkpoint(signed, public=public, origin=origin)
    if index >= head.size:
        msg = f"{origin}: the last checkpoint covers {head.size} entries, and {index} is not among them"
        raise IntegrityError(msg)
    tree = TiledTree.load(storage, head.size)
    while tree.size < head.size:
        number, offset = divmod(tree.size, SEGMENT_ENTRIES)
        rest = scan(storage.read(segment_name(number)) or b"").entries[offset : offset + head.size - tree.size]
        if not rest:
            msg = f"{origin}: entry {tree.size} is missing or damaged"
            raise IntegrityError(msg)
        for entry in rest:
            tree.add(leaf_hash(entry))
    path = inclusion_path(tree.node, index, head.size)
    return InclusionProof(origin, index, head.size, tuple(path), read_entry(storage, index), signed)


def signed_checkpoints(shelf: LogShelf) -> dict[str, str]:
    """The last checkpoint of every shard, by origin, as it stands on disk."""
    found = {origin: shelf.storage(origin).read(CHECKPOINT) for origin in shelf.origins()}
    return {origin: signed.decode() for origin, signed in found.items() if signed is not None}
