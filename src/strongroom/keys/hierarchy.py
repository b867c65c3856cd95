"""The tree of keys over the store: verified rows, unwrapped material, and new versions.

Shared by `Keyring` (which serves) and `KeyAdmin` (which changes states). Everything here is the slow path: it
reads the store, verifies what it read against the ledger and unwraps down from the root. A `Snapshot` keeps
the results for as long as the epoch stands still.

Must never: return material of a version of which it, or an ancestor, may not open; or put anything into a
snapshot that was read from the store before the snapshot's epoch was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import NoReturn

from strongroom.canonical import tuple_bytes
from strongroom.clock import Clock, Entropy
from strongroom.errors import KeyDestroyedError, KeyStateError, PermitError, StoreLockedError, StoreTamperedError
from strongroom.keys.ledger import Ledger
from strongroom.keys.path import KeyPath
from strongroom.keys.root_mark import first_subject_key
from strongroom.keys.state import State, may_open, may_seal
from strongroom.keys.store import Commit, KeyRow, KeyStore, Use
from strongroom.keys.wrapping import KEY_LEN, ROOT_KEYREF, key_binding, unwrap_key, wrap_key
from strongroom.primitives.mac import mac
from strongroom.primitives.secret_memory import Secret, shared_pages

ATTEMPTS_MAX = 64
"""Each failed attempt means that some other writer succeeded, so this many in a row means a broken store."""

CONCEALED_BYTES = 16
"""128 bits of a MAC: no two subjects meet by chance (2^64 subjects would be needed)."""

_CONCEAL = "strongroom/key-subject/1"


@dataclass(slots=True, repr=False)
class Snapshot:
    """What was verified and unwrapped at one epoch; thrown away as a whole when the epoch moves."""

    epoch: int = 0
    expires_at: float = 0.0
    followed: bool = False
    rows: dict[int, KeyRow] = field(default_factory=dict)
    material: dict[int, Secret] = field(default_factory=dict)


@dataclass(slots=True)
class Birth:
    """New versions that will be inserted together; a child may be wrapped by a parent that is new as well."""

    rows: list[KeyRow] = field(default_factory=list)
    material: dict[int, bytes] = field(default_factory=dict, repr=False)
    primaries: dict[KeyPath, KeyRow] = field(default_factory=dict)


class Hierarchy:
    """Rows and material of one store under one root. Callers hold `lock` around every method.

    `root` is 32 bytes, and so is the `subject_key` it inherited, if it did. Reading methods raise
    `StoreTamperedError` for rows that are not what was written.
    """

    def __init__(
        self, *, store: KeyStore, root: Secret, clock: Clock, entropy: Entropy, subject_key: bytes | None = None
    ) -> None:
        if len(root) != KEY_LEN:
            msg = "a root key is 32 bytes"
            raise ValueError(msg)
        self.store = store
        self.ledger = Ledger(root)
        self.lock = RLock()
        self._root = shared_pages().hold(root)
        self._clock = clock
        self._entropy = entropy
        self._conceal_key = subject_key or first_subject_key(root)

    def __reduce__(self) -> NoReturn:
        msg = "keys do not leave their process"
        raise PermitError(msg)

    def another(self, *, store: KeyStore, clock: Clock) -> Hierarchy:
        """The same tree with a lock and a ledger of its own: who administers never holds up who is served."""
        return Hierarchy(
            store=store, root=self._root, clock=clock, entropy=self._entropy, subject_key=self._conceal_key
        )

    def conceal(self, path: KeyPath) -> KeyPath:
        """`path` as the store knows it: a subject becomes a pseudonym, the same in every category."""
        if not path.subject:
            return path
        return KeyPath(path.tenant, path.environment, path.category, self.conceal_subject(path, path.subject))

    def conceal_subject(self, place: KeyPath, subject: str) -> str:
        """The pseudonym of `subject` in the tenant and environment of `place`."""
        message = tuple_bytes(_CONCEAL, place.tenant, place.environment, subject)
        return mac(key=self._conceal_key, message=message)[:CONCEALED_BYTES].hex()

    def row(self, snapshot: Snapshot, keyref: int) -> KeyRow | None:
        """The verified version `keyref`, or `None` if the store has none."""
        known = snapshot.rows.get(keyref)
        if known is None:
            found = self._verified(snapshot, lambda: tuple(filter(None, [self.store.row(keyref)])))
            known = found[0] if found else None
        if known is not None and known.keyref != keyref:
            msg = "the store answered with another key version than it was asked for"
            raise StoreTamperedError(msg)
        return known

    def versions(self, snapshot: Snapshot, path: KeyPath, use: Use | None = None) -> tuple[KeyRow, ...]:
        """The verified versions at exactly `path` (of one use, or of both), ascending."""
        rows = self._verified(snapshot, lambda: self.store.versions(path))
        if any(row.path != path for row in rows):
            msg = "the store answered with another path than it was asked for"
            raise StoreTamperedError(msg)
        return tuple(row for row in rows if use in (None, row.use))

    def under(self, snapshot: Snapshot, path: KeyPath) -> tuple[KeyRow, ...]:
        """The verified versions at `path` and below."""
        return self._verified(snapshot, lambda: self.store.under(path))

    def of_subject(self, snapshot: Snapshot, tenant: str, environment: str, subject: str) -> tuple[KeyRow, ...]:
        """The verified versions of one concealed subject in every category."""
        return self._verified(snapshot, lambda: self.store.of_subject(tenant, environment, subject))

    def _verified(self, snapshot: Snapshot, read: Callable[[], tuple[KeyRow, ...]]) -> tuple[KeyRow, ...]:
        # The journal is followed before the rows are read. So a row can be newer than the journal (another
        # process wrote in between: follow and read again), but an older one was put back by somebody.
        if not snapshot.followed:
            self.ledger.follow(self.store)
            snapshot.followed = True
        for _ in range(ATTEMPTS_MAX):
            rows = read()
            if not any(self.ledger.is_ahead(row) for row in rows):
                break
            self.ledger.follow(self.store)
        for row in rows:
            self.ledger.require_genuine(row)
            snapshot.rows[row.keyref] = row
        return rows

    def primary(self, snapshot: Snapshot, path: KeyPath, use: Use = Use.DATA) -> KeyRow | None:
        """The version that serves `path` now; `None` if the path has no version of this use yet.

        Raises `KeyStateError` if there are versions but none may serve: the path was disabled or destroyed.
        """
        rows = self.versions(snapshot, path)
        mine = [row for row in rows if row.use is use]
        for row in mine:
            if may_seal(row.state):
                return row
        if mine:
            refuse(mine[-1])
        if rows and not any(may_open(row.state) for row in rows):
            refuse(rows[-1])
        return None

    def material(self, snapshot: Snapshot, row: KeyRow) -> Secret:
        """The 32 bytes of `row`, unwrapped down from the root.

        Raises `KeyStateError` if the version, or any version it is wrapped under, may not open.
        """
        if not may_open(row.state):
            refuse(row)
        known = snapshot.material.get(row.keyref)
        if known is None:
            known = self._unwrapped(snapshot, row)
            if not row.path.subject:  # few, and they stand for as long as they are used
                known = shared_pages().hold(known)
            snapshot.material[row.keyref] = known
        return known

    def _unwrapped(self, snapshot: Snapshot, row: KeyRow, *, exposed: bool = False) -> bytes:
        parent = self._root
        if row.parent_keyref != ROOT_KEYREF:
            above = self.row(snapshot, row.parent_keyref)
            if above is None or above.path != row.path.parent:
                msg = "a key version is wrapped under one that is not its parent"
                raise StoreTamperedError(msg)
            parent = self.rescued(snapshot, above) if exposed else self.material(snapshot, above)
        return unwrap_key(
            parent=parent,
            parent_keyref=row.parent_keyref,
            binding=key_binding(keyref=row.keyref, path=row.path, use=row.use, version=row.version),
            wrapped=row.wrapped,
        )

    def conceive(
        self, snapshot: Snapshot, birth: Birth, path: KeyPath, *, use: Use, version: int,
        state: State = State.PRIMARY,
    ) -> KeyRow:  # fmt: skip
        """A new version of `path` in `birth`, and a primary one of every ancestor that has none yet.

        Raises `KeyStateError` if an ancestor is disabled or destroyed.
        """
        parent_keyref, parent = self._parent(snapshot, birth, path)
        keyref = ROOT_KEYREF
        while keyref == ROOT_KEYREF or keyref in birth.material:
            keyref = int.from_bytes(self._entropy(4), "big")
        material = self._entropy(KEY_LEN)
        binding = key_binding(keyref=keyref, path=path, use=use, version=version)
        wrapped = wrap_key(
            parent=parent,
            parent_keyref=parent_keyref,
            binding=binding,
            material=material,
            entropy=self._entropy,
        )
        now = self.now_ms()
        row = self.ledger.sign(KeyRow(keyref, path, use, version, state, wrapped, parent_keyref, now, now))
        birth.rows.append(row)
        birth.material[keyref] = material
        if use is Use.DATA and state is State.PRIMARY:
            birth.primaries[path] = row
        return row

    def rescued(self, snapshot: Snapshot, row: KeyRow) -> Secret:
        """The 32 bytes of `row` even if it, or a version above it, is compromised: for re-encryption alone.

        Never kept. Raises `KeyStateError` for every other state that does not open.
        """
        if not may_open(row.state) and row.state is not State.COMPROMISED:
            refuse(row)
        return self._unwrapped(snapshot, row, exposed=True)

    def rewrapped(self, snapshot: Snapshot, row: KeyRow, parent: KeyRow, *, exposed: bool = False) -> KeyRow:
        """`row` wrapped under `parent` instead of the version it is wrapped under, whatever state it is in.

        `exposed` allows the version it is wrapped under to be compromised.
        """
        wrapped = wrap_key(
            parent=self.material(snapshot, parent),
            parent_keyref=parent.keyref,
            binding=key_binding(keyref=row.keyref, path=row.path, use=row.use, version=row.version),
            material=self._unwrapped(snapshot, row, exposed=exposed),
            entropy=self._entropy,
        )
        return replace(row, wrapped=wrapped, parent_keyref=parent.keyref)

    def _parent(self, snapshot: Snapshot, birth: Birth, path: KeyPath) -> tuple[int, Secret]:
        above = path.parent
        if above is None:
            return ROOT_KEYREF, self._root
        row = birth.primaries.get(above)
        if row is not None:
            return row.keyref, birth.material[row.keyref]
        row = self.primary(snapshot, above)
        if row is not None:
            return row.keyref, self.material(snapshot, row)
        row = self.conceive(snapshot, birth, above, use=Use.DATA, version=1)
        return row.keyref, birth.material[row.keyref]

    def grow(self, snapshot: Snapshot, paths: Iterable[KeyPath], use: Use = Use.DATA) -> None:
        """Make the first version of every path that has none, and of its ancestors, in one commit.

        Raises `KeyStateError` if a path or an ancestor is disabled or destroyed; then none was made.
        """
        wanted = tuple(dict.fromkeys(paths))
        for _ in range(ATTEMPTS_MAX):
            birth = Birth()
            for path in wanted:
                if path not in birth.primaries and self.primary(snapshot, path, use) is None:
                    self.conceive(snapshot, birth, path, use=use, version=1)
            if not birth.rows or self.store.commit(Commit(inserts=tuple(birth.rows))):
                return
        msg = "the store refuses new key versions"
        raise StoreLockedError(msg)

    def serving(self, snapshot: Snapshot, path: KeyPath, use: Use) -> KeyRow:
        """The version that serves `path` now, made if the path is new. Raises as `primary` and `grow` do."""
        row = self.primary(snapshot, path, use)
        if row is None:
            self.grow(snapshot, [path], use)
            row = self.primary(snapshot, path, use)
        if row is None:
            msg = "the store lost a key version it had accepted"
            raise StoreTamperedError(msg)
        return row

    def now_ms(self) -> int:
        """The wall clock in whole milliseconds."""
        return int(self._clock.now() * 1000)


def refuse(row: KeyRow) -> NoReturn:
    """Raise the `KeyStateError` that says which version of which key refuses, and since when.

    For a destroyed one it is a `KeyDestroyedError`.
    """
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(row.changed_at // 1000))
    msg = f"key {row.path.public} version {row.version} is {row.state.value} since {since}"
    if row.state is State.DESTROYED:
        raise KeyDestroyedError(msg)
    raise KeyStateError(msg)
