"""Readings: offsets always lead back, no disguise lets a known value pass, nothing is invented."""

from __future__ import annotations

import base64
import html
import quopri
import unicodedata
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import quote

import pytest
import re2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strongroom.classify import Catalogue, Classifier, KnownValues
from strongroom.classify.plain import plain_form, readings
from strongroom.classify.plain.mapped import Edit, Mapped
from strongroom.classify.plain.signs import _SIGNS, _WIDE_CHARACTER, Sign, signs

Disguise = Callable[[str], str]
CALM = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
NAMES = ["Jörg Müller-Lüdenscheidt", "Anna Maria Schmidt", "Željko Đorđević", "KD-2024-99182-X"]
WORDS = st.lists(
    st.sampled_from(["the", "grün", "日本", "a%b", "x=1", "&amp;", "\n", "—", "42", "😀"]), max_size=12
)
AWKWARD = st.text(
    st.sampled_from("aZ09 .-@%&=#;\\ux+/\n\t>|OlI\u200b\u00a0\u0301ü\uff14\u0410\u0430\ud83d\udcfc\U000e0041"),
    max_size=120,
)


def _spread(sign: str) -> Disguise:
    return sign.join


def _wide(value: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in value)


def _percent_all(value: str) -> str:
    return "".join(f"%{byte:02X}" for byte in value.encode())


def _base64(value: str) -> str:
    return base64.b64encode(f"this is {value}.".encode()).decode()


DISGUISES: dict[str, Disguise] = {
    "zero width": _spread("\u200b"),
    "bidi": _spread("\u2066"),
    "soft hyphen": _spread("\u00ad"),
    "tags": lambda value: "".join(chr(0xE0000 + ord(char)) if char.isascii() else char for char in value),
    "wide": _wide,
    "no-break spaces": lambda value: value.replace(" ", "\u00a0"),
    "decomposed": lambda value: unicodedata.normalize("NFD", value),
    "undecoded bytes": lambda value: value.encode().decode("ascii", "surrogateescape"),
    "read as latin-1": lambda value: value.encode().decode("latin-1"),
    "percent": quote,
    "percent all": _percent_all,
    "percent twice": lambda value: quote(_percent_all(value)),
    "entities": lambda value: "".join(f"&#{ord(char)};" for char in value),
    "hex entities": lambda value: "".join(f"&#x{ord(char):x}" + ";" for char in value),
    "named entities": lambda value: html.escape(value).encode("ascii", "xmlcharrefreplace").decode(),
    "escapes": lambda value: "".join(f"\\u{ord(char):04x}" for char in value),
    "quoted-printable": lambda value: quopri.encodestring(value.encode()).decode(),
    "base64": _base64,
    "base64 twice": lambda value: base64.b64encode(_base64(value).encode()).decode(),
    "base64 url": lambda value: base64.urlsafe_b64encode(f"who? {value} ~~~???".encode()).decode(),
    "base64 of utf-16": lambda value: base64.b64encode(f"it is {value}".encode("utf-16-le")).decode(),
    "hex": lambda value: f"is {value}".encode().hex(),
    "hidden in base64": lambda value: _base64("\u200b".join(value)),
}


@pytest.mark.parametrize("disguise", sorted(DISGUISES))
@settings(CALM, max_examples=12)
@given(name=st.sampled_from(NAMES), before=WORDS, after=WORDS)
def test_no_known_value_passes_in_any_disguise(
    classifier: Classifier, name: str, disguise: str, before: list[str], after: list[str]
) -> None:
    known = KnownValues()
    known.add("PERSON" if " " in name else "CUSTOMER_ID", name, "s1")
    worn = DISGUISES[disguise](name)
    text = f"{' '.join(before)} {worn} {' '.join(after)}"
    start = len(" ".join(before)) + 1
    found = classifier.inspect(text, known)
    covering = [s for s in found.spans if s.start <= start and start + len(worn.rstrip()) <= s.end]
    assert covering, f"{disguise}: {text!r} {found}"
    assert covering[0].subject == "s1"


@CALM
@given(text=st.one_of(AWKWARD, st.text(max_size=200)))
def test_offsets_of_readings_always_lead_into_the_original(text: str) -> None:
    plain, gaps = readings(text)
    for gap in gaps:
        assert 0 <= gap.start < gap.end <= len(text)
    for reading in plain:
        last = 0
        for at in range(len(reading.text)):
            place = reading.place(at, at + 1)
            assert 0 <= place.start <= place.end <= len(text)
            assert place.start >= last or place.touched
            last = place.start
            if not place.touched:
                assert text[place.start : place.end] == reading.text[at]


@CALM
@given(text=st.one_of(AWKWARD, st.text(max_size=200)))
def test_spans_of_disguised_text_lie_in_it_without_overlap(classifier: Classifier, text: str) -> None:
    known = KnownValues()
    known.add("PERSON", "aaZ09")
    spans = classifier.inspect(text + " anna\u200b@example.org " + text, known).spans
    assert all(0 <= s.start < s.end <= 2 * len(text) + 20 for s in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert any(s.kind == "EMAIL" for s in spans) or "@" in text


@given(text=st.one_of(AWKWARD, st.text(st.characters(exclude_categories=["Cs"]), max_size=200)))
def test_the_set_of_signs_answers_as_its_expressions_do_alone(text: str) -> None:
    if any("\ud800" <= char < "\ue000" for char in text):
        assert set(signs(text)) == set(Sign)
        return
    shown = set(signs(text))
    for sign in Sign:
        pattern = _WIDE_CHARACTER if sign is Sign.CHARACTER else _SIGNS[sign]
        assert (sign in shown) == (re2.search(pattern, text) is not None)


@given(
    text=st.text(max_size=40),
    cuts=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), st.text(max_size=4)), max_size=6),
)
def test_an_untouched_place_is_itself_and_a_touched_one_covers_whole_changes(
    text: str, cuts: list[tuple[int, int, str]]
) -> None:
    edits: list[Edit] = []
    for start, length, put in sorted(cuts):
        end = min(len(text), start + length)
        if end > start >= (edits[-1].end if edits else 0):
            edits.append(Edit(start, end, put))
    mapped = Mapped(text, edits)
    for first in range(len(mapped.text)):
        for stop in range(first + 1, len(mapped.text) + 1):
            place = mapped.place(first, stop)
            inside = [e for e in edits if e.start < place.end and place.start < e.end]
            assert all(place.start <= e.start and e.end <= place.end for e in inside)
            assert place.touched == bool(inside)
            if not inside:
                assert text[place.start : place.end] == mapped.text[first:stop]


@given(value=st.text(max_size=30))
def test_a_plain_form_is_plain(value: str) -> None:
    assert len(plain_form(value)) <= 4 * len(value)


def test_a_catalogue_of_examples_is_found_the_same_with_readings(
    catalogue: Catalogue, classifier: Classifier
) -> None:
    for entity in catalogue.types.values():
        for text in entity.counter_examples:
            assert [s for s in classifier.spans(text) if s.kind == entity.kind] == []
