from __future__ import annotations

import phonenumbers
import pytest

from strongroom.classify import checksums, phone, secret_shape
from strongroom.classify.validators import validator
from strongroom.errors import PolicyInvalidError


@pytest.mark.parametrize("name", ["nought", "stdnum", "stdnum:xx.yy", "mixed:many", "luhn:1", ""])
def test_an_unknown_validator_is_refused(name: str) -> None:
    with pytest.raises(PolicyInvalidError, match="no validator"):
        validator(name)


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("card", "4111 1111 1111 1111 12", "4111 1111 1111 1111"),
        ("card", "2024 4111111111111111", "4111111111111111"),
        ("card", "2221 0000 0000 0009", "2221 0000 0000 0009"),
        ("card", "6304000000000000", "6304000000000000"),
        ("card", "3530111333300000", "3530111333300000"),
        ("card", "41111111111111111", None),
        ("card", "9999999999999995", None),
        ("card", "2000000000000000", None),
        ("iban", "DE89370400440532013000 BIC", "DE89370400440532013000"),
        ("iban", "Nr12 GB82WEST12345698765432", "GB82WEST12345698765432"),
        ("iban", "DE8937040044053201300012", None),
        ("iban", "DE8A370400440532013000", None),
        ("iban", "DE893704", None),
        ("iban", "DE89370400440532013000X", None),
        ("card", "41111111111111110", None),
        ("email", "'a.b@example.org", "a.b@example.org"),
        ("email", "a..b@example.org", None),
        ("email", "a.@example.org", None),
        ("email", "...@example.org", None),
        ("email", "a@-example.org", None),
        ("email", "a@example.c1", None),
        ("email", "x" * 65 + "@example.org", None),
        ("email", "x@" + "y." * 130 + "org", None),
        ("email", "a@b.xn--p1ai", "a@b.xn--p1ai"),
        ("ipv4", "224.0.0.1", None),
        ("ipv4", "255.255.255.0", None),
        ("ipv4", "10.0.0.1", "10.0.0.1"),
        ("ipv6", "1::2::3", None),
        ("date", "31.02.1980", "31.02.1980"),
        ("date", "00.02.1980", None),
        ("date", "13/13/1980", None),
        ("date", "32.13.1980", None),
        ("date", "Smarch 4, 1979", None),
        ("date", "4. märz 1979", "4. märz 1979"),
        ("plate_de:3", "B-A 1", None),
        ("street_de", "Hauptplatz 3", "Hauptplatz 3"),
        ("street_de", "Platz 3", None),
        ("street_de", "Alter Ring 3", "Alter Ring 3"),
        ("ssn", "219-09-9999", None),
        ("ssn", "123-00-4567", None),
        ("mac", "001b.4411.3ab7", "001b.4411.3ab7"),
        ("digits:3", "ab12", None),
        ("mixed:2", "1234", None),
        ("mixed:2", "a123", "a123"),
        ("shannon:2", "aaaa", None),
        ("entropy:2", "abcdefgh", None),
        ("entropy:2", "abcdefg8", "abcdefg8"),
        ("not_trivial", "0101", None),
        ("phone:DE", "0171 2345678", "0171 2345678"),
        ("phone:US", "0171 2345678", None),
        ("phone:US", "200-801-8159", None),
        ("phone_possible:US", "200-801-8159 x12", "200-801-8159 x12"),
        ("phone_possible:US", "200-111-8159", None),
        ("phone_possible", "+49 (0) 1507 424113", "+49 (0) 1507 424113"),
        ("phone_possible", "+49 123", None),
    ],
)
def test_a_validator_answers_which_part_is_the_value(name: str, value: str, taken: str | None) -> None:
    found = validator(name)(value)
    assert (value[found[0] : found[1]] if found else None) == taken


def test_luhn_and_mod_97_notice_every_single_digit_error() -> None:
    card, iban = "4111111111111111", "DE89370400440532013000"
    assert checksums.luhn(card)
    assert checksums.mod97(iban)
    for place in range(len(card)):
        assert not checksums.luhn(card[:place] + str((int(card[place]) + 1) % 10) + card[place + 1 :])
    for place in range(2, len(iban)):
        assert not checksums.mod97(iban[:place] + str((int(iban[place]) + 1) % 10) + iban[place + 1 :])


