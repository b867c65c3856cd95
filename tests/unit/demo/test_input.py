import csv
import json
import shutil
from pathlib import Path

import pytest

from strongroom.demo.customers import CustomerDatabase
from strongroom.demo.input import read_input
from strongroom.demo.planted import Planted
from strongroom.errors import InputError

PEOPLE = [
    {"Kundennummer": "K-1", "Name": "Anna Schmidt", "E-Mail": "anna.schmidt@example.com", "Ort": "Ulm"},
    {"Kundennummer": "K-2", "Name": "Jörg Weißgerber", "E-Mail": "jw@example.org", "Ort": "Bonn"},
]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A user's own directory: German CSV, and letters as text files."""
    with (tmp_path / "kunden.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, PEOPLE[0], delimiter=";")
        writer.writeheader()
        writer.writerows(PEOPLE)
    (tmp_path / "brief1.txt").write_text("Bitte an anna.schmidt@example.com schreiben, Tel. +49 30 23125555")
    (tmp_path / "brief2.txt").write_text("Herr Jörg Weißgerber beschwert sich.")
    (tmp_path / "notes.pdf").write_bytes(b"%PDF")
    return tmp_path


def test_the_generated_input_reads_back(shop: Path) -> None:
    given = read_input(shop)
    assert given.records.table.name == "customers"
    assert given.records.id_column == "id"
    assert {"name", "email", "card", "iban", "national_id"} <= given.records.private
    assert len(given.tickets) == 60
    assert all(ticket.subject.startswith("cust-") for ticket in given.tickets)


def test_what_is_planted_is_found_again_by_the_recognizers(shop: Path, ledger: list[Planted]) -> None:
    given = read_input(shop)
    derived = {item.value for item in given.planted if not item.where.startswith(("tickets.", "customers."))}
    in_tickets = [item.value for item in ledger if item.where.startswith("tickets.")]
    overlooked = [value for value in in_tickets if not any(value in found or found in value for found in derived)]
    assert overlooked == []


def test_a_users_own_files_are_read(own: Path) -> None:
    given = read_input(own)
    assert given.records.kinds == {
        "Kundennummer": "CUSTOMER_ID", "Name": "PERSON", "E-Mail": "EMAIL", "Ort": "CITY",
    }  # fmt: skip
    assert given.records.private == {"Name", "E-Mail"}
    assert [(ticket.id, ticket.subject) for ticket in given.tickets] == [("brief1", "k-1"), ("brief2", "k-2")]
    values = {item.value for item in given.planted}
    assert {"Jörg Weißgerber", "jw@example.org", "+49 30 23125555"} <= values


def test_records_that_are_no_database_are_queried_in_memory(own: Path) -> None:
    with CustomerDatabase(read_input(own).records) as database:
        assert (database.find("JW@example.org") or {})["Name"] == "Jörg Weißgerber"


def test_a_ledger_adds_values(own: Path) -> None:
    line = {"value": "the old nickname", "where": "ledger"}
    (own / "planted.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    assert "the old nickname" in {item.value for item in read_input(own).planted}


def test_a_missing_directory_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such directory"):
        read_input(tmp_path / "nothing")


def test_without_records_there_is_no_demo(own: Path) -> None:
    (own / "kunden.csv").unlink()
    with pytest.raises(InputError, match="no table of records"):
        read_input(own)


def test_without_tickets_there_is_no_demo(own: Path) -> None:
    for letter in own.glob("*.txt"):
        letter.unlink()
    with pytest.raises(InputError, match="no tickets"):
        read_input(own)


def test_records_need_a_column_that_tells_them_apart(own: Path) -> None:
    text = (own / "kunden.csv").read_text(encoding="utf-8")
    (own / "kunden.csv").write_text(text + text.splitlines()[1] + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="apart"):
        read_input(own)


def test_damage_is_named_with_its_place(own: Path, shop: Path) -> None:
    (own / "broken.jsonl").write_text('{"a": 1}\n{"a": \n', encoding="utf-8")
    with pytest.raises(InputError, match=r"broken\.jsonl, line 2"):
        read_input(own)
    (own / "broken.jsonl").unlink()
    shutil.copy(shop / "tickets.jsonl", own / "customers.db")
    with pytest.raises(InputError, match=r"customers\.db"):
        read_input(own)
