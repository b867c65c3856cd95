"""The keyfile: a file outside the store whose key protects the root.

    strongroom-keyfile/1
    store 0123456789abcdef0123
    key ABCD-EFGH-...

It belongs on another volume than the store, readable by the service's user alone: whoever copies the store has
no keyfile, whoever copies the keyfile has no store.

Must never: be written over, be used when others can read it, or be used for a store it does not name.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from strongroom.clock import Entropy, system_entropy
from strongroom.errors import DecryptionError, ForeignRootError, FormatError, RootError, RootMissingError
from strongroom.formats.copyable import read_copyable, write_copyable
from strongroom.keys.wrapping import KEY_LEN, unwrap_root, wrap_root

MARKER = "strongroom-keyfile/1"
FILE_MODE = 0o600
FILE_BYTES_MAX = 1024
"""A keyfile has three short lines; anything longer is something else."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyfileRoot:
    """The `RootProvider` port over one keyfile."""

    scheme = "keyfile"

    def __init__(self, path: Path, *, store_id: str, entropy: Entropy = system_entropy) -> None:
        self._path = path
        self._store_id = store_id
        self._entropy = entropy

    @classmethod
    def create(cls, path: Path, *, store_id: str, entropy: Entropy = system_entropy) -> KeyfileRoot:
        """Write a new keyfile for `store_id`, durably, before anything depends on it.

        Raises `RootError` if there is a file at `path` already (it may be the only way into another store), or
        if it cannot be written.
        """
        content = f"{MARKER}\nstore {store_id}\nkey {write_copyable(entropy(KEY_LEN))}\n"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
            with os.fdopen(descriptor, "w") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
            directory = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            msg = f"the keyfile {path} cannot be made ({error.strerror})"
            raise RootError(msg) from error
        return cls(path, store_id=store_id, entropy=entropy)

    def wrap(self, root: bytes) -> bytes:
        """`root` under the keyfile's key."""
        return wrap_root(
            protector=self._key(),
            store_id=self._store_id,
            scheme=self.scheme,
            root=root,
            entropy=self._entropy,
        )

    def unwrap(self, wrapped: bytes) -> bytes:
        """The root. Raises `RootMissingError`, `ForeignRootError`, or `RootError` saying what is wrong."""
        try:
            return unwrap_root(protector=self._key(), store_id=self._store_id, scheme=self.scheme, wrapped=wrapped)
        except (DecryptionError, FormatError) as error:
            msg = f"the keyfile {self._path} names this store but does not open it"
            raise ForeignRootError(msg) from error

    def describe(self) -> str:
        """Where the keyfile is."""
        return f"keyfile {self._path}"

    def _key(self) -> bytes:
        lines = self._content().splitlines()
        if len(lines) != 3 or lines[0] != MARKER or not lines[1].startswith("store "):  # noqa: PLR2004 - see MARKER
            msg = f"{self._path} is not a keyfile"
            raise RootError(msg)
        if lines[1] != f"store {self._store_id}":
            msg = f"the keyfile {self._path} was made for another store"
            raise ForeignRootError(msg)
        try:
            return read_copyable(lines[2].removeprefix("key "), KEY_LEN)
        except FormatError as error:
            msg = f"the keyfile {self._path} is damaged: {error}"
            raise RootError(msg) from error

    def _content(self) -> str:
        try:
            # Not blocking, so that a pipe of that name cannot hold the start up.
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            try:
                status = os.fstat(descriptor)
                if stat.S_IMODE(status.st_mode) & _OTHERS:
                    msg = f"the keyfile {self._path} can be read by others: chmod 600 it"
                    raise RootError(msg)
                if not stat.S_ISREG(status.st_mode) or status.st_size > FILE_BYTES_MAX:
                    msg = f"{self._path} is not a keyfile"
                    raise RootError(msg)
                return os.read(descriptor, FILE_BYTES_MAX).decode("ascii", "replace")
            finally:
                os.close(descriptor)
        except FileNotFoundError as error:
            msg = f"there is no keyfile at {self._path}"
            raise RootMissingError(msg) from error
        except OSError as error:
            msg = f"the keyfile {self._path} cannot be read ({error.strerror})"
            raise RootError(msg) from error
