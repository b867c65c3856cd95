"""Invented organizations: whole names and patterns such as ``Klinikum {city}``, with or without legal form.

Must never: draw an organization, a surname or a town outside its half.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Final

from training import places, pools

PART: Final = re.compile(r"\{(last|last2|last3|first|city|word|word2|region|suffix)\}")
REGISTER_SHARE: Final = 0.22
"""How many organizations are surnames and a legal form, as a register of companies is full of."""
REGISTER: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "{last} {suffix}",
        "{last}-{last2}",
        "{last}, {last2} and {last3}",
        "{last} {suffix}",
        "{last} & {last2}",
    ),
    "de": ("{last} {suffix}", "{last} {last2} {suffix}", "{last} & {last2} {suffix}", "{first} {last} {suffix}"),
    "fr": ("{last} {suffix}", "{last} {last2} {suffix}", "{last} et {last2} {suffix}"),
    "es": ("{last} y {last2} {suffix}", "{first} {last} {last2} {suffix}", "{last} Hermanos {suffix}"),
    "it": ("{last} {suffix}", "{last}-{last2} {suffix}", "{last}, {last2} e {last3} {suffix}"),
    "nl": ("{last} {suffix}", "{last} & {last2}", "{last} en {last2} {suffix}"),
    "pt": ("{last} {suffix}", "{last} {last2} {suffix}", "{last} e {last2} {suffix}"),
}
SUFFIXES: Final = {
    "en": ("Inc", "and Sons", "LLC", "Group", "PLC", "Ltd", "Inc.", "Corp", "Co.", "LLP", "Limited"),
    "de": (
        "GmbH",
        "GmbH",
        "AG",
        "KG",
        "GmbH & Co. KG",
        "OHG",
        "GbR",
        "e.V.",
        "e.K.",
        "Stiftung & Co. KG",
        "KGaA",
        "eG",
    ),
    "fr": ("SA", "S.A.", "SARL", "S.A.R.L.", "S.A.S.", "SAS", "et Fils", "SCI", "EURL"),
    "es": ("S.A.", "S.L.", "S.L.U.", "S.Coop.", "S.A.U.", "SL", "S.C.P.", "e Hijos"),
    "it": ("SPA", "S.p.A.", "s.r.l.", "S.r.l.", "e figli", "Group", "S.n.c.", "& C. s.a.s."),
    "nl": ("BV", "B.V.", "NV", "N.V.", "Groep", "VOF", "en Zonen"),
    "pt": ("S/A", "S.A.", "Ltda.", "Lda.", "- ME", "e Filhos", "EIRELI"),
}


@dataclass(frozen=True, slots=True)
class Organization:
    """A name in full, and without what the register adds."""

    full: str
    short: str

    def part(self, part: str) -> str:
        """``""`` or ``"short"``; raises `KeyError` for any other part."""
        return {"": self.full, "short": self.short}[part]


def draw(rng: random.Random, language: str, split: pools.Split) -> Organization:
    """One of the language's lists, or of those of any language; a pattern counts as often as a name."""
    if rng.random() < REGISTER_SHARE:
        return _filled(rng, language, split, rng.choice(REGISTER[language]))
    own, anyone = pools.lines("org", language), pools.lines("org", "any")
    source = own if own and (not anyone or rng.random() < 0.75) else anyone
    while True:
        line = rng.choice(source)
        if "{" in line or pools.value_belongs(line, split):
            break
    return _filled(rng, language, split, line)


def _filled(rng: random.Random, language: str, split: pools.Split, line: str) -> Organization:
    kept, bar, form = line.partition("|")
    people = rng.choice(pools.home_people(language, split) if rng.random() < 0.7 else pools.world_people(split))
    parts = {
        "last": rng.choice(people.family),
        "last2": rng.choice(people.family),
        "last3": rng.choice(people.family),
        "suffix": rng.choice(SUFFIXES[language]),
        "first": rng.choice(people.given),
        "city": places.city(rng, language, split),
        "region": places.region(rng, language, split),
    }
    parts |= {name: _word(rng, language, split) for name in ("word", "word2")}
    short = PART.sub(lambda match: parts[match[1]], kept.strip())
    return Organization(f"{short} {form.strip()}" if bar else short, short.rstrip(","))


def _word(rng: random.Random, language: str, split: pools.Split) -> str:
    return rng.choice(pools.half(pools.listed("orgword", language), split))
