"""Escrow: the root under HPKE for a private key that is kept offline (docs/spec/unseal.md).

    strongroom-escrow-key/1        the private half: for a safe, read only to recover
    key ABCD-EFGH-...

    strongroom-escrow-public/1     the public half: on the machine; it only ever seals
    key BASE64

Whoever holds the private half and the keys part of a backup has the root.

Must never: write over a key file, use a private one that others can read, or need it in order to seal.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path

from strongroom.canonical import tuple_bytes
from strongroom.clock import Entropy
from strongroom.errors import DecryptionError, ForeignRootError, FormatError, RootError, RootMissingError
from strongroom.formats.copyable import read_copyable, write_copyable
from strongroom.primitives.digest import sha256
from strongroom.primitives.hpke import OVERHEAD, SEED_LEN, OfflineKey, seal_to

PRIVATE_MARKER = "strongroom-escrow-key/1"
PUBLIC_MARKER = "strongroom-escrow-public/1"
FILE_BYTES_MAX = 4096
VERSION = 1
KEY_ID_LEN = 8
"""Enough to tell one escrow key from another; what proves the right one is the seal."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class EscrowRoot:
    """The `RootProvider` port over one file, the private half or the public one."""

    scheme = "escrow"

    def __init__(self, path: Path, *, store_id: str) -> None:
        self._path = path
        self._info = tuple_bytes("strongroom/escrow/1", store_id)

    def wrap(self, root: bytes) -> bytes:
        """`root` for the holder of the private half; the public half is enough."""
        public = self._public()
        return bytes([VERSION]) + _key_id(public) + seal_to(public, root, info=self._info)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The root. Raises `RootMissingError` without the private half, `ForeignRootError` for another one."""
        private = self._private()
        if private is None:
            msg = f"{self._path} is the public half of an escrow key: only the private one opens"
            raise RootMissingError(msg)
        head = 1 + KEY_ID_LEN
        if wrapped[:1] != bytes([VERSION]) or len(wrapped) < head + OVERHEAD:
            msg = "the escrow in this store has a form that this program does not know"
            raise RootError(msg)
        if wrapped[1:head] != _key_id(private.public):
            msg = f"the escrow in this store was made for another key than {self._path}"
            raise ForeignRootError(msg)
        try:
            return private.open(wrapped[head:], info=self._info)
        except DecryptionError as error:
            msg = f"the escrow in this store is damaged, or another store's: {self._path} does not open it"
            raise ForeignRootError(msg) from error

    def describe(self) -> str:
        """Where the file is, and which half."""
        half = "public half" if self._lines()[0] == PUBLIC_MARKER else "private half"
        return f"escrow to {_key_id(self._public()).hex()} ({half} in {self._path})"

    def _public(self) -> bytes:
        marker, text = self._lines()
        private = self._private()
        if private is not None:
            return private.public
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error as error:
            msg = f"{self._path} is damaged: {marker} with something that is no key"
            raise RootError(msg) from error

    def _private(self) -> OfflineKey | None:
        marker, text = self._lines()
        if marker == PUBLIC_MARKER:
            return None
        if stat.S_IMODE(self._path.stat().st_mode) & _OTHERS:
            msg = f"the escrow key {self._path} can be read by others: chmod 600 it"
            raise RootError(msg)
        try:
            return OfflineKey(read_copyable(text, SEED_LEN))
        except FormatError as error:
            msg = f"the escrow key {self._path} is damaged: {error}"
            raise RootError(msg) from error

    def _lines(self) -> tuple[str, str]:
        try:
            with self._path.open(encoding="ascii", errors="replace") as file:
                lines = file.read(FILE_BYTES_MAX).splitlines()
        except OSError as error:
            msg = f"the escrow key {self._path} cannot be read ({error.strerror})"
            raise RootMissingError(msg) from error
        known = lines[0] in {PRIVATE_MARKER, PUBLIC_MARKER} if lines else False
        if len(lines) != 2 or not known or not lines[1].startswith("key "):  # noqa: PLR2004 - see the top
            msg = f"{self._path} is not an escrow key"
            raise RootError(msg)
        return lines[0], lines[1].removeprefix("key ")


def make_escrow_key(private: Path, public: Path, *, entropy: Entropy) -> str:
    """Write both halves of a new key; returns its id. Raises `RootError` if a file is there already."""
    seed, key = OfflineKey.generate(entropy)
    _write_new(private, f"{PRIVATE_MARKER}\nkey {write_copyable(seed)}\n", 0o600)
    _write_new(public, f"{PUBLIC_MARKER}\nkey {base64.b64encode(key.public).decode()}\n", 0o644)
    return _key_id(key.public).hex()


def _key_id(public: bytes) -> bytes:
    return sha256(public)[:KEY_ID_LEN]


def _write_new(path: Path, content: str, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        msg = f"the escrow key {path} cannot be written ({error.strerror})"
        raise RootError(msg) from error
