"""The counting itself: known truth, known findings, numbers worked out by hand."""

import pytest

from strongroom.classify.evaluation import ZERO, Example, Gold, Score, evaluate, kinds_of, overlap

TEXT = "Anna Schmidt lives in Berlin"
NAME, TOWN = Gold(0, 12, "PERSON"), Gold(22, 28, "LOCATION")
TRUTH = Example(TEXT, (NAME, TOWN))
BOTH = {"PERSON", "LOCATION"}


def test_all_found_is_one_everywhere() -> None:
    report = evaluate([(TRUTH, [NAME, TOWN])], BOTH)
    assert (report.exact, report.partial) == (Score(2, 2, 2, 2), Score(2, 2, 2, 2))
    assert report.words == Score(3, 3, 3, 3)
    assert report.characters == Score(17, 17, 17, 17)
    assert report.missed_texts == 0


def test_nothing_found_is_zero_and_the_kinds_are_still_there() -> None:
    report = evaluate([(TRUTH, [])], BOTH)
    assert report.kinds["PERSON"].exact == Score(1, 0, 0, 0)
    assert report.kinds["PERSON"].covered.recall == 0
    assert report.exact.f() == 0
    assert report.exact.precision is None
    assert report.missed_texts == 1


def test_half_a_name_is_partial_and_half_covered() -> None:
    report = evaluate([(TRUTH, [Gold(5, 12, "PERSON")])], {"PERSON"})
    assert report.exact == Score(1, 0, 1, 0)
    assert report.partial == Score(1, 1, 1, 1)
    assert report.words == Score(2, 1, 1, 1)
    assert report.missed_texts == 1


def test_a_finding_of_another_kind_covers_but_is_no_match() -> None:
    report = evaluate([(TRUTH, [Gold(0, 12, "ORGANIZATION"), TOWN])], {*BOTH, "ORGANIZATION"})
    assert report.kinds["PERSON"].exact.hit == 0
    assert report.kinds["PERSON"].covered.recall == 1
    assert report.kinds["ORGANIZATION"].exact == Score(0, 0, 1, 0)
    assert report.words.recall == report.words.precision == 1


def test_findings_of_kinds_the_truth_does_not_know_are_no_error() -> None:
    report = evaluate([(TRUTH, [NAME, TOWN, Gold(13, 18, "AGE")])], BOTH)
    assert report.words.precision == report.exact.precision == 1


def test_a_false_alarm_costs_precision_only() -> None:
    report = evaluate([(TRUTH, [NAME, TOWN, Gold(13, 18, "PERSON")])], BOTH)
    assert report.words == Score(3, 3, 4, 3)
    assert report.exact.precision == pytest.approx(2 / 3)


def test_a_finding_over_a_truth_outside_the_kinds_is_no_false_alarm() -> None:
    report = evaluate([(TRUTH, [Gold(22, 28, "PERSON"), NAME])], {"PERSON"})
    assert report.words.precision == 1


def test_city_and_location_are_one_kind() -> None:
    report = evaluate([(TRUTH, [NAME, Gold(22, 28, "CITY")])], kinds_of([TRUTH]))
    assert report.exact == Score(2, 2, 2, 2)


def test_two_truths_never_share_one_finding() -> None:
    example = Example("aaaa bbbb", (Gold(0, 4, "PERSON"), Gold(5, 9, "PERSON")))
    report = evaluate([(example, [Gold(0, 9, "PERSON")])], {"PERSON"})
    assert report.partial.hit == 0
    example = Example("aaaaaa bbb", (Gold(0, 6, "PERSON"), Gold(7, 10, "PERSON")))
    report = evaluate([(example, [Gold(0, 10, "PERSON")])], {"PERSON"})
    assert report.partial.hit == report.partial.right == 1


def test_f2_counts_a_miss_more_than_a_false_alarm() -> None:
    misses, alarms = Score(10, 5, 5, 5), Score(10, 10, 20, 10)
    assert misses.f(1) == pytest.approx(alarms.f(1))
    assert (misses.f() or 0) < (alarms.f() or 0)
    assert ZERO.f() is None
    assert Score(4, 0, 2, 0).f() == 0


def test_overlap_is_intersection_over_union() -> None:
    assert overlap(Gold(0, 10, ""), Gold(5, 15, "")) == pytest.approx(1 / 3)
    assert overlap(Gold(0, 5, ""), Gold(5, 9, "")) == 0
