from __future__ import annotations

from pathlib import Path

import pytest

from strongroom.classify import Catalogue, Classifier, RE2Engine
from strongroom.classify.classifier import expressions


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("nothing to see here, 42 times", []),
        (
            "Kunde: jörg.müller@exämple.de, +49 171 2345678.",
            [("EMAIL", "jörg.müller@exämple.de"), ("PHONE", "+49 171 2345678")],
        ),
        ("id=4111111111111111,exp=12/27", [("CARD", "4111111111111111"), ("CARD_EXPIRY", "12/27")]),
        ("4111111111111111,5555555555554444", [("CARD", "4111111111111111"), ("CARD", "5555555555554444")]),
        ("1.4111111111111111", []),
        ("44051401359.7 PESEL", []),
        ("http://203.0.113.7:8080/x", [("IP_ADDRESS", "203.0.113.7")]),
        ("Steuer-ID:\n36574261809", [("STEUER_ID", "36574261809")]),
        ("44051401359 (PESEL)", [("PL_PESEL", "44051401359")]),
        ("commit da39a3ee5e6b4b0d3255bfef95601890afd80709", []),
        ("550e8400-e29b-41d4-a716-446655440000", []),
        ("2024-05-01T12:33:10.123Z level=info took=1234567890ns", []),
    ],
)
def test_texts(classifier: Classifier, text: str, values: list[tuple[str, str]]) -> None:
    assert [(span.kind, text[span.start : span.end]) for span in classifier.spans(text)] == values


def test_context_raises_and_other_words_lower_the_score(classifier: Classifier) -> None:
    plain = classifier.spans("4111111111111111")[0].score
    assert classifier.spans("card 4111111111111111")[0].score > plain
    assert classifier.spans("order 4111111111111111") == []
    assert classifier.spans("card for the order 4111111111111111")[0].score < plain


def test_context_is_a_word_not_a_piece_of_one(classifier: Classifier) -> None:
    assert classifier.spans("konto 0532013000")
    assert classifier.spans("Kontor 0532013000") == []
    assert classifier.spans("BIC: COBADEFFXXX")
    assert classifier.spans("bicycle COBADEFFXXX")  # a word that may go on, as the catalogue writes bic*
    assert classifier.spans("xbic COBADEFFXXX") == []


def test_context_reaches_only_so_far(classifier: Classifier) -> None:
    assert classifier.spans("PESEL" + " " * 40 + "44051401359")
    assert classifier.spans("PESEL" + " " * 60 + "44051401359") == []


def test_another_engine_over_the_same_expressions_gives_the_same(
    catalogue: Catalogue, classifier: Classifier
) -> None:
    other = Classifier(catalogue, RE2Engine(expressions(catalogue)))
    for entity in catalogue.types.values():
        for text in (*entity.examples, *entity.counter_examples):
            assert other.spans(text) == classifier.spans(text)


def test_the_kind_of_a_whole_value(classifier: Classifier) -> None:
    assert classifier.whole(" a@example.org ") == ["EMAIL"]
    assert classifier.whole("to a@example.org") == []


def test_case_matters_to_context_where_the_catalogue_says_so(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "types:\n  - {kind: AA, title: a, category: pii, level: 1, prefix: AA, sinks: [user],\n"
        "     normalizer: digits,\n"
        "     patterns: [{regex: '\\b\\d{4}\\b', score: 0.4, context: [AZ], context_case: true}]}\n",
        encoding="utf-8",
    )
    classifier = Classifier(Catalogue.load([own]))
    assert [s.kind for s in classifier.spans("AZ 1234")] == ["AA"]
    assert classifier.spans("az 1234") == []


def test_a_span_says_why_it_was_taken_without_its_value(classifier: Classifier) -> None:
    (alone,) = classifier.spans("4111111111111111")
    (named,) = classifier.spans("card 4111111111111111")
    assert alone.reasons == ("pattern 2 of CARD: 0.75", "check passed: card", "financial asks for 0.5")
    assert "a context word near: +0.35" in named.reasons
    assert not any("4111" in reason for reason in alone.reasons + named.reasons)
