"""AWS KMS as the keeper of a protector: the `KmsKey` port over boto3.

The store's id is the encryption context, so AWS refuses the wrap of another store, and shows the id in CloudTrail.
Decrypt names the key explicitly; the key that a ciphertext claims for itself is never believed. boto3's own
retries are off: there is one place that retries.

Must never: follow a wrap into another region or account than the chosen one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's name for it
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from strongroom.errors import (
    ConfigurationError,
    KmsAccessDeniedError,
    KmsContextMismatchError,
    KmsDisabledError,
    KmsError,
    KmsKeyNotFoundError,
    KmsPendingDestructionError,
    KmsUnavailableError,
)
from strongroom.keys.kms import CALL_TIMEOUT_S, CONTEXT_NAME, Encrypted, refusal, require_own_key

ARN = re.compile(r"arn:(aws[a-z-]*):kms:([a-z0-9-]+):(\d{12}):(key|alias)/([A-Za-z0-9/_-]{1,256})")

_REFUSALS: dict[str, type[KmsError]] = {
    "DisabledException": KmsDisabledError,
    "NotFoundException": KmsKeyNotFoundError,
    "InvalidArnException": KmsKeyNotFoundError,
    "InvalidCiphertextException": KmsContextMismatchError,
    "IncorrectKeyException": KmsContextMismatchError,
    "AccessDeniedException": KmsAccessDeniedError,
    "UnrecognizedClientException": KmsAccessDeniedError,
    "InvalidSignatureException": KmsAccessDeniedError,
    "InvalidClientTokenId": KmsAccessDeniedError,
    "ExpiredTokenException": KmsAccessDeniedError,
    "MissingAuthenticationTokenException": KmsAccessDeniedError,
    "IncompleteSignatureException": KmsAccessDeniedError,
    "OptInRequired": KmsAccessDeniedError,
    "KeyUnavailableException": KmsUnavailableError,
    "DependencyTimeoutException": KmsUnavailableError,
    "KMSInternalException": KmsUnavailableError,
    "ThrottlingException": KmsUnavailableError,
    "RequestLimitExceeded": KmsUnavailableError,
}
"""AWS KMS API reference, Decrypt and Encrypt, "Errors" and "Common errors"; anything else is a plain refusal."""

_SERVER_FAULT = 500
_TOO_MANY = 429


class AwsClient(Protocol):
    """What is used of boto3's KMS client."""

    meta: Any

    def encrypt(self, **request: Any) -> dict[str, Any]:
        """``kms:Encrypt``."""
        ...

    def decrypt(self, **request: Any) -> dict[str, Any]:
        """``kms:Decrypt``."""
        ...

    def close(self) -> None:
        """Let go of its connections."""
        ...


Connect = Callable[[], AbstractContextManager[AwsClient]]


