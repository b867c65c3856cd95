"""The fake key services of one test run, each started when it is first needed, with clients pointed at them."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import grpc
import hvac
from azure.core.credentials import AccessToken
from azure.keyvault.keys import KeyClient
from botocore.config import Config
from cryptography.hazmat.primitives.asymmetric import rsa
from google.cloud import kms_v1
from google.cloud.kms_v1.services.key_management_service.transports import KeyManagementServiceGrpcTransport
from tests.fakes import azure_keys, google_kms, transit_engine
from tests.fakes.aws_kms import ACCESS_KEY, FakeAwsKms
from tests.fakes.loopback import serving

from strongroom.adapters.root_awskms import AwsKmsKey
from strongroom.adapters.root_azurekv import AzureKey
from strongroom.adapters.root_gcpkms import GoogleKmsKey
from strongroom.adapters.root_vault import TransitKey
from strongroom.keys.kms import CALL_TIMEOUT_S, KmsKey, KmsRoot

KINDS = ("awskms", "gcpkms", "azurekv", "vault", "openbao")
IMPATIENT_S = 0.1
"""A client's whole patience in tests about a service that never answers."""


class StaticCredential:
    """An Entra identity with a token in its hand."""

    def __init__(self, token: str = azure_keys.TOKEN) -> None:
        self._token = token
        self.asked = 0

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.asked += 1
        return AccessToken(self._token, 2_000_000_000)

    def close(self) -> None:
        pass


class Clouds:
    """Close with `close`. Each fake keeps its state between tests; `new_key` never reuses a key."""

    def __init__(self, directory: Path) -> None:
        self._closing = ExitStack()
        self._directory = directory
        self._clients: dict[str, Any] = {}
        self._names: dict[str, str] = {}

    def close(self) -> None:
        self._closing.close()

    @cached_property
    def aws(self) -> FakeAwsKms:
        return FakeAwsKms()

    @cached_property
    def aws_url(self) -> str:
        return self._closing.enter_context(serving(self.aws))

    def aws_client(self, region: str, *, timeout_s: float = 5.0, access_key: str = ACCESS_KEY) -> Any:
        client = boto3.Session(
            aws_access_key_id=access_key, aws_secret_access_key="x" * 20, region_name=region
        ).client(
            "kms",
            endpoint_url=self.aws_url,
            config=Config(read_timeout=timeout_s, connect_timeout=timeout_s, retries={"total_max_attempts": 1}),
        )
        self._closing.callback(client.close)
        return client

    @cached_property
    def google(self) -> google_kms.FakeGoogleKms:
        return google_kms.FakeGoogleKms()

    @cached_property
    def google_client(self) -> Any:
        address = self._closing.enter_context(google_kms.serving(self.google))
        channel = self._closing.enter_context(grpc.insecure_channel(address))
        return kms_v1.KeyManagementServiceClient(transport=KeyManagementServiceGrpcTransport(channel=channel))

    @cached_property
    def azure(self) -> azure_keys.FakeAzureKeys:
        fake = azure_keys.FakeAzureKeys()
        context, self.azure_certificate = azure_keys.self_signed(self._directory)
        fake.url = self._closing.enter_context(serving(fake, context))
        return fake

    def azure_client(self, *, timeout_s: float = 5.0, token: str = azure_keys.TOKEN) -> KeyClient:
        client = KeyClient(
            self.azure.url,
            StaticCredential(token),
            verify_challenge_resource=False,
            connection_verify=str(self.azure_certificate),
            retry_total=0,
            connection_timeout=timeout_s,
            read_timeout=timeout_s,
        )
        self._closing.callback(client.close)
        return client

    @cached_property
    def private_key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def transit(self) -> transit_engine.FakeTransit:
        return transit_engine.FakeTransit()

    @cached_property
    def transit_url(self) -> str:
        return self._closing.enter_context(serving(self.transit))

    def transit_client(self, *, timeout_s: float = 5.0, token: str = transit_engine.TOKEN) -> Any:
        client = hvac.Client(url=self.transit_url, token=token, timeout=timeout_s, allow_redirects=False)
        self._closing.callback(client.adapter.close)
        return client

    def new_key(self, kind: str) -> KmsKey:
        """A fresh key of the service and the adapter to it, over a client that stays open."""
        return self._made(kind, self._shared(kind), CALL_TIMEOUT_S)

    def impatient_key(self, kind: str) -> KmsKey:
        """The same over a client that waits for `IMPATIENT_S`."""
        client = {
            "awskms": lambda: self.aws_client("eu-central-1", timeout_s=IMPATIENT_S),
            "gcpkms": lambda: self.google_client,
            "azurekv": lambda: self.azure_client(timeout_s=IMPATIENT_S),
        }.get(kind, lambda: self.transit_client(timeout_s=IMPATIENT_S))()
        return self._made(kind, client, IMPATIENT_S)

    def _made(self, kind: str, client: Any, timeout_s: float) -> KmsKey:
        name = self._names[kind] = f"root-{uuid.uuid4().hex[:12]}"
        if kind == "awskms":
            key = self.aws.create(key_id=name)
            return AwsKmsKey(key.arn, region=key.region, connect=held(client))
        if kind == "gcpkms":
            return GoogleKmsKey(self.google.create(name), connect=held(client), timeout_s=timeout_s)
        if kind == "azurekv":
            # Making an RSA key takes a tenth of a second; two keys of one vault differ by name and version.
            self.azure.create(name, self.private_key)
            return AzureKey(f"{self.azure.url}/keys/{name}", connect=held(client))
        self.transit.create(name)
        return TransitKey(address=self.transit_url, mount="transit", key=name, connect=held(client))

    def new_root(self, kind: str, store_id: str) -> KmsRoot:
        return KmsRoot(self.new_key(kind), kind, store_id)

    def _shared(self, kind: str) -> Any:
        if kind not in self._clients:
            self._clients[kind] = {
                "awskms": lambda: self.aws_client("eu-central-1"),
                "gcpkms": lambda: self.google_client,
                "azurekv": self.azure_client,
            }.get(kind, self.transit_client)()
        return self._clients[kind]

    # What can happen to a service, and to the key that was made there last.

    def service(self, kind: str) -> Any:
        return {"awskms": self.aws, "gcpkms": self.google, "azurekv": self.azure}.get(kind, self.transit)

    def calm(self) -> None:
        for kind in KINDS:
            self.service(kind).calm()

    def asked(self, kind: str) -> list[str]:
        asked: list[str] = self.service(kind).asked
        return asked

    def requests(self, kind: str) -> int:
        return int(self.service(kind).faults.served)

    def queue(self, kind: str, *faults: str) -> None:
        self.service(kind).faults.queue.extend(faults)

    def always(self, kind: str, fault: str) -> None:
        self.service(kind).faults.always = fault

    def lie(self, kind: str, how: str) -> None:
        self.service(kind).lie = how

    def deny(self, kind: str) -> None:
        self.service(kind).denied = True

    def switch(self, kind: str, *, on: bool) -> None:
        self.service(kind).switch(self._names[kind], on=on)

    def condemn(self, kind: str) -> None:
        self.service(kind).condemn(self._names[kind])

    def destroy(self, kind: str) -> None:
        self.service(kind).destroy(self._names[kind])


def held(client: Any) -> Callable[[], AbstractContextManager[Any]]:
    """A `connect` that lends an open client and leaves it open."""
    return lambda: nullcontext(client)


@contextmanager
def all_clouds(directory: Path) -> Iterator[Clouds]:
    clouds = Clouds(directory)
    try:
        yield clouds
    finally:
        clouds.close()
