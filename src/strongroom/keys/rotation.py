"""Rotation in two phases, and how an old version leaves service.

    publish -> (every process can open with it) -> promote      the new version
    primary -> decrypt_only -> deactivation scheduled -> disabled      the old one

Theory: a process that caches what it knows of keys meets a version it has never heard of only if that version
seals before everybody could have learned of it. So a new version is published first, and promoted when every
lease was renewed or has run out. The old version goes on opening for the dual period; its end is announced
before it comes, and does not come while somebody still needs it (`gate`).

Must never: end a version whose gate was not asked, or leave a path in service without its one primary.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from strongroom.errors import IllegalTransitionError, KeyNotFoundError, KeyStateError, StoreTamperedError
from strongroom.keys import moves
from strongroom.keys.change import Changes, Plan
from strongroom.keys.hierarchy import Snapshot, refuse
from strongroom.keys.path import KeyPath
from strongroom.keys.state import State
from strongroom.keys.store import KeyRow, Use
from strongroom.permit import Permit

BATCH = 500
"""Versions made per commit when many paths rotate: each needs a wrap, and other writers wait meanwhile."""

Needed = Callable[[Collection[int]], Collection[int]]
"""Of these versions, those that somebody or something still needs."""

Gate = Callable[[KeyRow, int], None]
"""Raises `KeyInUseError` while a version is needed; takes the row and how many keys it still wraps."""


class KeyRotation:
    """Acts of rotation; permits and errors as `KeyAdmin`'s."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._tree = changes.hierarchy

    def publish(self, path: KeyPath, permit: Permit) -> int:
        """Make the next version of `path`, which opens everywhere and seals nothing yet.

        Raises `KeyStateError` if one is waiting already, or the path has no primary version.
        """

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            rows = self._existing(snapshot, stored)
            if pending := moves.in_state(rows, State.PENDING):
                refuse(pending)
            if moves.in_state(rows, State.PRIMARY) is None:
                refuse(rows[-1])
            made = Plan()
            self._tree.conceive(
                snapshot, made.birth, stored, use=Use.DATA, version=rows[-1].version + 1, state=State.PENDING
            )
            return made

        return self._changes.commit(path, permit, plan)

    def promote(self, path: KeyPath, permit: Permit, *, published_before_ms: int | None = None) -> int:
        """Make the pending version of `path` the primary; the present one only opens from now on.

        With `published_before_ms` (wall clock, milliseconds), raises `KeyStateError` if it was published later.
        """

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            rows = self._existing(snapshot, stored)
            pending = moves.in_state(rows, State.PENDING)
            if pending is None:
                msg = f"key {stored.public} has no pending version to promote"
                raise KeyStateError(msg)
            if published_before_ms is not None and pending.changed_at > published_before_ms:
                msg = f"key {stored.public} version {pending.version} was published too recently to be promoted"
                raise KeyStateError(msg)
            now = self._tree.now_ms()
            primary = moves.in_state(rows, State.PRIMARY)
            demoted = [moves.move(primary, State.DECRYPT_ONLY, now)] if primary else []
            return Plan([*demoted, moves.move(pending, State.PRIMARY, now)])

        return self._changes.commit(path, permit, plan)

    def rotate_older(
        self, prefix: KeyPath, permit: Permit, *, before_ms: int, publish: bool = False, limit: int = BATCH
    ) -> int:
        """Rotate up to `limit` data keys at and below `prefix` whose primary was made at or before `before_ms`.

        With `publish`, the new versions are pending. Returns how many versions changed or were made; 0 when
        nothing is that old any more.
        """

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            rows = [row for row in self._tree.under(snapshot, stored) if row.use is Use.DATA]
            newest = {row.path: row.version for row in rows}
            waiting = {row.path for row in rows if row.state is State.PENDING}
            made, updates = Plan(), list[KeyRow]()
            for row in rows:
                if row.state is not State.PRIMARY or row.created_at > before_ms or row.path in waiting:
                    continue
                if len(made.birth.rows) >= limit:
                    break
                if not publish:
                    updates.append(moves.move(row, State.DECRYPT_ONLY, self._tree.now_ms()))
                self._tree.conceive(
                    snapshot, made.birth, row.path, use=Use.DATA, version=newest[row.path] + 1,
                    state=State.PENDING if publish else State.PRIMARY,
                )  # fmt: skip
            made.updates = updates
            return made

        return self._changes.commit(prefix, permit, plan)

    def promote_older(self, prefix: KeyPath, permit: Permit, *, before_ms: int, limit: int = BATCH) -> int:
        """Promote up to `limit` pending versions at and below `prefix` published at or before `before_ms`."""

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            rows = [row for row in self._tree.under(snapshot, stored) if row.use is Use.DATA]
            primaries = {row.path: row for row in rows if row.state is State.PRIMARY}
            ready = [row for row in rows if row.state is State.PENDING and row.changed_at <= before_ms]
            now, updates = self._tree.now_ms(), list[KeyRow]()
            for row in ready[:limit]:
                primary = primaries.get(row.path)
                if primary is not None:  # else it is disabled, and a person decides which of the two comes back
                    updates += [moves.move(primary, State.DECRYPT_ONLY, now), moves.move(row, State.PRIMARY, now)]
            return Plan(updates)

        return self._changes.commit(prefix, permit, plan)

    def announce_older(
        self, prefix: KeyPath, permit: Permit, *, before_ms: int, after_s: float, needed: Needed
    ) -> int:
        """Announce the end of versions rotated out at or before `before_ms` that nothing is sealed under."""

        def chosen(row: KeyRow) -> bool:
            return row.state is State.DECRYPT_ONLY and row.changed_at <= before_ms

        def announced(row: KeyRow) -> KeyRow:
            now = self._tree.now_ms()
            return moves.move(row, State.DEACTIVATION_SCHEDULED, now, due_at=now + int(after_s * 1000))

        return self._where_free(prefix, permit, chosen, announced, needed)

    def deactivate_due(self, prefix: KeyPath, permit: Permit, *, needed: Needed) -> int:
        """Disable every version whose announced end has come and that nobody and nothing needs."""

        def chosen(row: KeyRow) -> bool:
            return row.state is State.DEACTIVATION_SCHEDULED and row.due_at <= self._tree.now_ms()

        return self._where_free(
            prefix, permit, chosen, lambda row: moves.move(row, State.DISABLED, self._tree.now_ms()), needed
        )

    def _where_free(
        self, prefix: KeyPath, permit: Permit, chosen: Callable[[KeyRow], bool],
        moved: Callable[[KeyRow], KeyRow], needed: Needed,
    ) -> int:  # fmt: skip
        self._changes.require(permit, prefix, prefix.category)
        with self._tree.lock:
            rows = self._tree.under(Snapshot(), self._tree.conceal(prefix))
        wrapping = {row.parent_keyref for row in rows if row.state is not State.DESTROYED}
        candidates = {row.keyref for row in rows if row.use is Use.DATA and chosen(row)} - wrapping
        free = candidates - set(needed(candidates)) if candidates else set()
        if not free:
            return 0

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            below = self._tree.under(snapshot, stored)
            return Plan([moved(row) for row in below if row.keyref in free and chosen(row)])

        return self._changes.commit(prefix, permit, plan)

    def schedule_deactivation(self, path: KeyPath, permit: Permit, *, version: int, after_s: float) -> int:
        """Announce the end of a rotated-out version: from now on, whoever uses it raises an alarm.

        Announcing it again moves the date. The version goes on opening until `deactivate`.
        """

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            row = self._version(snapshot, stored, version)
            now = self._tree.now_ms()
            due_at = now + int(after_s * 1000)
            if row.state is State.DEACTIVATION_SCHEDULED:
                return Plan([replace(row, due_at=due_at)])
            return Plan([moves.move(row, State.DEACTIVATION_SCHEDULED, now, due_at=due_at)])

        return self._changes.commit(path, permit, plan)

    def cancel_deactivation(self, path: KeyPath, permit: Permit, *, version: int) -> int:
        """Take an announced end back: the version opens as before, without alarms."""

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            row = self._version(snapshot, stored, version)
            if row.state is not State.DEACTIVATION_SCHEDULED:
                msg = f"key {stored.public} version {version} is {row.state.value}: no end was announced"
                raise IllegalTransitionError(msg)
            return Plan([moves.move(row, State.DECRYPT_ONLY, self._tree.now_ms())])

        return self._changes.commit(path, permit, plan)

    def deactivate(self, path: KeyPath, permit: Permit, *, version: int, gate: Gate) -> int:
        """Disable a version whose announced end has come, if nobody needs it any more.

        The gate is asked before the commit, not in it: counting may take seconds, in which readers would have to
        look into the store. Raises `KeyStateError` before its time, `IllegalTransitionError` if no end was
        announced, and what `gate` raises. To stop a version whoever needs it, disable it.
        """
        self._changes.require(permit, path, path.category)
        with self._tree.lock:
            snapshot, stored = Snapshot(), self._tree.conceal(path)
            ending = self._ended(snapshot, stored, version)
            wraps = moves.children(ending, self._tree.under(snapshot, stored))
        gate(ending, wraps)

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            row = self._ended(snapshot, stored, version)
            return Plan([moves.move(row, State.DISABLED, self._tree.now_ms())])

        return self._changes.commit(path, permit, plan)

    def _ended(self, snapshot: Snapshot, stored: KeyPath, version: int) -> KeyRow:
        row = self._version(snapshot, stored, version)
        if row.state is not State.DEACTIVATION_SCHEDULED:
            msg = f"key {stored.public} version {version} is {row.state.value}: announce its end first"
            raise IllegalTransitionError(msg)
        if row.due_at > self._tree.now_ms():
            msg = f"the announced end of key {stored.public} version {version} has not come yet"
            raise KeyStateError(msg)
        return row

    def renew_below(self, prefix: KeyPath, permit: Permit, *, limit: int = BATCH) -> int:
        """Give keys below `prefix` that are wrapped under a compromised version fresh ones in their place.

        Whoever has the compromised version can unwrap them, so they are compromised as well, and a new version
        seals from now on. Purpose keys keep their material (pseudonyms must stay) under a new wrap. Call until
        it returns 0. Raises `KeyStateError` if a key to wrap them under is disabled.
        """

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            made, updates = Plan(), list[KeyRow]()
            below = self._tree.under(snapshot, stored)
            newest = {row.path: row.version for row in below if row.use is Use.DATA}
            exposed: set[int] = set()
            for row in below:  # parents come first
                if row.state is State.COMPROMISED:
                    exposed.add(row.keyref)
                if row.parent_keyref not in exposed or row.state in moves.FINAL or len(updates) >= limit:
                    continue
                if row.use is Use.PURPOSE:
                    updates.append(self._rescued(snapshot, made, row))
                    continue
                exposed.add(row.keyref)
                updates += moves.compromise([row], self._tree.now_ms())
                if row.state is State.PRIMARY:
                    version = newest[row.path] + 1
                    self._tree.conceive(snapshot, made.birth, row.path, use=Use.DATA, version=version)
            made.updates = updates
            return made

        return self._changes.commit(prefix, permit, plan)

    def _rescued(self, snapshot: Snapshot, made: Plan, row: KeyRow) -> KeyRow:
        above = row.path.parent
        if above is None:
            msg = "a key is wrapped under a version that is not its parent"
            raise StoreTamperedError(msg)
        snapshot.material |= made.birth.material
        parent = made.birth.primaries.get(above) or self._tree.serving(snapshot, above, Use.DATA)
        return self._tree.rewrapped(snapshot, row, parent, exposed=True)

    def _existing(self, snapshot: Snapshot, stored: KeyPath) -> tuple[KeyRow, ...]:
        rows = self._tree.versions(snapshot, stored, Use.DATA)
        if not rows:
            msg = f"there is no key {stored.public}"
            raise KeyNotFoundError(msg)
        return rows

    def _version(self, snapshot: Snapshot, stored: KeyPath, version: int) -> KeyRow:
        for row in self._existing(snapshot, stored):
            if row.version == version:
                return row
        msg = f"there is no key {stored.public} version {version}"
        raise KeyNotFoundError(msg)
