"""The unseal paths by a key management service, by the scheme of their URI.

    awskms:arn:aws:kms:REGION:ACCOUNT:key/ID        awskms:alias/NAME?region=REGION
    gcpkms:projects/P/locations/L/keyRings/R/cryptoKeys/K
    azurekv:https://VAULT.vault.azure.net/keys/NAME
    vault:https://HOST:8200/MOUNT/KEY               openbao:https://HOST:8200/MOUNT/KEY

Each scheme's SDK is an extra, imported when the scheme is used. Making a provider reaches for no network; its
first wrap or unwrap does.

Must never: take a credential from a URI; the providers' own chains find them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from strongroom.errors import ConfigurationError, ExtraMissingError
from strongroom.identity import require_name
from strongroom.keys.kms import KmsKey, KmsRoot
from strongroom.keys.root import RootProvider
from strongroom.wiring.root_uri import RootFactory, RootPlace, RootUri

LABEL = "label"
"""A store keeps one wrap per scheme; a label makes room for a second key of the same service."""


def _awskms(uri: RootUri, place: RootPlace) -> RootProvider:
    uri.require("region", "endpoint", "profile", LABEL)
    with _extra(uri, "aws"):
        from strongroom.adapters.root_awskms import AwsKmsKey, aws_client, region_of
    named = region_of(uri.plain)
    region = named or uri.options.get("region")
    if not uri.body or (uri.plain.startswith("arn:") and named is None):
        msg = "root: awskms: a key reads arn:aws:kms:REGION:ACCOUNT:key/ID, or an id or alias/NAME with ?region="
        raise ConfigurationError(msg)
    if region is None:
        msg = "root: awskms: say where the key is, by its ARN or by ?region=REGION"
        raise ConfigurationError(msg)
    if uri.options.get("region", region) != region:
        msg = f"root: awskms: the key's ARN is in {region}, ?region= says otherwise"
        raise ConfigurationError(msg)
    endpoint = _server(uri, uri.options["endpoint"]) if "endpoint" in uri.options else None
    connect = aws_client(region=region, endpoint=endpoint, profile=uri.options.get("profile"))
    return _root(uri, place, AwsKmsKey(uri.plain, region=region, connect=connect))


def _gcpkms(uri: RootUri, place: RootPlace) -> RootProvider:
    uri.require("endpoint", LABEL)
    with _extra(uri, "gcp"):
        from strongroom.adapters.root_gcpkms import KEY_NAME, GoogleKmsKey, google_client
    if not KEY_NAME.fullmatch(uri.plain):
        msg = "root: gcpkms: a key reads projects/P/locations/L/keyRings/R/cryptoKeys/K, without a version"
        raise ConfigurationError(msg)
    return _root(uri, place, GoogleKmsKey(uri.plain, connect=google_client(endpoint=uri.options.get("endpoint"))))


def _azurekv(uri: RootUri, place: RootPlace) -> RootProvider:
    uri.require(LABEL)
    with _extra(uri, "azure"):
        from strongroom.adapters.root_azurekv import KEY_ID, AzureKey, azure_client
    match = KEY_ID.fullmatch(uri.plain)
    if match is None:
        msg = "root: azurekv: a key reads https://VAULT.vault.azure.net/keys/NAME"
        raise ConfigurationError(msg)
    return _root(uri, place, AzureKey(uri.plain, connect=azure_client(match[1])))


def _transit(uri: RootUri, place: RootPlace) -> RootProvider:
    uri.require("namespace", "token-file", LABEL)
    with _extra(uri, "vault"):
        from strongroom.adapters.root_vault import TransitKey, vault_client
    parts = urlsplit(uri.plain)
    mount, _, key = parts.path.strip("/").rpartition("/")
    if not mount or not key or parts.fragment:
        msg = f"root: {uri.scheme}: a key reads https://HOST:8200/MOUNT/KEY"
        raise ConfigurationError(msg)
    server = _server(uri, f"{parts.scheme}://{parts.netloc}")
    token_file = uri.options.get("token-file")
    connect = vault_client(
        server,
        namespace=uri.options.get("namespace"),
        token_file=Path(token_file.removeprefix("file:")).expanduser() if token_file else None,
    )
    return _root(uri, place, TransitKey(address=server, mount=mount, key=key, connect=connect))


SCHEMES: Mapping[str, RootFactory] = {
    "awskms": _awskms,
    "gcpkms": _gcpkms,
    "azurekv": _azurekv,
    "vault": _transit,
    "openbao": _transit,
}


def _root(uri: RootUri, place: RootPlace, key: KmsKey) -> RootProvider:
    label = uri.options.get(LABEL)
    scheme = f"{uri.scheme}:{require_name(label, LABEL)}" if label is not None else uri.scheme
    return KmsRoot(key, scheme, place.store_id, place.clock, place.entropy)


def _server(uri: RootUri, url: str) -> str:
    """`url`, which names a server and has TLS or does not leave this machine."""
    parts = urlsplit(url)
    try:
        host, _ = parts.hostname or "", parts.port
    except ValueError:  # a port that is none
        host = ""
    bare = not parts.path.strip("/") and not parts.query and "@" not in parts.netloc
    if bare and host and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))):
        return url
    msg = f"root: {uri.scheme}: a server reads https://HOST[:PORT], without a login (http:// only on this machine)"
    raise ConfigurationError(msg)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _extra(uri: RootUri, extra: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        if (error.name or "").startswith("strongroom"):  # our own mistake, no missing package
            raise
        msg = f"root: {uri.scheme} needs an optional package: pip install 'strongroom[{extra}]'"
        raise ExtraMissingError(msg) from error
