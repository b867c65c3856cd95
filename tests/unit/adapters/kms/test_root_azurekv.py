"""Azure Key Vault by its official client over TLS, against our fake: versions, disabled keys, soft deletion."""

from pathlib import Path

import pytest
from azure.keyvault.keys import KeyClient
from tests.fakes.azure_keys import FakeAzureKeys, self_signed
from tests.fakes.clouds import Clouds, StaticCredential, held
from tests.fakes.loopback import serving

from strongroom.adapters.root_azurekv import AzureKey, azure_client
from strongroom.errors import (
    KmsAccessDeniedError,
    KmsContextMismatchError,
    KmsDisabledError,
    KmsError,
    KmsKeyNotFoundError,
    KmsPendingDestructionError,
)
from strongroom.keys.kms import KmsRoot

ROOT = bytes(range(32))


@pytest.fixture
def root(clouds: Clouds) -> KmsRoot:
    return clouds.new_root("azurekv", "store-1")


def address(root: KmsRoot) -> str:
    return root.key.name.removeprefix("Azure Key Vault ")


def name(root: KmsRoot) -> str:
    return address(root).rpartition("/")[2]


def test_a_wrap_names_the_version_that_made_it(clouds: Clouds, root: KmsRoot) -> None:
    before = root.wrap(ROOT)
    newer = clouds.azure.create(name(root))
    after = root.wrap(ROOT)
    assert root.unwrap(before) == root.unwrap(after) == ROOT
    assert newer.name.encode() in after
    assert newer.name.encode() not in before


def test_a_chosen_version_is_the_one_that_wraps(clouds: Clouds, root: KmsRoot) -> None:
    first = clouds.azure.keys[name(root)][0]
    clouds.azure.create(name(root))
    pinned = AzureKey(f"{address(root)}/{first.name}", connect=held(clouds.azure_client()))
    assert first.name.encode() in KmsRoot(pinned, "azurekv", "store-1").wrap(ROOT)


def test_one_disabled_version_stops_what_it_made(clouds: Clouds, root: KmsRoot) -> None:
    wrapped = root.wrap(ROOT)
    clouds.azure.create(name(root))
    clouds.azure.keys[name(root)][0].enabled = False
    with pytest.raises(KmsDisabledError, match="KeyDisabled"):
        root.unwrap(wrapped)
    assert root.unwrap(root.wrap(ROOT)) == ROOT


def test_wrapping_proves_nothing_so_it_is_tried_out(clouds: Clouds, root: KmsRoot) -> None:
    """The public half is handed out for a disabled key too; only unwrapping shows that the key is off."""
    clouds.azure.switch(name(root), on=False)
    clouds.azure.lie = "state"
    with pytest.raises(KmsDisabledError, match="KeyDisabled"):
        root.wrap(ROOT)
    assert "unwrapkey" in clouds.azure.asked


def test_unwrapping_needs_no_right_to_read_the_key(clouds: Clouds, root: KmsRoot) -> None:
    wrapped = root.wrap(ROOT)
    clouds.azure.forbidden = {"keys"}
    assert root.unwrap(wrapped) == ROOT
    with pytest.raises(KmsAccessDeniedError, match="ForbiddenByRbac"):
        root.wrap(ROOT)


def test_a_deleted_key_names_its_last_day(clouds: Clouds, root: KmsRoot) -> None:
    wrapped = root.wrap(ROOT)
    clouds.azure.condemn(name(root))
    with pytest.raises(KmsPendingDestructionError, match="recoverable until 2027-01-15"):
        root.unwrap(wrapped)
    clouds.azure.forbidden = {"deletedkeys"}
    with pytest.raises(KmsKeyNotFoundError):
        root.unwrap(wrapped)


def test_an_identity_the_vault_does_not_know(clouds: Clouds, root: KmsRoot) -> None:
    stranger = AzureKey(address(root), connect=held(clouds.azure_client(token="forged")))
    with pytest.raises(KmsAccessDeniedError, match="ClientAuthenticationError"):
        KmsRoot(stranger, "azurekv", "store-1").wrap(ROOT)


def test_another_vault_says_which_two(clouds: Clouds, root: KmsRoot) -> None:
    wrapped = root.wrap(ROOT)
    elsewhere = AzureKey("https://other.vault.azure.net/keys/root", connect=held(clouds.azure_client()))
    with pytest.raises(KmsContextMismatchError, match=f"other.vault.azure.net.*wrapped by {address(root)}"):
        KmsRoot(elsewhere, "azurekv", "store-1").unwrap(wrapped)


def test_a_wrap_without_a_version_is_damaged(clouds: Clouds, root: KmsRoot) -> None:
    wrapped = root.wrap(ROOT)
    version = clouds.azure.keys[name(root)][0].name
    cut = (len(f"{address(root)}/{version}") - 33).to_bytes(2, "big")
    unversioned = wrapped[:1] + cut + wrapped[3:].replace(f"/{version}".encode(), b"", 1)
    with pytest.raises(KmsContextMismatchError, match="damaged"):
        root.unwrap(unversioned)


def test_a_server_that_asks_for_the_token_of_another_service_gets_none(clouds: Clouds, root: KmsRoot) -> None:
    credential = StaticCredential()
    with KeyClient(
        clouds.azure.url, credential, connection_verify=str(clouds.azure_certificate), retry_total=0
    ) as client:
        phished = KmsRoot(AzureKey(address(root), connect=held(client)), "azurekv", "store-1")
        with pytest.raises(KmsAccessDeniedError, match="token of another service"):
            phished.wrap(ROOT)
    assert credential.asked == 0
    assert clouds.azure.asked == []


def test_a_certificate_nobody_trusts_is_final(tmp_path: Path) -> None:
    unknown = FakeAzureKeys()
    context, _ = self_signed(tmp_path)
    with serving(unknown, context) as url:
        key = AzureKey(f"{url}/keys/root", connect=azure_client(url))
        with pytest.raises(KmsError, match="TLS certificate is not trusted") as refused:
            KmsRoot(key, "azurekv", "store-1").wrap(ROOT)
    assert type(refused.value) is KmsError
    assert unknown.faults.served == 0
