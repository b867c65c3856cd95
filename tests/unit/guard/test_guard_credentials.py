"""Credentials: shown once, kept as a digest, refused in one voice."""

from typing import Any

import pytest

from strongroom.errors import CredentialError, InvalidNameError
from strongroom.guard.credentials import LIFETIME_S, Credentials

SCOPE: dict[str, Any] = {"tenant": "acme", "environment": "prod"}


class StoppedClock:
    at = 1_000_000.0

    def now(self):
        return self.at

    def monotonic(self):
        return self.at


@pytest.fixture
def clock():
    return StoppedClock()


@pytest.fixture
def credentials(room, clock):
    house = room.house
    return Credentials(house.credentials._store, b"k" * 32, house.epoch, clock)


def test_an_issued_credential_names_its_principal(credentials):
    secret = credentials.issue("bot", roles=("agent", "auditor"), clearance=2, **SCOPE)
    principal = credentials.require(secret)
    assert (principal.name, principal.tenant, principal.environment) == ("bot", "acme", "prod")
    assert (principal.roles, principal.clearance) == (("agent", "auditor"), 2)


def test_it_is_nowhere_in_the_store(credentials, place):
    secret = credentials.issue("bot", **SCOPE)
    stored = b"".join(path.read_bytes() for path in (place / "home").glob("strongroom.db*"))
    assert b"bot" in stored
    assert secret.encode() not in stored


def test_every_refusal_says_the_same(credentials, clock):
    expired = credentials.issue("a", lifetime_s=10, **SCOPE)
    revoked = credentials.issue("b", **SCOPE)
    assert credentials.require(expired)
    clock.at += 10
    credentials.revoke("b", **SCOPE)
    said = set()
    for secret in (expired, revoked, "sr_" + "A" * 43, "nonsense", "", "sr_é"):
        with pytest.raises(CredentialError) as refused:
            credentials.require(secret)
        said.add(str(refused.value))
    assert len(said) == 1


def test_revocation_reaches_another_process_at_its_next_request(room, open_room):
    other = open_room()
    secret = room.credentials.issue("bot", **SCOPE)
    assert other.house.credentials.require(secret)
    room.credentials.revoke("bot", **SCOPE)
    with pytest.raises(CredentialError):
        other.house.credentials.require(secret)


def test_revoking_nobody_is_an_error(credentials):
    with pytest.raises(CredentialError):
        credentials.revoke("ghost", **SCOPE)


def test_rows_say_when_it_ends_and_whether_it_was_revoked(credentials, clock):
    credentials.issue("bot", **SCOPE)
    (row,) = credentials.rows()
    assert (row.created_at, row.expires_at, row.revoked) == (clock.at, clock.at + LIFETIME_S, False)
    credentials.revoke("bot", **SCOPE)
    assert credentials.rows()[0].revoked


@pytest.mark.parametrize("bad", [{"name": "Bad Name"}, {"roles": ("Bad Role",)}])
def test_names_are_checked_before_anything_is_stored(credentials, bad):
    with pytest.raises(InvalidNameError):
        credentials.issue(**{"name": "bot", "roles": ("agent",), **SCOPE} | bad)
    assert credentials.rows() == []
