"""Azure Key Vault as azure-keyvault-keys meets it: challenge, key bundles, wrapkey and unwrapkey over TLS.

After the Key Vault REST reference (Get Key, Wrap Key, Unwrap Key, Get Deleted Key) and its error bodies. As the
real one does, it hands out the public half of a disabled key, and refuses only what needs the private one.
"""

import base64
import datetime as dt
import ipaddress
import json
import re
import ssl
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from tests.fakes.loopback import Answer, Service

TOKEN = "entra.strongroom"
_OAEP_256 = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
_PATH = re.compile(
    r"/(keys|deletedkeys)/([A-Za-z0-9-]+)(?:/([0-9a-z]+))?(?:/(wrapkey|unwrapkey))?/?(?:\?.*)?", re.IGNORECASE
)


@dataclass
class Version:
    private: rsa.RSAPrivateKey
    enabled: bool = True
    name: str = field(default_factory=lambda: uuid.uuid4().hex)


class RefusedError(Exception):
    def __init__(self, status: int, code: str, message: str, inner: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.inner = status, code, inner


class FakeAzureKeys(Service):
    """One vault. `lie` falsifies what it tells about a key's state, or what it unwraps."""

    def __init__(self) -> None:
        super().__init__()
        self.url = ""
        self.keys: dict[str, list[Version]] = {}
        self.deleted: set[str] = set()
        self.forbidden: set[str] = set()

    def create(self, name: str, private: rsa.RSAPrivateKey | None = None) -> Version:
        version = Version(private or rsa.generate_private_key(public_exponent=65537, key_size=2048))
        self.keys.setdefault(name, []).append(version)
        return version

    def calm(self) -> None:
        super().calm()
        self.forbidden.clear()

    def switch(self, name: str, *, on: bool) -> None:
        for version in self.keys[name]:
            version.enabled = on

    def condemn(self, name: str) -> None:
        self.deleted.add(name)

    def destroy(self, name: str) -> None:
        del self.keys[name]

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if "Authorization" not in headers:
            challenge = (
                'Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net"'
            )
            return Answer(401, b"", {"WWW-Authenticate": challenge})
        try:
            return _json(200, self._operate(path, headers, body))
        except RefusedError as refused:
            inner = {"innererror": {"code": refused.inner}} if refused.inner else {}
            return _json(refused.status, {"error": {"code": refused.code, "message": str(refused), **inner}})

    def fault(self, name: str) -> Answer:
        status, code = {
            "throttle": (429, "Throttled"),
            "internal": (500, "InternalServerError"),
            "down": (503, "ServiceUnavailable"),
            "strange": (409, "Conflict"),
        }[name]
        return _json(status, {"error": {"code": code, "message": "try later"}})

    def _operate(self, path: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        match = _PATH.fullmatch(path)
        assert match is not None, path
        collection, name, version, operation = match.groups()
        self.asked.append((operation or collection).lower())
        if headers["Authorization"] != f"Bearer {TOKEN}":
            raise RefusedError(
                401, "Unauthorized", "[BearerReadAccessTokenFailed] Error validating token: IDX10223."
            )
        if self.denied or self.asked[-1] in self.forbidden:
            raise RefusedError(403, "Forbidden", "Caller is not authorized to perform action", "ForbiddenByRbac")
        if collection == "deletedkeys":
            if name not in self.deleted:
                raise RefusedError(404, "KeyNotFound", f"Deleted key not found: {name}")
            return {**self._bundle(name, self.keys[name][-1]), "scheduledPurgeDate": 1800000000, "deletedDate": 1}
        found = self._version(name, version)
        if operation is None:
            return self._bundle(name, found)
        request = json.loads(body)
        assert request["alg"] == "RSA-OAEP-256"
        value = _decoded(request["value"])
        if operation.lower() == "wrapkey":
            result = found.private.public_key().encrypt(value, _OAEP_256)
        else:
            result = self._unwrap(found, value)
        return {"kid": self._kid(name, found), "value": _encoded(result)}

    def _version(self, name: str, version: str | None) -> Version:
        versions = [] if name in self.deleted else self.keys.get(name, [])
        found = [item for item in versions if version is None or item.name == version]
        if not found:
            raise RefusedError(
                404,
                "KeyNotFound",
                f"A key with (name/id) {name} was not found in this key vault. If you recently deleted this key "
                "you may be able to recover it using the correct recovery command.",
            )
        return found[-1]

    def _unwrap(self, version: Version, value: bytes) -> bytes:
        if not version.enabled:
            raise RefusedError(
                403, "Forbidden", "Operation unwrapKey is not allowed on a disabled key.", "KeyDisabled"
            )
        try:
            plaintext = version.private.decrypt(value, _OAEP_256)
        except ValueError:
            raise RefusedError(400, "BadParameter", "The parameter is incorrect.\r\n") from None
        return b"\0" * len(plaintext) if self.lie == "plaintext" else plaintext

    def _kid(self, name: str, version: Version) -> str:
        return f"{self.url}/keys/{name}/{version.name}"

    def _bundle(self, name: str, version: Version) -> dict[str, Any]:
        numbers = version.private.public_key().public_numbers()
        enabled = version.enabled or self.lie == "state"
        return {
            "key": {
                "kid": self._kid(name, version),
                "kty": "RSA",
                "key_ops": ["wrapKey", "unwrapKey"],
                "n": _encoded(numbers.n.to_bytes(256, "big")),
                "e": _encoded(numbers.e.to_bytes(3, "big")),
            },
            "attributes": {"enabled": enabled, "created": 1, "updated": 1, "recoveryLevel": "Recoverable"},
        }


def self_signed(directory: Path) -> tuple[ssl.SSLContext, Path]:
    """A server context for 127.0.0.1 and the certificate that a client has to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fake vault")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = directory / "vault.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context, path


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _decoded(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def _json(status: int, value: Mapping[str, Any]) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8"})
