import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from stdnum import iban, luhn
from stdnum.de import idnr
from stdnum.us import ssn

from strongroom.demo.generate import write_input
from strongroom.demo.planted import Planted
from strongroom.demo.spelling import card_spellings, iban_spellings, phone_spellings, plain


def test_the_same_seed_gives_the_same_input(shop: Path, tmp_path: Path) -> None:
    write_input(tmp_path, customers=120, tickets=60)
    for name in ("tickets.jsonl", "planted.jsonl"):
        assert (tmp_path / name).read_bytes() == (shop / name).read_bytes()


def test_another_seed_gives_other_people(people: list[dict[str, str]], tmp_path: Path) -> None:
    write_input(tmp_path, seed=1, customers=120, tickets=1)
    with closing(sqlite3.connect(tmp_path / "customers.db")) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM customers")}
    assert len(names & {person["name"] for person in people}) < 20


def test_every_number_passes_the_check_a_real_one_passes(people: list[dict[str, str]]) -> None:
    assert {person["language"] for person in people} == {"en", "de"}
    for person in people:
        assert luhn.is_valid(person["card"])
        assert iban.is_valid(person["iban"])
        check = idnr.is_valid if person["language"] == "de" else ssn.is_valid
        assert check(person["national_id"]), person["language"]


def test_phone_numbers_are_valid_and_kept_free_for_fiction(people: list[dict[str, str]]) -> None:
    phonenumbers = pytest.importorskip("phonenumbers")
    for person in people:
        assert phonenumbers.is_valid_number(phonenumbers.parse(person["phone"]))
        assert "55501" in person["phone"] or person["phone"].startswith("+49")


def test_addresses_are_unique_and_under_reserved_domains(people: list[dict[str, str]]) -> None:
    addresses = [person["email"] for person in people]
    assert len(set(addresses)) == len(addresses)
    assert all(address.isascii() and address.split("@")[1].startswith("example.") for address in addresses)


def test_every_customer_has_an_order(shop: Path) -> None:
    with closing(sqlite3.connect(shop / "customers.db")) as connection:
        (orphans,) = connection.execute(
            "SELECT count(*) FROM orders WHERE customer_id NOT IN (SELECT id FROM customers)"
        ).fetchone()
        (orders,) = connection.execute("SELECT count(*) FROM orders").fetchone()
    assert (orphans, orders) == (0, 120)


def test_the_ledger_holds_every_private_cell_and_every_spelling(
    people: list[dict[str, str]], tickets: list[dict[str, str]], ledger: list[Planted]
) -> None:
    values = {item.value for item in ledger}
    assert {person[column] for person in people for column in ("name", "email", "card", "iban")} <= values
    texts = {ticket["id"]: ticket["text"] for ticket in tickets}
    in_tickets = [item for item in ledger if item.where.startswith("tickets.")]
    assert len(in_tickets) > 2 * len(tickets)
    assert all(item.value in texts[item.where.removeprefix("tickets.")] for item in in_tickets)


def test_every_ticket_mentions_its_customer(people: list[dict[str, str]], tickets: list[dict[str, str]]) -> None:
    by_id = {person["id"]: person for person in people}
    for ticket in tickets:
        person = by_id[ticket["customer_id"]]
        assert person["email"] in ticket["text"] or person["phone"] in plain(ticket["text"])
    assert any(" " in item for item in (ticket["text"] for ticket in tickets))


def test_spellings_are_only_spellings() -> None:
    assert {plain(spelled) for spelled in card_spellings("4111111111111111")} == {"4111111111111111"}
    assert {plain(spelled) for spelled in iban_spellings("DE75286012904047966697")} == {"DE75286012904047966697"}
    assert {plain(spelled) for spelled in phone_spellings("+14155550123")} == {"+14155550123"}
    spelled = {plain(text).replace("0049", "+49") for text in phone_spellings("+492214710123")}
    assert spelled == {"+492214710123"}


def test_a_ledger_entry_shows_no_value(ledger: list[Planted]) -> None:
    assert ledger[0].value not in repr(ledger[0])
