"""Invented people: how their names are written, from "Dr. A. Osei-Tutu" to "müller, jonas".

Must never: draw a name outside its half, or label a title as part of a name.
"""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from training import pools

WORLD_SHARE: Final = 0.35
"""How many people in a text of a language bear names from elsewhere."""
FORMS: Final = (
    ("{given} {family}", 60), ("{given} {initial}. {family}", 7), ("{given} {second} {family}", 8),
    ("{given} {family}-{other}", 6), ("{letter}. {family}", 5), ("{letter}. {initial}. {family}", 2),
    ("{letter}.{initial}. {family}", 1), ("{family}, {given}", 5), ("{family}, {given} {initial}.", 1),
    ("{given}", 5), ("{given}-{second} {family}", 2), ("{given} {family} Jr.", 1), ("{given} {family} III", 0.5),
    ("{FAMILY}, {given}", 1), ("{FAMILY} {given}", 1), ("{given} {FAMILY}", 1),
)  # fmt: skip
PARTICLES: Final[dict[str, tuple[tuple[str, float], ...]]] = {
    "de": (("von", 3), ("von der", 1), ("zu", 0.5), ("vom", 0.5)),
    "nl": (("van", 8), ("van der", 6), ("de", 6), ("van den", 4), ("ter", 1), ("van 't", 1)),
    "fr": (("de", 3), ("de la", 1), ("d'", 0.5), ("Le", 1)),
    "es": (("de", 2), ("de la", 1.5), ("del", 1)),
    "it": (("De", 2), ("Di", 2), ("Della", 1)),
    "pt": (("de", 5), ("da", 5), ("dos", 4), ("do", 3)),
    "en": (("O'", 1.5), ("Mc", 1.5), ("van", 0.5), ("al-", 0.5), ("bin", 0.3)),
}
PARTICLE_SHARE: Final = {"nl": 0.3, "pt": 0.3, "es": 0.08, "it": 0.08}
TWO_SURNAMES: Final = {"es": 0.6, "pt": 0.4}
DOMAINS: Final = (
    "example.com", "example.org", "example.net", "mail.example.com", "gmail.com", "gmx.de", "outlook.com",
    "web.de", "yahoo.co.uk", "proton.me", "icloud.com", "orange.fr", "libero.it", "ziggo.nl", "uol.com.br",
    "hotmail.es",
)  # fmt: skip
PLAIN: Final = str.maketrans(
    {"ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue", "ø": "o", "ł": "l", "đ": "d", "\u0131": "i"}
)


def ascii_letters(text: str) -> str:
    """`text` in lower-case ASCII letters and digits, for addresses and user names."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(PLAIN))
    return re.sub(r"[^a-z0-9]", "", plain)


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a text: the parts of the name and the form drawn for the whole text."""

    given: str
    family: str
    form: str
    email: str
    username: str

    def part(self, part: str) -> str:
        """What a slot such as ``{person.short}`` stands for; raises `KeyError` for a part that does not exist."""
        return {
            "": self.form,
            "first": self.given,
            "last": self.family,
            "full": f"{self.given} {self.family}",
            "sorted": f"{self.family}, {self.given}",
            "short": f"{self.given[0]}. {self.family}",
            "initial": f"{self.given} {self.family[0].upper()}.",
        }[part]


def draw(rng: random.Random, language: str, split: pools.Split) -> Person:
    """Somebody, from at home or from anywhere."""
    home = rng.random() >= WORLD_SHARE
    group = rng.choice(pools.home_people(language, split) if home else pools.world_people(split))
    given, second = rng.choice(group.given), rng.choice(group.given)
    family, other = _family(rng, group, language if home else ""), rng.choice(group.family)
    template = rng.choices([form for form, _ in FORMS], [weight for _, weight in FORMS])[0]
    form = template.format(
        given=given, second=second, family=family, other=other, letter=given[0], initial=second[0],
        FAMILY=family.upper(),
    )  # fmt: skip
    return Person(given, family, form, _email(rng, given, family), _username(rng, given, family))


def _family(rng: random.Random, group: pools.People, language: str) -> str:
    family = rng.choice(group.family)
    if language and rng.random() < PARTICLE_SHARE.get(language, 0.04) and " " not in family:
        particles = PARTICLES[language]
        particle = rng.choices([word for word, _ in particles], [weight for _, weight in particles])[0]
        family = particle + ("" if particle.endswith(("'", "-")) or particle == "Mc" else " ") + family
    if rng.random() < TWO_SURNAMES.get(language, 0.0):
        family += f" {rng.choice(group.family)}"
    return family


def _email(rng: random.Random, given: str, family: str) -> str:
    first, last = ascii_letters(given) or "x", ascii_letters(family) or "y"
    local = rng.choice(
        (f"{first}.{last}", f"{first}.{last}", f"{first[0]}.{last}", f"{first[0]}{last}", f"{first}{last[0]}",
         f"{first}_{last}", f"{last}.{first}", f"{first}{rng.randrange(100)}", f"{first}.{last}+news", last)
    )  # fmt: skip
    return f"{local}@{rng.choice(DOMAINS)}"


def _username(rng: random.Random, given: str, family: str) -> str:
    first, last = ascii_letters(given) or "x", ascii_letters(family) or "y"
    return rng.choice(
        (f"{first[0]}{last}", f"{first}{last[0]}{rng.randrange(100)}", f"{first}_{rng.randrange(1000)}")
    )
