"""HashiCorp Vault or OpenBao as the keeper of a protector: the `KmsKey` port over hvac and the Transit engine.

The key has to be a derived one: then the store's id is the derivation context, and a wrap of another store does
not open. An underived key would take the context and ignore it, so it is refused. So is a key that Transit would
make on the spot because a name was mistyped: the key is read before anything is encrypted.

Must never: send its token to where a redirect points, or to an address without TLS outside this machine.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import hvac
import requests
from hvac import exceptions as vault

from strongroom.errors import (
    KmsAccessDeniedError,
    KmsContextMismatchError,
    KmsDisabledError,
    KmsError,
    KmsKeyNotFoundError,
    KmsPendingDestructionError,
    KmsUnavailableError,
)
from strongroom.keys.kms import CALL_TIMEOUT_S, CONTEXT_NAME, Encrypted, refusal, require_own_key

_SENTENCES: tuple[tuple[str, type[KmsError]], ...] = (
    ("encryption key not found", KmsKeyNotFoundError),
    ("version is too new", KmsKeyNotFoundError),
    ("disallowed by policy (too old)", KmsDisabledError),
    ("soft-deleted key", KmsPendingDestructionError),
    ("missing client token", KmsAccessDeniedError),
    ("invalid ciphertext", KmsContextMismatchError),
    ("message authentication failed", KmsContextMismatchError),
)
"""Status 400 has no codes; these are the sentences of the Transit engine (sdk/helper/keysutil/policy.go)."""

_UNAVAILABLE = (
    vault.RateLimitExceeded,
    vault.InternalServerError,
    vault.BadGateway,
    vault.VaultDown,
    vault.VaultNotInitialized,
    vault.UnexpectedError,
)
"""Sealed, standby and overloaded servers; hvac's unexpected ones are 412, 472, 473 and 504."""

Connect = Callable[[], AbstractContextManager[hvac.Client]]


class TransitKey:
    """A derived key of a Transit engine: `mount` and `key` on the server at `address`."""

    def __init__(self, *, address: str, mount: str, key: str, connect: Connect) -> None:
        self._address = address
        self._mount = mount
        self._key = key
        self._connect = connect

    @property
    def name(self) -> str:
        """The server and the key's path there."""
        return f"Transit {self._address}/{self._path}"

    @property
    def _path(self) -> str:
        # Without the address: the same server may be reached by another name tomorrow.
        return f"{self._mount}/{self._key}"

    def encrypt(self, plaintext: bytes, *, store_id: str) -> Encrypted:
        """By the key's latest version, after reading that it is a derived one. Raises `KmsError`."""
        with self._asking() as client:
            transit = client.secrets.transit
            self._require_derived(_data(transit.read_key(name=self._key, mount_point=self._mount)))
            answer = transit.encrypt_data(
                name=self._key,
                plaintext=_base64(plaintext),
                context=_context(store_id),
                mount_point=self._mount,
            )
            ciphertext = _data(answer)["ciphertext"]
            return Encrypted(self._path, ciphertext.encode("ascii"))

    def decrypt(self, sealed: Encrypted, *, store_id: str) -> bytes:
        """By the version that the ciphertext names. Raises `KmsError`, one of its kinds."""
        require_own_key(self._path, key=self.name, wrapped_by=sealed.key)
        with self._asking() as client:
            answer = client.secrets.transit.decrypt_data(
                name=self._key,
                ciphertext=sealed.ciphertext.decode("ascii", "replace"),
                context=_context(store_id),
                mount_point=self._mount,
            )
            return base64.b64decode(_data(answer)["plaintext"], validate=True)

    def _require_derived(self, key: dict[str, Any]) -> None:
        if key.get("soft_deleted"):
            raise refusal(KmsPendingDestructionError, self.name, "soft-deleted")
        if key.get("derived") is not True:
            raise refusal(KmsError, self.name, "it was not made with derived=true")
        if key.get("exportable") is not False:
            raise refusal(KmsError, self.name, "it can be exported, so the server would not be its only place")

    @contextmanager
    def _asking(self) -> Iterator[hvac.Client]:
        try:
            with self._connect() as client:
                if not client.token:
                    raise refusal(KmsAccessDeniedError, self.name, "no token was found")
                yield client
        except vault.InvalidPath as error:
            raise refusal(KmsKeyNotFoundError, self.name, "HTTP 404") from error
        except (vault.Forbidden, vault.Unauthorized) as error:
            raise refusal(KmsAccessDeniedError, self.name, "permission denied") from error
        except _UNAVAILABLE as error:
            raise refusal(KmsUnavailableError, self.name, type(error).__name__) from error
        except vault.VaultError as error:
            raise self._refused(error) from error
        except requests.exceptions.SSLError as error:
            raise refusal(KmsError, self.name, "its TLS certificate is not trusted") from error
        except requests.exceptions.RequestException as error:
            raise refusal(KmsUnavailableError, self.name, type(error).__name__) from error
        except (KeyError, TypeError, AttributeError, UnicodeError, binascii.Error) as error:
            # hvac hands out whatever JSON came back, or the bare response of a redirect or a proxy's page.
            raise refusal(KmsUnavailableError, self.name, "its answer is not Transit's") from error

    def _refused(self, error: vault.VaultError) -> KmsError:
        said = " ".join(error.errors) if isinstance(error.errors, list) else str(error.errors or "")
        for sentence, kind in _SENTENCES:
            if sentence in said:
                return refusal(kind, self.name, sentence)
        return refusal(KmsError, self.name, type(error).__name__)


def _data(answer: Any) -> dict[str, Any]:
    data: dict[str, Any] = answer["data"]
    return data


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _context(store_id: str) -> str:
    return _base64(f"{CONTEXT_NAME}={store_id}".encode())


def vault_client(address: str, *, namespace: str | None = None, token_file: Path | None = None) -> Connect:
    """Connections by hvac: with the token in `token_file` (such as an agent's sink), else where hvac looks for it.

    That is ``VAULT_TOKEN``, then ``~/.vault-token``; certificates as in ``VAULT_CACERT`` or ``VAULT_CAPATH``.
    """

    @contextmanager
    def connect() -> Iterator[hvac.Client]:
        try:
            token = token_file.read_text(encoding="utf-8").strip() if token_file else None
        except OSError as error:
            raise refusal(KmsAccessDeniedError, f"Transit {address}", "the token file cannot be read") from error
        client = hvac.Client(
            url=address,
            token=token,
            namespace=namespace,
            timeout=CALL_TIMEOUT_S,
            allow_redirects=False,
        )
        try:
            yield client
        finally:
            client.adapter.close()

    return connect
