"""Keys as a room shows them: by path text such as ``acme/prod/health``, each act asked for through the guard.

Must never: touch the key store but with a permit, or let an act go unrecorded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from strongroom.at_rest.rewrap import Progress, RewrapReport
from strongroom.identity import Caller
from strongroom.keys.gate import Need, instant
from strongroom.keys.lifecycle import KeyVersion
from strongroom.keys.path import KeyPath
from strongroom.keys.state import State
from strongroom.keys.store import Use
from strongroom.label import Label, Level
from strongroom.permit import MANY, Permit
from strongroom.room.operator import operator
from strongroom.room.path_keys import PathKeysOf
from strongroom.wiring.house import House

Versions = list[KeyVersion]


@dataclass(frozen=True, slots=True)
class VersionUse:
    """One data version, who used it within the window, and what names it."""

    version: KeyVersion
    need: Need


Uses = list[VersionUse]
Lines = list[str]


class KeysView:
    """What may be done with keys. Acts return how many versions they changed or made."""

    def __init__(self, house: House) -> None:
        self._house = house

    def list(self, prefix: str) -> Versions:
        """Every version of every key at or below `prefix`, such as ``acme/prod``; parents first."""
        key = KeyPath.parse(prefix)
        with self._house.guard.corridor(*managing(key), durable=False) as permit:
            return self._house.keys.list(key, permit)

    def create(self, path: str) -> int:
        """Make a key and its missing parents."""
        return self._change(path, self._house.keys.create)

    def rotate(self, path: str) -> int:
        """Make a new primary version; the old one still opens.

        Where processes of other hosts hold leases, the new version is published and becomes the primary when
        each of them had time to learn of it (`promote`, or `Schedule.run`).
        """
        if self._house.upkeep.leases.leases() and self._house.settings.rotation.lease_s:
            return self._change(path, self._house.upkeep.rotation.publish)
        return self._change(path, self._house.keys.rotate)

    def promote(self, path: str) -> int:
        """Make the published version the primary. Raises `KeyStateError` while a lease may not know of it."""
        before = int((self._house.clock.now() - self._house.settings.rotation.lease_s) * 1000)
        return self._change(
            path,
            lambda key, permit: self._house.upkeep.rotation.promote(key, permit, published_before_ms=before),
        )

    def disable(self, path: str, version: int | None = None) -> int:
        """Refuse every use of a key and of everything below it, from the next operation on."""
        return self._change(path, lambda key, permit: self._house.keys.disable(key, permit, version=version))

    def enable(self, path: str, version: int | None = None) -> int:
        """Allow a disabled key again."""
        return self._change(path, lambda key, permit: self._house.keys.enable(key, permit, version=version))

    def compromise(self, path: str, version: int | None = None) -> int:
        """Refuse what somebody else may know, for good, and seal with a fresh version. Then `rewrap`."""
        return self._change(path, lambda key, permit: self._house.keys.compromise(key, permit, version=version))

    def destroy(self, path: str, version: int | None = None) -> int:
        """Destroy a key and everything below it, or one version, for ever."""
        return self._change(path, lambda key, permit: self._house.keys.destroy(key, permit, version=version))

    def schedule_destroy(self, path: str, *, after_s: float, version: int | None = None) -> int:
        """Refuse now, and destroy after so many seconds (when `Schedule.run` is called)."""
        return self._change(
            path,
            lambda key, permit: self._house.keys.schedule_destroy(key, permit, after_s=after_s, version=version),
        )

    def schedule(self, path: str, version: int, *, after_s: float) -> int:
        """Announce the end of a rotated-out version; whoever uses it from now on raises an alarm."""
        self._house.upkeep.meter.flush()  # what was used before is no alert
        return self._change(
            path,
            lambda key, permit: self._house.upkeep.rotation.schedule_deactivation(
                key, permit, version=version, after_s=after_s
            ),
        )

    def cancel(self, path: str, version: int | None = None) -> int:
        """Take back an announced end of a version, or a scheduled destruction."""
        ending = version is not None and any(
            row.version == version and row.state is State.DEACTIVATION_SCHEDULED for row in self._versions(path)
        )
        if version is not None and ending:
            return self._change(
                path,
                lambda key, permit: self._house.upkeep.rotation.cancel_deactivation(key, permit, version=version),
            )
        return self._change(
            path, lambda key, permit: self._house.keys.cancel_destroy(key, permit, version=version)
        )

    def deactivate(self, path: str, version: int) -> int:
        """Disable a version whose announced end has come. Raises `KeyInUseError` while it is needed."""
        return self._change(
            path,
            lambda key, permit: self._house.upkeep.rotation.deactivate(
                key, permit, version=version, gate=self._house.upkeep.gate
            ),
        )

    def usage(self, path: str) -> Uses:
        """Each data version of `path`: who used it within the window, and what is sealed under it."""
        wraps: dict[int, int] = {}
        for row in self._versions(path, below=True):
            wraps[row.parent_keyref] = wraps.get(row.parent_keyref, 0) + (row.state is not State.DESTROYED)
        return [
            VersionUse(row, self._house.upkeep.gate.need(row.keyref, wraps.get(row.keyref, 0)))
            for row in self._versions(path)
        ]

    def alerts(self) -> Lines:
        """One line for each user of a version since its end was announced, the latest first."""
        return [
            f"{use.path} version {use.version} ends {instant(use.due_at)} and is used by {use.principal} "
            f"({use.operation}, {use.count} in all, last {instant(use.last_at)})"
            for use in self._house.upkeep.usage.ending()
        ]

    def rewrap(self, path: str, *, per_second: float = 0.0, progress: Progress | None = None) -> RewrapReport:
        """Seal everything of `path` anew under its primary versions; can be stopped and run again."""
        key = KeyPath.parse(path)
        caller, _, _ = managing(key)
        keys = PathKeysOf(self._house, key, lambda act: self._change(path, act))
        return self._house.upkeep.rewrap.run(caller, key, keys, per_second=per_second, progress=progress)

    def _versions(self, path: str, *, below: bool = False) -> Versions:
        key = KeyPath.parse(path)
        with self._house.guard.corridor(*managing(key), durable=False) as permit:
            if below:
                return self._house.keys.list(key, permit)
            return [row for row in self._house.keys.versions(key, permit) if row.use is Use.DATA]

    def _change(self, path: str, change: Callable[[KeyPath, Permit], int]) -> int:
        key = KeyPath.parse(path)
        with self._house.guard.corridor(*managing(key), durable=True) as permit:
            count = change(key, permit)
        self._house.anchor.update()
        return count


def managing(key: KeyPath) -> tuple[Caller, str, Label]:
    """What the guard is asked before a key is managed."""
    label = Label(key.category or MANY, Level.RESTRICTED, subject=key.subject)
    return operator(key.tenant, key.environment), "manage_key", label
