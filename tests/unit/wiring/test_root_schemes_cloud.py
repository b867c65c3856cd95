"""Key services as URIs: what is a key, what is refused before anything is sent, a store that unseals by one."""

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stamina
from tests.fakes.aws_kms import ACCESS_KEY
from tests.fakes.clouds import Clouds
from tests.fakes.transit_engine import TOKEN

from strongroom import Strongroom
from strongroom.clock import SystemClock, system_entropy
from strongroom.errors import (
    ConfigurationError,
    ExtraMissingError,
    InvalidNameError,
    KmsContextMismatchError,
    KmsDisabledError,
    KmsPendingDestructionError,
    KmsUnavailableError,
)
from strongroom.keys.kms import TRIES
from strongroom.keys.root import RootProvider
from strongroom.settings import Settings
from strongroom.wiring.root_schemes import make_provider
from strongroom.wiring.root_schemes_cloud import SCHEMES
from strongroom.wiring.root_uri import RootPlace

ROOT = bytes(range(32))
ARN = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"
GOOGLE = "projects/p/locations/global/keyRings/r/cryptoKeys/k"
AZURE = "https://v.vault.azure.net/keys/k"
TRANSIT = "https://h:8200/transit/k"


@pytest.fixture(autouse=True)
def calm(clouds: Clouds) -> None:
    clouds.calm()


@pytest.fixture
def provide() -> Callable[[str], RootProvider]:
    place = RootPlace("store-1", Settings.model_construct(), system_entropy, SystemClock())
    return lambda text: make_provider(text, place)


