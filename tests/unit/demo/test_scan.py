import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from strongroom.clock import system_entropy
from strongroom.demo.control import ScannerBlindError, require_working
from strongroom.demo.planted import Planted
from strongroom.demo.readings import CHUNK_LEN, readings
from strongroom.demo.scan import Scanner, walk

MAIL = Planted("jörg.müller@example.com", "customers.email", "cust-1")
CARD = Planted("4111111111111111", "customers.card", "cust-1")
NAME = Planted("Jörg Müller", "customers.name", "cust-1")
SSN = Planted("219099999", "customers.ssn", "cust-1")


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner([MAIL, CARD, NAME, SSN])


def found(scanner: Scanner, buffer: bytes) -> set[str]:
    return {finding.planted for finding in scanner.scan_bytes(buffer, "x").findings}


def test_the_positive_control_passes_in_every_dress(scanner: Scanner) -> None:
    assert require_working(scanner, [MAIL, CARD, NAME]) > 500


def test_a_scanner_that_does_not_know_the_value_is_blind(scanner: Scanner) -> None:
    with pytest.raises(ScannerBlindError, match="plain text"):
        require_working(scanner, [Planted("somebody@else.example", "customers.email")])


def test_without_a_value_to_plant_there_is_no_control(scanner: Scanner) -> None:
    with pytest.raises(ScannerBlindError, match="no planted value"):
        require_working(scanner, [Planted("12", "customers.id")])


def test_a_blind_reading_is_noticed(scanner: Scanner, monkeypatch: pytest.MonkeyPatch) -> None:
    def only_plain(raw: bytes) -> Iterator[tuple[str, bytes]]:
        return (pair for pair in readings(raw) if pair[0].startswith("plain"))

    monkeypatch.setattr("strongroom.demo.scan.readings", only_plain)
    with pytest.raises(ScannerBlindError, match="JSON"):
        require_working(scanner, [NAME])


@pytest.mark.parametrize(
    "text",
    [
        b'{"to": "J\\u00f6rg M\\u00fcller"}',
        "JÖRG  MÜLLER".encode(),
        "jörg\nmüller".encode(),
        "Jörg Müller".encode("utf-16"),
        b"J%C3%B6rg%20M%C3%BCller",
    ],
)
def test_a_name_is_found_in_its_dresses(scanner: Scanner, text: bytes) -> None:
    assert found(scanner, b"\x00\x01" + text + b"\xfe") == {"customers.name"}


@pytest.mark.parametrize("text", [b"4111 1111 1111 1111", b"4111-1111-1111-1111", b"x4111.1111.1111.1111y"])
def test_a_card_is_found_however_it_is_grouped(scanner: Scanner, text: bytes) -> None:
    assert found(scanner, text) == {"customers.card"}


def test_nine_digits_count_only_when_they_stand_alone(scanner: Scanner) -> None:
    assert found(scanner, b"ssn 219099999.") == {"customers.ssn"}
    assert found(scanner, b"1700219099999123") == set()


def test_what_is_not_planted_is_not_found(scanner: Scanner) -> None:
    assert found(scanner, b"anna@example.com 4242424242424242 Anna Schmidt") == set()
    assert scanner.scan_bytes(system_entropy(1 << 16), "noise").bytes_scanned == 1 << 16


def test_short_values_are_counted_and_not_searched() -> None:
    scanner = Scanner([Planted("10115", "customers.postcode"), CARD])
    assert (scanner.searched, scanner.too_short) == (1, 1)
    assert found(scanner, b"10115") == set()


def test_a_value_across_two_chunks_of_a_file_is_found(scanner: Scanner, tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(b"." * (CHUNK_LEN - 5) + MAIL.value.encode() + b"." * 100)
    scan = scanner.scan_file(path, "large")
    assert "customers.email" in {finding.planted for finding in scan.findings}
    assert scan.bytes_scanned == path.stat().st_size


def test_a_cell_of_a_database_is_found_though_it_is_scattered_over_pages(scanner: Scanner, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute('CREATE TABLE "a""b" (cell)')
        filler = "." * 3500  # a page is 4096 bytes: the value straddles the link to the next overflow page
        rows = [(filler + "." * shift + CARD.value + "." * 3000,) for shift in range(0, 1000, 7)]
        connection.executemany('INSERT INTO "a""b" VALUES (?)', rows)
    scan = scanner.scan_file(path, "store")
    assert len({finding.offset for finding in scan.findings if "table" in finding.place}) >= len(rows)


def test_a_finding_names_the_place_and_never_the_value(scanner: Scanner, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_bytes(b"mail " + MAIL.value.encode())
    (finding, *_) = scanner.scan_trees([tmp_path]).findings
    assert (finding.planted, finding.place) == ("customers.email", "note.txt")
    assert MAIL.value not in repr(finding)


def test_the_walk_leaves_out_what_is_excluded_and_survives_what_vanishes(scanner: Scanner, tmp_path: Path) -> None:
    for name in ("input/a.txt", "work/b.txt", "work/deep/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    names = [path.name for path in walk([tmp_path], exclude=[tmp_path / "input"])]
    assert names == ["b.txt", "c.txt"]
    assert scanner.scan_file(tmp_path / "gone", "gone").bytes_scanned == 0


def test_progress_is_told_of_every_byte(scanner: Scanner, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1234")
    (tmp_path / "b").write_bytes(b"12")
    told: list[int] = []
    assert scanner.scan_trees([tmp_path], advance=told.append).bytes_scanned == sum(told) == 6
