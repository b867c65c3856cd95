"""Azure Key Vault, or a Managed HSM, as the keeper of a protector: the `KmsKey` port over azure-keyvault-keys.

Wrapping is RSA-OAEP with SHA-256. Azure binds no context to it, so the binding to the store is the sealed field's
alone; and wrapping needs only the public key, which the client has and Azure hands out even for a disabled key, so
a wrap proves nothing until it was unwrapped once (`KmsRoot.wrap` does).

Must never: keep a wrap without the version of the key that made it, or use RSA1_5 or OAEP with SHA-1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import KeyWrapAlgorithm

from strongroom.errors import (
    KmsAccessDeniedError,
    KmsContextMismatchError,
    KmsDisabledError,
    KmsError,
    KmsKeyNotFoundError,
    KmsPendingDestructionError,
    KmsUnavailableError,
)
from strongroom.keys.kms import CALL_TIMEOUT_S, Encrypted, refusal, require_own_key

KEY_ID = re.compile(r"(https://[A-Za-z0-9.-]+(?::\d+)?)/keys/([A-Za-z0-9-]{1,127})(?:/([0-9A-Za-z]{1,64}))?")
"""Vault URL, key name and, in what the service returns, the version."""

_ALGORITHM = KeyWrapAlgorithm.rsa_oaep_256

_SWITCHED_OFF = frozenset({"KeyDisabled", "KeyExpired", "KeyNotYetValid"})
"""`innererror.code` of a 403 that is about the key, not about the caller."""

_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _TIMEOUT, _TOO_MANY, _SERVER_FAULT = 400, 401, 403, 408, 429, 500

Connect = Callable[[], AbstractContextManager[KeyClient]]


class AzureKey:
    """An RSA key in a vault, named ``https://VAULT.vault.azure.net/keys/NAME``."""

    def __init__(self, key_id: str, *, connect: Connect) -> None:
        self._vault, self._name, self._version = _parts(key_id)
        self._connect = connect

    @property
    def name(self) -> str:
        """The key's address, which has the vault in it."""
        return f"Azure Key Vault {self._address}"

    @property
    def _address(self) -> str:
        return f"{self._vault}/keys/{self._name}"

    def encrypt(self, plaintext: bytes, *, store_id: str) -> Encrypted:
        """By the key's current version, or the chosen one. `store_id` is not bound by Azure. Raises `KmsError`."""
        del store_id
        with self._asking(), self._connect() as client:
            key = client.get_key(self._name, self._version)
            if not key.properties.enabled:
                raise refusal(KmsDisabledError, self.name, "enabled is false")
            _, _, version = _parts(key.id or "")
            cryptography = client.get_cryptography_client(self._name, key_version=version)
            sealed = cryptography.wrap_key(_ALGORITHM, plaintext)
        if version is None or _parts(sealed.key_id or "") != (self._vault, self._name, version):
            raise refusal(KmsError, self.name, "its answer is not about the key it was asked for")
        return Encrypted(f"{self._address}/{version}", sealed.encrypted_key)

    def decrypt(self, sealed: Encrypted, *, store_id: str) -> bytes:
        """By the version of the key that made it. Raises `KmsError`, one of its kinds."""
        del store_id
        vault, name, version = _parts(sealed.key)
        require_own_key(self._address, key=self.name, wrapped_by=f"{vault}/keys/{name}")
        if version is None:
            raise refusal(KmsContextMismatchError, self.name, "the stored wrap is damaged")
        with self._asking(), self._connect() as client:
            cryptography = client.get_cryptography_client(self._name, key_version=version)
            plaintext = cryptography.unwrap_key(_ALGORITHM, sealed.ciphertext).key
        if not isinstance(plaintext, bytes):
            raise refusal(KmsUnavailableError, self.name, "its answer is not Key Vault's")
        return plaintext

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except ClientAuthenticationError as error:
            raise refusal(KmsAccessDeniedError, self.name, type(error).__name__) from error
        except ResourceNotFoundError as error:
            raise self._absent() from error
        except HttpResponseError as error:
            raise self._refused(error) from error
        except (ServiceRequestError, ServiceResponseError) as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise refusal(KmsError, self.name, "its TLS certificate is not trusted") from error
            raise refusal(KmsUnavailableError, self.name, type(error).__name__) from error
        except AzureError as error:
            raise refusal(KmsError, self.name, type(error).__name__) from error
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            # The client hands on whatever came back, such as a proxy's page.
            raise refusal(KmsUnavailableError, self.name, "its answer is not Key Vault's") from error
        except ValueError as error:
            # The client's own check that whoever asks for a token is the vault that was called.
            raise refusal(KmsAccessDeniedError, self.name, "it asks for a token of another service") from error

    def _refused(self, error: HttpResponseError) -> KmsError:
        status = error.status_code or 0
        code = _inner_code(error)
        if status == _FORBIDDEN:
            kind: type[KmsError] = KmsDisabledError if code in _SWITCHED_OFF else KmsAccessDeniedError
        elif status == _UNAUTHORIZED:
            kind = KmsAccessDeniedError
        elif status == _BAD_REQUEST:
            # The answer to an altered or foreign ciphertext; the service does not say which it was.
            kind = KmsContextMismatchError
        elif status in {_TIMEOUT, _TOO_MANY} or status >= _SERVER_FAULT or isinstance(error, DecodeError):
            kind = KmsUnavailableError
        else:
            kind = KmsError
        return refusal(kind, self.name, code or f"HTTP {status}")

    def _absent(self) -> KmsError:
        """Never there, or deleted and still recoverable: the service answers both with 404."""
        try:
            with self._connect() as client:
                deleted = client.get_deleted_key(self._name)
        except AzureError:  # not deleted, or not for us to know: it is absent either way
            return refusal(KmsKeyNotFoundError, self.name, "KeyNotFound")
        day = deleted.scheduled_purge_date
        return refusal(
            KmsPendingDestructionError,
            self.name,
            f"deleted, recoverable until {day:%Y-%m-%d}" if day else "deleted",
        )


def _parts(key_id: str) -> tuple[str, str, str | None]:
    match = KEY_ID.fullmatch(key_id)
    return (match[1].lower(), match[2], match[3]) if match else ("", "", None)


def _inner_code(error: HttpResponseError) -> str:
    said = error.error
    inner = getattr(said, "innererror", None) or {}
    code = inner.get("code") if isinstance(inner, dict) else None
    return str(code or getattr(said, "code", None) or "")


def azure_client(vault_url: str) -> Connect:
    """Connections by the official client, with what `DefaultAzureCredential` finds (environment, identity ...)."""

    @contextmanager
    def connect() -> Iterator[KeyClient]:
        with (
            DefaultAzureCredential() as credential,
            KeyClient(
                vault_url,
                credential,
                retry_total=0,
                connection_timeout=CALL_TIMEOUT_S,
                read_timeout=CALL_TIMEOUT_S,
            ) as client,
        ):
            yield client

    return connect
