from __future__ import annotations

import pytest

from strongroom.classify import Catalogue, FieldClassifier
from strongroom.classify.fields import NAME_CHARS_MAX, words_of
from strongroom.classify.span import FIELD


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("email", "EMAIL"),
        ("customerEmail", "EMAIL"),
        ("CUSTOMER_EMAIL", "EMAIL"),
        ("contact-e-mail", "EMAIL"),
        ("email2", "EMAIL"),
        ("billing.address", "ADDRESS"),
        ("first_name", "PERSON"),
        ("Nachname", "PERSON"),
        ("name", "PERSON"),
        ("IBAN", "IBAN"),
        ("ibanNumber", "IBAN"),
        ("Geburtsdatum", "DATE_OF_BIRTH"),
        ("dateOfBirth", "DATE_OF_BIRTH"),
        ("Steuer-ID", "STEUER_ID"),
        ("Straße", "ADDRESS"),
        ("strasse", "ADDRESS"),
        ("PLZ", "POSTCODE"),
        ("KFZ-Kennzeichen", "LICENSE_PLATE"),
        ("mobilePhoneNumber", "PHONE"),
        ("SSN", "SSN"),
        ("user_password", "PASSWORD"),
        ("X-Api-Key", "AUTH_HEADER"),
        ("phone 1", "PHONE"),
    ],
)
def test_a_name_says_what_it_holds(fields: FieldClassifier, name: str, kind: str) -> None:
    assert fields.kind_of(name) == kind


@pytest.mark.parametrize(
    "name",
    [
        "file_name",
        "tool_name",
        "hostname",
        "status",
        "id",
        "page",
        "emailed_at_count",
        "",
        "123",
        "___",
        "email" * 40,
    ],
)
def test_other_names_say_nothing(fields: FieldClassifier, name: str) -> None:
    assert fields.kind_of(name) is None


def test_a_very_long_name_is_not_read(fields: FieldClassifier) -> None:
    assert fields.kind_of("x_" * NAME_CHARS_MAX + "email") is None


def test_values_that_plainly_are_something_else_overrule_the_name(fields: FieldClassifier) -> None:
    assert fields.kind_of("name", ["send_email", "look_up_customer"]) is None
    assert fields.kind_of("name", ["Anna Schmidt", "Bo Li"]) == "PERSON"
    assert fields.kind_of("name", ["", "  "]) == "PERSON"


def test_samples_decide_when_the_name_does_not(fields: FieldClassifier) -> None:
    assert fields.kind_of("value", ["a@example.org", "b@example.org", "n/a"]) == "EMAIL"
    assert fields.kind_of("value", ["a@example.org", "x", "n/a"]) is None
    assert fields.kind_of("value", ["write to a@example.org"] * 3) is None
    assert fields.kind_of("spalte 7", ["DE89 3704 0044 0532 0130 00"]) == "IBAN"


def test_without_a_classifier_only_names_count(catalogue: Catalogue) -> None:
    by_name = FieldClassifier(catalogue)
    assert by_name.kind_of("value", ["a@example.org"]) is None
    assert by_name.kind_of("mail", ["a@example.org"]) == "EMAIL"


def test_a_field_gives_its_whole_value(fields: FieldClassifier) -> None:
    span = fields.span("vorname", "Jörg")
    assert span is not None
    assert (span.start, span.end, span.kind, span.source) == (0, 4, "PERSON", FIELD)
    assert fields.span("vorname", " ") is None
    assert fields.span("vorname", "v1.2") is None
    assert fields.span("irgendwas", "Jörg") is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("customerEMail", ("customer", "e", "mail")),
        ("HTTPStatus2", ("http", "status")),
        ("Größe", ("groesse",)),
        ("7", ("7",)),
        ("дата рождения", ("дата", "рождения")),
    ],
)
def test_words_of_a_name(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("prénom", "PERSON"),
        ("prenom_client", None),
        ("apellidos", "PERSON"),
        ("correo_electronico", "EMAIL"),
        ("numeroDeTelefono", "PHONE"),
        ("codice fiscale", "IT_CODICE_FISCALE"),
        ("geboortedatum", "DATE_OF_BIRTH"),
        ("data_de_nascimento", "DATE_OF_BIRTH"),
        ("código postal", "POSTCODE"),
        ("Geschäftsführer_Straße", "ADDRESS"),
        ("numero_di_conto", "BANK_ACCOUNT"),
        ("rijbewijsnummer", "DRIVER_LICENSE"),
        ("employeur", "ORGANIZATION"),
    ],
)
def test_names_of_seven_languages_say_their_kind_with_and_without_accents(
    fields: FieldClassifier, name: str, kind: str | None
) -> None:
    assert fields.kind_of(name) == kind
