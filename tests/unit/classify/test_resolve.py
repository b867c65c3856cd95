from __future__ import annotations

from strongroom.classify.span import KNOWN, PATTERN, Span, resolve


def span(
    start: int, end: int, kind: str = "A", score: float = 0.5, source: str = PATTERN, subject: str = ""
) -> Span:
    return Span(start, end, kind, score, source, subject)


def test_nothing_stays_nothing() -> None:
    assert resolve([]) == []


def test_spans_that_touch_both_stay_in_order() -> None:
    assert [s.start for s in resolve([span(5, 9), span(0, 5)])] == [0, 5]


def test_the_higher_score_then_the_longer_then_the_earlier_wins() -> None:
    assert resolve([span(0, 9, score=0.6), span(3, 5, score=0.7)]) == [span(3, 5, score=0.7)]
    assert resolve([span(0, 5), span(4, 10)]) == [span(4, 10)]
    assert resolve([span(0, 5), span(4, 9)]) == [span(0, 5)]
    assert resolve([span(0, 5, "B"), span(0, 5, "A")]) == [span(0, 5, "A")]


def test_a_known_value_wins_over_what_overlaps_it() -> None:
    known = span(0, 5, "P", 1.0, KNOWN)
    assert resolve([known, span(3, 20, "X", 0.99)]) == [known]
    assert resolve([known, span(1, 3, "X", 0.99)]) == [known]
    assert resolve([known, span(0, 5, "X", 0.99)]) == [known]


def test_a_span_around_a_known_value_takes_its_place_and_its_subject() -> None:
    inner = span(0, 4, "PERSON", 1.0, KNOWN, "cust-1")
    outer = span(0, 16, "EMAIL", 0.95)
    assert resolve([inner, outer]) == [span(0, 16, "EMAIL", 0.95, KNOWN, "cust-1")]
    other = span(5, 9, "PERSON", 1.0, KNOWN, "cust-2")
    assert resolve([inner, outer, other])[0].subject == ""


def test_a_known_value_that_sticks_out_is_not_swallowed_and_nothing_is_lost() -> None:
    first, last = span(3, 4, "P", 1.0, KNOWN), span(7, 11, "P", 1.0, KNOWN)
    assert resolve([first, last, span(0, 9)]) == [first, last]


def test_of_two_spans_around_known_values_the_loser_gives_its_value_back() -> None:
    one, two = span(2, 4, "P", 1.0, KNOWN), span(8, 10, "P", 1.0, KNOWN)
    assert [(s.start, s.end) for s in resolve([one, two, span(0, 7, score=0.9), span(5, 12)])] == [(0, 7), (8, 10)]


def test_a_winner_keeps_out_all_it_overlaps_and_no_more() -> None:
    spans = [span(0, 10, score=0.9), span(8, 12, score=0.8), span(11, 14, score=0.7), span(9, 20, score=0.85)]
    assert [(s.start, s.end) for s in resolve(spans)] == [(0, 10), (11, 14)]
