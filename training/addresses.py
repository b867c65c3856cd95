"""Invented addresses in the order and spelling of their country.

Must never: draw a town or a street outside its half.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from training import address_forms as forms
from training import places, pools


@dataclass(frozen=True, slots=True)
class Address:
    """An address by its parts; `town` is postcode and city in the country's order."""

    street: str
    postcode: str
    city: str
    town: str
    extra: str
    country: str
    joint: str
    extra_first: bool

    def part(self, part: str) -> str:
        """What a slot such as ``{address.street}`` stands for; raises `KeyError` for any other part."""
        street = [self.extra, self.street] if self.extra_first else [self.street, self.extra]
        lines = [line for line in (*street, self.town, self.country) if line]
        return {
            "": self.joint.join(lines),
            "block": "\n".join(lines),
            "street": self.street,
            "town": self.town,
            "postcode": self.postcode,
            "city": self.city,
        }[part]


def draw(rng: random.Random, language: str, split: pools.Split) -> Address:
    """An address in one of the language's countries, sometimes in another's."""
    if rng.random() < 0.1:
        language = rng.choice(list(forms.COUNTRIES))
    countries = forms.COUNTRIES[language]
    country = rng.choices([code for code, _ in countries], [weight for _, weight in countries])[0]
    postcode = _figures(rng, rng.choice(forms.POSTCODES[country]))
    city = places.city(rng, language, split)
    extra = rng.choice(_EXTRAS[language])(rng, split) if rng.random() < 0.22 else ""
    return Address(
        street=_STREET[language](rng, split)
        if rng.random() > 0.03
        else _BOX[language].format(rng.randrange(10, 9999)),
        postcode=postcode,
        city=city,
        town=_town(rng, country, postcode, city),
        extra=extra,
        country=rng.choice(forms.NAMES[country]) if rng.random() < 0.15 else "",
        joint=rng.choices((", ", " ", " - ", "; "), (85, 9, 3, 1))[0],
        extra_first=extra.startswith("c/o") or rng.random() < 0.3,
    )


def _figures(rng: random.Random, pattern: str) -> str:
    made = {"#": "0123456789", "%": "123456789", "?": forms.POSTCODE_LETTERS}
    return "".join(rng.choice(made[sign]) if sign in made else sign for sign in pattern)


def _town(rng: random.Random, country: str, postcode: str, city: str) -> str:
    """Postcode and city in the country's order; now and then the postcode is left out."""
    if rng.random() < forms.NO_POSTCODE_SHARE:
        return city
    if country == "US" and rng.random() < forms.MILITARY_SHARE:
        return f"{rng.choice(('APO', 'FPO', 'DPO'))} {rng.choice(('AA', 'AE', 'AP'))} {postcode}"
    if country in forms.STATES:
        attribute = forms.STATE_ATTRIBUTES[country] if rng.random() < 0.85 else forms.STATE_NAMES[country]
        state = rng.choice(pools.faker_list("address", forms.STATES[country], attribute))
        return f"{city}{rng.choice((', ', ', ', ' '))}{state}{rng.choice((' ', ' ', '  ', ', '))}{postcode}"
    return rng.choice(_forms(rng, country, postcode, city))


def _forms(rng: random.Random, country: str, postcode: str, city: str) -> tuple[str, ...]:
    """The ways a country writes its last line."""
    if country == "GB":
        county = rng.choice(pools.faker_list("address", "en_GB", "counties"))
        return (f"{city} {postcode}", f"{city} {postcode}", f"{city}, {postcode}", f"{city}, {county} {postcode}")
    if country == "IE":
        return (f"{city}, {postcode}", f"Dublin {rng.randrange(1, 24)}", f"{city}, Co. {city} {postcode}")
    if country == "IT":
        province = rng.choice(forms.ITALIAN_PROVINCES)
        return (f"{postcode} {city} ({province})", f"{postcode} {city} {province}", f"{postcode} {city}")
    if country == "BR":
        state = rng.choice(forms.BRAZILIAN_STATES)
        return (f"{city} - {state}, {postcode}", f"{city}/{state} - CEP {postcode}", f"{postcode} {city}-{state}")
    return (f"{'D-' if country == 'DE' and rng.random() < 0.04 else ''}{postcode} {city}",)


def _number(rng: random.Random) -> str:
    top = rng.choice((30, 30, 120, 400))
    return str(rng.randrange(1, top)) + rng.choices(("", "a", "b", " c", "-", "/"), (82, 7, 4, 3, 2, 2))[0]


def _house(rng: random.Random) -> str:
    number = _number(rng)
    return number + str(rng.randrange(1, 40)) if number[-1] in "-/" else number


@cache
def _stems(language: str, split: pools.Split) -> tuple[str, ...]:
    return pools.half(pools.lines("streetword", language), split)


@cache
def _whole(language: str, split: pools.Split) -> tuple[str, ...]:
    return pools.half(pools.lines("street", language), split)


def _surname(rng: random.Random, language: str, split: pools.Split) -> str:
    return rng.choice(rng.choice(pools.home_people(language, split)).family)


