from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from strongroom.gateway.presidio_operators import apart, changed
from strongroom.gateway.presidio_requests import Place

TEXT = "Anna Kowalski lives at Lindenweg 5, Berlin; call 030 901820"


@st.composite
def places(draw: st.DrawFn) -> Place:
    start = draw(st.integers(0, len(TEXT) - 1))
    end = draw(st.integers(start + 1, len(TEXT)))
    return Place(start, end, draw(st.sampled_from(["P", "L", "N"])), draw(st.sampled_from([0.0, 0.5, 0.9])))


def letters(found: list[Place]) -> set[int]:
    return {at for place in found for at in range(place.start, place.end) if not TEXT[at].isspace()}


@given(st.lists(places(), max_size=8), st.sets(st.sampled_from(["P", "L"])))
def test_every_letter_of_every_place_is_covered_once(given_places: list[Place], whole: set[str]) -> None:
    found = apart(given_places, TEXT, whole=whole)
    assert letters(found) == letters(given_places)
    assert all(a.end <= b.start for a, b in pairwise(found))


@given(st.lists(places(), max_size=8))
def test_items_say_where_the_new_text_stands(given_places: list[Place]) -> None:
    edits = [(place, f"<{place.entity}>", "replace") for place in apart(given_places, TEXT)]
    text, items = changed(TEXT, edits)
    assert [text[item.start : item.end] for item in items] == [item.text for item in items]
    assert len(items) == len(edits)


def test_the_surest_place_stays_whole_and_the_others_keep_what_is_left() -> None:
    found = apart([Place(0, 13, "P", 0.5), Place(5, 20, "L", 0.9)], TEXT)
    assert [(place.start, place.end, place.entity) for place in found] == [(0, 5, "P"), (5, 20, "L")]
