"""The ways into one store, while it is unsealed: which there are, one more, one fewer, and does this one work.

Must never: show the root it holds, leave a store without a path, or call a path good that was not tried.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from strongroom.errors import PermitError, RootError
from strongroom.keys.root import RootProvider, RootStore
from strongroom.keys.unseal import add_unseal_path, remove_unseal_path, unseal
from strongroom.primitives.mac import equal


@dataclass(frozen=True, slots=True)
class UnsealPaths:
    """Every method raises the `StoreError`s of the store and the `RootError`s of the provider."""

    store: RootStore = field(repr=False)
    root: bytes = field(repr=False)

    def __reduce__(self) -> NoReturn:
        msg = "keys do not leave their process"
        raise PermitError(msg)

    def schemes(self) -> tuple[str, ...]:
        """The paths there are, by scheme."""
        return tuple(wrap.scheme for wrap in self.store.wraps())

    def add(self, provider: RootProvider, *, replace: bool = False) -> None:
        """Wrap the root by one more provider, or with `replace` anew by one that is there. It is tried first.

        Raises `RootError` if there is such a path and `replace` was not said, or if the provider does not give
        back what it wrapped; then nothing was recorded.
        """
        if not replace:
            self.require_free(provider.scheme)
        wrapped = provider.wrap(self.root)
        if not equal(provider.unwrap(wrapped), self.root):
            msg = f"{provider.scheme} does not give back what it wrapped"
            raise RootError(msg)
        add_unseal_path(self.store, root=self.root, provider=provider, wrapped=wrapped)

    def require_free(self, scheme: str) -> None:
        """Raise `RootError` if there is a path `scheme` already: whoever holds it would be locked out."""
        if scheme in self.schemes():
            msg = f"there is a path {scheme} already: replace it (--replace), or give this one a label"
            raise RootError(msg)

    def remove(self, scheme: str) -> None:
        """Forget one path. Raises `RootMissingError` if there is none, `RootError` if it is the last one."""
        remove_unseal_path(self.store, scheme=scheme)

    def require(self, provider: RootProvider) -> None:
        """Raise a `RootError` unless `provider` leads to this store's root."""
        unseal(self.store, provider)
