"""Numbers, dates and small words for templates: what is labelled with a structured kind, and what is not at all.

Must never: use a number set aside for somebody; they are drawn by the numbering plans' check digits only.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final

from faker import Faker

from training import pools

FAKERS: Final[dict[str, tuple[str, ...]]] = {
    "en": ("en_US", "en_GB"), "de": ("de_DE", "de_AT", "de_CH"), "fr": ("fr_FR",), "es": ("es_ES", "es_MX"),
    "it": ("it_IT",), "nl": ("nl_NL",), "pt": ("pt_BR", "pt_PT"),
}  # fmt: skip
MONTHS: Final = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}
WEEKDAYS: Final = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "pt": "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
}
LONG_DATE: Final = {
    "en": ("{month} {day}, {year}", "{day} {month} {year}", "{month} {day}"),
    "de": ("{day}. {month} {year}", "{day}. {month}"), "fr": ("{day} {month} {year}",),
    "es": ("{day} de {month} de {year}",), "it": ("{day} {month} {year}",),
    "nl": ("{day} {month} {year}",), "pt": ("{day} de {month} de {year}",),
}  # fmt: skip
SHORT_DATE: Final = {
    "en": ("%m/%d/%Y", "%d/%m/%Y", "%Y-%m-%d", "%d-%b-%Y"), "de": ("%d.%m.%Y", "%d.%m.%y", "%Y-%m-%d"),
    "fr": ("%d/%m/%Y",), "es": ("%d/%m/%Y",), "it": ("%d/%m/%Y",), "nl": ("%d-%m-%Y",), "pt": ("%d/%m/%Y",),
}  # fmt: skip
EPOCH: Final = date(2026, 11, 20)
CURRENCIES: Final = {"en": ("${}", "£{}", "{} USD", "€{}"), "de": ("{} EUR", "{} €", "{} Euro", "CHF {}")}
HANDLES: Final = (
    "@ops_team",
    "@here",
    "#support",
    "@oncall",
    "#general",
    "@platform-eng",
    "@billing",
    "#incidents",
)


@cache
def _faker(locale: str) -> Faker:
    return Faker(locale)


def _fake(rng: random.Random, language: str) -> Faker:
    fake = _faker(rng.choice(FAKERS[language]))
    fake.seed_instance(rng.getrandbits(64))
    return fake


def day(rng: random.Random, language: str, *, long_ago: bool = False) -> str:
    """A date as people write it; a birthday when `long_ago`."""
    when = EPOCH - timedelta(days=rng.randrange(6500, 32000) if long_ago else rng.randrange(-300, 2500))
    if rng.random() < 0.5:
        return when.strftime(rng.choice(SHORT_DATE[language]))
    month = MONTHS[language].split()[when.month - 1]
    forms = [form for form in LONG_DATE[language] if not long_ago or "{year}" in form]
    return rng.choice(forms).format(month=month, day=when.day, year=when.year)


def _instant(rng: random.Random) -> str:
    when = datetime(2026, 1, 1) + timedelta(seconds=rng.randrange(25_000_000))  # noqa: DTZ001 - a text, no time
    return when.strftime(
        rng.choice(("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%d/%b/%Y:%H:%M:%S +0000", "%H:%M:%S"))
    )


def _amount(rng: random.Random, language: str) -> str:
    whole, cents = rng.randrange(1, 9000), rng.randrange(100)
    english = language == "en"
    figure = f"{whole:,}.{cents:02}" if english else f"{whole:,}".replace(",", ".") + f",{cents:02}"
    return rng.choice(CURRENCIES.get(language, ("{} €", "{} EUR", "€ {}"))).format(figure)


def _phone(rng: random.Random, language: str) -> str:
    return str(_fake(rng, language).phone_number())


def _iban(rng: random.Random, language: str) -> str:
    raw = str(_faker_with_iban(rng, language).iban())
    return " ".join(raw[i : i + 4] for i in range(0, len(raw), 4)) if rng.random() < 0.5 else raw


def _faker_with_iban(rng: random.Random, language: str) -> Faker:
    locale = {"en": "en_GB", "pt": "pt_PT", "es": "es_ES"}.get(language, FAKERS[language][0])
    fake = _faker(locale)
    fake.seed_instance(rng.getrandbits(64))
    return fake


def _card(rng: random.Random, language: str) -> str:
    raw = str(_fake(rng, language).credit_card_number(rng.choice(("visa", "mastercard", "amex"))))
    if len(raw) != 16:
        return raw
    joint = rng.choice(("", " ", "-"))
    return joint.join(raw[i : i + 4] for i in range(0, 16, 4))


def _ssn(rng: random.Random, _: str) -> str:
    fake = _faker("en_US")
    fake.seed_instance(rng.getrandbits(64))
    return str(fake.ssn())


def _ip(rng: random.Random, language: str) -> str:
    return str(_fake(rng, language).ipv4_public())


def _token(rng: random.Random, letters: str, length: int) -> str:
    return "".join(rng.choices(letters, k=length))


def _uuid(rng: random.Random, _: str) -> str:
    hexes = _token(rng, "0123456789abcdef", 32)
    return f"{hexes[:8]}-{hexes[8:12]}-4{hexes[13:16]}-a{hexes[17:20]}-{hexes[20:]}"


def _time(rng: random.Random, language: str) -> str:
    form = rng.choice(("{}:{:02}", "{}.{:02}", "{}:{:02} Uhr" if language == "de" else "{}:{:02}"))
    return form.format(rng.randrange(24), rng.randrange(60))


Maker = Callable[[random.Random, str], str]


def _numbered(top: int, *forms: str) -> Maker:
    return lambda rng, _: rng.choice(forms).format(rng.randrange(100, top))


LABELLED: Final[Mapping[str, tuple[str, Maker]]] = {
    "phone": ("PHONE", _phone),
    "iban": ("IBAN", _iban),
    "card": ("CARD", _card),
    "ip": ("IP_ADDRESS", _ip),
    "ssn": ("SSN", _ssn),
    "dob": ("DATE_OF_BIRTH", lambda rng, language: day(rng, language, long_ago=True)),
    "customer": (
        "CUSTOMER_ID",
        lambda rng, _: rng.choice(("C-{}", "KD-{}", "CUST{}", "{}")).format(rng.randrange(10_000, 999_999)),
    ),
}
"""Slots with a structured kind."""

UNLABELLED: Final[Mapping[str, Maker]] = {
    "date": day,
    "time": _time,
    "datetime": lambda rng, _: _instant(rng),
    "weekday": lambda rng, language: rng.choice(WEEKDAYS[language].split()),
    "month": lambda rng, language: rng.choice(MONTHS[language].split()),
    "year": lambda rng, _: str(rng.randrange(1985, 2031)),
    "age": lambda rng, _: str(rng.randrange(2, 97)),
    "amount": _amount,
    "int": lambda rng, _: str(rng.randrange(rng.choice((10, 100, 10_000)))),
    "order": _numbered(10**9, "#{}", "{}", "A-{}", "ORD-{}", "2026-{}"),
    "ticket": _numbered(99_999, "INC{}", "#{}", "OPS-{}", "T{}", "HD-{}"),
    "invoice": _numbered(99_999, "INV-{}", "RE-{}", "2026/{}", "R{}"),
    "version": lambda rng, _: f"{rng.randrange(12)}.{rng.randrange(30)}.{rng.randrange(20)}",
    "uuid": _uuid,
    "hash": lambda rng, _: _token(rng, "0123456789abcdef", rng.choice((7, 12, 40, 64))),
    "percent": lambda rng, _: f"{rng.randrange(1, 100)}{rng.choice(('%', ' %', '.5%'))}",
    "url": lambda rng, _: rng.choice(
        ("https://example.com/{}", "http://status.example.net/{}", "www.example.org/{}", "https://docs.example.com/a/{}")
    ).format(rng.choice(("help", "orders", "reset", "faq", "v2/items", "login", "index.html"))),
    "handle": lambda rng, _: rng.choice(HANDLES),
}  # fmt: skip
"""Slots that are no finding."""


def word(rng: random.Random, slot: str, language: str) -> str:
    """One line of ``training/values/SLOT``; raises `KeyError` when there is no such list."""
    values = pools.listed(slot, language) or pools.listed(slot, "en")
    if not values:
        raise KeyError(slot)
    return rng.choice(values)
