"""Letters and notes: what customers write to support, filled from our own templates in English and German.

Must never: invent a private value; everything private in a text comes from the customer's own row, possibly in
another spelling.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files

from faker import Faker

from strongroom.demo.people import Customer
from strongroom.demo.spelling import card_spellings, iban_spellings, phone_spellings

PRIVATE_COLUMNS = ("name", "street", "email", "phone", "card", "iban", "national_id", "date_of_birth")
"""The columns whose values must be met nowhere; a city or a postcode alone says too little about one person."""
SPELLED = ("_spelled", "_upper")


@dataclass(frozen=True, slots=True)
class Order:
    """One row of the orders table."""

    id: str
    customer_id: str
    item: str
    amount: str
    ordered_on: str
    status: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A ticket, and the private values in it exactly as spelled."""

    ticket: dict[str, str]
    planted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Block:
    intent: str
    subject: str
    text: str


def write_letters(
    fake: Faker, people: Sequence[Customer], orders: Mapping[str, Order], count: int
) -> Iterator[Letter]:
    """`count` tickets by as many customers; each language goes through its templates in turn."""
    blocks = {language: _blocks(language) for language in ("en", "de")}
    turn = dict.fromkeys(blocks, 0)
    for number, person in enumerate(fake.random_sample(people, min(count, len(people))), start=1):
        choice = blocks[person.language]
        block = choice[turn[person.language] % len(choice)]
        turn[person.language] += 1
        values = _values(fake, person, orders[person.id])
        text = block.text.format_map(values)
        ticket = {
            "id": f"T-{number:04d}",
            "customer_id": person.id,
            "language": person.language,
            "intent": block.intent,
            "subject": block.subject.format_map(values),
            "text": text,
        }
        said = {value for key, value in values.items() if _is_private(key) and value in text}
        yield Letter(ticket, tuple(sorted(said)))


def write_note(fake: Faker, person: Customer, order: Order) -> str:
    """What a colleague noted about `person`, in their language."""
    return str(fake.random_element(template_lines(f"notes_{person.language}.txt"))).format_map(
        _values(fake, person, order)
    )


def template_lines(name: str) -> list[str]:
    """The lines of one of our text templates."""
    return _template(name).splitlines()


def _values(fake: Faker, person: Customer, order: Order) -> dict[str, str]:
    amount = f"{order.amount.replace('.', ',')} EUR" if person.language == "de" else f"{order.amount} USD"
    return {
        **asdict(person),
        "order": order.id,
        "item": order.item,
        "amount": amount,
        "name_upper": person.name.upper() if fake.boolean() else person.name,
        "card_spelled": fake.random_element(card_spellings(person.card)),
        "iban_spelled": fake.random_element(iban_spellings(person.iban)),
        "phone_spelled": fake.random_element(phone_spellings(person.phone)),
    }


def _is_private(key: str) -> bool:
    for ending in SPELLED:
        key = key.removesuffix(ending)
    return key in PRIVATE_COLUMNS


def _blocks(language: str) -> list[_Block]:
    blocks = []
    for part in _template(f"tickets_{language}.txt").split("---\n"):
        intent, subject, text = part.split("\n", 2)
        blocks.append(_Block(intent.removeprefix("intent: "), subject.removeprefix("subject: "), text.strip()))
    return blocks


def _template(name: str) -> str:
    return files("strongroom.demo").joinpath("templates", name).read_text(encoding="utf-8")