def test_check_digits_notice_a_changed_last_digit() -> None:
    for check, good in (
        (checksums.rvnr, "15070649C103"),
        (checksums.kvnr, "A123456780"),
        (checksums.dea, "AB1234563"),
        (checksums.lanr, "123456601"),
    ):
        assert check(good)
        place = 6 if check is checksums.lanr else len(good) - 1
        assert not check(good[:place] + str((int(good[place]) + 1) % 10) + good[place + 1 :])


def test_a_pension_number_needs_a_day_of_the_month() -> None:
    assert not checksums.rvnr("15000649C103")


@pytest.mark.parametrize("number", ["S1234567D", "T0000001E", "F1234567N", "G1234567X", "M1234567K"])
def test_singapore_check_letters(number: str) -> None:
    assert checksums.nric(number)
    assert not checksums.nric(number[:-1] + ("A" if number[-1] != "A" else "B"))


def test_a_vehicle_number_of_digits_alone_is_refused() -> None:
    assert not checksums.vin("11111111111111111")


@pytest.mark.parametrize(
    "text",
    ["****", "${DB_PASSWORD}", "<password>", "null", "process.env.KEY", "your_token", "os.environ['A']", "%(pw)s"],
)
def test_placeholders_are_no_secrets(text: str) -> None:
    assert secret_shape.is_placeholder(text)
    assert not secret_shape.is_password(text)
    assert not secret_shape.is_key_material(text)


@pytest.mark.parametrize("text", ["hunter2!", "Sommer2024", "tr0ub4dor&3"])
def test_a_password_in_prose_has_more_than_letters(text: str) -> None:
    assert secret_shape.is_chosen_password(text)
    assert not secret_shape.is_chosen_password("required.")
    assert not secret_shape.is_chosen_password("settings.password")


@pytest.mark.parametrize("token", ["eyJ", "eyJhbGciOiJIUzI1NiJ9"[:-3], "eyJ4IjoxfQ", "W10", "e30", "eyJ\ud800"])
def test_a_token_without_an_algorithm_is_no_jwt(token: str) -> None:
    assert not secret_shape.has_jwt_header(token + ".x.y")


def test_entropy_of_one_symbol_is_nothing() -> None:
    assert secret_shape.shannon_bits("aaaa") == 0
    assert secret_shape.shannon_bits("abcd") == 2


USES = (
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.TOLL_FREE,
    phonenumbers.PhoneNumberType.VOIP,
)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_plan_is_read_as_the_library_reads_it(region: str) -> None:
    for use in USES:
        number = phonenumbers.example_number_for_type(region, use)
        if number is None:
            continue
        shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        assert phone.accepted_length(shown) == len(shown)
        if region in phone.REGIONS:
            local = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
            assert phone.accepted_length(local) == len(local)


@pytest.mark.parametrize(
    "text", ["+999 1234567", "+49", "0", "1-1-1-1", "+1 000 000 0000", "+" + "1" * 64, "/ 12"]
)
def test_no_number_of_any_plan(text: str) -> None:
    assert phone.accepted_length(text) == 0
    assert phone.e164(text) == ""


def test_a_candidate_too_long_for_a_number_is_refused() -> None:
    assert phone.accepted_length("+49 171 2345678" + " " * phone.CANDIDATE_CHARS_MAX) == 0


def test_trailing_groups_are_given_up_a_few_at_most() -> None:
    assert phone.accepted_length("+1 212 736 5000 11 22 33") == len("+1 212 736 5000")
    assert phone.accepted_length("+1 212 736 5000 11 22 33 44 55") == 0


def test_a_country_without_a_plan_has_no_numbers() -> None:
    assert phone.accepted_length("0171 2345678", ("XX",), possible=True) == 0


def test_an_extension_is_part_of_the_number() -> None:
    assert phone.accepted_length("+1 212-736-5000 ext. 77") == len("+1 212-736-5000 ext. 77")
    assert phone.e164("+1 212-736-5000 ext. 77") == "+12127365000x77"
