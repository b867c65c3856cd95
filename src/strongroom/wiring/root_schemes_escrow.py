"""The unseal path by an escrow key that is kept offline: ``escrow:PATH``.

Must never: make a key; `strongroom backup escrow-key` does, on a machine of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from strongroom.adapters.root_escrow import EscrowRoot
from strongroom.errors import ConfigurationError
from strongroom.keys.root import RootProvider
from strongroom.wiring.root_uri import RootFactory, RootPlace, RootUri


def _escrow(uri: RootUri, place: RootPlace) -> RootProvider:
    uri.require()
    if not uri.body:
        msg = "root: escrow needs the file of a key, such as escrow:/media/safe/escrow.key"
        raise ConfigurationError(msg)
    return EscrowRoot(Path(uri.body).expanduser(), store_id=place.store_id)


SCHEMES: Mapping[str, RootFactory] = {"escrow": _escrow}
