"""The port to whatever keeps the root: a keyfile, a passphrase, a hardware module, a cloud's KMS.

Each provider holds an independent wrap of the same 32 root bytes, so the loss of one locks nobody out, and the
store alone (which has the wraps) opens nothing.

Must never: be tried one after the other until one fits; whoever unseals says which provider to use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

ROOT_LEN = 32
"""256 bits, uniformly random."""


@dataclass(frozen=True, slots=True)
class RootWrap:
    """The root under one provider's protection, as the store keeps it. `scheme` is unique per store."""

    scheme: str
    wrapped: bytes


class RootProvider(Protocol):
    """One unseal path. Made for one store: what it wraps is bound to that store's id."""

    @property
    def scheme(self) -> str:
        """The provider's name among the wraps of a store, such as ``keyfile``."""
        ...

    def wrap(self, root: bytes) -> bytes:
        """Protect `root` for storage beside the data."""
        ...

    def unwrap(self, wrapped: bytes) -> bytes:
        """The root again.

        Raises `RootError` or one of its classes: what is missing or wrong, by name.
        """
        ...

    def describe(self) -> str:
        """One line for a person: which path this is and where it lives, without a secret."""
        ...


@runtime_checkable
class IssuesShares(Protocol):
    """An optional power of a provider: it made secrets that people have to be handed, once."""

    @property
    def issued(self) -> tuple[str, ...]:
        """What to hand out, one text per person; empty if nothing was made."""
        ...


@runtime_checkable
class LeavesKey(Protocol):
    """An optional power of a provider: it keeps something of this one store in a device, and can destroy it."""

    def forget_key(self) -> None:
        """Destroy it. What it wrapped can never be unwrapped again."""
        ...


class RootStore(Protocol):
    """Where the store keeps its own id and the wraps of its root."""

    def store_id(self) -> str | None:
        """The id given on the first run; `None` before that."""
        ...

    def begin(self, store_id: str, fingerprint: bytes, wraps: tuple[RootWrap, ...]) -> bool:
        """Record the first run, all of it or nothing. False if another process was first."""
        ...

    def fingerprint(self) -> bytes:
        """What `begin` recorded to recognise the right root."""
        ...

    def wraps(self) -> tuple[RootWrap, ...]:
        """Every wrap of the root."""
        ...

    def put_wrap(self, wrap: RootWrap) -> None:
        """Add a wrap, or replace the one of the same scheme."""
        ...

    def remove_wrap(self, scheme: str) -> None:
        """Forget a wrap; nothing happens if there is none.

        Raises `RootError`, and keeps it, if no other wrap would be left: two removals at once cannot both win.
        """
        ...
