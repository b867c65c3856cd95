from __future__ import annotations

import re
from itertools import pairwise

import re2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strongroom.classify import Catalogue, Classifier, FieldClassifier, KnownValues, RE2Engine
from strongroom.classify.engine import Expression
from strongroom.classify.fold import fold
from strongroom.classify.span import KNOWN, PATTERN, Span, resolve
from strongroom.classify.validators import validator
from strongroom.classify.windows import windows

ANY = st.text(st.characters(), max_size=400)
AWKWARD = st.text(st.sampled_from("aA1 .-@ß€𝄞\u0130\ufb01\n\t\u00a0\ud800+(/:="), max_size=120)
VALUES = {
    "EMAIL": "jörg.müller@example.org",
    "CARD": "4111 1111 1111 1111",
    "IBAN": "DE89 3704 0044 0532 0130 00",
    "PHONE": "+49 171 2345678",
    "SSN": "536-90-4399",
    "GITHUB_TOKEN": "ghp_a7Kp2ZqW9xLm4TvB8nRc3YdF6hJs1G",
}
WORDS = st.lists(st.sampled_from(["grün", "text", "日本", "ßen", "—", "\n", "und", "𝄞", "the"]), max_size=200).map(
    " ".join
)
RELAXED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


@RELAXED
@given(text=st.one_of(ANY, AWKWARD))
def test_spans_lie_in_the_text_ascending_without_overlap(classifier: Classifier, text: str) -> None:
    spans = classifier.spans(text)
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert all(one.end <= next_.start for one, next_ in pairwise(spans))
    assert all(s.kind in classifier.catalogue.types for s in spans)


@RELAXED
@given(before=WORDS, after=WORDS, kind=st.sampled_from([k for k in VALUES if k != "GITHUB_TOKEN"]))
def test_offsets_are_exact_around_any_script(classifier: Classifier, before: str, after: str, kind: str) -> None:
    value = VALUES[kind]
    text = f"{before} {value} {after}"
    start = len(before) + 1
    assert (kind, start, start + len(value)) in {(s.kind, s.start, s.end) for s in classifier.spans(text)}


@RELAXED
@given(text=ANY, kind=st.sampled_from(["EMAIL", "CARD", "IBAN", "PHONE"]))
def test_what_is_found_validates_again(classifier: Classifier, text: str, kind: str) -> None:
    whole = f"{text} {VALUES[kind]} {text}"
    names = {"EMAIL": "email", "CARD": "card", "IBAN": "iban", "PHONE": "phone"}
    for span in classifier.spans(whole):
        if span.kind in names:
            value = whole[span.start : span.end]
            assert validator(names[span.kind])(value) == (0, len(value))


@RELAXED
@given(text=ANY)
def test_an_unbounded_digit_expression_matches_as_without_windows(text: str) -> None:
    regex = r"\b\d{1,6}\b"
    data = text.encode("utf-8", "surrogatepass")
    wanted = {
        (len(data[:a].decode("utf-8", "surrogatepass")), len(data[:b].decode("utf-8", "surrogatepass")))
        for a, b in (match.span() for match in re2.compile(regex).finditer(data))
    }
    assert {(c.start, c.end) for c in RE2Engine([Expression(regex)]).candidates(text)} == wanted


@given(
    data=st.binary(max_size=9000).map(lambda raw: raw.replace(b"\x01", b"\n"))
    | st.integers(0, 9000).map(lambda n: b"a " * n)
)
def test_windows_cover_everything_and_go_forward(data: bytes) -> None:
    cut = list(windows(data))
    assert (cut[0][0], cut[-1][1]) == (0, len(data)) if data else cut == []
    for (start, end), (following, _) in pairwise(cut):
        assert start < following <= end


@given(text=st.one_of(ANY, AWKWARD))
def test_folding_maps_back_to_where_it_came_from(text: str) -> None:
    folded = fold(text)
    assert folded.text == re.sub(" {2,}", " ", re.sub(r"\s", " ", text).casefold())
    places = [folded.original(place) for place in range(len(folded.text))]
    assert places == sorted(places)
    for place, origin in zip(range(len(folded.text)), places, strict=True):
        source = text[origin]
        assert folded.text[place] in (" " if source.isspace() else source.casefold())


@RELAXED
@given(
    values=st.lists(st.text("abAB ßé1-", min_size=3, max_size=8), min_size=1, max_size=6),
    text=st.text("abAB ßé1-\n", max_size=80),
)
def test_known_values_are_found_as_a_slow_search_finds_them(values: list[str], text: str) -> None:
    known = KnownValues()
    taken = [
        value
        for value in values
        if known.add("PERSON", value) and (len(value.strip()) >= 5 or not value.strip().isalpha())
    ]
    found = {(s.start, s.end) for s in known.spans(text)}
    folded = fold(text)
    for value in taken:
        word = fold(value).text.strip()
        for match in re.finditer(f"(?={re.escape(word)})", folded.text):
            first, stop = match.start(), match.start() + len(word)
            left = first == 0 or not (folded.text[first].isalnum() and folded.text[first - 1].isalnum())
            right = stop == len(folded.text) or not (
                folded.text[stop - 1].isalnum() and folded.text[stop].isalnum()
            )
            place = (folded.original(first), folded.original(stop - 1) + 1)
            assert (place in found) or not (left and right)


SPANS = st.builds(
    lambda start, length, kind, score, source: Span(start, start + length, kind, score, source),
    st.integers(0, 40), st.integers(1, 12), st.sampled_from("AB"), st.sampled_from([0.5, 0.7, 1.0]),
    st.sampled_from([KNOWN, PATTERN]),
)  # fmt: skip


@given(spans=st.lists(SPANS, max_size=14), data=st.data())
def test_resolving_is_a_function_of_the_set(spans: list[Span], data: st.DataObject) -> None:
    kept = resolve(spans)
    assert resolve(data.draw(st.permutations(spans))) == kept
    assert all(one.end <= next_.start for one, next_ in pairwise(kept))
    for span in spans:  # whatever lost, lost to something that stands there
        assert any(k.start < span.end and span.start < k.end for k in kept)


@RELAXED
@given(text=st.one_of(ANY, AWKWARD), kind=st.sampled_from(sorted(Catalogue.load().types)))
def test_normalizing_is_total_and_settles(catalogue: Catalogue, text: str, kind: str) -> None:
    once = catalogue.normalize(kind, text)
    assert catalogue.normalize(kind, once) == once


@RELAXED
@given(name=st.text(max_size=160), samples=st.lists(ANY, max_size=4))
def test_any_field_name_gets_an_answer(
    fields: FieldClassifier, catalogue: Catalogue, name: str, samples: list[str]
) -> None:
    kind = fields.kind_of(name, samples)
    assert kind is None or kind in catalogue.types
