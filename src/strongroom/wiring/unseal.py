"""How a process comes to a store and its root: the first run, and every opening after it.

The store lies in `home`; the keyfile lies in the user's configuration directory, so that neither alone opens
anything. The recovery share is an independent wrap of the same root and is returned once, by the first run.

Must never: write the recovery share anywhere, or make a new keyfile for a store that already has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from strongroom.adapters.root_keyfile import KeyfileRoot
from strongroom.adapters.root_passphrase import PassphraseRoot, new_recovery_share
from strongroom.adapters.sqlite import Database
from strongroom.adapters.sqlite.meta import SQLiteRootStore
from strongroom.clock import Entropy
from strongroom.errors import RootMissingError
from strongroom.keys.root import RootProvider
from strongroom.keys.unseal import add_unseal_path, initialise, new_store_id
from strongroom.keys.unseal import unseal as unseal_by
from strongroom.settings import Settings, configuration_directory

STORE_FILE = "strongroom.db"


@dataclass(frozen=True, slots=True)
class Unsealed:
    """An open store with its root. `recovery_share` is set by the first run alone."""

    database: Database
    root: bytes
    recovery_share: str | None = None

    def __repr__(self) -> str:
        return "Unsealed()"


def unseal(settings: Settings, *, create: bool, recovery: str | None, entropy: Entropy) -> Unsealed:
    """Open the store in `settings.home` with its keyfile, or with the `recovery` share when one is given.

    With `create`, a home without a store gets one. Raises `RootMissingError` when there is no store or no
    keyfile, `WrongPassphraseError` for a wrong share, `ForeignRootError` for another store's keyfile.
    """
    path = settings.home_path / STORE_FILE
    if not create and not path.is_file():
        msg = f"there is no store in {settings.home_path}; `strongroom init` or `strongroom up` makes one"
        raise RootMissingError(msg)
    database = Database.open(path)
    try:
        facts = SQLiteRootStore(database)
        store_id = facts.store_id()
        if store_id is None:
            return _first_run(settings, database, facts, entropy, create=create)
        provider: RootProvider
        if recovery is not None:
            provider = PassphraseRoot.from_share(recovery, store_id=store_id)
        else:
            provider = KeyfileRoot(_keyfile(settings, store_id), store_id=store_id, entropy=entropy)
        return Unsealed(database, unseal_by(facts, provider))
    except BaseException:
        database.close()
        raise


def restore_keyfile(settings: Settings, *, share: str, entropy: Entropy) -> Path:
    """Make a new keyfile with the recovery share, where the lost one was expected; returns its path.

    The lost one opens nothing from then on. Raises as `unseal`, and `RootError` if there is a file already.
    """
    unsealed = unseal(settings, create=False, recovery=share, entropy=entropy)
    try:
        facts = SQLiteRootStore(unsealed.database)
        store_id = facts.store_id() or ""
        path = _keyfile(settings, store_id)
        keyfile = KeyfileRoot.create(path, store_id=store_id, entropy=entropy)
        add_unseal_path(facts, root=unsealed.root, provider=keyfile)
    finally:
        unsealed.database.close()
    return path


def _first_run(
    settings: Settings, database: Database, facts: SQLiteRootStore, entropy: Entropy, *, create: bool
) -> Unsealed:
    if not create:  # a first run was cut off before it recorded anything
        msg = f"the store in {settings.home_path} was never set up"
        raise RootMissingError(msg)
    store_id = new_store_id(entropy)
    share = new_recovery_share(entropy)
    keyfile = KeyfileRoot.create(_keyfile(settings, store_id), store_id=store_id, entropy=entropy)
    by_share = PassphraseRoot.from_share(share, store_id=store_id)
    root = initialise(facts, store_id=store_id, providers=(keyfile, by_share), entropy=entropy)
    return Unsealed(database, root, share)


def _keyfile(settings: Settings, store_id: str) -> Path:
    return settings.keyfile.expanduser() if settings.keyfile else configuration_directory() / f"{store_id}.key"
