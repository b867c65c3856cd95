"""Full name and unique part in one conversation; a wrong split is better than a wrong merge."""

import pytest

from strongroom.classify.catalogue import Catalogue
from strongroom.classify.known import KnownValues
from strongroom.classify.name_parts import parts_of


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Anna Schmidt", ["Anna", "Schmidt"]),
        ("Dr. Anna Maria Schmidt", ["Anna", "Maria", "Schmidt"]),
        ("Frau Kowalski", ["Kowalski"]),
        ("Jan van der Berg", ["Jan", "Berg"]),
        ("J. R. Okafor", ["Okafor"]),
        ("Jean-Luc O\u2019Neill", ["Jean-Luc", "O\u2019Neill"]),
        ("Li Wu", []),
        ("Anna", []),
        ("anna schmidt", []),
        ("A Name That Is Really A Whole Sentence", []),
    ],
)
def test_what_may_stand_for_a_name(name: str, parts: list[str]) -> None:
    assert list(parts_of(name)) == parts


def conversation(catalogue: Catalogue, *names: tuple[str, str]) -> KnownValues:
    known = KnownValues(catalogue, parts=True)
    for name, subject in names:
        assert known.add("PERSON", name, subject)
    return known


def read(known: KnownValues, text: str) -> list[tuple[str, str, str]]:
    return [(text[s.start : s.end], s.reading, s.subject) for s in known.spans(text)]


def test_a_part_only_one_name_has_reads_as_that_name(catalogue: Catalogue) -> None:
    known = conversation(catalogue, ("Anna Kowalski", "cust-1"), ("Peter Maier", "cust-2"))
    assert read(known, "Then Kowalski called, and PETER wrote.") == [
        ("Kowalski", "Anna Kowalski", "cust-1"),
        ("PETER", "Peter Maier", "cust-2"),
    ]


def test_a_part_two_names_share_is_a_name_of_nobody_in_particular(catalogue: Catalogue) -> None:
    known = conversation(catalogue, ("Anna Kowalski", "cust-1"), ("Jan Kowalski", "cust-2"))
    assert read(known, "Kowalski called Anna.") == [("Kowalski", "", ""), ("Anna", "Anna Kowalski", "cust-1")]


def test_the_same_name_twice_is_one_name(catalogue: Catalogue) -> None:
    known = conversation(catalogue, ("Anna Kowalski", ""), ("ANNA  KOWALSKI", ""))
    assert [reading for _, reading, _ in read(known, "and Kowalski said")] == ["Anna Kowalski"]


def test_a_word_is_not_taken_for_a_part(catalogue: Catalogue) -> None:
    known = conversation(catalogue, ("Will Young", "cust-1"))
    assert read(known, "Will you come? A young man will. We asked: Young people?") == []
    assert [text for text, _, _ in read(known, "We saw Will and Mr Young today.")] == ["Will", "Young"]


def test_whole_names_win_over_parts_and_parts_only_count_in_a_conversation(catalogue: Catalogue) -> None:
    known = conversation(catalogue, ("Anna Kowalski", "cust-1"), ("Kowalski", "firm"))
    assert read(known, "Kowalski called")[0][1:] == ("", "firm")
    base = KnownValues(catalogue)
    base.add("PERSON", "Anna Kowalski", "cust-1")
    assert base.spans("Then Kowalski called") == []
