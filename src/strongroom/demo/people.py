"""Invented people whose numbers pass every check a real one would: cards, IBANs, tax and insurance ids, phones.

Names and places come from Faker; numbers come from ranges set aside for tests or fiction wherever such a range
exists (card test prefixes, 555-01xx, the German drama numbers), so that no real person's number is drawn.

Must never: use randomness that is not seeded, or the numbers of a real person on purpose.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from faker import Faker
from stdnum import iban as iban_numbers
from stdnum import luhn
from stdnum.iso7064 import mod_11_10

# Prefixes that payment networks publish for integration tests, with the length of the whole number.
CARD_PREFIXES = (("411111", 16), ("424242", 16), ("555555", 16), ("222300", 16), ("378282", 15), ("601111", 16))
# North American area codes; 555-0100 to 555-0199 is reserved for fiction in each of them.
US_AREAS = (
    "201",
    "212",
    "303",
    "312",
    "404",
    "415",
    "503",
    "512",
    "602",
    "617",
    "702",
    "713",
    "808",
    "907",
    "919",
)
# Blocks the German regulator keeps free for films: prefix, number of digits that may follow.
DE_PHONE_BLOCKS = (("3023125", 3), ("4066969", 3), ("6990009", 3), ("8999998", 3), ("2214710", 3))
MAIL_DOMAINS = ("example.com", "example.org", "example.net")  # RFC 2606
US_AREA_EXCHANGE = "555"
US_SERIAL_MAX = 99
LATIN_LETTERS = {"ß": "ss"} | {letter: f"{plain}e" for letter, plain in zip("äöü", "aou", strict=True)}


@dataclass(frozen=True, slots=True)
class Customer:
    """One row of the customers table; the field names are its columns."""

    id: str
    name: str
    street: str
    postcode: str
    city: str
    country: str
    email: str
    phone: str
    card: str
    iban: str
    national_id: str
    date_of_birth: str
    language: str
    notes: str


def card_number(fake: Faker) -> str:
    """A Luhn-valid number under a published test prefix."""
    prefix, length = fake.random_element(CARD_PREFIXES)
    body = prefix + fake.numerify("#" * (length - len(prefix) - 1))
    return body + luhn.calc_check_digit(body)


def iban_number(fake: Faker, language: str) -> str:
    """An IBAN with right check digits: German for `de`, British for `en`."""
    country, body = (
        ("DE", fake.numerify("##################"))
        if language == "de"
        else ("GB", "".join(fake.random_choices("ABCDEFGHKLMNP", 4)) + fake.numerify("#" * 14))
    )
    return country + iban_numbers.calc_check_digits(f"{country}00{body}") + body


def phone_number(fake: Faker, language: str) -> str:
    """A number in E.164 form out of a block reserved for fiction."""
    if language == "de":
        block, digits = fake.random_element(DE_PHONE_BLOCKS)
        return f"+49{block}{fake.numerify('#' * digits)}"
    serial = fake.random_int(0, US_SERIAL_MAX)
    return f"+1{fake.random_element(US_AREAS)}{US_AREA_EXCHANGE}01{serial:02d}"


def tax_id(fake: Faker) -> str:
    """A German Steuer-ID: ten digits of which exactly one stands twice, and an ISO 7064 MOD 11,10 check digit."""
    digits = [str(digit) for digit in fake.random_sample(range(10), 9)]
    if digits[0] == "0":
        digits[0], digits[1] = digits[1], digits[0]
    digits.insert(fake.random_int(2, 8), digits[0])
    body = "".join(digits)
    return body + str(mod_11_10.calc_check_digit(body))


def national_id(fake: Faker, language: str) -> str:
    """A Social Security number in its printed form for `en`, a Steuer-ID for `de`."""
    return tax_id(fake) if language == "de" else str(fake.ssn())


def mail_address(fake: Faker, name: str, number: int) -> str:
    """An address under a domain reserved for documentation, unique through `number`."""
    latin = "".join(LATIN_LETTERS.get(letter, letter) for letter in name.lower())
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    words = ["".join(filter(str.isalnum, word)) for word in plain.split()]
    return f"{'.'.join(words)}{number}@{fake.random_element(MAIL_DOMAINS)}"