def _street_en(rng: random.Random, split: pools.Split) -> str:
    group = rng.choice(pools.home_people("en", split))
    stem = rng.choice(rng.choice((_stems("en", split), _stems("en", split), group.family, group.given)))
    direction = (
        rng.choice(("N ", "S ", "E ", "W ", "North ", "West ", "N.W. ", "SE ")) if rng.random() < 0.12 else ""
    )
    top = rng.choice((99, 99, 999, 9999, 20000))
    number = f"{rng.randrange(1, top)}{rng.choices(('', 'A', 'B', '-12', '½'), (90, 4, 3, 2, 0.3))[0]}"
    suffixes = forms.EN_SUFFIXES if rng.random() < 0.7 else pools.faker_list("address", "en_US", "street_suffixes")
    return f"{number} {direction}{stem} {rng.choice(suffixes)}"


def _street_de(rng: random.Random, split: pools.Split) -> str:
    chance = rng.random()
    if chance < 0.15:
        return f"{rng.choice(_whole('de', split))} {_house(rng)}"
    suffix = rng.choice(forms.DE_SUFFIXES)
    if chance < 0.35:
        person = rng.choice(pools.home_people("de", split))
        name = (
            f"{rng.choice(person.given)}-{rng.choice(person.family)}"
            if chance < 0.28
            else rng.choice(person.family)
        )
        return f"{name}-{suffix.capitalize()} {_house(rng)}"
    if chance < 0.42:
        person = rng.choice(pools.home_people("de", split))
        return f"{rng.choice((*person.family[:200], *person.given[:200])).capitalize()}{suffix} {_house(rng)}"
    if chance < 0.5:
        return f"{places.city(rng, 'de', split).split(' ')[0]}er {suffix.capitalize()} {_house(rng)}"
    stem = rng.choice(_stems("de", split))
    return f"{stem}{suffix.capitalize() if stem.endswith('-') else suffix} {_house(rng)}"


def _street_nl(rng: random.Random, split: pools.Split) -> str:
    whole = _whole("nl", split)
    if whole and rng.random() < 0.5:
        return f"{rng.choice(whole)} {_house(rng)}"
    group = rng.choice(pools.home_people("nl", split))
    stem = rng.choice(group.given if rng.random() < 0.5 else group.family)
    return f"{stem.replace(' ', '')}{rng.choice(forms.NL_SUFFIXES)} {_house(rng)}"


def _street_romance(language: str, layout: str) -> Callable[[random.Random, pools.Split], str]:
    def street(rng: random.Random, split: pools.Split) -> str:
        whole = _whole(language, split)
        if whole and rng.random() < 0.5:
            return layout.format(street=rng.choice(whole), number=_house(rng))
        person = rng.choice(pools.home_people(language, split))
        name = rng.choice(person.family)
        if rng.random() < 0.4:
            name = f"{rng.choice(person.given)} {name}"
        return layout.format(street=f"{rng.choice(forms.STREETS[language])} {name}", number=_house(rng))

    return street


_STREET: Final[dict[str, Callable[[random.Random, pools.Split], str]]] = {
    "en": _street_en, "de": _street_de, "nl": _street_nl, "fr": _street_romance("fr", "{number} {street}"),
    "es": _street_romance("es", "{street}, {number}"), "it": _street_romance("it", "{street} {number}"),
    "pt": _street_romance("pt", "{street}, {number}"),
}  # fmt: skip
_BOX: Final = {
    "en": "PO Box {}", "de": "Postfach {}", "fr": "BP {}", "es": "Apartado de Correos {}",
    "it": "Casella Postale {}", "nl": "Postbus {}", "pt": "Caixa Postal {}",
}  # fmt: skip


def _care_of(language: str) -> Callable[[random.Random, pools.Split], str]:
    return lambda rng, split: f"c/o {_surname(rng, language, split)}"


def _floor(*patterns: str) -> Callable[[random.Random, pools.Split], str]:
    return lambda rng, _: rng.choice(patterns).format(
        rng.randrange(1, 12), rng.choice("ABCD"), rng.randrange(100, 999)
    )


_EXTRAS: Final[dict[str, tuple[Callable[[random.Random, pools.Split], str], ...]]] = {
    "en": (_floor("Apt {0}{1}", "Apt. {2}", "Apartment {0}", "Suite {2}", "Unit {0}", "Flat {0}", "#{2}",
                  "Flat {0}{1}", "Floor {0}", "Room {2}", "Ste. {2}", "{0}th Floor", "Bldg {1}"), _care_of("en")),
    "de": (_floor("{0}. OG", "Hinterhaus", "EG links", "{0}. Stock", "Wohnung {0}", "App. {2}", "Aufgang {1}",
                  "Haus {0}", "Top {0}"), _care_of("de")),
    "fr": (_floor("Appt {0}", "Bâtiment {1}", "{0}e étage", "Résidence {1}", "Esc. {1}", "Cedex {0}"),),
    "es": (_floor("{0}º {1}", "piso {0}", "{0}º dcha.", "{0}º izq.", "Esc. {1}", "bajo {1}"),),
    "it": (_floor("Scala {1}", "interno {0}", "{0}° piano", "int. {0}"),),
    "nl": (_floor("{0} hoog", "huis", "bus {0}", "unit {1}"),),
    "pt": (_floor("{0}º Esq.", "{0}º andar", "Apto {2}", "Bloco {1}", "apt. {0}{1}", "casa {0}"),),
}  # fmt: skip
