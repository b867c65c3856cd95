"""The keys of one path as a rewrap job needs them, each act through the guard.

Must never: renew a key that nobody could unwrap but us.
"""

from __future__ import annotations

from collections.abc import Callable

from strongroom.keys.lifecycle import KeyVersion
from strongroom.keys.path import KeyPath
from strongroom.keys.state import State
from strongroom.keys.store import Use
from strongroom.label import Label, Level
from strongroom.permit import MANY, Permit
from strongroom.room.operator import operator
from strongroom.wiring.house import House

Act = Callable[[KeyPath, Permit], int]


class PathKeysOf:
    """`at_rest.rewrap.PathKeys` over a house; `change` performs an act on the path and records it."""

    def __init__(self, house: House, path: KeyPath, change: Callable[[Act], int]) -> None:
        self._house = house
        self._path = path
        self._change = change

    def settle(self) -> int:
        """Renew what is below a compromised version, then wrap what is below an older one anew."""
        total = 0
        while count := self._change(self._house.upkeep.rotation.renew_below):
            total += count
        for path in self._parents():
            total += self._change(lambda _, permit, at=path: self._house.keys.rewrap(at, permit))  # type: ignore[misc]
        return total

    def primaries(self) -> frozenset[int]:
        """The versions that seal."""
        return self._in_state(State.PRIMARY)

    def compromised(self) -> frozenset[int]:
        """The versions somebody else may know."""
        return self._in_state(State.COMPROMISED)

    def revision(self) -> int:
        """The key journal's last entry."""
        return self._house.keys.journal_size()

    def _parents(self) -> list[KeyPath]:
        """The path and those below it that wrap keys and are in service."""
        serving = {row.path for row in self._versions() if row.state is State.PRIMARY and row.use is Use.DATA}
        if self._path.subject:
            return []
        places = [self._path, *(KeyPath.parse(path) for path in serving)]
        return sorted({place for place in places if not place.subject and str(place) in serving})

    def _in_state(self, state: State) -> frozenset[int]:
        return frozenset(row.keyref for row in self._versions() if row.state is state and row.use is Use.DATA)

    def _versions(self) -> list[KeyVersion]:
        label = Label(self._path.category or MANY, Level.RESTRICTED, subject=self._path.subject)
        caller = operator(self._path.tenant, self._path.environment)
        with self._house.guard.corridor(caller, "manage_key", label, durable=False) as permit:
            return self._house.keys.list(self._path, permit)
