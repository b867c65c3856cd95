"""Google Cloud KMS by its official client over gRPC, against our fake: versions, checksums, states."""

from pathlib import Path

import pytest
from tests.fakes.clouds import Clouds, held
from tests.fakes.google_kms import RING, Version

from strongroom.adapters.root_gcpkms import GoogleKmsKey, google_client
from strongroom.errors import (
    KmsAccessDeniedError,
    KmsContextMismatchError,
    KmsDisabledError,
    KmsError,
    KmsKeyNotFoundError,
    KmsPendingDestructionError,
    KmsUnavailableError,
)
from strongroom.keys.kms import KmsRoot

ROOT = bytes(range(32))


@pytest.fixture
def root(clouds: Clouds) -> KmsRoot:
    return clouds.new_root("gcpkms", "store-1")


def versions(clouds: Clouds, root: KmsRoot) -> list[Version]:
    return clouds.google.keys[root.key.name.removeprefix("Google Cloud KMS ")]


def test_a_rotated_key_opens_what_its_older_version_made(clouds: Clouds, root: KmsRoot) -> None:
    before = root.wrap(ROOT)
    versions(clouds, root).append(Version())
    after = root.wrap(ROOT)
    assert root.unwrap(before) == root.unwrap(after) == ROOT
    assert b"/cryptoKeyVersions/1" in before
    assert b"/cryptoKeyVersions/2" in after


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("DISABLED", KmsDisabledError),
        ("DESTROY_SCHEDULED", KmsPendingDestructionError),
        ("DESTROYED", KmsKeyNotFoundError),
        ("PENDING_IMPORT", KmsError),
    ],
)
def test_the_version_that_made_a_wrap_decides(
    clouds: Clouds, root: KmsRoot, state: str, kind: type[KmsError]
) -> None:
    wrapped = root.wrap(ROOT)
    versions(clouds, root).append(Version())
    versions(clouds, root)[0].state = state
    with pytest.raises(kind) as refused:
        root.unwrap(wrapped)
    assert type(refused.value) is kind
    assert root.unwrap(root.wrap(ROOT)) == ROOT
    versions(clouds, root)[0].state = "ENABLED"
    assert root.unwrap(wrapped) == ROOT


def test_an_answer_altered_on_the_way_is_asked_for_again_and_never_used(clouds: Clouds, root: KmsRoot) -> None:
    wrapped = root.wrap(ROOT)
    clouds.google.lie = "altered"
    with pytest.raises(KmsUnavailableError, match="altered on the way"):
        root.unwrap(wrapped)
    with pytest.raises(KmsUnavailableError, match="altered on the way"):
        root.wrap(ROOT)
    assert len(clouds.google.asked) > 4


def test_a_request_whose_checksum_was_not_verified_is_not_believed(clouds: Clouds, root: KmsRoot) -> None:
    clouds.google.lie = "unverified"
    with pytest.raises(KmsUnavailableError, match="did not verify"):
        root.wrap(ROOT)


def test_an_answer_about_another_key_is_refused(clouds: Clouds, root: KmsRoot) -> None:
    clouds.google.lie = "other key"
    with pytest.raises(KmsError, match="not about the key"):
        root.wrap(ROOT)


def test_another_location_or_key_says_which_two(clouds: Clouds, root: KmsRoot) -> None:
    wrapped = root.wrap(ROOT)
    elsewhere = root.key.name.removeprefix("Google Cloud KMS ").replace("europe-west3", "us-east1")
    other = KmsRoot(GoogleKmsKey(elsewhere, connect=held(clouds.google_client)), "gcpkms", "store-1")
    with pytest.raises(KmsContextMismatchError, match="us-east1.*wrapped by .*europe-west3"):
        other.unwrap(wrapped)
    with pytest.raises(KmsKeyNotFoundError, match="us-east1"):
        other.wrap(ROOT)


def test_a_foreign_ciphertext_is_a_mismatch(clouds: Clouds, root: KmsRoot) -> None:
    wrapped = bytearray(root.wrap(ROOT))
    ciphertext = len(root.key.name.removeprefix("Google Cloud KMS /")) + 3 + len("/cryptoKeyVersions/1") + 1
    wrapped[ciphertext + 2] = 9  # a version the key never had
    with pytest.raises(KmsContextMismatchError):
        root.unwrap(bytes(wrapped))


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    key = GoogleKmsKey(f"{RING}/root", connect=google_client(endpoint="kms.example:443"))
    with pytest.raises(KmsAccessDeniedError, match="DefaultCredentialsError"):
        KmsRoot(key, "gcpkms", "store-1").wrap(ROOT)
