"""Recall and precision of the structured families on a corpus that was made without the catalogue."""

from __future__ import annotations

import pytest
from bench import detect_structured
from bench.material import structured

from strongroom.classify import Classifier

LINES = 1500
FAMILIES = ("card", "email", "iban", "id", "key", "phone", "wallet")


@pytest.fixture(scope="module")
def counts(classifier: Classifier) -> detect_structured.Tally:
    return detect_structured.tally(classifier, structured.lines(LINES, seed=7), structured.quiet(LINES, seed=8))


@pytest.mark.parametrize("family", FAMILIES)
def test_structured_values_are_found(counts: detect_structured.Tally, family: str) -> None:
    assert counts.values[family] > 100
    assert counts.recall(family) >= detect_structured.RECALL


@pytest.mark.parametrize("family", FAMILIES)
def test_decoys_are_left_alone(counts: detect_structured.Tally, family: str) -> None:
    assert counts.precision(family) >= detect_structured.PRECISION


def test_the_corpus_is_the_same_in_every_run() -> None:
    assert list(structured.lines(50)) == list(structured.lines(50))
    assert list(structured.quiet(50)) == list(structured.quiet(50))
    assert list(structured.lines(50)) != list(structured.lines(50, seed=1))


def test_the_place_of_every_value_is_marked() -> None:
    for line in structured.lines(200):
        assert line.text[line.start : line.end].strip()
