"""Google Cloud KMS as its official client meets it: a gRPC server with key versions and their states.

After the RPC reference of google.cloud.kms.v1.KeyManagementService: CRC32C of every field both ways, and
FAILED_PRECONDITION for a version that is not enabled.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import google_crc32c
import grpc
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.cloud.kms_v1.types import service
from tests.fakes.loopback import Faults

RING = "projects/acme/locations/europe-west3/keyRings/strongroom/cryptoKeys"


@dataclass
class Version:
    state: str = "ENABLED"
    material: bytes = field(default_factory=lambda: os.urandom(32))


class FakeGoogleKms:
    """Its `faults` are gRPC status codes or ``hang``; `lie` falsifies answers."""

    def __init__(self) -> None:
        self.keys: dict[str, list[Version]] = {}
        self.faults = Faults()
        self.asked: list[str] = []
        self.denied = False
        self.lie = ""

    def create(self, name: str) -> str:
        self.keys[f"{RING}/{name}"] = [Version()]
        return f"{RING}/{name}"

    def calm(self) -> None:
        """Back to honest work for everybody."""
        self.faults.end()
        self.asked.clear()
        self.lie, self.denied = "", False

    def switch(self, name: str, *, on: bool) -> None:
        self._set(name, "ENABLED" if on else "DISABLED")

    def condemn(self, name: str) -> None:
        self._set(name, "DESTROY_SCHEDULED")

    def destroy(self, name: str) -> None:
        """Keys stay listed for ever; what is destroyed are their versions."""
        self._set(name, "DESTROYED")

    def _set(self, name: str, state: str) -> None:
        for version in self.keys[f"{RING}/{name}"]:
            version.state = state

    def encrypt(self, request: Any, context: grpc.ServicerContext) -> Any:
        version, number = self._enter("Encrypt", request, context)
        _require_checksum(request.plaintext, request.plaintext_crc32c, context)
        nonce = os.urandom(12)
        aad = request.additional_authenticated_data
        sealed = bytes([number]) + nonce + AESGCM(version.material).encrypt(nonce, request.plaintext, aad)
        return service.EncryptResponse(
            name=f"{request.name}/cryptoKeyVersions/{number}" if self.lie != "other key" else f"{RING}/x",
            ciphertext=sealed if self.lie != "altered" else sealed[::-1],
            ciphertext_crc32c=google_crc32c.value(sealed),
            verified_plaintext_crc32c=self.lie != "unverified",
            verified_additional_authenticated_data_crc32c=True,
        )

    def decrypt(self, request: Any, context: grpc.ServicerContext) -> Any:
        version, _ = self._enter("Decrypt", request, context)
        _require_checksum(request.ciphertext, request.ciphertext_crc32c, context)
        sealed, aad = request.ciphertext, request.additional_authenticated_data
        try:
            plaintext = AESGCM(version.material).decrypt(sealed[1:13], sealed[13:], aad)
        except (InvalidTag, ValueError):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Decryption failed: the ciphertext is invalid.")
        checksum = google_crc32c.value(plaintext)
        if self.lie == "plaintext":
            plaintext = os.urandom(len(plaintext))
            checksum = google_crc32c.value(plaintext)
        elif self.lie == "altered":
            plaintext = plaintext[::-1]
        return service.DecryptResponse(plaintext=plaintext, plaintext_crc32c=checksum, used_primary=True)

    def _enter(self, operation: str, request: Any, context: grpc.ServicerContext) -> tuple[Version, int]:
        self.asked.append(operation)
        fault = self.faults.next()
        if fault == "hang":
            self.faults.over.wait(30)
            context.abort(grpc.StatusCode.CANCELLED, "")
        elif fault:
            context.abort(grpc.StatusCode[fault], "try later")
        if self.denied:
            context.abort(
                grpc.StatusCode.PERMISSION_DENIED,
                f"Permission 'cloudkms.cryptoKeyVersions.useTo{operation}' denied on resource '{request.name}' "
                "(or it may not exist).",
            )
        versions = self.keys.get(request.name, [])
        if not versions:
            context.abort(grpc.StatusCode.NOT_FOUND, f"CryptoKey {request.name} not found.")
        number = len(versions) if operation == "Encrypt" else (request.ciphertext[:1] or b"\0")[0]
        if not 1 <= number <= len(versions):
            context.abort(
                grpc.StatusCode.INVALID_ARGUMENT,
                "Decryption failed: verify that 'name' refers to the correct CryptoKey.",
            )
        version = versions[number - 1]
        if version.state != "ENABLED":
            context.abort(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"{request.name}/cryptoKeyVersions/{number} is not enabled, current state is: {version.state}.",
            )
        return version, number


def _require_checksum(value: bytes, checksum: int, context: grpc.ServicerContext) -> None:
    if google_crc32c.value(value) != checksum:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "The checksum in field did not match the data in field.")


@contextmanager
def serving(fake: FakeGoogleKms) -> Iterator[str]:
    """Run the server; yields ``HOST:PORT``."""

    def method(call: Callable[..., Any], request: Any, response: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(
            call, request_deserializer=request.deserialize, response_serializer=response.serialize
        )

    handlers = {
        "Encrypt": method(fake.encrypt, service.EncryptRequest, service.EncryptResponse),
        "Decrypt": method(fake.decrypt, service.DecryptRequest, service.DecryptResponse),
    }
    with ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("google.cloud.kms.v1.KeyManagementService", handlers),)
        )
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            fake.faults.end()
            server.stop(None).wait()
