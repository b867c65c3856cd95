"""Google Cloud KMS as the keeper of a protector: the `KmsKey` port over the official google-cloud-kms client.

The store's id is the additional authenticated data. Every field goes out and comes back with a CRC32C, as Google
asks for: a checksum that is missing or wrong means that bytes changed on the way, and the call is repeated.

Must never: use a field of an answer whose checksum it did not compare.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import google_crc32c
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud import kms_v1

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

KEY_NAME = re.compile(
    r"projects/[A-Za-z0-9.:_-]+/locations/[a-z0-9-]+/keyRings/[A-Za-z0-9_-]{1,63}/cryptoKeys/[A-Za-z0-9_-]{1,63}"
)

_VERSION = "/cryptoKeyVersions/"

_REFUSALS: tuple[tuple[type[Exception], type[KmsError]], ...] = (
    (api.NotFound, KmsKeyNotFoundError),
    (api.Forbidden, KmsAccessDeniedError),
    (api.Unauthorized, KmsAccessDeniedError),
    (api.ServerError, KmsUnavailableError),
    (api.TooManyRequests, KmsUnavailableError),
    (api.Aborted, KmsUnavailableError),
    (api.Cancelled, KmsUnavailableError),
    (api.RetryError, KmsUnavailableError),
    (auth.TransportError, KmsUnavailableError),
    (auth.GoogleAuthError, KmsAccessDeniedError),
)
"""google.rpc.Code as google-api-core raises it; deadline, unavailable, unknown and internal are server errors."""

_STATES: tuple[tuple[str, type[KmsError]], ...] = (
    ("DESTROY_SCHEDULED", KmsPendingDestructionError),
    ("DESTROYED", KmsKeyNotFoundError),
    ("DISABLED", KmsDisabledError),
)
"""CryptoKeyVersionState as it stands in the sentence of FAILED_PRECONDITION; the longest name first."""


class GoogleClient(Protocol):
    """What is used of `KeyManagementServiceClient`."""

    def encrypt(self, request: dict[str, Any], *, retry: None, timeout: float) -> Any:
        """``cloudkms.cryptoKeyVersions.useToEncrypt``."""
        ...

    def decrypt(self, request: dict[str, Any], *, retry: None, timeout: float) -> Any:
        """``cloudkms.cryptoKeyVersions.useToDecrypt``."""
        ...


Connect = Callable[[], AbstractContextManager[GoogleClient]]


class GoogleKmsKey:
    """A symmetric Cloud KMS key, named ``projects/P/locations/L/keyRings/R/cryptoKeys/K``."""

    def __init__(self, key_name: str, *, connect: Connect, timeout_s: float = CALL_TIMEOUT_S) -> None:
        self._key_name = key_name
        self._connect = connect
        self._timeout_s = timeout_s

    @property
    def name(self) -> str:
        """The key's resource name, which has the project and the location in it."""
        return f"Google Cloud KMS {self._key_name}"

    def encrypt(self, plaintext: bytes, *, store_id: str) -> Encrypted:
        """By the key's primary version. Raises `KmsError`, one of its kinds."""
        aad = _context(store_id)
        answer = self._ask(
            "encrypt",
            name=self._key_name,
            plaintext=plaintext,
            plaintext_crc32c=_crc32c(plaintext),
            additional_authenticated_data=aad,
            additional_authenticated_data_crc32c=_crc32c(aad),
        )
        if not (answer.verified_plaintext_crc32c and answer.verified_additional_authenticated_data_crc32c):
            raise refusal(KmsUnavailableError, self.name, "it did not verify the checksums of the request")
        self._require_checksum(answer.ciphertext, answer.ciphertext_crc32c)
        if answer.name.partition(_VERSION)[0] != self._key_name or _VERSION not in answer.name:
            raise refusal(KmsError, self.name, "its answer is not about the key it was asked for")
        return Encrypted(answer.name, answer.ciphertext)

    def decrypt(self, sealed: Encrypted, *, store_id: str) -> bytes:
        """By whichever version of the key made it. Raises `KmsError`, one of its kinds."""
        require_own_key(self._key_name, key=self.name, wrapped_by=sealed.key.partition(_VERSION)[0])
        aad = _context(store_id)
        answer = self._ask(
            "decrypt",
            name=self._key_name,
            ciphertext=sealed.ciphertext,
            ciphertext_crc32c=_crc32c(sealed.ciphertext),
            additional_authenticated_data=aad,
            additional_authenticated_data_crc32c=_crc32c(aad),
        )
        self._require_checksum(answer.plaintext, answer.plaintext_crc32c)
        plaintext: bytes = answer.plaintext
        return plaintext

    def _require_checksum(self, value: bytes, checksum: int) -> None:
        if _crc32c(value) != checksum:
            raise refusal(KmsUnavailableError, self.name, "its answer was altered on the way")

    def _ask(self, operation: str, **request: Any) -> Any:
        try:
            with self._connect() as client:
                return getattr(client, operation)(request, retry=None, timeout=self._timeout_s)
        except api.FailedPrecondition as error:
            raise self._in_state(error) from error
        except api.InvalidArgument as error:
            kind = KmsContextMismatchError if operation == "decrypt" else KmsError
            raise refusal(kind, self.name, "INVALID_ARGUMENT") from error
        except (api.GoogleAPIError, auth.GoogleAuthError) as error:
            kind = next((ours for theirs, ours in _REFUSALS if isinstance(error, theirs)), KmsError)
            raise refusal(kind, self.name, type(error).__name__) from error

    def _in_state(self, error: api.FailedPrecondition) -> KmsError:
        said = f"{error.reason or ''} {error.message}"
        for state, kind in _STATES:
            if state in said:
                return refusal(kind, self.name, state)
        return refusal(KmsError, self.name, "FAILED_PRECONDITION")


def _context(store_id: str) -> bytes:
    return f"{CONTEXT_NAME}={store_id}".encode()


def _crc32c(value: bytes) -> int:
    return int(google_crc32c.value(value))


def google_client(*, endpoint: str | None = None) -> Connect:
    """Connections by the official client, with application default credentials.

    `endpoint` is ``HOST[:PORT]`` of a regional or private endpoint instead of the public one.
    """

    @contextmanager
    def connect() -> Iterator[GoogleClient]:
        options = {"api_endpoint": endpoint} if endpoint else None
        with kms_v1.KeyManagementServiceClient(client_options=options) as client:
            yield client

    return connect
