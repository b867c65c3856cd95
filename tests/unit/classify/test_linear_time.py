"""Hostile text: twice as much of it costs twice the work, counted in bytes given to the automata."""

from __future__ import annotations

from itertools import pairwise

import pytest

from strongroom.classify import Catalogue, Classifier, KnownValues, RE2Engine
from strongroom.classify.classifier import expressions

PIECES = {
    "one token": "a1B2",
    "digits": "0123456789",
    "digit groups": "12 345 6789 ",
    "dashed digits": "4111-",
    "at signs": "a@b.",
    "key words": "password= secret: api_key token ",
    "opened keys": "-----BEGIN PRIVATE KEY-----",
    "half tokens": "eyJhbGciOiJIUzI1NiJ9.eyJ",
    "colons": "ab:",
    "line ends": "\n1\n",
    "context words": "iban konto kontonummer tel fax steuer-id ssn ",
    "controls": "\x00\x01\x7f1",
    "not ascii": "ß€𝄞1 ",
    "surrogates": "\ud8001 ",
    "spaces": " " * 16,
}
SIZE = 24_000


@pytest.fixture(scope="module")
def engine(catalogue: Catalogue) -> RE2Engine:
    return RE2Engine(expressions(catalogue))


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_work_grows_with_length_alone(engine: RE2Engine, piece: str) -> None:
    def work(size: int) -> int:
        before = engine.scanned_bytes
        engine.candidates(piece * (size // len(piece)))
        return engine.scanned_bytes - before

    assert work(2 * SIZE) <= 2.2 * work(SIZE)


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_hostile_text_is_answered_without_overlap(classifier: Classifier, piece: str) -> None:
    text = piece * (SIZE // len(piece))
    known = KnownValues()
    known.add("PERSON", "Anna Schmidt")
    spans = classifier.spans(text, known)
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert all(one.end <= next_.start for one, next_ in pairwise(spans))
