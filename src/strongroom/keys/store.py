"""The port to where key versions are kept, and the rows that go through it.

Theory: the store is trusted to keep bytes, not to be honest. Rows carry an authenticator, and every change of a
row is also an entry of a chained journal, so that a row put back to an earlier content is noticed
(`strongroom.keys.ledger`). All writing is one call that takes effect completely or not at all.

Must never: see key material or a subject's name; wraps and concealed subjects only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from strongroom.keys.path import KeyPath
from strongroom.keys.state import State


class Use(Enum):
    """What a key version is for; the two never serve each other's end."""

    DATA = "data"
    """Seals and opens."""
    PURPOSE = "purpose"
    """Derives MAC keys that must survive rotation; seals nothing."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key version as stored. Times are milliseconds since the Unix epoch.

    `path` has its subject concealed. `resumes` is the state that enabling the whole path returns to, `None`
    unless the whole path was disabled. `due_at` is when a scheduled end is reached, 0 for never. `change` is
    the journal entry that last changed the row, 0 if none did since it was made. `wrapped` is empty once
    the version is destroyed.
    """

    keyref: int
    path: KeyPath
    use: Use
    version: int
    state: State
    wrapped: bytes
    parent_keyref: int
    created_at: int
    changed_at: int
    resumes: State | None = None
    due_at: int = 0
    change: int = 0
    authenticator: bytes = b""


@dataclass(frozen=True, slots=True)
class Change:
    """One journal entry: row `keyref` now has this authenticator. `link` chains it to the entry before."""

    sequence: int
    keyref: int
    authenticator: bytes
    link: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """What to write at once: new rows, replaced rows, and the journal entries for the replaced ones.

    `after` is the last journal entry the writer had seen; if it is not the last any more, nothing is written.
    """

    inserts: tuple[KeyRow, ...] = ()
    updates: tuple[KeyRow, ...] = ()
    changes: tuple[Change, ...] = ()
    after: int = 0


class KeyStore(Protocol):
    """Key versions and their journal."""

    def row(self, keyref: int) -> KeyRow | None:
        """The version with this reference, or `None`."""
        ...

    def versions(self, path: KeyPath) -> tuple[KeyRow, ...]:
        """Every version at exactly `path`, by use and ascending version."""
        ...

    def under(self, path: KeyPath) -> tuple[KeyRow, ...]:
        """Every version at `path` and below it, parents before their children."""
        ...

    def of_subject(self, tenant: str, environment: str, subject: str) -> tuple[KeyRow, ...]:
        """Every version of one concealed subject, in any category."""
        ...

    def changes(self, after: int) -> tuple[Change, ...]:
        """The journal entries whose sequence is greater than `after`, ascending."""
        ...

    def commit(self, commit: Commit) -> bool:
        """Write all of `commit` durably and return True, or nothing and return False.

        False means another writer was first: the journal has moved (only looked at when there are changes), a
        keyref or a (path, use, version) is taken, or a second primary would stand beside the first.
        Raises `StoreError` when the store cannot write; then nothing was written either.
        """
        ...
