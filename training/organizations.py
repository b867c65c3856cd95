"""Invented organizations: whole names and patterns such as ``Klinikum {city}``, with or without legal form.

Must never: draw an organization, a surname or a town outside its half.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from training import places, pools

PART = re.compile(r"\{(last|last2|first|city|word|word2|region)\}")


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
    own, anyone = pools.lines("org", language), pools.lines("org", "any")
    source = own if own and (not anyone or rng.random() < 0.75) else anyone
    wanted = split == "held-out"
    while True:
        line = rng.choice(source)
        if "{" in line or pools.held_out_value(line) is wanted:
            break
    kept, bar, form = line.partition("|")
    people = rng.choice(pools.home_people(language, split) if rng.random() < 0.7 else pools.world_people(split))
    parts = {
        "last": rng.choice(people.family),
        "last2": rng.choice(people.family),
        "first": rng.choice(people.given),
        "city": places.city(rng, language, split),
        "region": places.region(rng, language, split),
    }
    parts |= {name: _word(rng, language, split) for name in ("word", "word2")}
    short = PART.sub(lambda match: parts[match[1]], kept.strip())
    return Organization(f"{short} {form.strip()}" if bar else short, short.rstrip(","))


def _word(rng: random.Random, language: str, split: pools.Split) -> str:
    return rng.choice(pools.half(pools.listed("orgword", language), split))
