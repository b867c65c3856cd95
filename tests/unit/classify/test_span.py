"""Which of several claims to a place stays, and what is left of a claim that ran over."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from strongroom.classify.span import ADDRESS, KNOWN, PATTERN, TAGGER, Span, resolve

TEXT = "Hans Müller, Hauptstraße 7, 12345 Hamburg (hans@example.org) c/o Ott"


def at(part: str, kind: str, score: float, source: str) -> Span:
    start = TEXT.index(part)
    return Span(start, start + len(part), kind, score, source)


def shown(spans: list[Span]) -> list[tuple[str, str]]:
    return [(TEXT[span.start : span.end], span.kind) for span in resolve(spans, TEXT)]


STREET = at("Hauptstraße 7, 12345 Hamburg", "ADDRESS", 0.78, ADDRESS)
MAIL = at("hans@example.org", "EMAIL", 0.95, PATTERN)


def test_the_words_a_tagger_took_along_stay_its_own() -> None:
    over = at("Hans Müller, Hauptstraße 7, 12345 Hamburg", "ADDRESS", 0.49, TAGGER)
    assert shown([STREET, over]) == [("Hans Müller", "ADDRESS"), ("Hauptstraße 7, 12345 Hamburg", "ADDRESS")]
    assert resolve([STREET, over]) == [STREET], "without the text nobody knows where words are"


def test_both_ends_stay_and_signs_do_not() -> None:
    over = at(TEXT, "PERSON", 0.4, TAGGER)
    assert shown([over, STREET, MAIL]) == [
        ("Hans Müller", "PERSON"), ("Hauptstraße 7, 12345 Hamburg", "ADDRESS"), ("hans@example.org", "EMAIL"),
        ("Ott", "PERSON"),
    ]  # fmt: skip


def test_a_pattern_that_loses_leaves_nothing() -> None:
    over = at("Hans Müller, Hauptstraße 7", "PERSON", 0.7, PATTERN)
    assert shown([STREET, over]) == [("Hauptstraße 7, 12345 Hamburg", "ADDRESS")]


@given(st.lists(st.tuples(
    st.integers(0, 60), st.integers(1, 30), st.sampled_from([0.3, 0.49, 0.6, 0.9]),
    st.sampled_from([TAGGER, "plug-in:x", PATTERN, ADDRESS, KNOWN]),
), max_size=8))  # fmt: skip
def test_nothing_overlaps_whatever_is_claimed(claims: list[tuple[int, int, float, str]]) -> None:
    spans = [
        Span(start, min(len(TEXT), start + length), "PERSON", score, source)
        for start, length, score, source in claims
    ]
    kept = resolve(spans, TEXT)
    assert all(one.end <= other.start for one, other in pairwise(kept))
    assert all(0 <= span.start < span.end <= len(TEXT) for span in kept)
    assert resolve(reversed(spans), TEXT) == kept
