"""AWS KMS as boto3 meets it: JSON 1.1 over HTTP, with the key states that a real one enforces.

Behaviour and error codes after the AWS KMS API reference (Encrypt, Decrypt, DescribeKey) and the developer guide's
"Key states of AWS KMS keys". The region is the one that the request was signed for.
"""

import base64
import json
import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.fakes.loopback import Answer, Service

ACCOUNT = "111122223333"
ACCESS_KEY = "AKIDSTRONGROOM"
_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/kms/aws4_request")


@dataclass
class Key:
    arn: str
    state: str = "Enabled"
    material: bytes = field(default_factory=lambda: os.urandom(32))

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]


class RefusedError(Exception):
    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


class FakeAwsKms(Service):
    """Keys live in regions; `alias` maps (region, alias/NAME) to an ARN; `lie` makes Decrypt answer nonsense."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[str, Key] = {}
        self.aliases: dict[tuple[str, str], str] = {}
        self.contexts: list[dict[str, str]] = []

    def create(self, region: str = "eu-central-1", key_id: str = "") -> Key:
        key = Key(f"arn:aws:kms:{region}:{ACCOUNT}:key/{key_id or uuid.uuid4()}")
        self.keys[key.arn] = key
        return key

    def replicate(self, key: Key, region: str) -> Key:
        """A multi-Region key's replica: the same id and material elsewhere."""
        replica = Key(key.arn.replace(f":{key.region}:", f":{region}:"), material=key.material)
        self.keys[replica.arn] = replica
        return replica

    def switch(self, name: str, *, on: bool) -> None:
        self._named(name).state = "Enabled" if on else "Disabled"

    def condemn(self, name: str) -> None:
        self._named(name).state = "PendingDeletion"

    def destroy(self, name: str) -> None:
        del self.keys[self._named(name).arn]

    def _named(self, name: str) -> Key:
        return next(key for arn, key in self.keys.items() if arn.endswith(f"/{name}"))

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        operation = headers["X-Amz-Target"].removeprefix("TrentService.")
        self.asked.append(operation)
        try:
            scope = _SCOPE.search(headers["Authorization"])
            assert scope is not None
            if scope[1] != ACCESS_KEY:
                raise RefusedError(
                    "UnrecognizedClientException", "The security token included in the request is invalid."
                )
            request = json.loads(body)
            key = self._find(request.get("KeyId", ""), scope[2])
            if self.denied:
                raise RefusedError(
                    "AccessDeniedException",
                    f"User: arn:aws:iam::{ACCOUNT}:user/agent is not authorized to perform: kms:{operation}",
                )
            result = {"Encrypt": self._encrypt, "Decrypt": self._decrypt, "DescribeKey": self._describe}[
                operation
            ](key, request)
        except RefusedError as refused:
            return _json(refused.status, {"__type": refused.code, "message": str(refused)})
        return _json(200, result)

    def fault(self, name: str) -> Answer:
        status, code = {
            "throttle": (400, "ThrottlingException"),
            "internal": (500, "KMSInternalException"),
            "dependency": (503, "DependencyTimeoutException"),
            "down": (503, "ServiceUnavailable"),
            "strange": (400, "SomethingNewException"),
        }[name]
        return _json(status, {"__type": code, "message": "Rate exceeded"})

    def _find(self, key_id: str, region: str) -> Key:
        if key_id.startswith("arn:"):
            if key_id.split(":")[3] != region:
                raise RefusedError("NotFoundException", f"Invalid arn {region}")
            arn = self.aliases.get((region, key_id.split(":", 5)[5]), key_id)
        elif key_id.startswith("alias/"):
            arn = self.aliases.get((region, key_id), "")
        else:
            arn = f"arn:aws:kms:{region}:{ACCOUNT}:key/{key_id}"
        if arn not in self.keys:
            raise RefusedError("NotFoundException", f"Key '{arn or key_id}' does not exist")
        return self.keys[arn]

    def _require_usable(self, key: Key) -> None:
        if key.state == "Disabled":
            raise RefusedError("DisabledException", f"{key.arn} is disabled.")
        if key.state != "Enabled":
            said = re.sub(r"(?<=.)(?=[A-Z])", " ", key.state).lower()
            raise RefusedError("KMSInvalidStateException", f"{key.arn} is {said}.")

    def _encrypt(self, key: Key, request: dict[str, Any]) -> dict[str, Any]:
        self._require_usable(key)
        self.contexts.append(request.get("EncryptionContext", {}))
        nonce = os.urandom(12)
        sealed = AESGCM(key.material).encrypt(nonce, base64.b64decode(request["Plaintext"]), _aad(request))
        label = key.arn.rpartition("/")[2].encode()
        blob = bytes([len(label)]) + label + nonce + sealed
        return {
            "CiphertextBlob": base64.b64encode(blob).decode(),
            "KeyId": key.arn,
            "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
        }

    def _decrypt(self, key: Key, request: dict[str, Any]) -> dict[str, Any]:
        blob = base64.b64decode(request["CiphertextBlob"])
        label, rest = blob[1 : 1 + blob[0]], blob[1 + blob[0] :]
        if not any(arn.endswith(f"key/{label.decode('ascii', 'replace')}") for arn in self.keys):
            raise RefusedError("InvalidCiphertextException", "")
        if label.decode() != key.arn.rpartition("/")[2]:
            raise RefusedError(
                "IncorrectKeyException",
                "The key ID in the request does not identify a CMK that can perform this operation.",
            )
        self._require_usable(key)
        try:
            plaintext = AESGCM(key.material).decrypt(rest[:12], rest[12:], _aad(request))
        except (InvalidTag, ValueError):
            raise RefusedError("InvalidCiphertextException", "") from None
        if self.lie == "plaintext":
            plaintext = os.urandom(len(plaintext))
        elif self.lie == "short":
            plaintext = plaintext[:-1]
        answer = {"Plaintext": base64.b64encode(plaintext).decode(), "KeyId": key.arn}
        if self.lie == "other key":
            answer["KeyId"] = key.arn[:-1] + ("1" if key.arn.endswith("0") else "0")
        elif self.lie == "empty":
            answer = {}
        return answer

    def _describe(self, key: Key, request: dict[str, Any]) -> dict[str, Any]:
        return {"KeyMetadata": {"KeyId": key.arn, "Arn": key.arn, "Enabled": True, "KeyState": "Enabled"}}


def _aad(request: dict[str, Any]) -> bytes:
    return json.dumps(request.get("EncryptionContext", {}), sort_keys=True).encode()


def _json(status: int, value: Mapping[str, Any]) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/x-amz-json-1.1"})
