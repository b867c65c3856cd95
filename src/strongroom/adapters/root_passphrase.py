"""Unsealing by something a person knows or has on paper: a passphrase, or the printed recovery share.

Both become a key by Argon2id (RFC 9106); its cost stands in the wrap, so that a later program can raise it for new
wraps and still open old ones. A recovery share is 160 random bits, which nobody guesses at any cost; it runs
through the same derivation so that there is one way and one format.

    version(1) = 1 | memory KiB(4) | passes(4) | lanes(2) | salt(16) | the root as a sealed field

Must never: keep, log or compare a passphrase, or obey a stored cost beyond the caps below.
"""

from __future__ import annotations

import struct
import unicodedata
from dataclasses import dataclass
from typing import NoReturn

from strongroom.clock import Entropy, system_entropy
from strongroom.errors import DecryptionError, FormatError, PermitError, RootError, WrongPassphraseError
from strongroom.formats.copyable import read_copyable, write_copyable
from strongroom.keys.wrapping import unwrap_root, wrap_root
from strongroom.primitives.kdf import Argon2Profile, passphrase_key

SHARE_LEN = 20
"""160 bits of a recovery share: 36 characters on paper with their check."""

SALT_LEN = 16
"""RFC 9106 section 3.1 recommends 16 bytes for passphrases."""

MEMORY_KIB_MAX = 4 << 20
PASSES_MAX = 64
LANES_MAX = 64
"""Far above any profile worth choosing; a damaged or hostile wrap must not take the machine's memory."""

PASSPHRASE_BYTES_MAX = 4096

_HEADER = struct.Struct(">BIIH16s")
_VERSION = 1


def new_recovery_share(entropy: Entropy = system_entropy) -> str:
    """A fresh recovery share to be printed once: nine groups of four characters."""
    return write_copyable(entropy(SHARE_LEN))


@dataclass(frozen=True, slots=True, repr=False)
class PassphraseRoot:
    """The `RootProvider` port over a passphrase. `scheme` tells a recovery share's wrap from a passphrase's."""

    passphrase: bytes
    store_id: str
    profile: Argon2Profile = Argon2Profile()  # noqa: RUF009 - a frozen value
    entropy: Entropy = system_entropy
    scheme: str = "passphrase"

    def __reduce__(self) -> NoReturn:
        msg = "passphrases do not leave their process"
        raise PermitError(msg)

    @classmethod
    def from_text(
        cls,
        passphrase: str,
        *,
        store_id: str,
        profile: Argon2Profile | None = None,
        entropy: Entropy = system_entropy,
    ) -> PassphraseRoot:
        """By a passphrase, the same however the keyboard composed its letters (Unicode NFKC).

        Raises `WrongPassphraseError` if it is empty or longer than `PASSPHRASE_BYTES_MAX`.
        """
        secret = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
        if not 1 <= len(secret) <= PASSPHRASE_BYTES_MAX:
            msg = "the passphrase is empty or too long"
            raise WrongPassphraseError(msg)
        return cls(secret, store_id, profile or Argon2Profile(), entropy)

    @classmethod
    def from_share(
        cls,
        share: str,
        *,
        store_id: str,
        profile: Argon2Profile | None = None,
        entropy: Entropy = system_entropy,
    ) -> PassphraseRoot:
        """By a recovery share as printed. Raises `WrongPassphraseError` saying where it was mistyped."""
        try:
            secret = read_copyable(share, SHARE_LEN)
        except FormatError as error:
            msg = f"the recovery share was mistyped: {error}"
            raise WrongPassphraseError(msg) from error
        return cls(secret, store_id, profile or Argon2Profile(), entropy, "recovery")

    def wrap(self, root: bytes) -> bytes:
        """`root` under the derived key, with the cost and salt of the derivation before it."""
        salt = self.entropy(SALT_LEN)
        profile = self.profile
        header = _HEADER.pack(_VERSION, profile.memory_kib, profile.iterations, profile.lanes, salt)
        return header + wrap_root(
            protector=passphrase_key(passphrase=self.passphrase, salt=salt, profile=profile),
            store_id=self.store_id,
            scheme=self.scheme,
            root=root,
            entropy=self.entropy,
        )

    def unwrap(self, wrapped: bytes) -> bytes:
        """The root. Raises `WrongPassphraseError`, or `RootError` if the wrap itself is damaged."""
        salt, profile = _derivation(wrapped)
        try:
            return unwrap_root(
                protector=passphrase_key(passphrase=self.passphrase, salt=salt, profile=profile),
                store_id=self.store_id,
                scheme=self.scheme,
                wrapped=wrapped[_HEADER.size :],
            )
        except DecryptionError as error:
            msg = f"the {self._noun} does not open this store"
            raise WrongPassphraseError(msg) from error
        except (FormatError, ValueError) as error:
            raise RootError(_DAMAGED) from error

    def describe(self) -> str:
        """Which of the two it is."""
        return self._noun

    @property
    def _noun(self) -> str:
        return "recovery share" if self.scheme == "recovery" else "passphrase"


_DAMAGED = "the stored wrap of the root is damaged"


def _derivation(wrapped: bytes) -> tuple[bytes, Argon2Profile]:
    if len(wrapped) <= _HEADER.size:
        raise RootError(_DAMAGED)
    version, memory_kib, passes, lanes, salt = _HEADER.unpack_from(wrapped)
    if version != _VERSION or not (
        1 <= memory_kib <= MEMORY_KIB_MAX and 1 <= passes <= PASSES_MAX and 1 <= lanes <= LANES_MAX
    ):
        raise RootError(_DAMAGED)
    return salt, Argon2Profile(memory_kib=memory_kib, iterations=passes, lanes=lanes)
