"""Cross-anchors: one shard's entry that remembers another shard's checkpoint.

A shard alone cannot tell that it was removed, or put back to an older state with its old checkpoint. When a
shard is opened and closed it records the checkpoints of the others, so whoever removes or rolls back one has
to do the same to all that have seen it (docs/spec/audit-log.md, "Shards").

Must never: anchor a checkpoint whose signature was not verified.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from strongroom.audit.checkpoint import verify_checkpoint
from strongroom.audit.shard import CHECKPOINT
from strongroom.audit.storage import LogShelf
from strongroom.errors import FormatError
from strongroom.formats.entry import Event, parse_entry
from strongroom.formats.note import Checkpoint, parse_checkpoint

ANCHOR = "audit.anchor"
RECOVER = "audit.recover"
SELF = "strongroom"
"""The principal of entries the log writes about itself."""

_MARK = b'"anchor":'


def anchor_event(checkpoint: Checkpoint) -> Event:
    """The entry that remembers `checkpoint`."""
    root = base64.b64encode(checkpoint.root).decode()
    text = f"{checkpoint.origin} {checkpoint.size} {root}"
    return Event(action=ANCHOR, phase="admin", principal=SELF, tenant="", environment="", result="ok", anchor=text)


def recovery_event(dropped_bytes: int) -> Event:
    """The entry that says a torn tail of so many bytes was dropped when the shard was opened."""
    return Event(
        action=RECOVER, phase="admin", principal=SELF, tenant="", environment="", result="ok", count=dropped_bytes
    )


def anchor_of(entry: bytes) -> Checkpoint | None:
    """The checkpoint that `entry` remembers, or None for every other entry.

    Raises `FormatError` for an anchor entry that does not name a checkpoint.
    """
    if _MARK not in entry:  # an entry is searched in a fraction of the time it takes to parse it
        return None
    event = parse_entry(entry).event
    if event.action != ANCHOR or event.phase != "admin":
        return None
    parts = event.anchor.split(" ")
    if len(parts) != 3:  # noqa: PLR2004 - origin, size, root
        msg = "anchor: origin, size and root are needed"
        raise FormatError(msg)
    return parse_checkpoint("\n".join(parts) + "\n")


def peers(shelf: LogShelf, *, origin: str, public: bytes) -> Iterator[Checkpoint]:
    """The checkpoints of all shards but `origin` that have entries.

    Raises `IntegrityError` if one of them does not verify, and `OSError` if it cannot be read.
    """
    for other in shelf.origins():
        raw = None if other == origin else shelf.storage(other).read(CHECKPOINT)
        if raw is None:  # ourselves, or a shard that another process is creating right now
            continue
        checkpoint = verify_checkpoint(raw, public=public, origin=other)
        if checkpoint.size:
            yield checkpoint
