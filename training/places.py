"""Towns, regions and countries of a language, and sometimes of anywhere.

Must never: draw a town or a region outside its half.
"""

from __future__ import annotations

import random
from functools import cache
from typing import Final

from training import pools

CITY_LISTS: Final[dict[str, tuple[str, ...]]] = {
    "en": (), "de": ("de_DE", "de_AT", "de_CH"), "fr": (), "es": (), "it": ("it_IT",), "nl": ("nl_NL", "nl_BE"),
    "pt": ("pt_PT",),
}  # fmt: skip
REGION_LISTS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "en": (("en_US", "states"), ("en_GB", "counties"), ("en_CA", "provinces"), ("en_AU", "states")),
    "de": (("de_DE", "states"), ("de_AT", "states")),
    "fr": (("fr_FR", "regions"), ("fr_CA", "provinces")),
    "es": (("es_ES", "states"), ("es_MX", "states")),
    "it": (("it_IT", "states"),),
    "nl": (("nl_NL", "provinces"), ("nl_BE", "provinces")),
    "pt": (("pt_PT", "distritos"), ("pt_BR", "estados")),
}
COUNTRY_LISTS: Final = {
    "en": "en", "de": "de", "fr": "fr_FR", "es": "es", "it": "it_IT", "nl": "nl_NL", "pt": "pt_BR",
}  # fmt: skip


@cache
def cities(language: str, split: pools.Split) -> tuple[str, ...]:
    """Towns of the language's own countries."""
    found = list(pools.lines("city", language))
    for locale in CITY_LISTS[language]:
        found += sorted(pools.faker_list("address", locale, "cities"))  # one of them comes out of a set
    return pools.half(found, split)


@cache
def world_cities(split: pools.Split) -> tuple[str, ...]:
    """Towns of anywhere, in their own spelling or the language's."""
    found = [city for language in CITY_LISTS for city in pools.lines("city", language)]
    found += pools.lines("city", "any")
    for locale in ("pl_PL", "sv_SE", "da_DK", "fi_FI", "ro_RO", "en_IN", "id_ID", "cs_CZ"):
        found += pools.faker_list("address", locale, "cities")[:200]
    return pools.half(found, split)


@cache
def regions(language: str, split: pools.Split) -> tuple[str, ...]:
    """States, counties and provinces."""
    found = [name for locale, attribute in REGION_LISTS[language]
             for name in pools.faker_list("address", locale, attribute)]  # fmt: skip
    return pools.half([*pools.lines("region", language), *found], split)


@cache
def countries(language: str) -> tuple[str, ...]:
    """Shared by both halves: there are too few, and everybody knows them."""
    names = pools.faker_list("address", COUNTRY_LISTS[language], "countries")
    return tuple(
        name for name in (*pools.lines("country", language), *names) if "(" not in name and len(name) < 30
    )


def city(rng: random.Random, language: str, split: pools.Split) -> str:
    """A town, mostly of the language's own countries; in English sometimes one nobody has heard of."""
    chance = rng.random()
    if chance < 0.2:
        return rng.choice(world_cities(split))
    if language == "en" and chance < 0.4:
        group = rng.choice(pools.home_people("en", split))
        stem = rng.choice(group.family if rng.random() < 0.5 else group.given)
        prefix = rng.choice(pools.faker_list("address", "en_US", "city_prefixes")) + " " if chance < 0.3 else ""
        return prefix + stem + rng.choice(pools.faker_list("address", "en_US", "city_suffixes"))
    return rng.choice(cities(language, split))


def region(rng: random.Random, language: str, split: pools.Split) -> str:
    """A state, county or province."""
    return rng.choice(regions(language, split))


def country(rng: random.Random, language: str) -> str:
    """A country, in the language."""
    return rng.choice(countries(language))


def location(rng: random.Random, language: str, split: pools.Split) -> str:
    """Any of the three, towns most often."""
    chance = rng.random()
    if chance < 0.6:
        return city(rng, language, split)
    return country(rng, language) if chance < 0.85 else region(rng, language, split)
