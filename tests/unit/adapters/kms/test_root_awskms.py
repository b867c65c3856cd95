"""AWS KMS by the real boto3: against moto for its wire and contexts, against our fake for states and regions.

moto decrypts with disabled keys and with keys that are pending deletion, so nothing about states is asked of it.
"""

from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from tests.fakes.aws_kms import ACCOUNT
from tests.fakes.clouds import Clouds, held

from strongroom.adapters.root_awskms import AwsKmsKey, aws_client, region_of
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
from strongroom.keys.kms import KmsRoot

ROOT = bytes(range(32))
EU, US = "eu-central-1", "us-east-1"


def rooted(clouds: Clouds, key_id: str, region: str = EU) -> KmsRoot:
    return KmsRoot(AwsKmsKey(key_id, region=region, connect=held(clouds.aws_client(region))), "awskms", "store-1")


def test_moto_keeps_the_root_and_tells_stores_apart() -> None:
    with mock_aws():
        client = boto3.client("kms", region_name=EU)
        arns = [client.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
        first, second = (
            KmsRoot(AwsKmsKey(arn, region=EU, connect=held(client)), "awskms", "store-1") for arn in arns
        )
        wrapped = first.wrap(ROOT)
        assert first.unwrap(wrapped) == ROOT
        with pytest.raises(KmsContextMismatchError, match="InvalidCiphertextException"):
            KmsRoot(first.key, "awskms", "store-2").unwrap(wrapped)
        with pytest.raises(KmsContextMismatchError, match=arns[0]):
            second.unwrap(wrapped)
        absent = AwsKmsKey(arns[0][:-12] + "0" * 12, region=EU, connect=held(client))
        with pytest.raises(KmsKeyNotFoundError):
            KmsRoot(absent, "awskms", "store-1").wrap(ROOT)
        client.close()


def test_two_permissions_are_enough_and_the_context_is_the_store(clouds: Clouds) -> None:
    root = rooted(clouds, clouds.aws.create().arn)
    assert root.unwrap(root.wrap(ROOT)) == ROOT
    assert set(clouds.aws.asked) == {"Encrypt", "Decrypt"}
    assert clouds.aws.contexts[-1] == {"strongroom-store": "store-1"}


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("Disabled", KmsDisabledError),
        ("PendingDeletion", KmsPendingDestructionError),
        ("PendingReplicaDeletion", KmsPendingDestructionError),
        ("PendingImport", KmsDisabledError),
        ("Unavailable", KmsDisabledError),
        ("Creating", KmsDisabledError),
    ],
)
def test_every_state_but_enabled_refuses(clouds: Clouds, state: str, kind: type[KmsError]) -> None:
    key = clouds.aws.create()
    root = rooted(clouds, key.arn)
    wrapped = root.wrap(ROOT)
    key.state = state
    for call in (lambda: root.unwrap(wrapped), lambda: root.wrap(ROOT)):
        with pytest.raises(kind, match=key.arn) as refused:
            call()
        assert type(refused.value) is kind
    key.state = "Enabled"
    assert root.unwrap(wrapped) == ROOT


def test_the_wrong_region_says_which_two(clouds: Clouds) -> None:
    key = clouds.aws.create(EU)
    wrapped = rooted(clouds, key.arn).wrap(ROOT)
    with pytest.raises(KmsContextMismatchError, match=rf"in {US} .*wrapped by {key.arn}"):
        rooted(clouds, key.arn.rpartition("/")[2], US).unwrap(wrapped)
    with pytest.raises(KmsKeyNotFoundError, match=f"in {US}") as absent:
        rooted(clouds, key.arn.rpartition("/")[2], US).wrap(ROOT)
    assert "region" in absent.value.hint


def test_a_client_for_another_region_than_the_arn_is_refused_by_aws(clouds: Clouds) -> None:
    key = clouds.aws.create(EU)
    mistaken = AwsKmsKey(key.arn, region=EU, connect=held(clouds.aws_client(US)))
    with pytest.raises(KmsKeyNotFoundError):
        KmsRoot(mistaken, "awskms", "store-1").wrap(ROOT)


def test_a_replica_of_a_multi_region_key_unseals_elsewhere(clouds: Clouds) -> None:
    key = clouds.aws.create(EU, "mrk-0123456789abcdef")
    replica = clouds.aws.replicate(key, US)
    wrapped = rooted(clouds, key.arn).wrap(ROOT)
    del clouds.aws.keys[key.arn]
    assert rooted(clouds, replica.arn, US).unwrap(wrapped) == ROOT
    assert rooted(clouds, "mrk-0123456789abcdef", US).unwrap(wrapped) == ROOT
    other = clouds.aws.create(US, "mrk-fedcba9876543210")
    with pytest.raises(KmsContextMismatchError, match=f"wrapped by {key.arn}"):
        rooted(clouds, other.arn, US).unwrap(wrapped)


