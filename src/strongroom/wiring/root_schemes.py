"""Every unseal path there is, by the scheme of its URI.

Must never: fall back to another scheme than the one that was named.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from strongroom.errors import ConfigurationError
from strongroom.keys.root import RootProvider
from strongroom.wiring import root_schemes_cloud, root_schemes_devices, root_schemes_escrow, root_schemes_local
from strongroom.wiring.root_uri import RootFactory, RootPlace, RootUri

SCHEMES: Mapping[str, RootFactory] = {
    **root_schemes_local.SCHEMES,
    **root_schemes_devices.SCHEMES,
    **root_schemes_cloud.SCHEMES,
    **root_schemes_escrow.SCHEMES,
}


def make_provider(text: str, place: RootPlace) -> RootProvider:
    """The provider that the URI `text` describes.

    Raises `ConfigurationError` for a URI or scheme that does not exist, `ExtraMissingError` when an optional
    dependency is not installed, and `RootError` as the provider sees fit.
    """
    uri = RootUri.parse(text)
    factory = SCHEMES.get(uri.scheme)
    if factory is None:
        near = get_close_matches(uri.scheme, SCHEMES, n=1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        msg = f"root: no unseal path is called {uri.scheme}{meant}; there are: {', '.join(sorted(SCHEMES))}"
        raise ConfigurationError(msg)
    return factory(uri, place)
