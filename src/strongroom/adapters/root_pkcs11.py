"""Unsealing by a hardware security module: a key that cannot leave a PKCS#11 token wraps the root inside it.

The key is an AES-256 key, generated in the token, sensitive and not extractable; the root goes in, 48 bytes come
out. AES-GCM with the store's id as additional data runs in the token, so that a wrap of another store does not
open even with the same key. SoftHSM2 is the token of the tests; its key store is files, so it shows the wiring,
not the protection of hardware.

    version(1) = 1 | nonce(12) | AES-256-GCM(root) with its tag (48)

Must never: keep the PIN, try a second one, wrap by a key that can be read out of the token, or pass on a text of
the token, whose errors are vague at best.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any, NoReturn

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass, TokenFlag, exceptions

from strongroom.canonical import tuple_bytes
from strongroom.clock import Entropy, system_entropy
from strongroom.errors import (
    ForeignRootError,
    PermitError,
    RootError,
    RootKeyGoneError,
    TokenMissingError,
    WrongPinError,
)
from strongroom.primitives.aead import NONCE_LEN, TAG_LEN

SOFTHSM2 = "/usr/lib/softhsm/libsofthsm2.so"
"""Where Debian's package puts the module of SoftHSM2."""

KEY_BITS = 256

_AAD = "strongroom/root-pkcs11/1"
_VERSION = b"\x01"
_ROOT_LEN = 32
_WRAP_LEN = 1 + NONCE_LEN + _ROOT_LEN + TAG_LEN

_KEY_TEMPLATE: Mapping[Attribute, bool] = {
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.PRIVATE: True,
    Attribute.MODIFIABLE: False,
    Attribute.WRAP: False,
    Attribute.UNWRAP: False,
    Attribute.SIGN: False,
    Attribute.VERIFY: False,
    Attribute.DERIVE: False,
}

