"""A new root for a room: what was sealed still opens, the old paths do not, and nothing happens unproved."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from strongroom import Strongroom
from strongroom.clock import SystemClock
from strongroom.errors import (
    ConfigurationError,
    ForeignRootError,
    KeyStateError,
    RootError,
    RootMissingError,
    RootRotatedError,
    ShareError,
    StoreDamagedError,
    StoreTamperedError,
)
from strongroom.settings import load_settings
from strongroom.wiring.house import build_house

SCOPE: dict[str, Any] = {"tenant": "acme", "environment": "prod"}
SUBJECT = "cust-812"


def seal(room: Strongroom, text: bytes = b"x") -> bytes:
    with room.session("bot", **SCOPE) as work:
        return work.seal(text, category="health", subject=SUBJECT)


def opened(room: Strongroom, sealed: bytes) -> bytes:
    with room.session("bot", **SCOPE) as work:
        return work.open(sealed, category="health", subject=SUBJECT)


def texts(*given: str) -> Callable[[str], str]:
    left = list(given)
    return lambda _: left.pop(0)


def new_root(room: Strongroom) -> tuple[str, ...]:
    """A ceremony from the beginning to the end; returns the shares."""
    shares = room.ceremony.propose(["shares:2/3"]).shares
    room.ceremony.prove("shares:", ask=texts(*shares[1:]))
    room.ceremony.take()
    return shares


@pytest.fixture
def by_shares(place: Path) -> Iterator[Callable[[tuple[str, ...]], Strongroom]]:
    rooms: list[Strongroom] = []

    def opener(shares: tuple[str, ...]) -> Strongroom:
        rooms.append(Strongroom.open(home=place / "home", root="shares:", ask=texts(*shares)))
        return rooms[-1]

    yield opener
    for room in rooms:
        room.close()


def test_everything_sealed_before_opens_under_the_new_root(open_room, by_shares) -> None:
    room = open_room()
    sealed = seal(room)
    room.keys.rotate("acme/prod/health")
    room.keys.create("acme/staging/pii")
    room.keys.disable("acme/staging/pii")
    before = [(row.keyref, row.path, row.state, row.version) for row in room.keys.list("acme/prod")]
    shares = new_root(room)
    again = by_shares(shares)
    assert again.unseal.list() == ("recovery", "shares")
    assert opened(again, sealed) == b"x"
    assert [(row.keyref, row.path, row.state, row.version) for row in again.keys.list("acme/prod")] == before
    with pytest.raises(KeyStateError), again.session("bot", tenant="acme", environment="staging") as work:
        work.seal(b"x", category="pii")
    assert opened(again, seal(again, b"y")) == b"y"
    assert again.ceremony.made_at() is not None
    assert again.ceremony.pending() == ()
    again.verify_audit()


def test_the_old_paths_open_nothing_any_more(open_room, place: Path) -> None:
    room = open_room()
    added = room.unseal.add("passphrase:", ask=lambda _: "correct horse")
    proposal = room.ceremony.propose(["passphrase:"], ask=lambda _: "new phrase")
    assert (added.scheme, proposal.schemes) == ("passphrase", ("passphrase", "recovery"))
    with pytest.raises(RootError, match="passphrase does not open"):
        room.ceremony.prove("passphrase:", ask=lambda _: "correct horse")
    room.ceremony.prove("recovery:", ask=lambda _: proposal.recovery_share)
    room.ceremony.take()
    home = place / "home"
    with pytest.raises(RootMissingError, match="it has no such wrap, but: passphrase, recovery"):
        Strongroom.open(home=home, keyfile=place / "store.key")
    with pytest.raises(RootError):
        Strongroom.open(home=home, root="passphrase:", ask=lambda _: "correct horse")
    with Strongroom.open(home=home, root="passphrase:", ask=lambda _: "new phrase") as again:
        assert again.keys.list("strongroom/system")
    Strongroom.open(home=home, recovery=proposal.recovery_share).close()


def test_a_subject_is_found_and_erased_under_the_second_and_third_root(open_room, by_shares) -> None:
    room = open_room()
    sealed = seal(room)
    second = by_shares(new_root(room))
    third = by_shares(new_root(second))
    assert opened(third, sealed) == b"x"
    receipt = third.erase(**SCOPE, subject=SUBJECT)
    third.verify_erasure(receipt)
    with pytest.raises(KeyStateError, match="destroyed"):
        opened(third, sealed)


def test_processes_that_run_are_told_to_start_again(open_room, by_shares) -> None:
    room, other = open_room(), open_room()
    sealed = seal(other)
    assert opened(other, sealed) == b"x"
    shares = new_root(room)
    for stale in (room, other):
        with pytest.raises(RootRotatedError, match="another root by now") as refusal:
            opened(stale, sealed)
        assert "Start this process again" in refusal.value.diagnostics()
        with pytest.raises(RootRotatedError):
            stale.keys.create("acme/prod/pii")
        with pytest.raises(ForeignRootError):
            stale.unseal.add("passphrase:", ask=lambda _: "x")
        with pytest.raises(RootError):
            stale.ceremony.propose(["shares:2/2"])
        stale.close()
    assert opened(by_shares(shares), sealed) == b"x"


def test_no_root_is_taken_that_nobody_has_unsealed(open_room) -> None:
    room = open_room()
    with pytest.raises(RootMissingError, match="no new root was proposed"):
        room.ceremony.prove("recovery:", ask=lambda _: room.recovery_share or "")
    shares = room.ceremony.propose(["shares:2/2"]).shares
    with pytest.raises(RootError, match="nobody has unsealed"):
        room.ceremony.take()
    with pytest.raises(RootMissingError, match="no wrap by keyfile, but: recovery, shares"):
        room.ceremony.prove("keyfile:")
    with pytest.raises(ShareError, match="given twice"):
        room.ceremony.prove("shares:", ask=texts(shares[0], shares[0]))
    with pytest.raises(RootError, match="nobody has unsealed"):
        room.ceremony.take()
    assert room.unseal.list() == ("keyfile", "recovery")


def test_a_proposal_waits_for_another_process_and_can_be_withdrawn(open_room, place: Path) -> None:
    first = open_room()
    proposal = first.ceremony.propose(["shares:2/3"])
    with pytest.raises(RootError, match="finish it or withdraw it"):
        first.ceremony.propose(["shares:2/3"])
    with pytest.raises(RootError, match="would not have this path"):
        first.unseal.add("passphrase:", ask=lambda _: "x")
    second = open_room()
    assert second.ceremony.pending() == ("recovery", "shares")
    second.ceremony.prove("shares:", ask=texts(*proposal.shares))
    assert first.ceremony.withdraw() is True
    assert first.ceremony.withdraw() is False
    with pytest.raises(RootMissingError):
        second.ceremony.take()
    assert opened(second, seal(second)) == b"x"
    stored = b"".join(path.read_bytes() for path in (place / "home").iterdir() if path.is_file())
    assert b"root_succession" not in stored


def test_what_cannot_be_proposed(room) -> None:
    with pytest.raises(ConfigurationError, match="by itself"):
        room.ceremony.propose(["recovery:"])
    with pytest.raises(RootError, match="no two of the same scheme"):
        room.ceremony.propose(["shares:2/3", "shares:2/2"])
    assert room.ceremony.pending() == ()


def test_a_damaged_proposal_is_said_to_be_damaged_and_can_be_withdrawn(room) -> None:
    room.ceremony.propose(["shares:2/2"])
    with room.house.database.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = x'00' WHERE name = 'root_succession'")
    with pytest.raises(StoreDamagedError, match="withdraw"):
        room.ceremony.pending()
    assert room.ceremony.withdraw()


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("key_version", "UPDATE key_version SET state = 'primary' WHERE state = 'decrypt_only'"),
        ("key_change", "UPDATE key_change SET authenticator = x'00' WHERE sequence = 1"),
    ],
)
def test_a_store_that_was_edited_gets_no_new_root(open_room, place: Path, table: str, change: str) -> None:
    room = open_room()
    seal(room)
    room.keys.rotate("acme/prod/health")
    room.keys.disable("acme/prod/health")
    shares = room.ceremony.propose(["shares:2/2"]).shares
    room.ceremony.prove("shares:", ask=texts(*shares))
    with room.house.database.write() as connection:
        if table == "key_version":
            change = "UPDATE key_version SET state = 'destroyed' WHERE state = 'disabled'"
        connection.exec_driver_sql(change)
    with pytest.raises(StoreTamperedError):
        room.ceremony.take()
    assert room.unseal.list() == ("keyfile", "recovery"), table


def test_the_subject_key_cannot_be_taken_away(open_room, place: Path) -> None:
    room = open_room()
    shares = new_root(room)
    room.close()
    with sqlite3.connect(place / "home" / "strongroom.db") as connection:
        connection.execute("UPDATE meta SET value = substr(value, 1, 16) WHERE name = 'root_fingerprint'")
    connection.close()
    with pytest.raises(ForeignRootError):
        Strongroom.open(home=place / "home", root="shares:", ask=texts(*shares))


def test_the_schedule_counts_from_the_new_root(place: Path) -> None:
    def at(days: float, **path: Any) -> Strongroom:
        settings = load_settings(home=place / "home", keyfile=place / "store.key", root=path.pop("root", None))
        return Strongroom(build_house(settings, clock=Later(days), **path))

    def is_due(room: Strongroom) -> bool:
        return any(item.act == "rotate-root" for item in room.schedule.due())

    with at(300) as room:
        assert not is_due(room)
    with at(400) as room:
        assert is_due(room)
        shares = new_root(room)
    with at(700, root="shares:", ask=texts(*shares)) as room:
        assert not is_due(room)
    with at(800, root="shares:", ask=texts(*shares)) as room:
        assert is_due(room)


class Later(SystemClock):
    """So many days from now."""

    def __init__(self, days: float) -> None:
        self._seconds = days * 86_400

    def now(self) -> float:
        return super().now() + self._seconds
