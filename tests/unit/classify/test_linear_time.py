"""Hostile text: twice as much of it costs twice the work, counted in bytes read, whichever engine reads them.

The engine of Python alone counts every byte its automata read, forth and back and again. RE2 and Hyperscan do not
tell; theirs is counted in bytes given to them, and as they find the same matches from the same places, what the
first shows holds for the number of times they start anew as well.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from tests.fakes.hostile_texts import PIECES, Search, repeated

from strongroom.adapters.engine_hyperscan import HyperscanEngine
from strongroom.classify import Catalogue, Classifier, KnownValues, RE2Engine
from strongroom.classify.classifier import expressions
from strongroom.classify.engine_stdlib import StdlibEngine

SIZE = 24_000
SMALL = 6_000
FUZZED = 1_500
FUZZ_ROUNDS = 60

COST_MAX = 150
"""Bytes read per byte of text, by all expressions together, of the worst text the search comes to."""

HYPERSCAN = pytest.importorskip("hyperscan", reason="the extra hyperscan is not installed")


@pytest.fixture(scope="module")
def engine(catalogue: Catalogue) -> RE2Engine:
    return RE2Engine(expressions(catalogue))


@pytest.fixture(scope="module")
def vector(catalogue: Catalogue) -> HyperscanEngine:
    return HyperscanEngine(expressions(catalogue))


@pytest.fixture(scope="module")
def plain(catalogue: Catalogue) -> StdlibEngine:
    return StdlibEngine(expressions(catalogue))


def given(engine: RE2Engine | HyperscanEngine, text: str) -> int:
    before = engine.scanned_bytes
    engine.candidates(text)
    return engine.scanned_bytes - before


def read(engine: StdlibEngine, text: str) -> int:
    before = engine.read_bytes
    engine.candidates(text)
    return engine.read_bytes - before


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_work_grows_with_length_alone(engine: RE2Engine, vector: HyperscanEngine, piece: str) -> None:
    text, twice = repeated(piece, SIZE), repeated(piece, 2 * SIZE)
    assert given(engine, twice) <= 2.2 * given(engine, text)
    assert given(vector, twice) <= 2.2 * given(vector, text)
    assert given(vector, text) == given(engine, text)


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_every_byte_read_is_counted_and_they_grow_with_length_alone(plain: StdlibEngine, piece: str) -> None:
    less, more = read(plain, repeated(piece, SMALL)), read(plain, repeated(piece, 2 * SMALL))
    assert more <= 2.2 * less + 2_000
    assert less <= COST_MAX * SMALL


def test_a_search_for_the_worst_text_finds_none_that_is_more_than_linear(plain: StdlibEngine) -> None:
    search = Search(lambda text: read(plain, text), list(PIECES.values()), size=FUZZED, seed=4)
    assert search.run(FUZZ_ROUNDS) <= COST_MAX
    less, more = (read(plain, repeated(search.worst, size)) for size in (4 * FUZZED, 8 * FUZZED))
    assert more <= 2.2 * less


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_hostile_text_is_answered_without_overlap(classifier: Classifier, piece: str) -> None:
    text = repeated(piece, SIZE)
    known = KnownValues()
    known.add("PERSON", "Anna Schmidt")
    spans = classifier.spans(text, known)
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert all(one.end <= next_.start for one, next_ in pairwise(spans))