def test_an_ordinary_key_has_no_replicas(clouds: Clouds) -> None:
    key = clouds.aws.create(EU)
    wrapped = rooted(clouds, key.arn).wrap(ROOT)
    twin = clouds.aws.replicate(key, US)
    with pytest.raises(KmsContextMismatchError, match=f"wrapped by {key.arn}"):
        rooted(clouds, twin.arn, US).unwrap(wrapped)


def test_another_account_is_another_key(clouds: Clouds) -> None:
    key = clouds.aws.create(EU)
    wrapped = rooted(clouds, key.arn).wrap(ROOT)
    with pytest.raises(KmsContextMismatchError, match=f"wrapped by {key.arn}"):
        rooted(clouds, key.arn.replace(ACCOUNT, "999999999999")).unwrap(wrapped)


@pytest.mark.parametrize("by_arn", [False, True])
def test_a_wrap_follows_the_key_not_the_alias(clouds: Clouds, *, by_arn: bool) -> None:
    old, new = clouds.aws.create(EU), clouds.aws.create(EU)
    clouds.aws.aliases[EU, "alias/root"] = old.arn
    root = rooted(clouds, f"arn:aws:kms:{EU}:{ACCOUNT}:alias/root" if by_arn else "alias/root")
    before = root.wrap(ROOT)
    clouds.aws.aliases[EU, "alias/root"] = new.arn
    after = root.wrap(ROOT)
    assert root.unwrap(before) == root.unwrap(after) == ROOT
    assert old.arn.encode() in before
    assert new.arn.encode() in after


def test_the_key_is_named_and_never_taken_from_the_ciphertext(clouds: Clouds) -> None:
    mine, other = (rooted(clouds, clouds.aws.create().arn) for _ in range(2))
    wrapped = mine.wrap(ROOT)
    renamed = wrapped.replace(mine.key.name[8:].encode(), other.key.name[8:].encode())
    assert renamed != wrapped
    with pytest.raises(KmsContextMismatchError, match="IncorrectKeyException"):
        other.unwrap(renamed)


@pytest.mark.parametrize(
    ("lie", "kind"),
    [("short", KmsContextMismatchError), ("other key", KmsError), ("empty", KmsUnavailableError)],
)
def test_an_answer_that_is_none_is_refused(clouds: Clouds, lie: str, kind: type[KmsError]) -> None:
    root = rooted(clouds, clouds.aws.create().arn)
    wrapped = root.wrap(ROOT)
    clouds.aws.lie = lie
    with pytest.raises(kind) as refused:
        root.unwrap(wrapped)
    assert type(refused.value) is kind


def test_unknown_and_missing_credentials_are_said_to_be_that(
    clouds: Clouds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = clouds.aws.create()
    stranger = AwsKmsKey(key.arn, region=EU, connect=held(clouds.aws_client(EU, access_key="AKIDSTRANGER")))
    with pytest.raises(KmsAccessDeniedError, match="UnrecognizedClientException"):
        KmsRoot(stranger, "awskms", "store-1").wrap(ROOT)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    nobody = AwsKmsKey(key.arn, region=EU, connect=aws_client(region=EU, endpoint=clouds.aws_url))
    with pytest.raises(KmsAccessDeniedError, match="no AWS credentials"):
        KmsRoot(nobody, "awskms", "store-1").wrap(ROOT)
    unknown = AwsKmsKey(key.arn, region=EU, connect=aws_client(region=EU, profile="nobody"))
    with pytest.raises(ConfigurationError, match="ProfileNotFound"):
        KmsRoot(unknown, "awskms", "store-1").wrap(ROOT)


def test_an_endpoint_nobody_trusts_or_nobody_answers_at(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    key = clouds.aws.create()
    foreign = AwsKmsKey(key.arn, region=EU, connect=aws_client(region=EU, endpoint=clouds.azure.url))
    with pytest.raises(KmsError, match="TLS certificate is not trusted") as refused:
        KmsRoot(foreign, "awskms", "store-1").wrap(ROOT)
    assert type(refused.value) is KmsError
    nowhere = AwsKmsKey(key.arn, region=EU, connect=aws_client(region=EU, endpoint="http://127.0.0.1:9"))
    with pytest.raises(KmsUnavailableError, match="EndpointConnectionError"):
        KmsRoot(nowhere, "awskms", "store-1").wrap(ROOT)


def test_regions_are_read_from_arns_alone() -> None:
    assert region_of(f"arn:aws-us-gov:kms:us-gov-west-1:{ACCOUNT}:key/k") == "us-gov-west-1"
    assert region_of("alias/root") is None
    assert region_of(f"arn:aws:s3:{EU}:{ACCOUNT}:key/k") is None
