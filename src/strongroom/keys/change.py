"""One administrative act as one commit: read, plan, write all of it, and plan again if somebody was first.

Theory: an act is a pure function from the rows of now to the rows it wants (a `Plan`). It is written together
with its journal entries while the epoch is held odd. The journal's last entry is the ticket: if another writer
took it meanwhile nothing was written, and the act is planned again from what is there then.

Must never: write a part of a plan, or one that was made from rows of two moments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from strongroom.errors import StoreLockedError
from strongroom.keys.epoch import Epoch
from strongroom.keys.hierarchy import ATTEMPTS_MAX, Birth, Hierarchy, Snapshot
from strongroom.keys.path import KeyPath
from strongroom.keys.store import Commit, KeyRow
from strongroom.permit import MANAGING, MANY, Permit, PermitOffice


@dataclass(slots=True)
class Plan:
    """Rows to replace and versions to make, together."""

    updates: Sequence[KeyRow] = ()
    birth: Birth = field(default_factory=Birth)


Planner = Callable[[Snapshot, KeyPath], Plan]
"""From what is stored now, and the path as the store knows it, to what should be stored."""


class Changes:
    """Commits plans over one hierarchy. Thread-safe."""

    def __init__(self, hierarchy: Hierarchy, epoch: Epoch, office: PermitOffice) -> None:
        self.hierarchy = hierarchy
        self._epoch = epoch
        self._office = office

    def require(self, permit: Permit, path: KeyPath, category: str) -> None:
        """Raise `PermitError` unless `permit` is to manage keys of `path`'s tenant, environment and `category`."""
        self._office.require(
            permit,
            MANAGING,
            tenant=path.tenant,
            environment=path.environment,
            category=category,
            resource=getattr(permit, "resource", MANY),
        )

    def commit(self, path: KeyPath, permit: Permit, plan: Planner, *, category: str | None = None) -> int:
        """Write what `plan` wants; returns how many versions it changed or made.

        Raises `PermitError`, what `plan` raises, `StoreLockedError` if other writers never let it through, and
        what the store raises; after an error nothing has changed.
        """
        self.require(permit, path, path.category if category is None else category)
        tree = self.hierarchy
        with tree.lock, self._epoch.changing():
            for _ in range(ATTEMPTS_MAX):
                tree.ledger.follow(tree.store)
                after = tree.ledger.seen
                planned = plan(Snapshot(followed=True), tree.conceal(path))
                if tree.ledger.seen != after:
                    continue  # something was committed while we read, so the rows may be from two moments
                updates, changes = tree.ledger.extend(planned.updates)
                inserts = tuple(planned.birth.rows)
                if not updates and not inserts:
                    return 0
                if tree.store.commit(Commit(inserts, updates, changes, after)):
                    return len(updates) + len(inserts)
        msg = "other writers kept changing the same keys"
        raise StoreLockedError(msg)
