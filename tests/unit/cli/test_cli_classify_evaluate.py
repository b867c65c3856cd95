"""`strongroom classify evaluate`: numbers that can be checked by eye, and no text of the corpus in the output."""

import json
from pathlib import Path

import pytest

LINES = (
    {
        "text": "write to jo@example.com today",
        "spans": [{"start": 9, "end": 23, "kind": "EMAIL"}],
        "language": "en",
    },
    {"text": "schreib Xaver Huber nicht", "spans": [{"start": 8, "end": 19, "kind": "EMAIL"}], "language": "de"},
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return path


def test_the_table_has_a_row_per_kind_and_quotes_nothing(command, corpus: Path) -> None:
    ended = command("classify", "evaluate", str(corpus))
    assert ended.code == 0, ended.err
    row = next(line.split() for line in ended.out.splitlines() if line.startswith("EMAIL"))
    assert row[:4] == ["EMAIL", "2", "0.500", "1.000"]
    assert "2 texts" in ended.out
    assert "Huber" not in ended.out + ended.err


def test_a_language_and_kinds_can_be_chosen(command, corpus: Path) -> None:
    ended = command("classify", "evaluate", str(corpus), "--language", "en", "--kinds", "EMAIL", "--json")
    report = json.loads(ended.out)
    assert report["texts"] == 1
    assert report["kinds"]["EMAIL"]["exact"]["recall"] == 1
    assert report["words"]["f2"] == 1


def test_an_empty_choice_and_a_bad_file_are_usage_errors(command, corpus: Path, tmp_path: Path) -> None:
    ended = command("classify", "evaluate", str(corpus), "--language", "fr")
    assert (ended.code, "no texts in fr" in ended.err) == (2, True)
    (tmp_path / "bad.jsonl").write_text("{}\n")
    ended = command("classify", "evaluate", str(tmp_path / "bad.jsonl"))
    assert (ended.code, "bad.jsonl:1" in ended.err) == (2, True)
