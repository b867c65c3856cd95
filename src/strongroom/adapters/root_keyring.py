"""Unsealing by the desktop's keyring: Secret Service, KWallet, macOS Keychain, Windows Credential Locker.

The keyring keeps a 32-byte protector under the service ``strongroom`` and the store's id; it opens when the user's
session does. The root never goes there.

Must never: use a keyring that keeps its entries in clear, or write over the entry of a store that has one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import keyring
from keyring.backends import fail, null
from keyring.errors import KeyringError, KeyringLocked, NoKeyringError

from strongroom.clock import Entropy, system_entropy
from strongroom.errors import (
    DecryptionError,
    ForeignRootError,
    FormatError,
    RootError,
    RootKeyGoneError,
    TokenMissingError,
)
from strongroom.formats.copyable import read_copyable, write_copyable
from strongroom.keys.wrapping import KEY_LEN, unwrap_root, wrap_root

SERVICE = "strongroom"
IN_CLEAR = "plaintext"
"""Part of the names of backends that keep entries readable (``keyrings.alt.file.PlaintextKeyring``)."""


class Backend(Protocol):
    """What is used of a keyring backend."""

    def get_password(self, service: str, username: str) -> str | None:
        """The entry, or None."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store an entry."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Remove an entry."""
        ...


class KeyringRoot:
    """The `RootProvider` port over one entry of a keyring; `backend` finds the keyring of this session."""

    scheme = "keyring"

    def __init__(
        self, *, store_id: str, create: bool = False, entropy: Entropy = system_entropy,
        backend: Callable[[], Backend] = keyring.get_keyring,
    ) -> None:  # fmt: skip
        self._store_id = store_id
        self._create = create
        self._entropy = entropy
        self._find = backend

    def wrap(self, root: bytes) -> bytes:
        """`root` under the entry's key, which is made if there is none yet and this provider may make one."""
        backend = self._backend()
        text = self._entry(backend)
        if text is None and self._create:
            text = write_copyable(self._entropy(KEY_LEN))
            self._put(backend, text)
        return wrap_root(
            protector=self._protector(text), store_id=self._store_id, scheme=self.scheme, root=root,
            entropy=self._entropy,
        )  # fmt: skip

    def unwrap(self, wrapped: bytes) -> bytes:
        """The root. Raises `TokenMissingError`, `RootKeyGoneError`, `ForeignRootError` or `RootError`."""
        protector = self._protector(self._entry(self._backend()))
        try:
            return unwrap_root(protector=protector, store_id=self._store_id, scheme=self.scheme, wrapped=wrapped)
        except (DecryptionError, FormatError) as error:
            msg = "the keyring's entry does not open this store: it was replaced, or the wrap is damaged"
            raise ForeignRootError(msg) from error

    def describe(self) -> str:
        """Which entry."""
        return f"keyring entry {SERVICE}/{self._store_id}"

    def forget_key(self) -> None:
        """Remove the entry. What it wrapped can never be unwrapped again."""
        backend = self._backend()
        try:
            backend.delete_password(SERVICE, self._store_id)
        except KeyringError as error:
            raise _translated(error) from error

    def _backend(self) -> Backend:
        backend = self._find()
        name = f"{type(backend).__module__}.{type(backend).__qualname__}"
        if isinstance(backend, fail.Keyring | null.Keyring):
            msg = "there is no keyring in this session"
            raise TokenMissingError(msg)
        if IN_CLEAR in name.lower():
            msg = f"the keyring of this session ({name}) keeps entries in clear"
            raise RootError(msg)
        return backend

    def _entry(self, backend: Backend) -> str | None:
        try:
            return backend.get_password(SERVICE, self._store_id)
        except KeyringError as error:
            raise _translated(error) from error

    def _put(self, backend: Backend, text: str) -> None:
        try:
            backend.set_password(SERVICE, self._store_id, text)
        except KeyringError as error:
            raise _translated(error) from error

    def _protector(self, text: str | None) -> bytes:
        if text is None:
            msg = f"the keyring has no entry {SERVICE}/{self._store_id}"
            raise RootKeyGoneError(msg)
        try:
            return read_copyable(text, KEY_LEN)
        except FormatError as error:
            msg = f"the keyring's entry {SERVICE}/{self._store_id} is damaged"
            raise RootError(msg) from error


def _translated(error: KeyringError) -> RootError:
    if isinstance(error, KeyringLocked):
        return TokenMissingError("the keyring is locked: unlock it in your session")
    if isinstance(error, NoKeyringError):
        return TokenMissingError("there is no keyring in this session")
    return RootError(f"the keyring failed ({type(error).__name__})")
