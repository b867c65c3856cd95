"""What is due in a room, and having it done: keys of every tenant and environment, credentials, the root.

Must never: end a version somebody needs, or renew a credential behind its holder's back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from strongroom.keys.path import KeyPath
from strongroom.keys.schedule import Due, Rules, due
from strongroom.keys.succession import RootInForce
from strongroom.permit import Permit
from strongroom.room.keys import managing
from strongroom.wiring.house import SYSTEM, House
from strongroom.wiring.upkeep import DAY_S


@dataclass(slots=True)
class Done:
    """How many versions each act changed or made, and how many announced ends wait because they are needed."""

    changed: dict[str, int] = field(default_factory=dict)
    waiting: int = 0


class Act(Protocol):
    """One step for everything it is due for under a prefix."""

    def __call__(self, prefix: KeyPath, permit: Permit, /) -> int:
        """Do it; returns how many versions changed or were made."""
        ...


class Schedule:
    """The schedule of one room. The rules are the settings under `rotation`."""

    def __init__(self, house: House) -> None:
        self._house = house
        rules = house.settings.rotation
        self._rules = Rules(
            data_ms=int(rules.data_days * DAY_S * 1000),
            dual_ms=int(rules.dual_days * DAY_S * 1000),
            lease_ms=int(rules.lease_s * 1000),
        )

    def due(self) -> list[Due]:
        """Everything that is due now."""
        now = self._now()
        found = [
            item for place in self._house.upkeep.usage.environments() for item in self._of_environment(place, now)
        ]
        return found + self._credentials() + self._root(now)

    def count(self) -> int:
        """How many data keys are too old, at a glance: nothing is verified or recorded."""
        return self._house.upkeep.usage.primaries_made_before(self._now() - self._rules.data_ms)

    def run(self) -> Done:
        """Rotate, promote, announce, deactivate and destroy what is due; leave what is needed as it is.

        Credentials and the root are for people: their holders have to be given the new one.
        """
        done = Done()
        now = self._now()
        rotation, gate = self._house.upkeep.rotation, self._house.upkeep.gate
        leased = bool(self._rules.lease_ms) and bool(self._house.upkeep.leases.leases())
        for place in self._house.upkeep.usage.environments():
            acts: dict[str, Act] = {
                "promote": partial(rotation.promote_older, before_ms=now - self._rules.lease_ms),
                "rotate": partial(rotation.rotate_older, before_ms=now - self._rules.data_ms, publish=leased),
                "announce": partial(
                    rotation.announce_older,
                    before_ms=now - self._rules.dual_ms,
                    after_s=self._house.settings.rotation.notice_days * DAY_S,
                    needed=partial(gate.needed, by_users=False),
                ),
                "deactivate": partial(rotation.deactivate_due, needed=gate.needed),
                "destroy": self._house.keys.destroy_due,
            }
            for name, act in acts.items():
                while count := self._act(place, act):
                    done.changed[name] = done.changed.get(name, 0) + count
            done.waiting += sum(
                item.count for item in self._of_environment(place, now) if item.act == "deactivate"
            )
        self._house.anchor.update()
        return done

    def _act(self, place: KeyPath, act: Act) -> int:
        with self._house.guard.corridor(*managing(place), durable=True) as permit:
            return act(place, permit)

    def _of_environment(self, place: KeyPath, now: int) -> list[Due]:
        with self._house.guard.corridor(*managing(place), durable=False) as permit:
            return due(self._house.keys.list(place, permit), self._rules, now)

    def _credentials(self) -> list[Due]:
        # Told `notice_days` before they end; `since` says when they do.
        notice_s = int(self._house.settings.rotation.notice_days * DAY_S)
        found = [
            Due(f"{row.tenant}/{row.environment}/{row.name}", "rotate credential", 1, row.expires_at * 1000)
            for row in self._house.credentials.due(notice_s)
        ]
        age_ms = int(self._house.settings.rotation.credential_days * DAY_S * 1000)
        stored = self._house.provider_keys.stored_at()
        due_at = {name: at * 1000 + age_ms for name, at in stored.items()}
        return found + [
            Due(f"upstream/{name}", "replace provider key", 1, since)
            for name, since in sorted(due_at.items())
            if since <= self._now()
        ]

    def _root(self, now: int) -> list[Due]:
        paths = self._house.unseal_paths
        made = RootInForce.of(paths.store, paths.root).made_at or self._store_made_at()
        since = made + int(self._house.settings.rotation.root_days * DAY_S * 1000)
        return [Due("root", "rotate-root", 1, since)] if since <= now else []

    def _store_made_at(self) -> int:
        with self._house.guard.corridor(*managing(SYSTEM), durable=False) as permit:
            return min(row.created_at for row in self._house.keys.versions(SYSTEM, permit))

    def _now(self) -> int:
        return int(self._house.clock.now() * 1000)