_one_login = Lock()
"""A login is the whole process's: of two threads, the second would find itself logged in, then logged out."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """Which key: of which module, in the token with this label (and serial number, if given), of which name."""

    module: str
    token: str
    label: str
    serial: str = ""
    id: bytes = b""

    def __str__(self) -> str:
        return f"key {self.label} in token {self.token}"


class Pkcs11Root:
    """The `RootProvider` port over one key of one token.

    `pin` is asked for on each use. `create` lets `wrap` generate the key if the token has none of that name.
    """

    def __init__(
        self, key: TokenKey, *, store_id: str, pin: Callable[[], str], scheme: str = "pkcs11",
        create: bool = False, entropy: Entropy = system_entropy,
    ) -> None:  # fmt: skip
        self.scheme = scheme
        self._where = key
        self._store_id = store_id
        self._pin = pin
        self._create = create
        self._entropy = entropy

    def __reduce__(self) -> NoReturn:
        msg = "PINs do not leave their process"
        raise PermitError(msg)

    def wrap(self, root: bytes) -> bytes:
        """`root` under the token's key. Raises `RootError` for a key that can be read out of the token."""
        nonce = self._entropy(NONCE_LEN)
        with self._session(rw=self._create) as session:
            key = self._key(session, create=self._create)
            self._require_confined(key)
            sealed = key.encrypt(root, mechanism=Mechanism.AES_GCM, mechanism_param=self._parameters(nonce))
        return _VERSION + nonce + bytes(sealed)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The root.

        Raises `TokenMissingError`, `WrongPinError`, `RootKeyGoneError`, `ForeignRootError` or `RootError`.
        """
        if len(wrapped) != _WRAP_LEN or wrapped[:1] != _VERSION:
            msg = "the stored wrap of the root is damaged"
            raise RootError(msg)
        nonce, sealed = wrapped[1 : 1 + NONCE_LEN], wrapped[1 + NONCE_LEN :]
        with self._session() as session:
            key = self._key(session, create=False)
            try:
                root = key.decrypt(sealed, mechanism=Mechanism.AES_GCM, mechanism_param=self._parameters(nonce))
            except _NOT_OPENED as error:
                # Tokens say "general error" for a wrong tag; the session and the key were good a moment ago.
                msg = (
                    f"the {self._where} does not open this store's wrap: it is another key, or the wrap is damaged"
                )
                raise ForeignRootError(msg) from error
            return bytes(root)

    def describe(self) -> str:
        """Which key of which token."""
        return f"PKCS#11 {self._where}"

    def forget_key(self) -> None:
        """Destroy the key in the token. What it wrapped can never be unwrapped again."""
        with self._session(rw=True) as session:
            self._key(session, create=False).destroy()

    def _parameters(self, nonce: bytes) -> GCMParams:
        return GCMParams(nonce, tuple_bytes(_AAD, self._store_id), TAG_LEN * 8)

    @contextmanager
    def _session(self, *, rw: bool = False) -> Iterator[Any]:
        with _one_login, _translated(self._where):
            token = _token(self._where)
            try:
                session = token.open(user_pin=self._pin(), rw=rw)
            except exceptions.UserAlreadyLoggedIn:
                session = token.open(rw=rw)  # the rest of this program uses the token too
            except _WRONG_PIN as error:
                raise WrongPinError(_pin_message(self._where, token, error)) from error
            with session:
                yield session

    def _key(self, session: Any, *, create: bool) -> Any:
        named: dict[Attribute, Any] = {
            Attribute.LABEL: self._where.label,
            Attribute.CLASS: ObjectClass.SECRET_KEY,
            Attribute.KEY_TYPE: KeyType.AES,
        }
        if self._where.id:
            named[Attribute.ID] = self._where.id
        found = list(session.get_objects(named))  # to the end: a search left open blocks the session
        if len(found) > 1:
            msg = f"token {self._where.token} has several keys labelled {self._where.label}: add id=... to the URI"
            raise RootError(msg)
        if not found and create:
            return session.generate_key(
                KeyType.AES, KEY_BITS, label=self._where.label, id=self._where.id or None, store=True,
                template=dict(_KEY_TEMPLATE),
            )  # fmt: skip
        if not found:
            msg = f"there is no {self._where}"
            raise RootKeyGoneError(msg)
        return found[0]

    def _require_confined(self, key: Any) -> None:
        if key[Attribute.EXTRACTABLE] or not key[Attribute.SENSITIVE]:
            msg = f"the {self._where} can be read out of it: make one that is sensitive and not extractable"
            raise RootError(msg)


_WRONG_PIN = (
    exceptions.PinIncorrect,
    exceptions.PinInvalid,
    exceptions.PinLenRange,
    exceptions.PinLocked,
    exceptions.PinExpired,
    exceptions.UserPinNotInitialized,
)
_NO_TOKEN = (
    exceptions.NoSuchToken,
    exceptions.TokenNotPresent,
    exceptions.TokenNotRecognised,
    exceptions.DeviceRemoved,
    exceptions.DeviceError,
    exceptions.SlotIDInvalid,
)
_NOT_OPENED = (
    exceptions.GeneralError,
    exceptions.FunctionFailed,
    exceptions.EncryptedDataInvalid,
    exceptions.EncryptedDataLenRange,
    exceptions.DataInvalid,
    exceptions.DataLenRange,
)


def _token(where: TokenKey) -> Any:
    try:
        module = pkcs11.lib(where.module)
    except exceptions.PKCS11Error as error:
        msg = f"the PKCS#11 module {where.module} cannot be loaded"
        raise TokenMissingError(msg) from error
    serial = {"token_serial": where.serial.encode()} if where.serial else {}
    return module.get_token(token_label=where.token, **serial)


def _pin_message(where: TokenKey, token: Any, error: exceptions.PKCS11Error) -> str:
    if isinstance(error, exceptions.UserPinNotInitialized):
        return f"token {where.token} has no user PIN yet: set one with its own tool"
    if isinstance(error, exceptions.PinExpired):
        return f"the PIN of token {where.token} has expired: change it with the token's own tool"
    if isinstance(error, exceptions.PinLocked) or token.flags & TokenFlag.USER_PIN_LOCKED:
        return f"token {where.token} is locked after too many wrong PINs: its security officer unlocks it"
    last = "; the next wrong one locks it" if token.flags & TokenFlag.USER_PIN_FINAL_TRY else ""
    return f"token {where.token} refuses the PIN{last}"


@contextmanager
def _translated(where: TokenKey) -> Iterator[None]:
    """Turn what the token says into the tree's errors; its own texts say nothing and stay inside."""
    try:
        yield
    except _NO_TOKEN as error:
        msg = f"token {where.token} is not there (module {where.module})"
        raise TokenMissingError(msg) from error
    except exceptions.MultipleTokensReturned as error:
        msg = f"several tokens are labelled {where.token}: add serial=... to the URI"
        raise RootError(msg) from error
    except exceptions.MechanismInvalid as error:
        msg = f"token {where.token} cannot do AES-256-GCM"
        raise RootError(msg) from error
    except (exceptions.SessionReadOnly, exceptions.TokenWriteProtected) as error:
        msg = f"token {where.token} takes no new key"
        raise RootError(msg) from error
    except exceptions.PKCS11Error as error:
        msg = f"token {where.token} failed ({type(error).__name__})"
        raise RootError(msg) from error