class AwsKmsKey:
    """A symmetric AWS KMS key, named by ARN, by alias ARN, or by id or alias with a region."""

    def __init__(self, key_id: str, *, region: str, connect: Connect) -> None:
        self._key_id = key_id
        self._region = region
        self._connect = connect

    @property
    def name(self) -> str:
        """The key, and the region unless its ARN says so."""
        return f"AWS KMS {self._key_id}" + ("" if ARN.fullmatch(self._key_id) else f" in {self._region}")

    def encrypt(self, plaintext: bytes, *, store_id: str) -> Encrypted:
        """By ``kms:Encrypt``. Raises `KmsError`, one of its kinds."""
        answer = self._ask(
            "encrypt", KeyId=self._key_id, Plaintext=plaintext, EncryptionContext=_context(store_id)
        )
        key, ciphertext = answer.get("KeyId"), answer.get("CiphertextBlob")
        if not isinstance(key, str) or not ARN.fullmatch(key) or not isinstance(ciphertext, bytes):
            raise refusal(KmsUnavailableError, self.name, "its answer is not AWS KMS's")
        return Encrypted(key, ciphertext)

    def decrypt(self, sealed: Encrypted, *, store_id: str) -> bytes:
        """By ``kms:Decrypt`` with the wrap's key in the chosen region. Raises `KmsError`, one of its kinds."""
        key = self._own(sealed.key)
        answer = self._ask(
            "decrypt", KeyId=key, CiphertextBlob=sealed.ciphertext, EncryptionContext=_context(store_id)
        )
        used, plaintext = answer.get("KeyId"), answer.get("Plaintext")
        if used is None or not isinstance(plaintext, bytes):
            raise refusal(KmsUnavailableError, self.name, "its answer is not AWS KMS's")
        if used != key:
            raise refusal(KmsError, self.name, "its answer is not about the key it was asked for")
        return plaintext

    def _own(self, wrapped_by: str) -> str:
        """The ARN to decrypt with: the wrap's own, or this region's replica of a multi-Region key."""
        made_by = ARN.fullmatch(wrapped_by)
        if made_by is None or made_by[4] != "key":
            raise refusal(KmsContextMismatchError, self.name, "the stored wrap is damaged")
        chosen = ARN.fullmatch(self._key_id)
        region, account = (chosen[2], chosen[3]) if chosen else (self._region, made_by[3])
        resource = f"{chosen[4]}/{chosen[5]}" if chosen else self._key_id
        # An alias says nothing about the key it meant when the wrap was made: then the wrap names the key.
        key = made_by[5] if resource.startswith("alias/") else resource.removeprefix("key/")
        own = f"arn:{made_by[1]}:kms:{region}:{account}:key/{key}"
        same_elsewhere = key == made_by[5] and key.startswith("mrk-")  # a multi-Region key's replicas are one key
        if not same_elsewhere:
            require_own_key(own, key=self.name, wrapped_by=wrapped_by)
        return own

    def _ask(self, operation: str, **request: Any) -> dict[str, Any]:
        try:
            with self._connect() as client:
                answer: dict[str, Any] = getattr(client, operation)(**request)
                return answer
        except ClientError as error:
            raise self._refused(error) from error
        except SSLError as error:
            raise refusal(KmsError, self.name, "its TLS certificate is not trusted") from error
        except (ConnectionError, HTTPClientError, ResponseParserError) as error:
            raise refusal(KmsUnavailableError, self.name, type(error).__name__) from error
        except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError) as error:
            raise refusal(KmsAccessDeniedError, self.name, "no AWS credentials were found") from error
        except BotoCoreError as error:
            raise refusal(KmsError, self.name, type(error).__name__) from error

    def _refused(self, error: ClientError) -> KmsError:
        said = error.response.get("Error", {})
        code = str(said.get("Code", "unknown"))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if code == "KMSInvalidStateException":
            # One code for many states, told apart by the sentence alone (developer guide, "Key states").
            doomed = re.search(r"pending\s*(replica)?\s*deletion", str(said.get("Message", "")), re.IGNORECASE)
            return refusal(KmsPendingDestructionError if doomed else KmsDisabledError, self.name, code)
        kind = _REFUSALS.get(code)
        if kind is None:
            kind = KmsUnavailableError if status >= _SERVER_FAULT or status == _TOO_MANY else KmsError
        return refusal(kind, self.name, code)


def _context(store_id: str) -> dict[str, str]:
    return {CONTEXT_NAME: store_id}


def region_of(key_id: str) -> str | None:
    """The region an ARN names; `None` for a bare id or alias."""
    arn = ARN.fullmatch(key_id)
    return arn[2] if arn else None


def aws_client(*, region: str, endpoint: str | None = None, profile: str | None = None) -> Connect:
    """Connections by boto3, with the credentials its own chain finds (environment, profile, role, instance).

    `endpoint` is a VPC endpoint's URL instead of the public one.
    """

    @contextmanager
    def connect() -> Iterator[AwsClient]:
        try:
            client: AwsClient = boto3.Session(profile_name=profile, region_name=region).client(
                "kms",
                endpoint_url=endpoint,
                config=Config(
                    connect_timeout=CALL_TIMEOUT_S,
                    read_timeout=CALL_TIMEOUT_S,
                    retries={"total_max_attempts": 1, "mode": "standard"},
                ),
            )
        except (BotoCoreError, ValueError) as error:  # an unknown profile or region, a malformed endpoint
            msg = f"awskms: the AWS client cannot be made ({type(error).__name__})"
            raise ConfigurationError(msg) from error
        try:
            yield client
        finally:
            client.close()

    return connect
