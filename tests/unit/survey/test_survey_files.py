"""Surveys of files and directories, and of rows in memory."""

import gzip
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from strongroom import Strongroom
from strongroom.adapters.survey_files import Thinned
from strongroom.classify.survey import Limits
from strongroom.errors import InputError
from strongroom.label import Level


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the data are; the store is beside it."""
    made = tmp_path / "data"
    made.mkdir()
    return made


def kinds(room: Strongroom, path: Path, **limits: int) -> dict[str, str]:
    (table,) = room.surveys.run(str(path), limits=Limits(**limits)).tables
    return {column.name: column.kind for column in table.columns if column.kind}


def test_csv_columns_by_name_and_by_values(room: Strongroom, folder: Path) -> None:
    path = folder / "people.csv"
    rows = "".join(f"Anna Schmidt;p{i}@example.org;DE89370400440532013000;{i}\n" for i in range(50))
    path.write_text("Name;x;y;n\n" + rows, encoding="utf-8")
    assert kinds(room, path) == {"Name": "PERSON", "x": "EMAIL", "y": "IBAN"}
    (table,) = room.surveys.run(str(path)).tables
    assert [column.basis for column in table.columns] == ["name", "values", "values", ""]
    assert (table.total, table.sampled) == (50, 50)


def test_a_csv_without_names_and_with_uneven_rows(room: Strongroom, folder: Path) -> None:
    path = folder / "bare.csv"
    path.write_text("a@example.org,1\nb@example.org,2,c@example.org\nd@example.org,3\n")
    assert kinds(room, path) == {"column 1": "EMAIL", "column 3": "EMAIL"}
    (table,) = room.surveys.run(str(path)).tables
    assert table.total == 3
    assert table.note == "rows of up to 3 cells under 2 names"


def test_what_is_not_utf8_is_mapped_and_said(room: Strongroom, folder: Path) -> None:
    (folder / "old.txt").write_bytes("Grüße an anna@example.org, Straße".encode("cp1252"))
    (folder / "wide.txt").write_bytes("mail an anna@example.org".encode("utf-16"))
    old, wide = room.surveys.run(str(folder)).texts
    assert old.kinds["EMAIL"] == wide.kinds["EMAIL"] == 1
    assert old.note == "not UTF-8: read as Windows-1252"
    assert wide.note == "UTF-16"


def test_json_lines_and_nested_json(room: Strongroom, folder: Path) -> None:
    rows = [{"customer": {"emails": [f"p{i}@example.org"], "iban": "DE89370400440532013000"}} for i in range(5)]
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\nno json b@example.org\n")
    (folder / "b.json").write_text(json.dumps({"rows": rows}))
    survey = room.surveys.run(str(folder))
    lines, nested = survey.tables
    assert [column.name for column in lines.columns] == ["customer.emails[]", "customer.iban"]
    assert [column.kind for column in nested.columns] == ["EMAIL", "IBAN"]
    assert [column.name for column in nested.columns] == ["rows[].customer.emails[]", "rows[].customer.iban"]
    assert [(text.kinds, text.note) for text in survey.texts] == [
        ({"EMAIL": 1}, "1 lines that are not JSON, read as text")
    ]


def test_sqlite_is_sampled_over_the_whole_table(room: Strongroom, folder: Path) -> None:
    path = folder / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, who TEXT, photo BLOB)")
        rows = ((i, "test" if i < 500 else f"p{i}@example.org", b"\xff\x00") for i in range(2000))
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
        connection.execute("CREATE VIEW broken AS SELECT * FROM gone")
        connection.commit()
    for target in (str(path), f"sqlite:{path}"):
        survey = room.surveys.run(target, limits=Limits(rows=100))
        (table,) = survey.tables
        assert (table.total, table.sampled) == (2000, 100)
        assert [column.kind for column in table.columns] == ["", "EMAIL", ""]
        assert {one.place: one.reason.partition(" (")[0] for one in survey.skipped} == {
            "shop.db: broken": "cannot be read",
            "shop.db: orders.photo": "binary values",
        }


def test_parquet_with_nested_and_binary_columns(room: Strongroom, folder: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="the extra strongroom[data] is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pa.table(
        {
            "mail": [f"p{i}@example.org" for i in range(300)],
            "who": [{"full_name": "Anna Schmidt"}] * 300,
            "raw": [b"\xff"] * 300,
        }
    )
    parquet.write_table(table, folder / "p.parquet", row_group_size=50)
    survey = room.surveys.run(str(folder), limits=Limits(rows=60))
    (found,) = survey.tables
    assert {column.name: column.kind for column in found.columns} == {"mail": "EMAIL", "who.full_name": "PERSON"}
    assert (found.total, found.sampled) == (300, 60)
    assert [one.place for one in survey.skipped] == ["p.parquet: raw"]
    (folder / "p.parquet").write_bytes(b"PAR1 but no more")
    assert "not a readable Parquet file" in room.surveys.run(str(folder)).skipped[0].reason


def test_nothing_is_left_out_in_silence(room: Strongroom, folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / "image.png").write_bytes(b"\x89PNG\0\0")
    (folder / "old.gz").write_bytes(gzip.compress(b"anna@example.org"))
    (folder / "link").symlink_to(folder / "image.png")
    (folder / "long.txt").write_text("a" * 100 + " anna@example.org")
    (folder / "none.txt").touch()
    (folder / "zz.txt").write_text("bob@example.org")
    survey = room.surveys.run(str(folder), limits=Limits(file_bytes=50, files=5))
    assert {one.place: one.reason.partition(";")[0].partition(":")[0] for one in survey.skipped} == {
        ".git/": "a hidden directory, or one that may not be read",
        "image.png": "binary",
        "old.gz": "a compressed file or archive",
        "link": "a symbolic link",
        "long.txt": "what lies beyond the first 50 bytes",
    }
    assert [text.place for text in survey.texts] == ["long.txt", "zz.txt"]
    survey = room.surveys.run(str(folder), limits=Limits(files=2))
    assert "beyond the first 2 files" in {one.reason for one in survey.skipped}


def test_rows_in_memory_and_what_columns_are_together(room: Strongroom) -> None:
    @dataclass
    class Patient:
        date_of_birth: str
        postcode: str
        gender: str

    found = room.classify_rows([Patient("1980-02-03", "10115", "female")] * 3, name="patients")
    assert [column.kind for column in found.columns] == ["DATE_OF_BIRTH", "POSTCODE", "GENDER"]
    assert found.level is Level.RESTRICTED
    assert "point to one person" in found.reasons[0]


def test_a_name_is_not_believed_against_values_and_type(room: Strongroom) -> None:
    found = room.classify_rows([{"name": "send_email", "email": True}, {"name": "read_file", "email": False}])
    assert [column.kind for column in found.columns] == [""]


def test_a_confirmed_file_becomes_a_source_with_the_kinds_left_in_it(room: Strongroom, folder: Path) -> None:
    data, path = folder / "people.csv", folder / "proposal.yaml"
    data.write_text("customer_id,full_name,mail\nc1,Zora Quint,z@example.org\nc2,Adam Holt,a@example.org\n")
    room.surveys.propose(room.surveys.run(str(data)), path)
    with pytest.raises(InputError, match="already"):
        room.surveys.propose(room.surveys.run(str(data)), path)
    (added,) = room.surveys.confirm(path, tenant="acme", environment="prod")
    assert dict(added.columns) == {"full_name": "PERSON", "mail": "EMAIL"} | (
        {"customer_id": "CUSTOMER_ID"} if "customer_id" in added.columns else {}
    )
    with room.session("bot", tenant="acme", environment="prod") as session:
        assert "Zora" not in session.tokenize("zora quint called")
    path.write_text(path.read_text().replace("PERSON", "NO_SUCH_KIND"))
    with pytest.raises(InputError, match="no such kind"):
        room.surveys.confirm(path, tenant="acme", environment="prod")


def test_a_target_that_is_not_there(room: Strongroom, folder: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        room.surveys.run(str(folder / "gone"))


def test_thinning_keeps_rows_from_all_over() -> None:
    kept: Thinned[int] = Thinned(10)
    for row in range(1000):
        kept.add(row)
    assert kept.total == 1000
    assert 10 <= len(kept.rows) < 20
    assert max(kept.rows) > 900
    assert {b - a for a, b in zip(kept.rows, kept.rows[1:], strict=False)} == {64}
