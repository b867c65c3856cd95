import time

import pytest

from strongroom.classify import ad_hoc
from strongroom.classify.ad_hoc import AdHoc, AdHocPatterns
from strongroom.errors import LimitExceededError, RequestRefusedError


def found(text: str, *recognizers: AdHoc, flags: int = ad_hoc.FLAGS) -> list[tuple[str, float]]:
    return [
        (text[s.start : s.end], round(s.score, 2)) for s in AdHocPatterns(recognizers, flags=flags).spans(text)
    ]


def test_flags_are_those_of_pythons_expressions() -> None:
    lines = AdHoc("x", "X", patterns=[("^b.c$", 0.5)])
    assert found("a\nB\nc\nd", lines) == [("B\nc", 0.5)]
    assert found("a\nbxc\nd", lines, flags=ad_hoc.MULTILINE) == [("bxc", 0.5)]
    assert found("a\nbxc\nd", lines, flags=0) == []


def test_places_count_characters() -> None:
    assert found("\U0001f600 \u00e9 abc", AdHoc("x", "X", patterns=[("abc", 0.5)])) == [("abc", 0.5)]


def test_listed_words_are_whole_words_and_the_longest_counts() -> None:
    words = AdHoc("x", "X", words=["Dr", "Dr.", "\u00c4rztin", "New York"])
    assert [word for word, _ in found("dr. Drang, DR, \u00e4rztin in New York", words)] == [
        "dr.", "DR", "\u00e4rztin", "New York",
    ]  # fmt: skip


def test_context_raises_the_score_and_never_above_one() -> None:
    near = AdHoc("x", "X", patterns=[("[0-9]+", 0.8)], context=["zip"])
    assert found("zip 123", near) == [("123", 1.0)]
    assert found("code 123", near) == [("123", 0.8)]


def test_empty_matches_are_no_places() -> None:
    assert found("abc", AdHoc("x", "X", patterns=[("z*", 0.5)])) == []


@pytest.mark.parametrize("regex", [r"(a)\1", r"(?=a)b", "(", "a{1,5000}"])
def test_what_re2_refuses_is_refused_with_a_name(regex: str) -> None:
    with pytest.raises(RequestRefusedError, match="pattern of zip"):
        AdHocPatterns([AdHoc("zip", "X", patterns=[(regex, 0.5)])])


def test_a_pattern_made_to_hang_does_not() -> None:
    started = time.process_time()
    assert found("a" * 50_000 + "!", AdHoc("x", "X", patterns=[("^(a+)+$", 0.5)])) == []
    assert time.process_time() - started < 5


def test_limits_are_named() -> None:
    with pytest.raises(LimitExceededError, match="64 patterns"):
        AdHocPatterns([AdHoc("x", "X", patterns=[("a", 0.5)] * 65)])
    with pytest.raises(LimitExceededError, match="4096 words"):
        AdHocPatterns([AdHoc("x", "X", words=["a"] * 4097)])
