"""What proves that a row is the latest the root's holder wrote: authenticators and the journal chain.

Theory: each row carries a MAC over all its columns, so a flipped state is noticed. A MAC cannot notice a row that
was put back to an earlier, once genuine content; for that, every change appends a journal entry, chained by
MACs, and the ledger remembers each row's latest entry. A running process also notices a journal that
became shorter. A store put back as a whole before the process started cannot be noticed from inside;
comparing `Ledger.seen` with a copy kept elsewhere does that.

Must never: accept a row without both checks, or sign one that was not read back under the same lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from strongroom.canonical import tuple_bytes
from strongroom.errors import StoreTamperedError
from strongroom.keys.store import Change, KeyRow, KeyStore
from strongroom.primitives.kdf import expand
from strongroom.primitives.mac import MAC_LEN, equal, mac
from strongroom.primitives.secret_memory import Secret

_INFO = b"strongroom/key-rows/1"
_ROW = "strongroom/key-row/1"
_LINK = "strongroom/key-journal/1"


class Ledger:
    """The authenticity of one store's rows, as seen by one process. Not thread-safe: its owner locks."""

    def __init__(self, root: Secret) -> None:
        self._key = expand(key=root, info=_INFO, length=MAC_LEN)
        self._link = bytes(MAC_LEN)
        self._latest: dict[int, int] = {}
        self.seen = 0
        """Sequence of the last journal entry that was verified."""

    def sign(self, row: KeyRow) -> KeyRow:
        """`row` with the authenticator of its present content."""
        return replace(row, authenticator=self._authenticator(row))

    def follow(self, store: KeyStore) -> None:
        """Verify and remember what the journal gained.

        Raises `StoreTamperedError` if it lost, or altered, anything.
        """
        entries = store.changes(max(self.seen - 1, 0))
        if self.seen:
            if not entries or entries[0].sequence != self.seen or not equal(entries[0].link, self._link):
                msg = "the key journal is not the one that was read before"
                raise StoreTamperedError(msg)
            entries = entries[1:]
        self.verify(entries)

    def verify(self, entries: Iterable[Change]) -> None:
        """Verify and remember `entries`, which follow the last one seen. Raises `StoreTamperedError`."""
        for entry in entries:
            link = self._next_link(self._link, entry.sequence, entry.keyref, entry.authenticator)
            if entry.sequence != self.seen + 1 or not equal(link, entry.link):
                msg = f"the key journal is broken at entry {entry.sequence}"
                raise StoreTamperedError(msg)
            self.seen, self._link = entry.sequence, link
            self._latest[entry.keyref] = entry.sequence

    def require_genuine(self, row: KeyRow) -> None:
        """Raise `StoreTamperedError` unless `row` is exactly what was last written.

        A row newer than the journal as followed so far passes `is_ahead`; follow first, then ask again.
        """
        if not equal(self._authenticator(row), row.authenticator):
            msg = f"key version {row.keyref} was altered in the store"
            raise StoreTamperedError(msg)
        if row.change != self._latest.get(row.keyref, 0):
            msg = f"key version {row.keyref} was put back to an earlier state"
            raise StoreTamperedError(msg)

    def is_ahead(self, row: KeyRow) -> bool:
        """Whether `row` claims a change this ledger has not followed yet."""
        return row.change > self.seen

    def extend(self, rows: Iterable[KeyRow]) -> tuple[tuple[KeyRow, ...], tuple[Change, ...]]:
        """Sign changed rows and make their journal entries, to be committed after entry `seen`."""
        updates, changes = [], []
        link = self._link
        for sequence, row in enumerate(rows, self.seen + 1):
            signed = self.sign(replace(row, change=sequence))
            link = self._next_link(link, sequence, signed.keyref, signed.authenticator)
            updates.append(signed)
            changes.append(Change(sequence, signed.keyref, signed.authenticator, link))
        return tuple(updates), tuple(changes)

    def rechained(self, entries: Iterable[Change]) -> Iterator[Change]:
        """`entries` of another root's journal, chained under this one from the start; what they say stays."""
        for entry in entries:
            self._link = self._next_link(self._link, entry.sequence, entry.keyref, entry.authenticator)
            self.seen = entry.sequence
            self._latest[entry.keyref] = entry.sequence
            yield replace(entry, link=self._link)

    def _authenticator(self, row: KeyRow) -> bytes:
        path = row.path
        columns = tuple_bytes(
            _ROW, row.keyref, path.tenant, path.environment, path.category, path.subject, row.use.value,
            row.version, row.state.value, row.wrapped, row.parent_keyref, row.created_at, row.changed_at,
            row.resumes.value if row.resumes else "", row.due_at, row.change,
        )  # fmt: skip
        return mac(key=self._key, message=columns)

    def _next_link(self, link: bytes, sequence: int, keyref: int, authenticator: bytes) -> bytes:
        return mac(key=self._key, message=tuple_bytes(_LINK, link, sequence, keyref, authenticator))
