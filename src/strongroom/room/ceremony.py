"""A new root for a room: proposed with its unseal paths, proved by the people who keep them, and taken.

    room.ceremony.propose(["shares:3/5"])     the new root's paths are made; the store goes on under the old root
    room.ceremony.prove("shares:", ask=...)   somebody unseals the proposal as they will have to
    room.ceremony.take()                      everything at once; every process has to be started again

Must never: put a root in force that nobody has shown to be reachable, unless told so in so many words.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from strongroom.adapters.root_passphrase import PassphraseRoot, new_recovery_share
from strongroom.adapters.sqlite.succession import SQLiteSuccession
from strongroom.clock import system_entropy
from strongroom.errors import ConfigurationError, RootError, RootMissingError
from strongroom.keys import succession
from strongroom.keys.succession import RootInForce
from strongroom.label import Label, Level
from strongroom.permit import Permit
from strongroom.room.operator import operator
from strongroom.wiring.house import SYSTEM, House
from strongroom.wiring.root_schemes import make_provider
from strongroom.wiring.root_uri import Ask, RootPlace, RootUri, nobody_to_ask
from strongroom.wiring.unseal import RECOVERY, issued_shares


@dataclass(frozen=True, slots=True)
class Proposal:
    """A new root that waits. The recovery share and the shares are shown this once."""

    schemes: tuple[str, ...]
    recovery_share: str = field(repr=False)
    shares: tuple[str, ...] = field(default=(), repr=False)


class RootCeremony:
    """See the module. Methods raise `RootError`, `StoreError`, `ConfigurationError` and what policy refuses."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._store = SQLiteSuccession(house.database)
        self._proved = False

    def propose(self, uris: Sequence[str], *, ask: Ask = nobody_to_ask) -> Proposal:
        """Make a new root with the unseal paths `uris` and a new recovery share; no other path will lead to it.

        Raises `RootError` if one waits already.
        """
        if any(RootUri.parse(uri).scheme == RECOVERY for uri in uris):
            msg = "root: a new root gets a recovery share by itself; name the other paths"
            raise ConfigurationError(msg)
        if self.pending():
            msg = "a new root was proposed before: finish it or withdraw it"
            raise RootError(msg)
        with self._administering():
            place = self._place(ask)
            providers = [make_provider(uri, replace(place, new=True)) for uri in uris]
            share = new_recovery_share(place.entropy)
            recovery = PassphraseRoot.from_share(share, store_id=place.store_id, entropy=place.entropy)
            now_ms = int(self._house.clock.now() * 1000)
            made = succession.propose(
                self._store,
                self._present(),
                providers=[*providers, recovery],
                entropy=place.entropy,
                now_ms=now_ms,
            )
        shares = tuple(share for provider in providers for share in issued_shares(provider))
        return Proposal(tuple(wrap.scheme for wrap in made.wraps), share, shares)

    def pending(self) -> tuple[str, ...]:
        """The paths of the root that waits, by scheme; none if none does."""
        waiting = self._store.pending()
        return () if waiting is None else tuple(wrap.scheme for wrap in waiting.wraps)

    def prove(self, uri: str, *, ask: Ask = nobody_to_ask) -> None:
        """Unseal the proposed root by `uri`, as its keepers will have to. Raises a `RootError` saying why not."""
        if not self.pending():
            msg = "no new root was proposed"
            raise RootMissingError(msg)
        with self._administering():
            succession.prove(self._store, self._present(), make_provider(uri, self._place(ask)))
        self._proved = True

    def take(self, *, unproved: bool = False) -> int:
        """Put the proposed root in force; returns how many key versions were authenticated anew.

        Needs a `prove` before it, unless `unproved`. This room and every other one on the store can do nothing
        with keys afterwards: close it, and start the processes again.
        """
        if not (self._proved or unproved):
            msg = "nobody has unsealed the proposed root yet: prove a path first"
            raise RootError(msg)
        house = self._house
        house.sessions.flush()
        with self._administering():
            return succession.take(self._store, self._present(), house.epoch, system_entropy)

    def withdraw(self) -> bool:
        """Forget the proposed root; its shares open nothing. False if there was none."""
        with self._administering():
            self._proved = False
            return self._store.withdraw()

    def made_at(self) -> int | None:
        """When the root in force was put forward, in milliseconds; `None` for the one the store was made with."""
        return self._present().made_at

    def _present(self) -> RootInForce:
        paths = self._house.unseal_paths
        return RootInForce.of(paths.store, paths.root)

    def _place(self, ask: Ask) -> RootPlace:
        house = self._house
        store_id = house.unseal_paths.store.store_id() or ""
        return RootPlace(store_id, house.settings, system_entropy, house.clock, ask)

    def _administering(self) -> AbstractContextManager[Permit]:
        caller = operator(SYSTEM.tenant, SYSTEM.environment)
        return self._house.guard.corridor(caller, "manage_key", Label("*", Level.RESTRICTED), resource="root")
