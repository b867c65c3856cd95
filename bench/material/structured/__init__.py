"""The structured corpus: values of known kinds in sentences of seven languages, and decoys; the same in every run.

Families: card, iban, phone, email, id (identity, tax and insurance numbers of sixty countries), key, wallet.

Must never: use an expression or a check of the catalogue; the corpus is what those are measured against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random  # noqa: TID251 - repeatable on purpose
from typing import Final, NamedTuple

from bench.material.structured import contacts, decoys, frames, identity, keys, numbers
from faker import Faker

SEED: Final = 20261203


class Labelled(NamedTuple):
    """A line, the place of its value, and what family and more precisely what it is."""

    text: str
    start: int
    end: int
    family: str
    detail: str


def lines(count: int, seed: int = SEED) -> Iterator[Labelled]:
    """`count` lines with one value each, the families in turn."""
    rng = Random(seed)  # noqa: S311 - repeatable on purpose
    fakers = {name: Faker(name) for name in contacts.LOCALES}
    for number, faker in enumerate(fakers.values()):
        faker.seed_instance(seed + number)
    makers: tuple[Callable[[Random, dict[str, Faker]], Labelled], ...] = (
        _card,
        _iban,
        _phone,
        _phone_named,
        _email,
        _identity,
        _identity,
        _issued,
        _assigned,
        _wallet,
    )
    for number in range(count):
        yield makers[number % len(makers)](rng, fakers)


def quiet(count: int, seed: int = SEED + 1) -> Iterator[str]:
    """`count` lines without a value, their makers in turn."""
    rng = Random(seed)  # noqa: S311 - repeatable on purpose
    for number in range(count):
        yield decoys.MAKERS[number % len(decoys.MAKERS)](rng)


def _placed(frame: str, value: str, family: str, detail: str) -> Labelled:
    start = frame.index("@")
    rest = frame[start + 1 :]
    return Labelled(frame[:start] + value + rest, start, start + len(value), family, detail)


def _card(rng: Random, _: dict[str, Faker]) -> Labelled:
    return _placed(rng.choice(frames.CARD), numbers.card(rng), "card", "card")


def _iban(rng: Random, _: dict[str, Faker]) -> Labelled:
    value = numbers.iban(rng)
    return _placed(rng.choice(frames.IBAN), value, "iban", value[:2].upper())


def _phone(rng: Random, _: dict[str, Faker]) -> Labelled:
    return _placed(rng.choice(frames.PHONE + frames.BARE), contacts.phone(rng), "phone", "by itself")


def _phone_named(rng: Random, fakers: dict[str, Faker]) -> Labelled:
    return _placed(rng.choice(frames.PHONE), contacts.phone_named(rng, fakers), "phone", "named")


def _email(rng: Random, fakers: dict[str, Faker]) -> Labelled:
    return _placed(rng.choice(frames.EMAIL), contacts.email(rng, fakers), "email", "email")


def _identity(rng: Random, fakers: dict[str, Faker]) -> Labelled:
    kind = rng.choice(identity.NUMBERS)
    value = identity.number(rng, kind, fakers["it_IT"].ssn)
    if kind.alone and rng.random() < 0.3:
        return _placed(rng.choice(frames.BARE), value, "id", f"{kind.country} {kind.called[0]} alone")
    frame = rng.choice(frames.NAMED).replace("%", rng.choice(kind.called))
    return _placed(frame, value, "id", f"{kind.country} {kind.called[0]}")


def _issued(rng: Random, _: dict[str, Faker]) -> Labelled:
    share = rng.random()
    if share < 0.08:
        return _placed(rng.choice(frames.KEY), keys.jwt(rng), "key", "jwt")
    if share < 0.16:
        return _placed("here it is:\n@\nkeep it", keys.private_key(rng), "key", "private key")
    value = keys.issued(rng)
    return _placed(rng.choice(frames.KEY), value, "key", value[:6])


def _assigned(rng: Random, _: dict[str, Faker]) -> Labelled:
    if rng.random() < 0.5:
        frame = rng.choice(keys.ASSIGNED)
        return _placed(frame, keys.password(rng), "key", frame)
    frame = rng.choice(keys.TOKENS)
    return _placed(frame, keys.token(rng), "key", frame)


def _wallet(rng: Random, _: dict[str, Faker]) -> Labelled:
    value = rng.choice((numbers.bitcoin, numbers.ethereum))(rng)
    return _placed(rng.choice(frames.BARE), value, "wallet", value[:2])
