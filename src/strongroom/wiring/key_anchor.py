"""The key store and the audit log vouch for each other's age.

Theory: a store put back as a whole to an older state is a genuine older store, and nothing in it says otherwise: a
destroyed key would be there again. So the number of key changes is written into the log when a process opens and
closes the store and after every administrative act, and a store with fewer changes than its log last knew is
refused. Who puts back the log as well has to put back what was kept of its checkpoints elsewhere.

Must never: be the only copy; a checkpoint kept away from this machine is what shows both put back together.
"""

from __future__ import annotations

from contextlib import suppress

from strongroom.audit.anchor import SELF
from strongroom.audit.log import AuditLog
from strongroom.audit.segments import scan
from strongroom.audit.storage import LogShelf
from strongroom.errors import AuditUnavailableError, StoreError, StoreTamperedError
from strongroom.formats.entry import Entry, Event, parse_entry
from strongroom.keys.lifecycle import KeyAdmin

ACTION = "keys.anchor"
ACCEPTED = "keys.older_store_accepted"
SEGMENTS_SEARCHED = 4
"""The newest entries of each shard, about 4,000; after a clean end the anchor is among the last few."""

_MARK = b'"event_code":"keys.'


class KeyAnchor:
    """Keeps the number of key changes in the log. One per process."""

    def __init__(self, audit: AuditLog, keys: KeyAdmin, known: int) -> None:
        self._audit = audit
        self._keys = keys
        self._known = known

    @classmethod
    def open(cls, shelf: LogShelf, audit: AuditLog, keys: KeyAdmin, *, accept_older: bool = False) -> KeyAnchor:
        """Compare the store with the newest anchor in the log, and anchor what it has gained since.

        Raises `StoreTamperedError` if it has fewer changes than that anchor says, unless `accept_older`, which
        leaves an alarm in the log.
        """
        anchors = [entry for origin in shelf.origins() if (entry := _newest(shelf, origin)) is not None]
        known = max(anchors, key=lambda entry: entry.time_ms).event.count if anchors else 0
        found = keys.journal_size()
        if found < known and not accept_older:
            msg = (
                f"the key store is older than its log: it has {found} changes, and the log knows of {known}. "
                "If an older store was put back on purpose: strongroom keys accept-older-store"
            )
            raise StoreTamperedError(msg)
        anchor = cls(audit, keys, known)
        if found < known:
            anchor._write(ACCEPTED, "alarm", found)
        anchor.update()
        return anchor

    def update(self) -> None:
        """Write the number of changes if it is another one than was written last."""
        found = self._keys.journal_size()
        if found != self._known:
            self._write(ACTION, "admin", found)

    def close(self) -> None:
        """The same at the end. Ending without it is what a killed process does: the next one to open anchors."""
        with suppress(AuditUnavailableError, StoreError):
            self.update()

    def _write(self, action: str, phase: str, count: int) -> None:
        event = Event(
            action=action, phase=phase, principal=SELF, tenant="", environment="", count=count, result="ok"
        )
        self._audit.append(event, durable=True)
        self._known = count


def _newest(shelf: LogShelf, origin: str) -> Entry | None:
    storage = shelf.storage(origin)
    for name in reversed(storage.names("entries")[-SEGMENTS_SEARCHED:]):
        for raw in reversed(scan(storage.read(name) or b"").entries):
            if _MARK in raw and (entry := parse_entry(raw)).event.action in (ACTION, ACCEPTED):
                return entry
    return None
