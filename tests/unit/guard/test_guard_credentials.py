"""Credentials: shown once, kept as a digest, refused in one voice."""

from typing import Any

import pytest

from strongroom.errors import CredentialError, InvalidNameError
from strongroom.guard.credentials import DUE_S, LIFETIME_S, OVERLAP_S, Credentials

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


def test_a_successor_has_the_same_rights_and_both_are_good_until_the_overlap_ends(credentials, clock):
    old = credentials.issue("bot", roles=("agent", "auditor"), clearance=2, **SCOPE)
    elsewhere = credentials.issue("bot", tenant="acme", environment="test")
    clock.at += 20 * 86400
    new = credentials.rotate("bot", **SCOPE)
    assert credentials.require(new) == credentials.require(old)
    clock.at += OVERLAP_S
    with pytest.raises(CredentialError):
        credentials.require(old)
    assert credentials.require(new).roles == ("agent", "auditor")
    assert credentials.require(elsewhere), "another environment's is not touched"
    clock.at += LIFETIME_S - OVERLAP_S
    with pytest.raises(CredentialError):
        credentials.require(new)


def test_an_overlap_never_lengthens_a_life_and_zero_ends_it_now(credentials, clock):
    old = credentials.issue("bot", lifetime_s=100, **SCOPE)
    credentials.rotate("bot", overlap_s=1000, **SCOPE)
    clock.at += 100
    with pytest.raises(CredentialError):
        credentials.require(old)
    middle = credentials.rotate("bot", **SCOPE)
    credentials.rotate("bot", overlap_s=0, **SCOPE)
    with pytest.raises(CredentialError):
        credentials.require(middle)


def test_other_processes_see_the_end_on_their_next_request(credentials, room, clock):
    old = credentials.issue("bot", **SCOPE)
    other = Credentials(room.house.credentials._store, b"k" * 32, room.house.epoch, clock)
    assert other.require(old)
    credentials.rotate("bot", overlap_s=0, **SCOPE)
    with pytest.raises(CredentialError):
        other.require(old)


@pytest.mark.parametrize("end", ["never issued", "revoked", "expired"])
def test_a_rotation_lets_nobody_in(credentials, clock, end):
    if end != "never issued":
        credentials.issue("bot", **SCOPE)
    if end == "revoked":
        credentials.revoke("bot", **SCOPE)
    clock.at += LIFETIME_S if end == "expired" else 0
    with pytest.raises(CredentialError):
        credentials.rotate("bot", **SCOPE)
    assert len(credentials.rows()) == (end != "never issued")


def test_who_is_due(credentials, clock):
    credentials.issue("late", **SCOPE)
    clock.at += 1
    credentials.issue("gone", lifetime_s=5, **SCOPE)
    credentials.issue("soon", lifetime_s=1000, **SCOPE)
    credentials.issue("renewed", lifetime_s=1000, **SCOPE)
    credentials.rotate("renewed", **SCOPE)
    clock.at += 6
    assert [row.name for row in credentials.due()] == ["soon"]
    clock.at += LIFETIME_S - DUE_S - 7
    assert [row.name for row in credentials.due()] == ["late"]
