"""The unseal paths that need nothing but this machine and a person.

Must never: import an optional dependency before a URI asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from strongroom.adapters.root_keyfile import KeyfileRoot
from strongroom.adapters.root_passphrase import PassphraseRoot
from strongroom.keys.root import RootProvider
from strongroom.settings import Settings, configuration_directory
from strongroom.wiring.root_uri import RootFactory, RootPlace, RootUri


def keyfile_path(settings: Settings, store_id: str) -> Path:
    """Where the keyfile of a store is unless a URI says otherwise: ``--keyfile``, or the user's configuration."""
    return settings.keyfile.expanduser() if settings.keyfile else configuration_directory() / f"{store_id}.key"


def _keyfile(uri: RootUri, place: RootPlace) -> RootProvider:
    uri.require()
    path = Path(uri.plain).expanduser() if uri.body else keyfile_path(place.settings, place.store_id)
    if place.new and not path.exists():
        return KeyfileRoot.create(path, store_id=place.store_id, entropy=place.entropy)
    return KeyfileRoot(path, store_id=place.store_id, entropy=place.entropy)


def _passphrase(uri: RootUri, place: RootPlace) -> RootProvider:
    uri.require("file")
    text = place.secret(uri, "New passphrase" if place.new else "Passphrase")
    return PassphraseRoot.from_text(text, store_id=place.store_id, entropy=place.entropy)


def _recovery(uri: RootUri, place: RootPlace) -> RootProvider:
    uri.require("file")
    share = place.secret(uri, "Recovery share")
    return PassphraseRoot.from_share(share, store_id=place.store_id, entropy=place.entropy)


SCHEMES: Mapping[str, RootFactory] = {
    "keyfile": _keyfile,
    "passphrase": _passphrase,
    "recovery": _recovery,
}