@pytest.mark.parametrize(
    ("uri", "scheme", "description"),
    [
        (f"awskms:{ARN}", "awskms", f"AWS KMS {ARN}"),
        ("awskms:alias/root?region=us-east-1", "awskms", "AWS KMS alias/root in us-east-1"),
        ("awskms:1234abcd?region=us-east-1&label=second", "awskms:second", "AWS KMS 1234abcd in us-east-1"),
        (f"awskms:{ARN}?region=eu-central-1&endpoint=https://vpce.example", "awskms", f"AWS KMS {ARN}"),
        (f"gcpkms:{GOOGLE}", "gcpkms", f"Google Cloud KMS {GOOGLE}"),
        (f"azurekv:{AZURE}", "azurekv", f"Azure Key Vault {AZURE}"),
        (f"azurekv:{AZURE}/0123abcd?label=b", "azurekv:b", f"Azure Key Vault {AZURE}"),
        (f"vault:{TRANSIT}", "vault", f"Transit {TRANSIT}"),
        ("openbao:https://h/a/b/k?namespace=team", "openbao", "Transit https://h/a/b/k"),
        ("vault:http://127.0.0.1:8200/transit/k", "vault", "Transit http://127.0.0.1:8200/transit/k"),
        ("vault:http://[::1]:8200/transit/k", "vault", "Transit http://[::1]:8200/transit/k"),
    ],
)
def test_a_uri_names_a_key(
    provide: Callable[[str], RootProvider], uri: str, scheme: str, description: str
) -> None:
    provider = provide(uri)
    assert (provider.scheme, provider.describe()) == (scheme, description)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("awskms:", "a key reads"),
        ("awskms:alias/root", "say where"),
        ("awskms:arn:aws:s3:eu-central-1:111122223333:key/k", "a key reads"),
        (f"awskms:{ARN}?region=us-east-1", "in eu-central-1, .region= says otherwise"),
        (f"awskms:{ARN}?zone=b", "no option zone"),
        (f"awskms:{ARN}?endpoint=http://kms.example", "reads https://"),
        (f"awskms:{ARN}?endpoint=https://kms.example/path", "reads https://"),
        (f"gcpkms:{GOOGLE}/cryptoKeyVersions/1", "without a version"),
        ("gcpkms:k", "a key reads"),
        ("azurekv:http://v.vault.azure.net/keys/k", "a key reads"),
        ("azurekv:https://v.vault.azure.net/secrets/k", "a key reads"),
        ("vault:https://h:8200/k", "a key reads"),
        ("vault:h/transit/k", "a server reads"),
        ("vault:http://h:8200/transit/k", "only on this machine"),
        ("vault:http://127.0.0.1.example/transit/k", "only on this machine"),
        ("vault:https://user:word@h/transit/k", "without a login"),
        ("vault:https://h:99999/transit/k", "a server reads"),
        (f"vault:{TRANSIT}?token=hvs.x", "no option token"),
    ],
)
def test_what_is_no_key_is_refused_at_once(provide: Callable[[str], RootProvider], uri: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as refused:
        provide(uri)
    assert "word" not in str(refused.value)
    assert "hvs.x" not in str(refused.value)


def test_a_label_is_a_name(provide: Callable[[str], RootProvider]) -> None:
    with pytest.raises(InvalidNameError, match="label"):
        provide(f"awskms:{ARN}?label=A B")


@pytest.mark.parametrize(
    ("uri", "package", "extra"),
    [
        (f"awskms:{ARN}", "boto3", "aws"),
        (f"gcpkms:{GOOGLE}", "google", "gcp"),
        (f"azurekv:{AZURE}", "azure", "azure"),
        (f"vault:{TRANSIT}", "hvac", "vault"),
        (f"openbao:{TRANSIT}", "hvac", "vault"),
    ],
)
def test_a_missing_sdk_names_the_extra(
    provide: Callable[[str], RootProvider], monkeypatch: pytest.MonkeyPatch, uri: str, package: str, extra: str
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("strongroom.adapters.root_"):
            msg = f"No module named {package!r}"
            raise ModuleNotFoundError(msg, name=package)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ExtraMissingError, match=rf"pip install 'strongroom\[{extra}\]'"):
        provide(uri)


def test_our_own_mistakes_are_no_missing_extra(
    provide: Callable[[str], RootProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def broken(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "strongroom.adapters.root_vault":
            msg = "No module named 'strongroom.keys.kmz'"
            raise ModuleNotFoundError(msg, name="strongroom.keys.kmz")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(ModuleNotFoundError, match="kmz"):
        provide(f"vault:{TRANSIT}")


def test_every_scheme_is_among_the_unseal_paths() -> None:
    with pytest.raises(ConfigurationError) as refused:
        make_provider("nothing:", RootPlace("s", Settings.model_construct(), system_entropy, SystemClock()))
    assert all(scheme in str(refused.value) for scheme in SCHEMES)


def test_aws_by_its_uri_and_the_clients_own_credentials(
    clouds: Clouds, provide: Callable[[str], RootProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x" * 20)
    key = clouds.aws.create()
    provider = provide(f"awskms:{key.arn}?endpoint={clouds.aws_url}")
    wrapped = provider.wrap(ROOT)
    assert provider.unwrap(wrapped) == ROOT
    key.state = "Disabled"
    with pytest.raises(KmsDisabledError):
        provider.unwrap(wrapped)


@pytest.mark.parametrize("scheme", ["vault", "openbao"])
def test_a_store_made_and_opened_by_transit(clouds: Clouds, tmp_path: Path, scheme: str) -> None:
    (tmp_path / "token").write_text(TOKEN)
    key = clouds.transit.create(f"store-{scheme}")
    uri = f"{scheme}:{clouds.transit_url}/transit/store-{scheme}?token-file={tmp_path}/token"
    with Strongroom.open(home=tmp_path / "home", root=uri, create=True) as room:
        share = room.recovery_share
    Strongroom.open(home=tmp_path / "home", root=uri).close()
    key.soft_deleted = True
    with pytest.raises(KmsPendingDestructionError):
        Strongroom.open(home=tmp_path / "home", root=uri)
    key.soft_deleted = False
    clouds.transit.faults.always = "sealed"
    with stamina.set_testing(True, attempts=TRIES, cap=True), pytest.raises(KmsUnavailableError):
        Strongroom.open(home=tmp_path / "home", root=uri)
    Strongroom.open(home=tmp_path / "home", recovery=share).close()


def test_another_stores_service_key_is_refused_by_name(clouds: Clouds, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    for name in ("mine", "other"):
        clouds.transit.create(name)

    def uri(name: str) -> str:
        return f"vault:{clouds.transit_url}/transit/{name}?token-file={tmp_path}/token"

    Strongroom.open(home=tmp_path / "home", root=uri("mine"), create=True).close()
    with pytest.raises(KmsContextMismatchError, match="transit/other .*wrapped by transit/mine"):
        Strongroom.open(home=tmp_path / "home", root=uri("other"))
