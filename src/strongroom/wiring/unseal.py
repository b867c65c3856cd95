"""Opening a store and coming to hold its root: the first run, and every run after it.

Theory: the root is found by the one unseal path that the settings name (the keyfile, unless `root` says another);
whoever copies only the store gets nothing. The recovery share is an independent wrap of the same root and is
returned once, by the first run.

Must never: write a share anywhere, try a second path when the first fails, or make a new keyfile for a store that
already has one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from strongroom.adapters.root_keyfile import KeyfileRoot
from strongroom.adapters.root_passphrase import PassphraseRoot, new_recovery_share
from strongroom.adapters.sqlite import Database
from strongroom.adapters.sqlite.meta import SQLiteRootStore
from strongroom.clock import Clock, Entropy, SystemClock
from strongroom.errors import ConfigurationError, RootMissingError
from strongroom.keys.root import IssuesShares, RootProvider
from strongroom.keys.succession import RootInForce
from strongroom.keys.unseal import initialise, new_store_id
from strongroom.keys.unseal import unseal as unseal_by
from strongroom.keys.unseal_paths import UnsealPaths
from strongroom.settings import Settings
from strongroom.wiring.root_schemes import make_provider
from strongroom.wiring.root_schemes_local import keyfile_path
from strongroom.wiring.root_uri import Ask, RootPlace, RootUri, nobody_to_ask

STORE_FILE = "strongroom.db"
DEFAULT_ROOT = "keyfile:"
RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Unsealed:
    """An open store with its root. `recovery_share` and `shares` are set by the first run alone."""

    database: Database
    root: bytes
    recovery_share: str | None = None
    shares: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Unsealed()"

    @property
    def present(self) -> RootInForce:
        """What the store says of the root. Raises `ForeignRootError` if another one came into force meanwhile."""
        return RootInForce.of(SQLiteRootStore(self.database), self.root)

    @property
    def paths(self) -> UnsealPaths:
        """The ways into this store."""
        return UnsealPaths(SQLiteRootStore(self.database), self.root)


def unseal(
    settings: Settings, *, create: bool, recovery: str | None, entropy: Entropy, clock: Clock | None = None,
    ask: Ask = nobody_to_ask,
) -> Unsealed:  # fmt: skip
    """Open the store in `settings.home` by the path its `root` names, or by the `recovery` share if one is given.

    With `create`, a home without a store gets one. `ask` gets the secrets that the path needs from a person.
    Raises `RootMissingError` when there is no store or what unseals it is not there, and what the provider raises.
    """
    path = settings.home_path / STORE_FILE
    if not create and not path.is_file():
        msg = f"there is no store in {settings.home_path}; `strongroom init` or `strongroom up` makes one"
        raise RootMissingError(msg)
    place = RootPlace("", settings, entropy, clock or SystemClock(), ask)
    database = Database.open(path)
    try:
        facts = SQLiteRootStore(database)
        store_id = facts.store_id()
        if store_id is None:
            return _first_run(database, facts, place, create=create)
        place = replace(place, store_id=store_id)
        if recovery is not None:
            place, uri = replace(place, ask=lambda _: recovery), f"{RECOVERY}:"
        else:
            uri = settings.root or DEFAULT_ROOT
        return Unsealed(database, unseal_by(facts, make_provider(uri, place)))
    except BaseException:
        database.close()
        raise


def restore_keyfile(settings: Settings, paths: UnsealPaths, *, entropy: Entropy) -> Path:
    """Make a new keyfile for a store that was unsealed, where the lost one was expected; returns its path.

    The lost one opens nothing from then on. Raises `RootError` if there is a file already.
    """
    store_id = paths.store.store_id() or ""
    path = keyfile_path(settings, store_id)
    paths.add(KeyfileRoot.create(path, store_id=store_id, entropy=entropy), replace=True)
    return path


def read_store_id(home: Path) -> str | None:
    """The id of the store in `home`; None if there is none, or it was never set up."""
    path = home / STORE_FILE
    if not path.is_file():
        return None
    database = Database.open(path)
    try:
        return SQLiteRootStore(database).store_id()
    finally:
        database.close()


def issued_shares(provider: RootProvider) -> tuple[str, ...]:
    """The shares a provider made and nobody has seen yet; none for every path but `shares`."""
    return provider.issued if isinstance(provider, IssuesShares) else ()


def _first_run(database: Database, facts: SQLiteRootStore, place: RootPlace, *, create: bool) -> Unsealed:
    settings = place.settings
    if not create:  # a first run was cut off before it recorded anything
        msg = f"the store in {settings.home_path} was never set up"
        raise RootMissingError(msg)
    uri = settings.root or DEFAULT_ROOT
    if RootUri.parse(uri).scheme == RECOVERY:
        msg = "root: a new store makes its recovery share itself; name another path"
        raise ConfigurationError(msg)
    store_id = new_store_id(place.entropy)
    provider = make_provider(uri, replace(place, store_id=store_id, new=True))
    share = new_recovery_share(place.entropy)
    by_share = PassphraseRoot.from_share(share, store_id=store_id, entropy=place.entropy)
    root = initialise(facts, store_id=store_id, providers=(provider, by_share), entropy=place.entropy)
    return Unsealed(database, root, share, issued_shares(provider))
