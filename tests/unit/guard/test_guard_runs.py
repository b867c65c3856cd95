"""A surrogate is read as one wherever it is put, and one that stands in a text is nobody's name."""

import pytest

from strongroom.classify.span import KNOWN, TAGGER, Span
from strongroom.guard.detect import replaceable
from strongroom.guard.sinks import Sink


def shown(session, text):
    for change in reversed(session.protect(text)):
        text = text[: change.start] + change.text + text[change.end :]
    return text


@pytest.mark.parametrize(
    "text",
    [
        "A_B_anna@example.org",
        "log: X_ANNA KOWALSKI_9 done",
        "IBAN_QQQQQQQ4111 1111 1111 1111_A",
        "é_Anna Kowalski_ß",
    ],
)
def test_what_was_glued_to_a_run_comes_back(session, text):
    session.protect('{"name": "Anna Kowalski"}')
    safe = shown(session, text)
    assert "nna" not in safe.casefold() or "ANNA" in text
    assert session.restore(safe, Sink.user()) == text


@pytest.mark.parametrize(
    ("text", "start", "end", "source", "expected"),
    [
        ("A_B_C1", 4, 6, KNOWN, ["A_B_C1"]),
        ("x A_B_C1 y", 6, 8, TAGGER, ["A_B_C1"]),
        ("on CARD_15CN0D1 Anna", 0, 20, TAGGER, ["on", "Anna"]),
        ("é CARD_15CN0D1", 0, 14, TAGGER, []),
        ("see anna there", 4, 8, KNOWN, ["anna"]),
        ("customer_anna", 9, 13, KNOWN, ["_anna"]),
    ],
)
def test_spans_are_widened_and_cut(text, start, end, source, expected):
    spans = replaceable([Span(start, end, "PERSON", 0.4, source)], text)
    assert [text[span.start : span.end] for span in spans] == expected


def test_two_values_in_one_run_go_as_one():
    text = "AA_BB"
    spans = replaceable([Span(0, 2, "PERSON", 1.0, KNOWN), Span(3, 5, "ORGANIZATION", 1.0, KNOWN)], text)
    assert [(span.kind, text[span.start : span.end]) for span in spans] == [("PERSON", "AA_BB")]
