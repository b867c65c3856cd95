from __future__ import annotations

import pytest

from strongroom.classify import Catalogue, Classifier, KnownValues, known
from strongroom.classify.span import KNOWN


def found(values: KnownValues, text: str) -> list[tuple[str, str]]:
    return sorted((span.kind, text[span.start : span.end]) for span in values.spans(text))


@pytest.fixture
def values() -> KnownValues:
    made = KnownValues()
    made.add("PERSON", "Anna Schmidt", "cust-1")
    made.add("ADDRESS", "Lindenstraße 12", "cust-1")
    made.add("PERSON", "Bo Li-Weiß", "cust-2")
    return made


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("hello Anna Schmidt.", "Anna Schmidt"),
        ("ANNA SCHMIDT", "ANNA SCHMIDT"),
        ("(anna   schmidt)", "anna   schmidt"),
        ("Anna\n\tSchmidt's", "Anna\n\tSchmidt"),
        ("Anna\u00a0Schmidt", "Anna\u00a0Schmidt"),
        ("ß ßß Anna Schmidt", "Anna Schmidt"),
        ("in LINDENSTRASSE 12 wohnt", "LINDENSTRASSE 12"),
        ("in Lindenstraße  12", "Lindenstraße  12"),
        ("BO LI-WEISS", "BO LI-WEISS"),
        ("_Anna Schmidt_", "Anna Schmidt"),
    ],
)
def test_case_and_space_do_not_hide_a_value(values: KnownValues, text: str, value: str) -> None:
    assert value in [v for _, v in found(values, text)]


@pytest.mark.parametrize(
    "text", ["Joanna Schmidt", "Anna Schmidts", "Anna-Schmidt", "Lindenstraße 123", "xAnna Schmidt", ""]
)
def test_pieces_of_words_are_not_found(values: KnownValues, text: str) -> None:
    assert found(values, text) == []


@pytest.mark.parametrize(
    "value", ["Li", "12", "1984", "?!", "", "  ", "x" * (known.VALUE_CHARS_MAX + 1), "A1 2"[:2]]
)
def test_values_that_say_too_little_are_not_searched_for(value: str) -> None:
    made = KnownValues()
    assert not made.add("PERSON", value)
    assert len(made) == 0
    assert made.spans(f"a {value} b") == []


@pytest.mark.parametrize("value", ["Kim", "10115", "A-12", "Ann-Li"])
def test_short_values_that_say_enough_are(value: str) -> None:
    made = KnownValues()
    assert made.add("PERSON", value)
    assert found(made, f"a {value} b") == [("PERSON", value)]


def test_a_short_word_counts_only_as_it_was_written() -> None:
    made = KnownValues()
    made.add("PERSON", "Mark")
    assert found(made, "Mark, mark the words, MARK") == [("PERSON", "MARK"), ("PERSON", "Mark")]


def test_everyday_kinds_are_not_taken(catalogue: Catalogue) -> None:
    made = KnownValues(catalogue)
    assert not made.add("CITY", "Essen")
    assert made.add("PERSON", "Anna Schmidt")
    assert found(made, "Anna Schmidt isst in Essen") == [("PERSON", "Anna Schmidt")]


def test_a_span_says_whose_value_it_is_unless_several_share_it(values: KnownValues) -> None:
    assert values.spans("Anna Schmidt")[0].subject == "cust-1"
    values.add("PERSON", "anna schmidt", "cust-3")
    assert values.spans("Anna Schmidt")[0].subject == ""
    assert values.spans("Anna Schmidt")[0].source == KNOWN
    assert values.subject_of("PERSON", "ANNA SCHMIDT") == ""
    assert values.subject_of("PERSON", "Bo Li-Weiß") == "cust-2"
    assert values.subject_of("EMAIL", "Bo Li-Weiß") == ""
    assert values.subject_of("EMAIL", "nobody") == ""


def test_a_removed_subject_is_forgotten_and_shared_values_stay(values: KnownValues) -> None:
    values.add("PERSON", "Anna Schmidt", "cust-3")
    values.add("EMAIL", "fresh@example.org", "cust-1")
    assert values.remove("cust-1") == 3
    assert values.spans("Anna Schmidt")[0].subject == "cust-3"
    assert found(values, "Lindenstraße 12, fresh@example.org") == []
    assert values.remove("cust-1") == 0
    assert values.remove("cust-3") == 1
    assert values.remove("cust-2") == 1
    assert values.spans("Anna Schmidt, Bo Li-Weiß") == []
    assert len(values) == 0


def test_no_automaton_keeps_a_removed_value(values: KnownValues) -> None:
    values.build()
    values.remove("cust-1")
    assert all("anna schmidt" not in tier.automaton for tier in values._tiers)


def test_a_value_removed_meanwhile_is_not_reported(values: KnownValues) -> None:
    values.build()
    values._entries.clear()
    assert values.spans("Anna Schmidt") == []


def test_values_added_after_a_scan_are_found_by_the_next(values: KnownValues) -> None:
    assert found(values, "Carla Gómez, Anna Schmidt") == [("PERSON", "Anna Schmidt")]
    values.add("PERSON", "Carla Gómez")
    assert len(found(values, "Carla Gómez, Anna Schmidt")) == 2


def test_a_few_new_values_do_not_rebuild_the_many() -> None:
    made = KnownValues()
    for number in range(2000):
        made.add("CUSTOMER_ID", f"customer-{number:05}")
    made.build()
    large = made._tiers[0]
    for number in range(5):
        made.add("CUSTOMER_ID", f"newcomer-{number:05}")
        assert found(made, f"newcomer-{number:05} and customer-00042") == [
            ("CUSTOMER_ID", "customer-00042"),
            ("CUSTOMER_ID", f"newcomer-{number:05}"),
        ]
    assert made._tiers[0] is large
    assert len(made._tiers) == 2


def test_adding_twice_changes_nothing(values: KnownValues) -> None:
    values.build()
    tiers = values._tiers
    assert values.add("PERSON", "Anna Schmidt", "cust-1")
    values.build()
    assert values._tiers is tiers
    assert len(values) == 3


def test_a_repr_shows_no_value(values: KnownValues) -> None:
    assert repr(values) == "KnownValues(3 values)"


def test_known_values_win_over_patterns(classifier: Classifier) -> None:
    values = KnownValues()
    values.add("CUSTOMER_ID", "info@example.de", "cust-9")
    spans = classifier.spans("mail info@example.de", values)
    assert [(s.kind, s.source, s.subject) for s in spans] == [("CUSTOMER_ID", KNOWN, "cust-9")]


def test_several_sets_of_known_values_are_searched(classifier: Classifier, values: KnownValues) -> None:
    more = KnownValues()
    more.add("PERSON", "Carla Gómez")
    spans = classifier.spans("Carla Gómez und Anna Schmidt", values, more)
    assert [s.kind for s in spans] == ["PERSON", "PERSON"]
