"""Three engines, one answer: the same candidates, and so the same spans, on every text of a shared corpus."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator

import pytest
from tests.fakes.hostile_texts import PIECES, repeated

from strongroom.adapters.engine_hyperscan import HyperscanEngine
from strongroom.classify import Catalogue, Classifier, RE2Engine
from strongroom.classify.classifier import expressions
from strongroom.classify.engine import Candidate, Expression, PatternEngine
from strongroom.classify.engine_stdlib import StdlibEngine
from strongroom.classify.windows import WINDOW_BYTES

pytest.importorskip("hyperscan", reason="the extra hyperscan is not installed")

PROSE = (
    "The account of the customer was called on Monday; card and phone were not in the market, sagt der Kunde.",
    "Straße, Größe und Übermut — naïve façade, \u200bzero, 日本語テキスト, Ελληνικά, кириллица, 𝄞 music.",
    '{"ts":"2026-01-02T03:04:05Z","level":"info","id":4711,"trace":"5f0c9a3e-7b1d-4c2a-9e8f-001122334455"}',
    "\u017fsn K123 \u0130ban \u0131ban TEL tel\ufb01x\u2028x\x85y\ufeff",
)
OTHERS: dict[str, Callable[[list[Expression]], PatternEngine]] = {
    "hyperscan": HyperscanEngine,
    "stdlib": StdlibEngine,
}


@pytest.fixture(scope="module")
def reference(catalogue: Catalogue) -> RE2Engine:
    return RE2Engine(expressions(catalogue))


@pytest.fixture(scope="module", params=list(OTHERS))
def other(request: pytest.FixtureRequest, catalogue: Catalogue) -> PatternEngine:
    return OTHERS[request.param](expressions(catalogue))


def values(catalogue: Catalogue) -> list[str]:
    return [text for entity in catalogue.types.values() for text in (*entity.examples, *entity.counter_examples)]


def corpus(catalogue: Catalogue) -> Iterator[str]:
    """Each example alone, many in a row, on lines, in prose, cut in two, and in texts of many windows."""
    every = values(catalogue)
    chance = random.Random(17)  # noqa: S311 - repeatable on purpose
    yield from every
    for joiner in (" ", "\n", ", ", "; ", "\t", "|", "\r\n", '","', "ß", "_"):
        chance.shuffle(every)
        yield joiner.join(every[:60])
    for _ in range(40):
        parts = [chance.choice((*PROSE, chance.choice(every))) for _ in range(40)]
        yield chance.choice((" ", "\n")).join(parts)
    for text in chance.sample(every, 60):
        at = chance.randrange(len(text) + 1)
        yield text[:at] + chance.choice(("", " ", "\n", "\u200b", "\ud800", "x", "0")) + text[at:]
    for text in chance.sample(every, 25):
        for before in range(WINDOW_BYTES - 40, WINDOW_BYTES + 8, 8):
            yield "w " * (before // 2) + text + " und mehr" * 60


def test_the_corpus_gives_the_same_candidates(
    catalogue: Catalogue, reference: RE2Engine, other: PatternEngine
) -> None:
    found = 0
    for text in corpus(catalogue):
        expected = reference.candidates(text)
        assert other.candidates(text) == expected, text
        found += len(expected)
    assert found > 1_000


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_hostile_text_gives_the_same_candidates(reference: RE2Engine, other: PatternEngine, piece: str) -> None:
    text = repeated(piece, 2_500)
    assert other.candidates(text) == reference.candidates(text)


def test_the_corpus_gives_the_same_spans(
    catalogue: Catalogue, classifier: Classifier, other: PatternEngine
) -> None:
    same = Classifier(catalogue, other)
    for text in random.Random(3).sample(list(corpus(catalogue)), 80):  # noqa: S311 - repeatable on purpose
        assert same.spans(text) == classifier.spans(text), text


def test_threads_get_the_same_answers(catalogue: Catalogue, reference: RE2Engine, other: PatternEngine) -> None:
    texts = random.Random(5).sample(list(corpus(catalogue)), 24)  # noqa: S311 - repeatable on purpose
    expected = [reference.candidates(text) for text in texts]
    answers: list[list[list[Candidate]]] = []

    def ask() -> None:
        answers.append([other.candidates(text) for text in texts])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 4
