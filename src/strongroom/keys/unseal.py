"""The first run of a store, and every unseal after it: how a process comes to hold the root.

Must never: try one unseal path after the other, or go on with a root that is not this store's.
"""

from __future__ import annotations

from collections.abc import Sequence

from strongroom.clock import Entropy
from strongroom.errors import RootMissingError, StoreLockedError
from strongroom.keys.root import ROOT_LEN, RootProvider, RootStore, RootWrap
from strongroom.keys.root_mark import first_mark, require_marked

STORE_ID_BYTES = 10
"""80 random bits: two stores never share an id by chance, and a person can still compare two of them."""


def new_store_id(entropy: Entropy) -> str:
    """A fresh id for a store: 20 hexadecimal digits."""
    return entropy(STORE_ID_BYTES).hex()


def initialise(store: RootStore, *, store_id: str, providers: Sequence[RootProvider], entropy: Entropy) -> bytes:
    """First run: make a root, wrap it once per provider, record everything at once, and return the root.

    Raises `StoreLockedError` if another process set the store up meanwhile (unseal it instead), and whatever
    a provider raises, in which case nothing was recorded.
    """
    root = entropy(ROOT_LEN)
    wraps = tuple(RootWrap(provider.scheme, provider.wrap(root)) for provider in providers)
    if not store.begin(store_id, first_mark(root, store_id), wraps):
        msg = "another process set this store up at the same moment"
        raise StoreLockedError(msg)
    return root


def unseal(store: RootStore, provider: RootProvider) -> bytes:
    """The root of `store`, by the one path the caller chose.

    Raises `RootMissingError` if the store has no wrap for that path (or was never set up), what the provider
    raises, and `ForeignRootError` if the provider's root is another store's.
    """
    store_id = store.store_id()
    if store_id is None:
        msg = "this store has not been set up yet"
        raise RootMissingError(msg)
    wraps = store.wraps()
    wrapped = next((wrap.wrapped for wrap in wraps if wrap.scheme == provider.scheme), None)
    if wrapped is None:
        present = ", ".join(wrap.scheme for wrap in wraps) or "none"
        msg = f"this store cannot be unsealed by {provider.scheme}: it has no such wrap, but: {present}"
        raise RootMissingError(msg)
    root = provider.unwrap(wrapped)
    require_marked(store.fingerprint(), root=root, store_id=store_id, holder=provider.scheme)
    return root


def add_unseal_path(
    store: RootStore, *, root: bytes, provider: RootProvider, wrapped: bytes | None = None
) -> None:
    """Wrap `root` by one more provider, or anew by one that is there already (a changed passphrase).

    `wrapped` is what the provider made of it already. Raises `ForeignRootError` if `root` is not this store's.
    """
    require_marked(store.fingerprint(), root=root, store_id=store.store_id() or "", holder="the caller")
    store.put_wrap(RootWrap(provider.scheme, provider.wrap(root) if wrapped is None else wrapped))


def remove_unseal_path(store: RootStore, *, scheme: str) -> None:
    """Forget the wrap of one scheme.

    Raises `RootMissingError` if there is none, and `RootError` if it is the last one: nothing could unseal then.
    """
    schemes = {wrap.scheme for wrap in store.wraps()}
    if scheme not in schemes:
        msg = f"this store has no wrap by {scheme}"
        raise RootMissingError(msg)
    store.remove_wrap(scheme)
