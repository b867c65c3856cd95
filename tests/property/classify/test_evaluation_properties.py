"""Counting, whatever is counted: shares stay shares, the truth scores one, more found never covers less."""

from hypothesis import given
from hypothesis import strategies as st

from strongroom.classify.corpora import joined, write_json_lines
from strongroom.classify.evaluation import Example, Gold, evaluate

KINDS = ("PERSON", "LOCATION", "EMAIL")
WORDS = st.lists(st.text("abcÄß1", min_size=1, max_size=6), min_size=1, max_size=12)


@st.composite
def labelled(draw: st.DrawFn) -> Example:
    words = draw(WORDS)
    tags = draw(
        st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), min_size=len(words), max_size=12)
    )
    return joined(list(zip(words, tags, strict=False)))


@st.composite
def guessed(draw: st.DrawFn) -> tuple[Example, list[Gold]]:
    example = draw(labelled())
    places = st.integers(0, len(example.text) - 1)
    found = []
    for start, end in draw(st.lists(st.tuples(places, places), max_size=6)):
        found.append(Gold(min(start, end), max(start, end) + 1, draw(st.sampled_from(KINDS))))
    return example, found


@given(st.lists(guessed(), max_size=5))
def test_shares_are_shares_and_partial_is_never_below_exact(pairs: list[tuple[Example, list[Gold]]]) -> None:
    report = evaluate(pairs, KINDS)
    for score in (report.words, report.characters, report.partial):
        assert 0 <= score.hit <= score.total
        assert 0 <= score.right <= score.found
        for share in (score.recall, score.precision, score.f(), score.f(1)):
            assert share is None or 0 <= share <= 1
    for scores in report.kinds.values():
        assert scores.partial.total == scores.exact.total
        assert scores.exact.hit <= scores.exact.total


@given(st.lists(labelled(), min_size=1, max_size=5))
def test_the_truth_itself_scores_one(examples: list[Example]) -> None:
    report = evaluate([(example, example.spans) for example in examples], KINDS)
    assert report.exact.recall in {None, 1.0}
    assert report.words.recall in {None, 1.0}
    assert report.words.precision in {None, 1.0}
    assert report.missed_texts == 0


@given(guessed(), st.sampled_from(KINDS))
def test_one_finding_more_never_covers_less(pair: tuple[Example, list[Gold]], kind: str) -> None:
    example, found = pair
    fewer = evaluate([(example, found)], KINDS)
    more = evaluate([(example, [*found, Gold(0, len(example.text), kind)])], KINDS)
    assert more.words.hit >= fewer.words.hit
    assert more.words.hit == more.words.total


@given(labelled())
def test_tags_become_spans_that_hold_whole_words(example: Example) -> None:
    for span in example.spans:
        assert example.text[span.start : span.end].strip() == example.text[span.start : span.end] != ""
        assert span.start == 0 or example.text[span.start - 1] == " "


@given(st.lists(labelled(), max_size=4))
def test_json_lines_are_one_line_per_text(examples: list[Example]) -> None:
    assert write_json_lines(examples).count("\n") == len(examples)
