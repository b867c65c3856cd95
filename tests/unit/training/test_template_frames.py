"""The templates themselves: as many and as varied as promised, and no wording on both sides of the split."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from training import organizations, pools, wording

LEAST = {"en": 500, "de": 270, "fr": 120, "es": 120, "it": 120, "nl": 120, "pt": 120}
"""How many templates a language has at least."""
LEAST_STYLES = {"en": 12, "de": 2, "fr": 6, "es": 6, "it": 6, "nl": 6, "pt": 6}
NAMED = frozenset({"person", "org", "city", "region", "country", "location", "address", "username", "email"})
RUN = 5
"""So many words in a row, one slot among them at most, are a wording of their own."""
PLACE = "#"
THINGS = frozenset({("Allen", "Key"), ("Forest", "Green"), ("North", "West")})
"""Pairs of names that stand for something else."""
WORD = re.compile(rf"{PLACE}|[^\W\d_]+")
SENTENCE_END = re.compile(r"[\n.?!;:]+")


def runs(template: wording.Template) -> Iterator[str]:
    """Every run of words of a template's sentences; slots and alternatives count as one sign."""
    text = wording.SLOT.sub(f" {PLACE} ", wording.ALTERNATIVES.sub(f" {PLACE} ", template.text))
    for sentence in SENTENCE_END.split(text):
        words = WORD.findall(sentence.lower())
        for start in range(len(words) - RUN + 1):
            run = words[start : start + RUN]
            if run.count(PLACE) <= 1:
                yield " ".join(run)


def shared(templates: list[wording.Template]) -> dict[str, list[str]]:
    """Wordings found on both sides of the split, with the templates that hold them."""
    found: dict[str, list[wording.Template]] = defaultdict(list)
    for template in templates:
        for run in set(runs(template)):
            found[f"{template.language}: {run}"].append(template)
    return {
        run: [template.identifier for template in holders]
        for run, holders in found.items()
        if len({template.held_out for template in holders}) > 1
    }


def pair_that_is_parted() -> tuple[str, str]:
    """Names of two templates that fall on different sides."""
    names = [f"x-{number}" for number in range(100)]
    return (
        next(name for name in names if pools.held_out_template(name)),
        next(name for name in names if not pools.held_out_template(name)),
    )


def test_no_wording_stands_on_both_sides_of_the_split() -> None:
    assert shared(list(wording.load())) == {}


def test_a_shared_wording_would_be_found() -> None:
    one, other = pair_that_is_parted()
    first = wording.Template(one, "en", "x", "Dear {person}, your parcel has been lost in {city}.")
    second = wording.Template(other, "en", "x", "{org} wrote: your PARCEL has been\tlost, sorry.")
    assert shared([first, second]) == {"en: your parcel has been lost": [one, other]}


@pytest.mark.parametrize(("language", "least"), LEAST.items())
def test_a_language_has_as_many_templates_as_promised(language: str, least: int) -> None:
    templates = [template for template in wording.load() if template.language == language]
    assert len(templates) >= least
    assert len({template.style for template in templates}) >= LEAST_STYLES[language]
    empty = sum(not {slot.name for slot in template.every_slot()} & NAMED for template in templates)
    assert 0.15 <= empty / len(templates) <= 0.4, "about a quarter hold nobody and no place"
    held_out = sum(template.held_out for template in templates)
    assert held_out >= 9, "too few to measure a language with"


def test_no_style_is_only_learned_or_only_measured() -> None:
    sides = Counter((template.style, template.held_out) for template in wording.load())
    assert all(sides[style, True] and sides[style, False] for style, _ in sides)


def test_nobody_is_named_outside_a_slot() -> None:
    for language in LEAST:
        groups = [group for split in ("train", "held-out") for group in pools.home_people(language, split)]
        given = {name for group in groups for name in group.given}
        family = {name for group in groups for name in group.family}
        for template in wording.load():
            if template.language != language:
                continue
            text = wording.ALTERNATIVES.sub(
                lambda match: " | ".join(wording.alternatives(match[1])), template.text
            )
            for fixed in (part for part in wording.split_slots(text) if isinstance(part, str)):
                pairs = re.findall(r"(?=\b([A-ZÀ-Þ]\w+) ([A-ZÀ-Þ]\w+))", fixed)
                named = [pair for pair in pairs if pair[0] in given and pair[1] in family and pair not in THINGS]
                assert not named, (template.identifier, named)


@pytest.mark.parametrize(
    "path", sorted(pools.VALUES.glob("*/*.txt")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_a_value_list_can_be_read(path: Path) -> None:
    rows = pools.lines(path.parent.name, path.stem)
    assert rows
    assert path.stem in {*LEAST, "any"}
    assert all(row == " ".join(row.split(" ")).strip() and "\t" not in row for row in rows)
    if path.parent.name == "org":
        left = [organizations.PART.sub("", row) for row in rows]
        assert not [row for row in left if "{" in row or row.count("|") > 1]
    if path.parent.name == "person":
        assert not [row for row in rows if row.count("|") != 1]


@pytest.mark.parametrize("split", ["train", "held-out"])
@pytest.mark.parametrize("language", LEAST)
def test_both_halves_of_the_lists_are_large_enough(language: str, split: pools.Split) -> None:
    assert len(pools.half(pools.listed("orgword", language), split)) >= 30
    assert len(pools.half(pools.listed("city", language), split)) >= 60
    people = pools.home_people(language, split)
    assert sum(len(group.given) for group in people) >= 150
    assert sum(len(group.family) for group in people) >= 100
