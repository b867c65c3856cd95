"""A store without a file: keys, root wraps and epoch that live as long as the process.

For work that must leave nothing behind, and for tests: these are the smallest things that keep the promises of
their ports.

Must never: be shared between processes; a revocation in one would not be seen in the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from strongroom.errors import RootError, StoreDamagedError
from strongroom.keys.path import KeyPath
from strongroom.keys.root import RootWrap
from strongroom.keys.state import State
from strongroom.keys.store import Change, Commit, KeyRow


class MemoryKeyStore:
    """The `KeyStore` port over dictionaries."""

    def __init__(self) -> None:
        self.rows: dict[int, KeyRow] = {}
        self.journal: list[Change] = []
        self._lock = Lock()

    def row(self, keyref: int) -> KeyRow | None:
        """The version with this reference, or `None`."""
        return self.rows.get(keyref)

    def versions(self, path: KeyPath) -> tuple[KeyRow, ...]:
        """Every version at exactly `path`, data before purpose, ascending."""
        return self._sorted(lambda place: place == path)

    def under(self, path: KeyPath) -> tuple[KeyRow, ...]:
        """Every version at `path` and below it."""
        return self._sorted(
            lambda place: (
                (place.tenant, place.environment) == (path.tenant, path.environment)
                and path.category in ("", place.category)
                and path.subject in ("", place.subject)
            )
        )

    def of_subject(self, tenant: str, environment: str, subject: str) -> tuple[KeyRow, ...]:
        """Every version of one concealed subject."""
        return self._sorted(
            lambda place: (place.tenant, place.environment, place.subject) == (tenant, environment, subject)
        )

    def changes(self, after: int) -> tuple[Change, ...]:
        """The journal entries after `after`, ascending."""
        return tuple(entry for entry in self.journal if entry.sequence > after)

    def commit(self, commit: Commit) -> bool:
        """Take everything or nothing."""
        with self._lock:
            if commit.changes and commit.after != (self.journal[-1].sequence if self.journal else 0):
                return False
            rows = dict(self.rows)
            rows.update((row.keyref, row) for row in commit.updates)
            for row in commit.inserts:
                if row.keyref in rows:
                    return False
                rows[row.keyref] = row
            places = [(row.path, row.use, row.version) for row in rows.values()]
            primaries = [(row.path, row.use) for row in rows.values() if row.state is State.PRIMARY]
            if len(set(places)) < len(places) or len(set(primaries)) < len(primaries):
                return False
            self.rows = rows
            self.journal = [*self.journal, *commit.changes]
            return True

    def _sorted(self, wanted: Callable[[KeyPath], bool]) -> tuple[KeyRow, ...]:
        rows = (row for row in self.rows.values() if wanted(row.path))
        return tuple(sorted(rows, key=lambda row: (row.path, row.use.value, row.version)))


class MemoryRootStore:
    """The `RootStore` port over attributes."""

    def __init__(self) -> None:
        self._store_id: str | None = None
        self._fingerprint: bytes | None = None
        self._wraps: dict[str, RootWrap] = {}
        self._lock = Lock()

    def store_id(self) -> str | None:
        """The id given on the first run; `None` before that."""
        return self._store_id

    def begin(self, store_id: str, fingerprint: bytes, wraps: tuple[RootWrap, ...]) -> bool:
        """Record the first run; False if it was recorded before."""
        with self._lock:
            if self._store_id is not None:
                return False
            self._store_id, self._fingerprint = store_id, fingerprint
            self._wraps = {wrap.scheme: wrap for wrap in wraps}
            return True

    def fingerprint(self) -> bytes:
        """What recognises the right root."""
        if self._fingerprint is None:
            msg = "the store does not say which root is its own"
            raise StoreDamagedError(msg)
        return self._fingerprint

    def wraps(self) -> tuple[RootWrap, ...]:
        """Every wrap of the root, by scheme."""
        return tuple(self._wraps[scheme] for scheme in sorted(self._wraps))

    def put_wrap(self, wrap: RootWrap) -> None:
        """Add a wrap, or replace the one of the same scheme."""
        self._wraps[wrap.scheme] = wrap

    def remove_wrap(self, scheme: str) -> None:
        """Forget a wrap; nothing happens if there is none. Raises `RootError` if it is the last one."""
        with self._lock:
            if set(self._wraps) == {scheme}:
                msg = f"{scheme} is the only way to unseal this store: add another one first"
                raise RootError(msg)
            self._wraps.pop(scheme, None)


class MemoryEpoch:
    """The `Epoch` port over one number."""

    def __init__(self) -> None:
        self._number = 0
        self._lock = Lock()

    def value(self) -> int:
        """The number now; odd while a change is under way."""
        return self._number

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the number odd while the block runs."""
        with self._lock:
            self._number += 1
            try:
                yield
            finally:
                self._number += 1

    def bump(self) -> int:
        """Make every holder of a cache drop it; returns the new number."""
        with self.changing():
            pass
        return self._number
