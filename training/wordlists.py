"""The word lists the tagger looks words up in: given names, surnames, places, countries, streets, everyday words.

Must never: hold a value of the measuring half when it is asked for the training half.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from phonenumbers.geodata import GEOCODE_DATA

from strongroom.classify.evaluation import Example
from strongroom.classify.tagger.features import fold
from training import places, pools
from training.people import ascii_letters

_LETTERS: Final = re.compile(r"[^\W\d_]{2,}")
COMMON_MIN: Final = 3
"""A word in fewer wordings may be one wording's own."""
SPREAD_COUNTED: Final = 8
LOREM: Final = ("en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL")
LANGUAGES: Final = ("en", "de", "fr", "es", "it", "nl", "pt")


def words_of(values: Iterable[str]) -> set[str]:
    """Single words of names, in lower case, with and without accents."""
    particles = frozenset(pools.lines("particle", "any"))
    out: set[str] = set()
    for value in values:
        for word in _LETTERS.findall(value):
            low = word.lower()
            if low not in particles:
                out |= {low, ascii_letters(low)}
    return out


def name_lists(split: pools.Split) -> dict[str, set[str]]:
    """Given names, surnames, places, countries and streets of one half."""
    groups = list(pools.world_people(split))
    for language in LANGUAGES:
        groups += pools.home_people(language, split)
    towns: set[str] = set()
    for language in LANGUAGES:
        towns |= set(places.cities(language, split)) | set(places.regions(language, split))
    towns |= set(places.world_cities(split)) | set(pools.half(_telephone_towns(), split))
    return {
        "given": words_of(name for group in groups for name in group.given),
        "family": words_of(name for group in groups for name in group.family),
        "place": words_of(towns),
        "country": words_of(name for language in LANGUAGES for name in places.countries(language)),
        "street": set(pools.lines("streetpart", "any")),
    }


@cache
def _telephone_towns() -> tuple[str, ...]:
    """Towns of the world's telephone areas (libphonenumber's geocoding data, Apache-2.0)."""
    return tuple(
        dict.fromkeys(
            town.strip()
            for names in GEOCODE_DATA.values()
            for language, name in names.items()
            if language in LANGUAGES
            for town in re.split(r"[/,(]", name)[:1]
            if pools.LATIN.fullmatch(town.strip())
        )
    )


def source_of(example: Example) -> str:
    """Where the wording of a text comes from: its template's family, or itself."""
    return example.template.partition("/")[0] or example.text


def spread(texts: Iterable[Example]) -> Counter[str]:
    """In how many different wordings each word stands outside names; words are folded as the tagger folds them."""
    sources: dict[str, set[str]] = {}
    for example in texts:
        source = source_of(example)
        named = bytearray(len(example.text) + 1)
        for span in example.spans:
            named[span.start : span.end] = b"1" * (span.end - span.start)
        for match in _LETTERS.finditer(example.text):
            if not named[match.start()]:
                found = sources.setdefault(fold(match[0]), set())
                if len(found) < SPREAD_COUNTED:
                    found.add(source)
    return Counter({word: len(found) for word, found in sources.items()})


def everyday(spread_of: Mapping[str, int]) -> set[str]:
    """Words that stand outside names in several wordings, and those of Faker's running texts."""
    found = {word for word, count in spread_of.items() if count >= COMMON_MIN}
    found |= {fold(word) for word in pools.lines("everyday", "any")}
    for locale in LOREM:
        found |= {w.lower() for w in pools.faker_list("lorem", locale, "word_list") if len(w) > 1}
    return found


def together(names: Mapping[str, Iterable[str]], common: Iterable[str]) -> dict[str, list[str]]:
    """All lists, sorted."""
    return {**{name: sorted(words) for name, words in names.items()}, "common": sorted(common)}
