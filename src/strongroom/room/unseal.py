"""The unseal paths of a room: list them, add one, remove one, and try one, each asked for through the guard.

Must never: keep a share or a passphrase, or let a path be removed without an entry in the log.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from strongroom.adapters.sqlite.succession import SQLiteSuccession
from strongroom.clock import system_entropy
from strongroom.errors import RootError
from strongroom.keys.root import RootProvider
from strongroom.label import Label, Level
from strongroom.permit import Permit
from strongroom.room.operator import operator
from strongroom.wiring.house import SYSTEM, House
from strongroom.wiring.root_schemes import make_provider
from strongroom.wiring.root_schemes_devices import labelled
from strongroom.wiring.root_uri import Ask, RootPlace, RootUri, nobody_to_ask
from strongroom.wiring.unseal import issued_shares


@dataclass(frozen=True, slots=True)
class AddedPath:
    """A path that opens the store now. `shares` has what people must be handed, this once."""

    scheme: str
    description: str
    shares: tuple[str, ...] = field(default=(), repr=False)


class UnsealView:
    """Which ways lead into this store. Methods raise `RootError`, `StoreError` and `ConfigurationError`."""

    def __init__(self, house: House) -> None:
        self._house = house

    def list(self) -> tuple[str, ...]:
        """The paths there are, by scheme, such as ``keyfile``; one of each scheme at most."""
        return self._house.unseal_paths.schemes()

    def add(self, uri: str, *, ask: Ask = nobody_to_ask, replace: bool = False) -> AddedPath:
        """Make `uri` one more way into the store; with `replace`, in place of the one of its scheme and label.

        The path was tried when this returns. `ask` gets from a person what the path needs. Raises `RootError`
        if there is such a path and `replace` was not said: whoever holds the other one would be locked out.
        """
        if SQLiteSuccession(self._house.database).pending() is not None:
            msg = "a new root was proposed, which would not have this path: finish that or withdraw it"
            raise RootError(msg)
        with self._administering("root"):
            if not replace:  # before a provider makes a keyfile or a key in a device
                self._house.unseal_paths.require_free(labelled(RootUri.parse(uri)))
            provider = self._provider(uri, ask, new=True)
            self._house.unseal_paths.add(provider, replace=replace)
            return AddedPath(provider.scheme, provider.describe(), issued_shares(provider))

    def remove(self, scheme: str) -> None:
        """Forget the path `scheme`. Raises `RootError` if it is the last one."""
        with self._administering("root"):
            self._house.unseal_paths.remove(scheme)

    def test(self, uri: str, *, ask: Ask = nobody_to_ask) -> str:
        """Unseal by `uri` without using what comes out; returns what the path is, or raises why it fails."""
        with self._administering("root"):
            provider = self._provider(uri, ask, new=False)
            self._house.unseal_paths.require(provider)
            return provider.describe()

    def _provider(self, uri: str, ask: Ask, *, new: bool) -> RootProvider:
        house = self._house
        store_id = house.unseal_paths.store.store_id() or ""
        return make_provider(uri, RootPlace(store_id, house.settings, system_entropy, house.clock, ask, new))

    def _administering(self, resource: str) -> AbstractContextManager[Permit]:
        caller = operator(SYSTEM.tenant, SYSTEM.environment)
        return self._house.guard.corridor(caller, "manage_key", Label("*", Level.RESTRICTED), resource=resource)
