"""The Transit engine by hvac, against our fake of Vault's and OpenBao's HTTP API."""

from pathlib import Path

import pytest
from tests.fakes.clouds import Clouds, held
from tests.fakes.loopback import serving
from tests.fakes.transit_engine import TOKEN, FakeTransit

from strongroom.adapters.root_vault import TransitKey, vault_client
from strongroom.errors import (
    KmsAccessDeniedError,
    KmsContextMismatchError,
    KmsDisabledError,
    KmsError,
    KmsKeyNotFoundError,
    KmsUnavailableError,
)
from strongroom.keys.kms import KmsRoot

ROOT = bytes(range(32))


def rooted(clouds: Clouds, key: str, *, mount: str = "transit", token: str = TOKEN) -> KmsRoot:
    connect = held(clouds.transit_client(token=token))
    transit = TransitKey(address=clouds.transit_url, mount=mount, key=key, connect=connect)
    return KmsRoot(transit, "vault", "store-1")


def test_a_rotated_key_opens_what_its_older_version_made(clouds: Clouds) -> None:
    key = clouds.transit.create("rotated")
    root = rooted(clouds, "rotated")
    before = root.wrap(ROOT)
    key.versions.append(bytes(32))
    after = root.wrap(ROOT)
    assert root.unwrap(before) == root.unwrap(after) == ROOT
    assert b"vault:v1:" in before
    assert b"vault:v2:" in after


def test_a_raised_floor_stops_old_wraps_until_it_is_lowered(clouds: Clouds) -> None:
    key = clouds.transit.create("floor")
    root = rooted(clouds, "floor")
    wrapped = root.wrap(ROOT)
    key.versions.append(bytes(32))
    key.floor = 2
    with pytest.raises(KmsDisabledError, match="too old"):
        root.unwrap(wrapped)
    assert root.unwrap(root.wrap(ROOT)) == ROOT


def test_a_key_restored_from_an_older_backup_says_it_lacks_the_version(clouds: Clouds) -> None:
    key = clouds.transit.create("restored")
    key.versions.append(bytes(32))
    root = rooted(clouds, "restored")
    wrapped = root.wrap(ROOT)
    key.versions.pop()
    with pytest.raises(KmsKeyNotFoundError, match="too new"):
        root.unwrap(wrapped)


@pytest.mark.parametrize(
    ("settings", "why"), [({"derived": False}, "derived=true"), ({"exportable": True}, "can be exported")]
)
def test_a_key_that_cannot_bind_or_can_leave_is_refused(
    clouds: Clouds, settings: dict[str, bool], why: str
) -> None:
    clouds.transit.create("weak", **settings)
    with pytest.raises(KmsError, match=why):
        rooted(clouds, "weak").wrap(ROOT)
    assert clouds.transit.asked == ["keys"]


def test_a_mistyped_name_makes_no_key(clouds: Clouds) -> None:
    with pytest.raises(KmsKeyNotFoundError):
        rooted(clouds, "mistyped").wrap(ROOT)
    assert "mistyped" not in clouds.transit.keys


def test_a_mistyped_mount_is_not_found(clouds: Clouds) -> None:
    clouds.transit.create("mounted")
    with pytest.raises(KmsKeyNotFoundError, match="transits/mounted"):
        rooted(clouds, "mounted", mount="transits").wrap(ROOT)


def test_reading_the_key_is_needed_to_wrap_and_not_to_unwrap(clouds: Clouds) -> None:
    clouds.transit.create("readable")
    root = rooted(clouds, "readable")
    wrapped = root.wrap(ROOT)
    clouds.transit.readable = False
    assert root.unwrap(wrapped) == ROOT
    with pytest.raises(KmsAccessDeniedError, match="permission denied"):
        root.wrap(ROOT)


def test_another_key_says_which_two(clouds: Clouds) -> None:
    clouds.transit.create("one")
    clouds.transit.create("two")
    wrapped = rooted(clouds, "one").wrap(ROOT)
    with pytest.raises(KmsContextMismatchError, match=r"transit/two .*wrapped by transit/one"):
        rooted(clouds, "two").unwrap(wrapped)


def test_a_redirect_is_not_followed_with_the_token(clouds: Clouds) -> None:
    elsewhere = FakeTransit()
    clouds.transit.create("standby")
    root = rooted(clouds, "standby")
    wrapped = root.wrap(ROOT)
    with serving(elsewhere) as url:
        clouds.transit.redirect_to = url
        with pytest.raises(KmsUnavailableError, match="not Transit's"):
            root.unwrap(wrapped)
        with pytest.raises(KmsUnavailableError):
            root.wrap(ROOT)
    assert elsewhere.faults.served == 0


def test_a_garbled_answer_is_no_protector(clouds: Clouds) -> None:
    clouds.transit.create("garbled")
    root = rooted(clouds, "garbled")
    wrapped = root.wrap(ROOT)
    clouds.transit.lie = "garbled"
    with pytest.raises(KmsUnavailableError, match="not Transit's"):
        root.unwrap(wrapped)


@pytest.mark.parametrize("token", ["hvs.revoked", ""])
def test_a_token_that_is_not_good_or_not_there(clouds: Clouds, token: str) -> None:
    clouds.transit.create("tokens")
    with pytest.raises(KmsAccessDeniedError, match="permission denied|no token"):
        rooted(clouds, "tokens", token=token).wrap(ROOT)


def test_a_token_from_an_agents_file_is_read_at_each_connection(clouds: Clouds, tmp_path: Path) -> None:
    clouds.transit.create("agent")
    file = tmp_path / "token"
    connect = vault_client(clouds.transit_url, namespace="team-a", token_file=file)
    transit = TransitKey(address=clouds.transit_url, mount="transit", key="agent", connect=connect)
    root = KmsRoot(transit, "vault", "store-1")
    with pytest.raises(KmsAccessDeniedError, match="token file cannot be read"):
        root.wrap(ROOT)
    file.write_text("hvs.revoked\n")
    with pytest.raises(KmsAccessDeniedError, match="permission denied"):
        root.wrap(ROOT)
    file.write_text(f"{TOKEN}\n")
    assert root.unwrap(root.wrap(ROOT)) == ROOT
    assert set(clouds.transit.namespaces) == {"team-a"}


def test_the_token_is_found_where_the_client_looks_for_it(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    clouds.transit.create("environment")
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    connect = vault_client(clouds.transit_url)
    transit = TransitKey(address=clouds.transit_url, mount="transit", key="environment", connect=connect)
    root = KmsRoot(transit, "openbao", "store-1")
    assert root.unwrap(root.wrap(ROOT)) == ROOT


def test_a_server_nobody_trusts_or_nobody_answers_at(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", TOKEN)
    for address, kind, why in (
        (clouds.azure.url, KmsError, "TLS certificate is not trusted"),
        ("http://127.0.0.1:9", KmsUnavailableError, "ConnectionError"),
    ):
        transit = TransitKey(address=address, mount="transit", key="k", connect=vault_client(address))
        with pytest.raises(kind, match=why) as refused:
            KmsRoot(transit, "vault", "store-1").wrap(ROOT)
        assert type(refused.value) is kind
