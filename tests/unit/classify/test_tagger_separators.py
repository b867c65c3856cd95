"""Names end at signs that no name goes over, and nothing that was found is lost by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.classify.tagger.separators import SEPARATORS, pieces


def cut(text: str, kind: str = "PERSON") -> list[str]:
    return [text[start:end] for start, end in pieces(text, 0, len(text), kind)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Jo Doe\tUlm", ["Jo Doe", "Ulm"]),
        ("Radka,Novak", ["Radka", "Novak"]),
        ("Novak, Radka", ["Novak, Radka"]),
        ("Colin; Tyrone (Jr.)", ["Colin", "Tyrone", "Jr."]),
        ("De Filippis. De Filippis", ["De Filippis", "De Filippis"]),
        ("J. R. Okafor Jr.", ["J. R. Okafor Jr."]),
        ("St. John", ["St. John"]),
        ("Jo Doe\\nAnn", ["Jo Doe", "Ann"]),
        ("Ann", ["Ann"]),
    ],
)
def test_people_are_apart_where_a_sign_says_so(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


def test_other_kinds_have_other_signs() -> None:
    assert cut("Frankfurt (Oder)", "LOCATION") == ["Frankfurt (Oder)"]
    assert cut("Elm St 12\nUlm,AB", "ADDRESS") == ["Elm St 12\nUlm,AB"]
    assert cut("Smith. Sons (UK) Ltd.", "ORGANIZATION") == ["Smith. Sons (UK) Ltd."]
    assert cut("Acme Ltd.\tUlm", "ORGANIZATION") == ["Acme Ltd.", "Ulm"]


@given(st.text(alphabet="Abcdé1 ,.;\t\n()+-\"'", max_size=40), st.sampled_from([*SEPARATORS, "ADDRESS"]))
def test_every_letter_and_figure_stays_found(text: str, kind: str) -> None:
    kept = "".join(cut(text, kind))
    assert [sign for sign in kept if sign.isalnum()] == [sign for sign in text if sign.isalnum()]
