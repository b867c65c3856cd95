"""Surrogates on the real keyring and store: revocation and erasure reach them on the next operation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from strongroom.adapters.memory import MemoryEpoch
from strongroom.adapters.sqlite import Database
from strongroom.adapters.sqlite.keys import SQLiteKeyStore
from strongroom.adapters.sqlite.surrogates import SQLiteSurrogateStore
from strongroom.clock import SystemClock
from strongroom.envelope.envelope import Envelope
from strongroom.errors import DecryptionError, KeyAccessError
from strongroom.keys import KeyAdmin, KeyPath, Keyring
from strongroom.label import Label, Level
from strongroom.permit import MANY, Permit, PermitOffice
from strongroom.surrogates.issue import Scope, Surrogates

SCOPE = Scope("acme", "prod", "conversation", "c-1")


class House:
    def __init__(self, database: Database) -> None:
        clock = SystemClock()
        epoch = MemoryEpoch()
        store = SQLiteKeyStore(database)
        self.office = PermitOffice(clock)
        keyring = Keyring(store=store, root=bytes(32), epoch=epoch, office=self.office, clock=clock)
        self.admin = KeyAdmin(store=store, keyring=keyring, epoch=epoch, office=self.office, clock=clock)
        self.surrogates = Surrogates(
            store=SQLiteSurrogateStore(database), envelope=Envelope(keyring), purpose_key=keyring.purpose_key,
            clock=clock, office=self.office,
        )  # fmt: skip

    def permit(self, action: str) -> Permit:
        return self.office.mint(
            principal="bot", tenant="acme", environment="prod", action=action, category=MANY, resource=MANY,
            policy_version="1",
        )  # fmt: skip

    def issue(self, value: str, subject: str = "") -> str:
        label = Label("pii", Level.CONFIDENTIAL, "EMAIL", subject, "typed", frozenset({"user"}))
        return self.surrogates.issue(
            SCOPE, kind="EMAIL", value=value, normalized=value, label=label, permit=self.permit("tokenize")
        )

    def resolve(self, surrogate: str) -> str:
        return self.surrogates.resolve(SCOPE, surrogate, self.permit("detokenize"))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Any]:
    database = Database.open(tmp_path / "strongroom.db")
    yield House(database)
    database.close()


def test_rotation_changes_nothing_for_what_was_issued(house: House) -> None:
    surrogate = house.issue("jo@example.com")
    house.admin.rotate(KeyPath("acme", "prod", "pii"), house.permit("manage_key"))
    house.surrogates.forget()
    assert house.resolve(surrogate) == "jo@example.com"
    assert house.issue("jo@example.com") == surrogate


def test_a_disabled_category_stops_at_once_and_comes_back(house: House) -> None:
    surrogate = house.issue("jo@example.com")
    path = KeyPath("acme", "prod", "pii")
    house.admin.disable(path, house.permit("manage_key"))
    with pytest.raises(KeyAccessError):
        house.resolve(surrogate)
    with pytest.raises(KeyAccessError):
        house.issue("new@example.com")
    house.admin.enable(path, house.permit("manage_key"))
    assert house.resolve(surrogate) == "jo@example.com"


def test_an_erased_subject_is_gone_and_the_others_stay(house: House) -> None:
    mine, other, nobody = (
        house.issue(value, subject)
        for value, subject in (
            ("jo@example.com", "cust-1"),
            ("al@example.com", "cust-2"),
            ("info@example.com", ""),
        )
    )
    house.admin.erase("acme", "prod", "cust-1", house.permit("erase"))
    with pytest.raises((KeyAccessError, DecryptionError)):
        house.resolve(mine)
    assert house.surrogates.erase("acme", "prod", "cust-1", house.permit("erase")) == 1
    with pytest.raises(DecryptionError):
        house.resolve(mine)
    assert house.resolve(other) == "al@example.com"
    assert house.resolve(nobody) == "info@example.com"


def test_nothing_readable_is_on_disk(house: House, tmp_path: Path) -> None:
    house.issue("jo-canary@example.com", "cust-canary")
    house.surrogates.flush()
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"canary" not in raw
    assert len(raw) > 4096
