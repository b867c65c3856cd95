"""Harmless alone, telling together: the level goes up, with the reason, and never down."""

from hypothesis import given
from hypothesis import strategies as st

from strongroom.classify.aggregation import RECORDS_MANY, SUBJECTS_MANY, aggregate
from strongroom.label import Level

LEVELS = {
    "AGE": Level.INTERNAL, "POSTCODE": Level.INTERNAL, "CITY": Level.INTERNAL, "GENDER": Level.INTERNAL,
    "DATE_OF_BIRTH": Level.CONFIDENTIAL, "EMAIL": Level.CONFIDENTIAL, "NATIONALITY": Level.INTERNAL,
    "ORGANIZATION": Level.INTERNAL, "IBAN": Level.RESTRICTED, "ISIN": Level.PUBLIC,
}  # fmt: skip


def of(*found: tuple[str, str]):
    return aggregate(found, LEVELS.__getitem__)


def test_one_by_one_nothing_is_raised() -> None:
    assert of(("AGE", ""), ("GENDER", "")).raised == {}
    assert of(("AGE", ""), ("GENDER", "")).level is Level.INTERNAL
    assert of().level is Level.PUBLIC


def test_birth_place_and_sex_point_to_one_person() -> None:
    judged = of(("AGE", "c1"), ("POSTCODE", "c1"), ("GENDER", "c1"), ("EMAIL", "c1"))
    assert judged.raised == dict.fromkeys(("AGE", "POSTCODE", "GENDER"), Level.RESTRICTED)
    assert judged.level is Level.RESTRICTED
    assert judged.reasons == ("together they point to one person: birth date or age, place and sex",)


def test_parts_of_two_people_are_not_put_together() -> None:
    assert of(("AGE", "c1"), ("POSTCODE", "c2"), ("GENDER", "c1")).raised == {}
    assert of(("AGE", "c1"), ("POSTCODE", ""), ("GENDER", "c1")).raised != {}, "whose the postcode is, is open"


def test_a_profile_and_an_extract() -> None:
    profile = of(*[("EMAIL", "c1")] * RECORDS_MANY, ("CITY", ""), ("ISIN", ""))
    assert profile.raised == {"EMAIL": Level.RESTRICTED, "CITY": Level.CONFIDENTIAL}
    assert profile.reasons == ("20 values of one subject are a profile",)
    assert of(*[("EMAIL", "c1")] * (RECORDS_MANY - 1)).raised == {}
    extract = of(*[("CITY", f"c{n}") for n in range(SUBJECTS_MANY)])
    assert extract.raised == {"CITY": Level.RESTRICTED}
    assert of(*[("CITY", f"c{n}") for n in range(SUBJECTS_MANY - 1)]).raised == {}


@given(st.lists(st.tuples(st.sampled_from(sorted(LEVELS)), st.sampled_from(["", "c1", "c2"])), max_size=60))
def test_a_level_never_goes_down_and_a_reason_goes_with_every_rise(found: list[tuple[str, str]]) -> None:
    judged = of(*found)
    assert all(level > LEVELS[kind] for kind, level in judged.raised.items())
    assert judged.level >= max((LEVELS[kind] for kind, _ in found), default=Level.PUBLIC)
    assert bool(judged.reasons) or not judged.raised
    more = of(*found, ("GENDER", "c1"))
    assert more.level >= judged.level
