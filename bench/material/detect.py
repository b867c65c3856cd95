"""Texts to detect in: prompts as agents see them, and labelled lines with decoys; the same in every run.

The values come from Faker, a generator that knows nothing of our patterns; its fictional telephone numbers and
cards of forgotten issuers are in. The lines were written for this measurement and are used nowhere else.
"""

from __future__ import annotations

import random  # noqa: TID251 - repeatable on purpose
from collections.abc import Callable, Iterator
from typing import NamedTuple

from faker import Faker

SEED = 20261120
PROMPT_BYTES = 10 * 1024
WORDS = """
    the report shows that our team will review each request before the end of next week and send a short
    summary to everyone who asked for it because the change affects how orders are packed shipped and
    returned in the northern region while der Bericht zeigt dass wir jede Anfrage bis Ende der Woche
    prüfen und eine kurze Zusammenfassung an alle schicken please note customers may account for delays
    card games call attention patient number street market
""".split()  # noqa: SIM905 - prose, not a table


class Labelled(NamedTuple):
    """A line, and the kinds and places of the values in it."""

    text: str
    values: tuple[tuple[str, int, int], ...]


class Sources:
    """Faker by locale, all from one seed."""

    def __init__(self, seed: int) -> None:
        Faker.seed(seed)
        self.random = random.Random(seed)  # noqa: S311 - see the import
        self.en, self.de, self.gb, self.fr = (Faker(name) for name in ("en_US", "de_DE", "en_GB", "fr_FR"))

    def phone(self) -> str:
        """A number from one of four countries."""
        return str(self.random.choice((self.en, self.de, self.gb, self.fr)).phone_number())

    def iban(self) -> str:
        """With and without groups."""
        raw = str(self.random.choice((self.de, self.gb, self.fr)).iban())
        return " ".join(raw[i : i + 4] for i in range(0, len(raw), 4)) if self.random.random() < 0.5 else raw

    def card(self) -> str:
        """With and without groups."""
        raw = str(self.en.credit_card_number())
        return " ".join(raw[i : i + 4] for i in range(0, len(raw), 4)) if self.random.random() < 0.4 else raw

    def steuer_id(self) -> str:
        """Faker has none with German digits, so its own rule: eleven digits, one of the first ten doubled."""
        while True:
            digits = self.random.sample("0123456789", 9)
            digits.insert(self.random.randrange(2, 9), digits[0])
            if digits[0] != "0" and not any(
                a == b == c for a, b, c in zip(digits, digits[1:], digits[2:], strict=False)
            ):
                break
        product = 10
        for digit in digits:
            total = (int(digit) + product) % 10 or 10
            product = total * 2 % 11
        return "".join(digits) + str((11 - product) % 10)

    def key(self) -> str:
        """A credential of one of four makers."""
        alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        body = "".join(self.random.choices(alphabet, k=40))
        return self.random.choice(
            ("sk-proj-" + body, "glpat-" + body[:20], "xoxb-1234567890-" + body[:24], "hvs." + body[:28])
        )


def prompts(count: int, seed: int = SEED) -> list[str]:
    """Prompts of 10 KB: 60 % prose, 25 % tickets with personal data, 12 % log lines, 3 % settings with keys."""
    return [_prompt(Sources(seed + number)) for number in range(count)]


def _prompt(s: Sources) -> str:
    lines: list[str] = []
    size = 0
    while size < PROMPT_BYTES:
        share = s.random.random()
        if share < 0.60:
            line = " ".join(s.random.choices(WORDS, k=60)) + "."
        elif share < 0.85:
            line = (
                f"Ticket {s.random.randrange(10**5)}: {s.en.name()} writes on {s.en.date()} about order "
                f"{s.random.randrange(10**9)}: {' '.join(s.random.choices(WORDS, k=30))}, "
                f"version 4.{s.random.randrange(30)}.1"
            )
            if s.random.random() < 0.5:
                line += f", mail {s.en.email()}"
            if s.random.random() < 0.3:
                line += f", Tel. {s.phone()}"
            if s.random.random() < 0.1:
                line += f", card {s.card()}"
        elif share < 0.97:
            line = (
                f'{{"ts":"{s.en.iso8601()}","level":"info","ip":"{s.en.ipv4()}","path":"/v1/items/{s.random.randrange(10**6)}",'
                f'"ms":{s.random.randrange(900)},"trace":"{s.en.uuid4()}"}}'
            )
        else:
            line = f"API_KEY={s.key()}"
        lines.append(line)
        size += len(line.encode()) + 1
    return "\n".join(lines).encode()[:PROMPT_BYTES].decode("utf-8", "ignore")


