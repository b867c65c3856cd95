"""Corpora read from files: places stand where the words stand, and what is no corpus is refused by line."""

import json
from pathlib import Path

import pytest

from strongroom.classify.corpora import joined, read, write_json_lines
from strongroom.classify.evaluation import Example, Gold
from strongroom.errors import InputError


def named(example: Example) -> list[tuple[str, str]]:
    return [(example.text[s.start : s.end], s.kind) for s in example.spans]


@pytest.fixture
def file(tmp_path: Path):
    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def test_our_own_lines_come_back_as_they_went(file) -> None:
    examples = [
        Example("Zoë wohnt in Köln", (Gold(0, 3, "PERSON"), Gold(13, 17, "LOCATION")), "de", "t"),
        Example("", ()),
    ]
    assert read(file("c.jsonl", write_json_lines(examples))) == examples


def test_conll_tokens_become_text_with_the_usual_spaces(file) -> None:
    rows = "Mr\tO\nO'Neil\tB-person\nof\tO\nAcme\tB-corporation\nInc\tI-corporation\n.\tO\n,\tO\n\nHi\tO\n"
    first, second = read(file("c.conll", rows))
    assert first.text == "Mr O'Neil of Acme Inc.,"
    assert named(first) == [("O'Neil", "PERSON"), ("Acme Inc", "ORGANIZATION")]
    assert (second.text, second.spans) == ("Hi", ())


def test_inside_tags_alone_split_where_the_label_changes() -> None:
    example = joined([("Ann", "I-PER"), ("Lee", "I-PER"), ("Paris", "I-LOC"), ("Rome", "B-LOC"), ("x", "I-MISC")])
    assert named(example) == [("Ann Lee", "PERSON"), ("Paris", "LOCATION"), ("Rome", "LOCATION")]


def test_quotation_marks_open_and_close() -> None:
    text = joined([(word, "O") for word in ["He", "said", '"', "no", '"', "(", "twice", ")", "#", "tag"]]).text
    assert text == 'He said "no" (twice) #tag'


def test_a_language_on_every_token_is_taken_off(file) -> None:
    (example,) = read(file("dev", "de:Haus\tO\nde:Ulm\tB-LOC\n\n"))
    assert (example.language, example.text) == ("de", "Haus Ulm")
    (example,) = read(file("dev2", "de:Haus\tO\nttp://x\tO\n\n"))
    assert (example.language, example.text) == ("", "de:Haus ttp://x")


def test_a_sentence_cut_off_at_the_end_of_the_file_is_left_out(file) -> None:
    assert [e.text for e in read(file("dev", "a O\n\nb O\nUnfini"))] == ["a"]


def test_documents_and_sec_columns(file) -> None:
    rows = "-DOCSTART- -X- O O\n\nSILICON NNP - I-ORG\nVALLEY NNP - I-ORG\n\n"
    (example,) = read(file("FIN5.txt", rows))
    assert named(example) == [("SILICON VALLEY", "ORGANIZATION")]


def test_presidio_research(file) -> None:
    spans = [
        {"entity_type": "GPE", "start_position": 8, "end_position": 12},
        {"entity_type": "TITLE", "start_position": 0, "end_position": 2},
        {"entity_type": "PERSON", "start_position": 3, "end_position": 4},
    ]
    (example,) = read(
        file("c.json", json.dumps([{"full_text": "Mr X in Rome", "spans": spans, "template_id": 7}]))
    )
    assert named(example) == [("X", "PERSON"), ("Rome", "LOCATION")]
    assert example.template == "7"


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("a.jsonl", '{"text": "x", "spans": []}\n{"text": 1, "spans": []}\n', "a.jsonl:2"),
        ("a.jsonl", '{"text": "x", "spans": [{"start": 0, "end": 9, "kind": "AGE"}]}\n', "a.jsonl:1"),
        ("a.jsonl", "Anna\n", "a.jsonl:1"),
        ("a.json", '{"full_text": "x"}', "a.json:1"),
        ("a.conll", "one O\n\nAnna\n\n", "a.conll:3"),
    ],
)
def test_what_is_no_corpus_is_refused_by_line_and_not_quoted(file, name: str, content: str, place: str) -> None:
    with pytest.raises(InputError) as refused:
        read(file(name, content))
    assert place in str(refused.value)
    assert "Anna" not in str(refused.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read(tmp_path / "a.conll")
    with pytest.raises(InputError):
        read(tmp_path)
