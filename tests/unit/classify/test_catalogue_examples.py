"""Every example and counter-example in the catalogue, run."""

from __future__ import annotations

import re

import pytest

from strongroom.classify import Catalogue, Classifier, FieldClassifier
from strongroom.classify.address import AddressRecognizer
from strongroom.classify.catalogue import EntityType
from strongroom.classify.tagger import NameTagger

MARKED = re.compile("«(.*)»", re.DOTALL)
RECOGNIZED = {kind for made in (AddressRecognizer(), NameTagger()) for kind in made.kinds}
TYPES = list(Catalogue.load().types.values())
BY_KIND = pytest.mark.parametrize("entity", TYPES, ids=[entity.kind for entity in TYPES])


def placed(example: str) -> tuple[str, int, int]:
    """The text without the marks, and where the value stands; all of it when nothing is marked."""
    mark = MARKED.search(example)
    text = example.replace("«", "").replace("»", "")
    return (text, mark.start(), mark.end() - 2) if mark else (text, 0, len(text))


@BY_KIND
def test_every_example_is_found_exactly(entity: EntityType, classifier: Classifier) -> None:
    for example in entity.examples:
        text, start, end = placed(example)
        found = {(span.kind, span.start, span.end) for span in classifier.spans(text)}
        assert (entity.kind, start, end) in found, example


@BY_KIND
def test_no_counter_example_is_taken(entity: EntityType, classifier: Classifier) -> None:
    for text in entity.counter_examples:
        assert entity.kind not in {span.kind for span in classifier.spans(text)}, text


@BY_KIND
def test_every_pattern_type_shows_what_it_takes_and_what_it_leaves(entity: EntityType) -> None:
    if entity.patterns:
        assert entity.examples
        assert entity.counter_examples
    else:
        assert entity.fields or entity.kind in RECOGNIZED, "nothing would ever find it"


@BY_KIND
def test_every_field_name_says_its_kind(entity: EntityType, fields: FieldClassifier) -> None:
    for name in entity.fields:
        assert fields.kind_of(name.removeprefix("=")) == entity.kind, name


@BY_KIND
def test_field_values_fit_and_others_do_not(entity: EntityType, fields: FieldClassifier) -> None:
    name = entity.fields[0].removeprefix("=") if entity.fields else ""
    for value in entity.field_values:
        assert fields.span(name, value) is not None, value
    for value in entity.not_field_values:
        assert fields.span(name, value) is None, value


@BY_KIND
def test_examples_normalize_to_one_form_in_any_case_of_space(entity: EntityType, catalogue: Catalogue) -> None:
    for example in entity.examples:
        text, start, end = placed(example)
        once = catalogue.normalize(entity.kind, text[start:end])
        assert once
        assert catalogue.normalize(entity.kind, once) == once


def test_the_catalogue_is_as_large_as_it_says() -> None:
    assert len(TYPES) >= 150
    assert sum(bool(entity.patterns) for entity in TYPES) >= 130


def test_a_surrogate_prefix_names_one_kind(catalogue: Catalogue) -> None:
    assert len(catalogue.by_prefix) == len(catalogue.types)


def test_credentials_are_never_restored_anywhere(catalogue: Catalogue) -> None:
    credentials = [entity for entity in catalogue.types.values() if entity.category == "credentials"]
    assert len(credentials) > 30
    assert not any(entity.sinks or entity.reversible for entity in credentials)


def test_a_card_may_be_paid_with_and_never_mailed(catalogue: Catalogue) -> None:
    sinks = catalogue.label("CARD").sinks
    assert "payment.card" in sinks
    assert "message.text" not in sinks
