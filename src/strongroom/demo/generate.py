"""The demo's own input: a customer database, orders, and support tickets, all from one seed.

`write_input` fills a directory that `input.read_input` can read like any user's: `customers.db` with the tables
``customers`` and ``orders``, `tickets.jsonl`, and `planted.jsonl`, the ledger of every value put anywhere, in
the spelling it was put there. The ledger is written by the generator itself and not by the recognizers, so what
they overlook is still looked for.

Must never: draw from anything but the seed; the same seed gives the same input on the same Faker version.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, astuple, fields
from datetime import date, timedelta
from pathlib import Path

from faker import Faker

from strongroom.demo.correspondence import (
    PRIVATE_COLUMNS,
    Letter,
    Order,
    template_lines,
    write_letters,
    write_note,
)
from strongroom.demo.people import (
    Customer,
    card_number,
    iban_number,
    mail_address,
    national_id,
    phone_number,
)

CUSTOMERS = 2_000
TICKETS = 240
SEED = 20_240_607
FIRST_ORDER_DAY = date(2023, 1, 1)
ORDER_DAYS = 700
GERMAN_SHARE = 40  # percent of customers
LOCALES = {"en": "en_US", "de": "de_DE"}
COUNTRIES = {"en": "United States", "de": "Deutschland"}


def write_input(
    directory: Path, *, seed: int = SEED, customers: int = CUSTOMERS, tickets: int = TICKETS
) -> dict[str, int]:
    """Write the generated input into `directory` (made when missing); returns how many rows of what.

    Raises `OSError` when the directory cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    fakers = {}
    for offset, (language, locale) in enumerate(LOCALES.items()):
        fakers[language] = Faker(locale)
        fakers[language].seed_instance(seed + offset)
    people, orders = [], {}
    for number in range(1, customers + 1):
        language = "de" if fakers["en"].random_int(1, 100) <= GERMAN_SHARE else "en"
        person, order = _person(fakers[language], language, number)
        people.append(person)
        orders[person.id] = order
    letters = list(write_letters(fakers["en"], people, orders, tickets))
    planted = [*_planted_in_columns(people), *_planted_in_letters(letters)]
    _write_database(directory / "customers.db", people, list(orders.values()))
    _write_lines(directory / "tickets.jsonl", (letter.ticket for letter in letters))
    _write_lines(directory / "planted.jsonl", planted)
    return {"customers": len(people), "orders": len(orders), "tickets": len(letters), "planted": len(planted)}


def _person(fake: Faker, language: str, number: int) -> tuple[Customer, Order]:
    identity = f"cust-{number:04d}"
    name = f"{fake.first_name()} {fake.last_name()}"
    order = Order(
        id=f"ORD-{fake.random_int(2023, 2024)}-{number:05d}",
        customer_id=identity,
        item=fake.random_element(template_lines(f"items_{language}.txt")),
        amount=f"{fake.random_int(9, 250)}.{fake.random_element(('00', '50', '90', '99'))}",
        ordered_on=(FIRST_ORDER_DAY + timedelta(days=fake.random_int(0, ORDER_DAYS))).isoformat(),
        status=fake.random_element(("delivered", "shipped", "returned")),
    )
    person = Customer(
        id=identity,
        name=name,
        street=fake.street_address().replace("\n", ", "),
        postcode=fake.postcode(),
        city=fake.city(),
        country=COUNTRIES[language],
        email=mail_address(fake, name, number),
        phone=phone_number(fake, language),
        card=card_number(fake),
        iban=iban_number(fake, language),
        national_id=national_id(fake, language),
        date_of_birth=fake.date_of_birth(minimum_age=18, maximum_age=90).isoformat(),
        language=language,
        notes="",
    )
    return Customer(**{**asdict(person), "notes": write_note(fake, person, order)}), order


def _planted_in_columns(people: Sequence[Customer]) -> Iterator[dict[str, str]]:
    for person in people:
        for column in PRIVATE_COLUMNS:
            yield {"value": getattr(person, column), "where": f"customers.{column}", "subject": person.id}


def _planted_in_letters(letters: Sequence[Letter]) -> Iterator[dict[str, str]]:
    for letter in letters:
        where, subject = f"tickets.{letter.ticket['id']}", letter.ticket["customer_id"]
        for value in letter.planted:
            yield {"value": value, "where": where, "subject": subject}


def _write_database(path: Path, people: Sequence[Customer], orders: Sequence[Order]) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, kind, rows in (("customers", Customer, people), ("orders", Order, orders)):
            columns = [column.name for column in fields(kind)]
            connection.execute(f"CREATE TABLE {table} ({', '.join(columns)}, PRIMARY KEY (id))")
            marks = ", ".join("?" * len(columns))
            insert = f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608 - the table names stand above
            connection.executemany(insert, [astuple(row) for row in rows])


def _write_lines(path: Path, lines: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8") as out:
        for line in lines:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