def labelled(count: int, seed: int = SEED + 1) -> Iterator[Labelled]:
    """`count` lines with values, each line of one of the templates below."""
    s = Sources(seed)
    values: dict[str, tuple[Callable[[], str], tuple[str, ...]]] = {
        "EMAIL": (
            s.en.email,
            ("Could you copy @ on this?", "Antwort bitte an @, danke!", '{"to":"@"}', "from: <@>"),
        ),
        "PHONE": (s.phone, ("Best number to call is @ after six.", "Tel.: @", "ruf mich unter @ an", "(phone @)")),
        "CARD": (
            s.card,
            ("Please refund @ for me", "Meine Karte @ wurde belastet", '{"pan": "@"}', "visa @ exp 09/29"),
        ),
        "IBAN": (s.iban, ("Überweise es auf @ bitte", "my account is @.", '"iban":"@"', "IBAN @ BIC COBADEFFXXX")),
        "SSN": (s.en.ssn, ("her social security number is @", "SSN @", "the form says @, is that right?")),
        "STEUER_ID": (s.steuer_id, ("Steuer-ID @", "meine Identifikationsnummer lautet @", "IdNr. @ (Finanzamt)")),
        "IP_ADDRESS": (s.en.ipv4_public, ("login from @ refused", "host=@ port=22", "ping @")),
        "SECRET": (s.key, ("I use @ for now", 'token: "@"', "export KEY=@")),
    }
    beside = {"09/29": "CARD_EXPIRY", "COBADEFFXXX": "BIC"}
    for number in range(count):
        kind = list(values)[number % len(values)]
        make, templates = values[kind]
        value = make()
        before, after = s.random.choice(templates).split("@")
        text = before + value + after
        others = tuple((k, text.index(v), text.index(v) + len(v)) for v, k in beside.items() if v in after)
        yield Labelled(text, ((kind, len(before), len(before) + len(value)), *others))


def decoys(count: int, seed: int = SEED + 2) -> Iterator[str]:
    """`count` lines without a value worth protecting that look as if they had one."""
    s = Sources(seed)
    number = s.random.randrange
    makers: tuple[Callable[[], str], ...] = (
        lambda: f"Bestellung {number(10**9, 10**12)} ist unterwegs",
        lambda: f"order #{number(10**15, 10**16)} shipped",
        lambda: f"tracking {number(10**11, 10**12)} arrived on {s.en.date()}",
        lambda: f"released v{number(20)}.{number(40)}.{number(90)}.{number(9)}",
        lambda: f"commit {s.en.sha1()} by build {number(10**6)}",
        lambda: f"sha256:{s.en.sha256()}",
        lambda: f"trace {s.en.uuid4()} took {number(10**9)} ns",
        lambda: f"{s.en.iso8601()}Z level=info n={number(10**10)}",
        lambda: f"Rechnung {number(2020, 2027)}-{number(10**6):06} über {number(10**5)},{number(100):02} EUR",
        lambda: f"ISBN {s.en.isbn13()}, EAN {s.en.ean13()}",
        lambda: f"rows {number(10**6)} to {number(10**7)}, checksum {number(10**8, 10**9)}",
        lambda: (
            f"am {number(1, 29):02}.{number(1, 13):02}.{number(1990, 2027)} um {number(24):02}:{number(60):02} Uhr"
        ),
        lambda: f"pip install package=={number(9)}.{number(30)}.{number(9)} # @latest, sk-learn style",
        lambda: f"epoch {number(1_600_000_000, 1_800_000_000)}, sequence {number(10**13)}",
        lambda: f"img src=icon@2x.png size {number(99)}x{number(99)} pos {number(999)}.{number(999)}",
        lambda: f"password reset requested, token expired after {number(90)} days",
    )
    for index in range(count):
        yield makers[index % len(makers)]()
