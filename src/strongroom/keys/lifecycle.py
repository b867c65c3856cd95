"""Key administration: creating, rotating, disabling, destroying. Each call is one commit or nothing.

Theory: a call reads the versions concerned, asks `moves` for their new states, and commits rows and journal
together while the epoch is held odd; if another writer was first, it plans again from what is there now. So
at every moment, crashes included, a path in service has exactly one primary version.

Must never: decide who may administer (a permit says so), or leave two rows that disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strongroom.clock import Clock
from strongroom.errors import KeyNotFoundError
from strongroom.keys import moves
from strongroom.keys.change import Changes, Plan
from strongroom.keys.epoch import Epoch
from strongroom.keys.hierarchy import Snapshot, refuse
from strongroom.keys.keyring import Keyring
from strongroom.keys.path import KeyPath
from strongroom.keys.state import State
from strongroom.keys.store import KeyRow, KeyStore, Use
from strongroom.permit import MANY, Permit, PermitOffice

REWRAP_BATCH = 1000
"""Child keys per commit of `rewrap`: a tenth of a second in which no other writer gets in."""

_OCCUPIED = frozenset({State.PENDING, State.PRIMARY, State.DISABLED, State.DESTROY_SCHEDULED})
"""A path with a version in one of these states has a primary, or can get it back: nothing to create."""


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """What may be shown of a key version. Times are milliseconds since the Unix epoch; `due_at` 0 is never.

    `path` is text: a subject appears as the pseudonym the store knows it by.
    """

    keyref: int
    path: str
    use: Use
    version: int
    state: State
    created_at: int
    changed_at: int
    due_at: int
    parent_keyref: int = 0


Versions = list[KeyVersion]


class KeyAdmin:
    """Moves key versions through their states. Every method takes a permit whose action is in `MANAGING`.

    Methods that change something return how many versions they changed or made, and have taken effect in
    every process on the host when they return. They raise `PermitError`; `KeyNotFoundError` if there is no
    such path or version; `IllegalTransitionError` or `KeyStateError` if a state does not allow it; and
    `StoreError`s, after which nothing has changed. `version` picks one data version; without it the whole
    path is meant, its purpose root included.
    """

    def __init__(
        self,
        *,
        store: KeyStore,
        keyring: Keyring,
        epoch: Epoch,
        office: PermitOffice,
        clock: Clock,
    ) -> None:
        self._hierarchy = keyring.hierarchy.another(store=store, clock=clock)
        self._changes = Changes(self._hierarchy, epoch, office)

    @property
    def changes(self) -> Changes:
        """What commits plans, for the acts that are not here (`rotation.KeyRotation`)."""
        return self._changes

    def create(self, path: KeyPath, permit: Permit) -> int:
        """Give `path` a primary version: a new path, or one whose versions have all ended.

        Raises `KeyStateError` if the path is in service, or disabled (enable it instead).
        """

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            made = Plan()
            for use in Use:
                rows = self._hierarchy.versions(snapshot, stored, use)
                occupied = [row for row in rows if row.state in _OCCUPIED]
                if occupied and use is Use.DATA:
                    refuse(occupied[-1])
                if not occupied and (rows or use is Use.DATA):
                    self._conceive(snapshot, made, rows, stored, use)
            return made

        return self._changes.commit(path, permit, plan)

    def rotate(self, path: KeyPath, permit: Permit) -> int:
        """Make a new primary version (or take the pending one); the present one only opens from now on."""

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            rows = self._existing(snapshot, stored, Use.DATA)
            primary = moves.in_state(rows, State.PRIMARY)
            if primary is None:
                refuse(rows[-1])
            made = Plan([moves.move(primary, State.DECRYPT_ONLY, self._now())])
            if pending := moves.in_state(rows, State.PENDING):
                return Plan([*made.updates, moves.move(pending, State.PRIMARY, self._now())])
            self._conceive(snapshot, made, rows, stored, Use.DATA)
            return made

        return self._changes.commit(path, permit, plan)

    def rewrap(self, path: KeyPath, permit: Permit) -> int:
        """Wrap the keys directly below `path` under its primary version, so that older versions can end.

        Commits in batches; stopped half-way, it goes on where it was when it is called again.
        """

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            primary = self._hierarchy.primary(snapshot, stored)
            if primary is None:
                msg = f"there is no key {stored.public}"
                raise KeyNotFoundError(msg)
            stale = [
                row
                for row in self._hierarchy.under(snapshot, stored)
                if row.path.parent == stored
                and row.parent_keyref != primary.keyref
                and row.state not in moves.FINAL
            ]
            return Plan([self._hierarchy.rewrapped(snapshot, row, primary) for row in stale[:REWRAP_BATCH]])

        total = 0
        while count := self._changes.commit(path, permit, plan):
            total += count
        return total

    def disable(self, path: KeyPath, permit: Permit, *, version: int | None = None) -> int:
        """Refuse everything at and under `path`, or what one version sealed, until it is enabled again."""

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            if version is None:
                return Plan(moves.disable_path(self._existing(snapshot, stored), self._now()))
            return Plan(moves.disable_version(self._version(snapshot, stored, version), self._now()))

        return self._changes.commit(path, permit, plan)

    def enable(self, path: KeyPath, permit: Permit, *, version: int | None = None) -> int:
        """Undo `disable`. A version that was disabled by its number is enabled by its number."""

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            if version is None:
                return Plan(moves.enable_path(self._existing(snapshot, stored), self._now()))
            row = self._version(snapshot, stored, version)
            rows = self._existing(snapshot, stored, Use.DATA)
            return Plan(moves.enable_version(row, rows, self._now()))

        return self._changes.commit(path, permit, plan)

    def compromise(self, path: KeyPath, permit: Permit, *, version: int | None = None) -> int:
        """Mark data versions as known to somebody else: they refuse for good.

        If the primary is among them the pending one or a fresh one replaces it in the same commit, so that
        sealing goes on.
        Keys below `path` that are wrapped under such a version refuse too. Purpose keys go on.
        """

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            rows = self._existing(snapshot, stored, Use.DATA)
            chosen = rows if version is None else (self._version(snapshot, stored, version),)
            made = Plan(moves.compromise(chosen, self._now()))
            if any(row.state is State.PRIMARY for row in chosen):
                pending = moves.in_state(rows, State.PENDING)
                if pending is not None and pending not in chosen:
                    return Plan([*made.updates, moves.move(pending, State.PRIMARY, self._now())])
                self._conceive(snapshot, made, rows, stored, Use.DATA)
            return made

        return self._changes.commit(path, permit, plan)

    def schedule_destroy(
        self, path: KeyPath, permit: Permit, *, after_s: float, version: int | None = None
    ) -> int:
        """Refuse everything now and let `destroy_due` destroy after `after_s` seconds (or `cancel_destroy`)."""

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            rows = self._chosen(snapshot, stored, version)
            due_at = self._now() + int(after_s * 1000)
            return Plan(moves.schedule_destroy(rows, self._now(), due_at, whole_path=version is None))

        return self._changes.commit(path, permit, plan)

    def cancel_destroy(self, path: KeyPath, permit: Permit, *, version: int | None = None) -> int:
        """Take what is scheduled for destruction back to disabled; `enable` brings it into service again."""

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            return Plan(moves.cancel_destroy(self._chosen(snapshot, stored, version), self._now()))

        return self._changes.commit(path, permit, plan)

    def destroy(self, path: KeyPath, permit: Permit, *, version: int | None = None) -> int:
        """Destroy `path` and everything below it, at once and for good; or one version of it.

        Raises `KeyStateError` for one version that still wraps keys below: `rewrap` them first.
        """

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            self._existing(snapshot, stored)
            rows = self._hierarchy.under(snapshot, stored)
            if version is not None:
                row = self._version(snapshot, stored, version)
                moves.require_childless(row, rows)
                rows = (row,)
            return Plan(moves.destroy(rows, self._now()))

        return self._changes.commit(path, permit, plan)

    def destroy_due(self, path: KeyPath, permit: Permit) -> int:
        """Destroy what is at and below `path` and whose scheduled time has come by the wall clock.

        A key goes with the version it is wrapped under.
        """

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            rows = self._hierarchy.under(snapshot, stored)
            doomed: dict[int, KeyRow] = {}
            for row in rows:
                due = row.state is State.DESTROY_SCHEDULED and row.due_at <= self._now()
                if due or row.parent_keyref in doomed:
                    doomed[row.keyref] = row
            return Plan(moves.destroy(doomed.values(), self._now()))

        return self._changes.commit(path, permit, plan)

    def erase(self, tenant: str, environment: str, subject: str, permit: Permit) -> int:
        """Destroy the keys of one subject under every category. The permit must be for all categories."""
        # Any category does: the pseudonym of a subject is the same in all of them.
        place = KeyPath(tenant, environment, "any", subject)

        def plan(snapshot: Snapshot, stored: KeyPath) -> Plan:
            rows = self._hierarchy.of_subject(snapshot, tenant, environment, stored.subject)
            return Plan(moves.destroy(rows, self._now()))

        return self._changes.commit(place, permit, plan, category=MANY)

    def versions(self, path: KeyPath, permit: Permit) -> Versions:
        """Every version at exactly `path`: data versions ascending, then the purpose root's."""
        self._changes.require(permit, path, path.category)
        with self._hierarchy.lock:
            rows = self._existing(Snapshot(), self._hierarchy.conceal(path))
        return [_shown(row) for row in rows]

    def list(self, prefix: KeyPath, permit: Permit) -> Versions:
        """Every version at `prefix` and below, parents before their children; empty if there is none."""
        self._changes.require(permit, prefix, prefix.category)
        with self._hierarchy.lock:
            rows = self._hierarchy.under(Snapshot(), self._hierarchy.conceal(prefix))
        return [_shown(row) for row in rows]

    def journal_size(self) -> int:
        """How many changes the verified journal holds.

        Compared with a copy kept outside the store, it exposes a store that was put back as a whole.
        """
        with self._hierarchy.lock:
            self._hierarchy.ledger.follow(self._hierarchy.store)
            return self._hierarchy.ledger.seen

    def _now(self) -> int:
        return self._hierarchy.now_ms()

    def _conceive(self, snapshot: Snapshot, made: Plan, rows: Sequence[KeyRow], stored: KeyPath, use: Use) -> None:
        version = rows[-1].version + 1 if rows else 1
        self._hierarchy.conceive(snapshot, made.birth, stored, use=use, version=version)

    def _existing(self, snapshot: Snapshot, stored: KeyPath, use: Use | None = None) -> tuple[KeyRow, ...]:
        rows = self._hierarchy.versions(snapshot, stored, use)
        if not rows:
            msg = f"there is no key {stored.public}"
            raise KeyNotFoundError(msg)
        return rows

    def _version(self, snapshot: Snapshot, stored: KeyPath, version: int) -> KeyRow:
        for row in self._hierarchy.versions(snapshot, stored, Use.DATA):
            if row.version == version:
                return row
        msg = f"there is no key {stored.public} version {version}"
        raise KeyNotFoundError(msg)

    def _chosen(self, snapshot: Snapshot, stored: KeyPath, version: int | None) -> tuple[KeyRow, ...]:
        if version is None:
            return self._existing(snapshot, stored)
        return (self._version(snapshot, stored, version),)


def _shown(row: KeyRow) -> KeyVersion:
    return KeyVersion(
        row.keyref, str(row.path), row.use, row.version, row.state, row.created_at, row.changed_at, row.due_at,
        row.parent_keyref,
    )  # fmt: skip
