"""The Transit engine as hvac meets it: Vault's and OpenBao's HTTP API, with their envelopes and sentences.

After the Transit API documentation of both and the messages of sdk/helper/keysutil/policy.go: derived keys,
versions with a floor, keys made on the spot by an encryption, OpenBao's soft deletion.
"""

import base64
import hmac
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.fakes.loopback import Answer, Service

TOKEN = "hvs.strongroom"
_PATH = re.compile(r"/v1/(?P<mount>.+)/(?P<operation>keys|encrypt|decrypt)/(?P<key>[^/]+)")
_MISSING_CONTEXT = (
    "missing 'context' for key derivation; the key was created using a derived key, which means additional, "
    "per-request information must be included in order to perform operations with the key"
)


@dataclass
class Key:
    derived: bool = True
    exportable: bool = False
    floor: int = 1
    soft_deleted: bool = False
    versions: list[bytes] = field(default_factory=lambda: [os.urandom(32)])


class RefusedError(Exception):
    def __init__(self, status: int, *sentences: str) -> None:
        super().__init__()
        self.status, self.sentences = status, list(sentences)


class FakeTransit(Service):
    """One mount. `redirect_to` makes it a standby that does not forward; `lie` falsifies what it gives back."""

    def __init__(self, mount: str = "transit") -> None:
        super().__init__()
        self.mount = mount
        self.keys: dict[str, Key] = {}
        self.readable = True  # the token's policy covers reading keys
        self.redirect_to = ""
        self.namespaces: list[str] = []

    def create(self, name: str, **settings: Any) -> Key:
        self.keys[name] = Key(**settings)
        return self.keys[name]

    def calm(self) -> None:
        super().calm()
        self.readable, self.redirect_to = True, ""
        self.namespaces.clear()

    def switch(self, name: str, *, on: bool) -> None:
        """Raise the floor over everything there is, or lower it again."""
        key = self.keys[name]
        if not on:
            key.versions.append(os.urandom(32))
        key.floor = 1 if on else len(key.versions)

    def condemn(self, name: str) -> None:
        self.keys[name].soft_deleted = True

    def destroy(self, name: str) -> None:
        del self.keys[name]

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if self.redirect_to:
            return Answer(307, b"", {"Location": self.redirect_to + path})
        try:
            data = self._operate(method, path, headers, body)
        except RefusedError as refused:
            return _json(refused.status, {"errors": refused.sentences})
        envelope = {"request_id": "0", "lease_id": "", "renewable": False, "lease_duration": 0, "data": data}
        return _json(200, {**envelope, "wrap_info": None, "warnings": None, "auth": None, "mount_type": "transit"})

    def fault(self, name: str) -> Answer:
        status, sentences = {
            "sealed": (503, ["Vault is sealed"]),
            "quota": (429, ['request path "transit/decrypt/root": rate limit quota exceeded']),
            "internal": (500, ["1 error occurred:\n\t* internal error\n\n"]),
            "uninitialized": (501, []),
            "gateway": (502, []),
            "standby": (473, []),
            "stale": (412, ["required index state not present"]),
            "strange": (400, ["something new"]),
        }[name]
        return _json(status, {"errors": sentences})

    def _operate(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        match = _PATH.fullmatch(path)
        if match is None or match["mount"] != self.mount:
            raise RefusedError(404, f'no handler for route "{path.removeprefix("/v1/")}". route entry not found.')
        self.asked.append(match["operation"])
        self.namespaces.append(headers.get("X-Vault-Namespace", ""))
        token = headers.get("X-Vault-Token", "")
        if not token:
            raise RefusedError(400, "missing client token")
        if self.denied or token != TOKEN or (match["operation"] == "keys" and not self.readable):
            raise RefusedError(403, "1 error occurred:\n\t* permission denied\n\n")
        key = self.keys.get(match["key"])
        if match["operation"] == "keys":
            if key is None:
                raise RefusedError(404)
            return self._describe(match["key"], key)
        request = json.loads(body)
        if match["operation"] == "encrypt":
            if key is None:  # a token that may create gets a new key for a mistyped name
                key = self.create(match["key"], derived="context" in request)
            return self._encrypt(key, request)
        if key is None:
            raise RefusedError(400, "encryption key not found")
        return self._decrypt(key, request)

    def _describe(self, name: str, key: Key) -> dict[str, Any]:
        return {
            "name": name,
            "type": "aes256-gcm96",
            "derived": key.derived,
            "exportable": key.exportable,
            "soft_deleted": key.soft_deleted and self.lie != "state",
            "latest_version": len(key.versions),
            "min_decryption_version": key.floor,
        }

    def _material(self, key: Key, version: int, request: dict[str, Any]) -> bytes:
        if key.soft_deleted:
            raise RefusedError(400, "refusing to use soft-deleted key")
        if not key.derived:
            return key.versions[version - 1]
        if not request.get("context"):
            raise RefusedError(400, _MISSING_CONTEXT)
        return hmac.digest(key.versions[version - 1], base64.b64decode(request["context"]), "sha256")

    def _encrypt(self, key: Key, request: dict[str, Any]) -> dict[str, Any]:
        version = len(key.versions)
        nonce = os.urandom(12)
        material = self._material(key, version, request)
        sealed = nonce + AESGCM(material).encrypt(nonce, base64.b64decode(request["plaintext"]), None)
        return {"ciphertext": f"vault:v{version}:{base64.b64encode(sealed).decode()}", "key_version": version}

    def _decrypt(self, key: Key, request: dict[str, Any]) -> dict[str, Any]:
        match = re.fullmatch(r"vault:v(\d+):(.*)", request["ciphertext"], re.DOTALL)
        if match is None:
            raise RefusedError(400, "invalid ciphertext: no prefix")
        version = int(match[1])
        if version > len(key.versions):
            raise RefusedError(400, "invalid ciphertext: version is too new")
        if version < key.floor:
            raise RefusedError(400, "ciphertext or signature version is disallowed by policy (too old)")
        try:
            sealed = base64.b64decode(match[2], validate=True)
            material = self._material(key, version, request)
            plaintext = AESGCM(material).decrypt(sealed[:12], sealed[12:], None)
        except InvalidTag:
            raise RefusedError(400, "cipher: message authentication failed") from None
        except ValueError:
            raise RefusedError(400, "invalid ciphertext: could not decode base64") from None
        if self.lie == "plaintext":
            plaintext = os.urandom(len(plaintext))
        return {"plaintext": "no base64!" if self.lie == "garbled" else base64.b64encode(plaintext).decode()}


def _json(status: int, value: Mapping[str, Any]) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})
