"""The normal form of telephone numbers is the library's, by whichever way it is found."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.classify.phone import e164


def by_the_library(text: str) -> str:
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_example_numbers_of_every_region_have_the_library_s_form(region: str) -> None:
    for kind in (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE):
        number = phonenumbers.example_number_for_type(region, kind)
        if number is not None:
            for form in (phonenumbers.PhoneNumberFormat.INTERNATIONAL, phonenumbers.PhoneNumberFormat.E164):
                text = phonenumbers.format_number(number, form)
                assert e164(text) == by_the_library(text)


@given(
    st.sampled_from(["+49", "+44", "+1", "+39", "+33", "+55", "+52", "+54", "+7", "+378", "0049", "+"]),
    st.lists(st.sampled_from(["0", "1", "30", "171", "2345678", "55", "9", "11", "020", "06", "800"]), max_size=7),
    st.sampled_from(["", " ", "-", ".", "/"]),
)
def test_any_number_has_the_library_s_form(code: str, groups: list[str], between: str) -> None:
    text = between.join((code, *groups))
    plain = "+" + text[2:] if text.startswith("00") else text
    assert e164(text) == by_the_library(plain)
