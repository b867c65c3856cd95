"""Value lists by language, cut into two halves that share no value.

Lists are Faker's and those under ``training/values``. A name, organization, town or street belongs to one half for
good, by the hash of its text, so that what a tagger is trained on is never what it is measured with.

Must never: let a value of one half be drawn in the other, or depend on the order of files.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, NamedTuple

GIVEN: Final = (
    "first_names", "first_names_male", "first_names_female", "first_romanized_names", "first_romanized_names_male",
    "first_romanized_names_female",
)  # fmt: skip
FAMILY: Final = (
    "last_names", "last_names_male", "last_names_female", "unisex_last_names", "male_last_names",
    "last_romanized_names",
)  # fmt: skip
"""Where Faker's classes keep names."""
Split = Literal["train", "held-out", "fit", "set-aside"]
"""What is trained on, what is measured with, and the two parts of the first when thresholds are chosen."""

VALUES: Final = Path(__file__).parent / "values"
BLOCK: Final = "# block:"
HELD_OUT_TEMPLATES: Final = 4
"""One template in so many is held out."""
SET_ASIDE_TEMPLATES: Final = 6
SET_ASIDE_VALUES: Final = 3
"""One in so many of the others is set aside when the thresholds of the dial are chosen."""
LATIN: Final = re.compile("[\0-\u024f\u1e00-\u1eff\u2019]+")
"""Names in other scripts need templates in those languages."""

HOME: Final[dict[str, tuple[str, ...]]] = {
    "en": ("en_US", "en", "en_GB", "en_IE", "en_NZ", "en_US"),
    "de": ("de_DE", "de_AT", "de_CH", "de_DE", "de_LU"),
    "fr": ("fr_FR", "fr_BE", "fr_CA", "fr_CH"),
    "es": ("es_ES", "es_MX", "es_AR", "es_CO", "es_CL"),
    "it": ("it_IT",),
    "nl": ("nl_NL", "nl_BE"),
    "pt": ("pt_BR", "pt_PT"),
}
"""Faker's locales a language's people mostly come from; one named twice is drawn twice as often."""
WORLD: Final = (
    "en_IN", "en_PK", "en_KE", "en_NG", "tr_TR", "pl_PL", "sv_SE", "no_NO", "da_DK", "fi_FI", "cs_CZ", "sk_SK",
    "hu_HU", "ro_RO", "hr_HR", "sl_SI", "lt_LT", "lv_LV", "et_EE", "id_ID", "vi_VN", "fr_DZ", "ga_IE", "az_AZ",
    "yo_NG", "ig_NG", "ha_NG", "zu_ZA", "tw_GH", "sw", "zh_CN", "zh_TW", "ja_JP", "en_TH", "uz_UZ",
)  # fmt: skip


def held_out_value(value: str) -> bool:
    """Whether `value` (a given name, a surname, a town, a street, an organization) is for measuring only."""
    return sha256(f"value:{value.casefold()}".encode()).digest()[0] % 2 == 0


def held_out_template(identifier: str) -> bool:
    """Whether a template is for measuring only; variants of one idea go together."""
    family = identifier.partition("/")[0]
    return int.from_bytes(sha256(f"template:{family}".encode()).digest()[:4], "big") % HELD_OUT_TEMPLATES == 0


def _belongs(split: Split, *, held_out: bool, drawn: int, every: int) -> bool:
    if held_out or split in {"held-out", "train"}:
        return held_out is (split == "held-out")
    return (drawn % every == 0) is (split == "set-aside")


def value_belongs(value: str, split: Split) -> bool:
    """Whether `value` is one of `split`."""
    drawn = sha256(f"value:{value.casefold()}".encode()).digest()[1]
    return _belongs(split, held_out=held_out_value(value), drawn=drawn, every=SET_ASIDE_VALUES)


def template_belongs(identifier: str, split: Split) -> bool:
    """Whether a template is one of `split`."""
    drawn = sha256(f"template:{identifier.partition('/')[0]}".encode()).digest()[4]
    return _belongs(split, held_out=held_out_template(identifier), drawn=drawn, every=SET_ASIDE_TEMPLATES)


def half(values: Iterable[str], split: Split) -> tuple[str, ...]:
    """Those of `values` that belong to `split`, each once, in their order."""
    return tuple(value for value in dict.fromkeys(values) if value_belongs(value, split))


class People(NamedTuple):
    """Given names and surnames that go together."""

    given: tuple[str, ...]
    family: tuple[str, ...]


@cache
def lines(name: str, language: str) -> tuple[str, ...]:
    """``values/NAME/LANGUAGE.txt`` without comments; empty when there is no such list."""
    path = VALUES / name / f"{language}.txt"
    if not path.exists():
        return ()
    rows = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(row for row in rows if row and not row.startswith("#"))


@cache
def listed(name: str, language: str) -> tuple[str, ...]:
    """The lists of a language and of any language together."""
    return (*lines(name, language), *lines(name, "any"))


@cache
def faker_list(provider: str, locale: str, *attributes: str) -> tuple[str, ...]:
    """The values of a Faker provider's class attributes that stand in Latin letters."""
    module = importlib.import_module(
        f"faker.providers.{provider}.{locale}" if locale else f"faker.providers.{provider}"
    )
    found: list[str] = []
    for attribute in attributes:
        values = getattr(module.Provider, attribute, ())
        for value in () if isinstance(values, property) else values:
            text = str(value[-1] if isinstance(value, tuple) else value).strip()
            text = text.title() if len(text) > 2 and text.isupper() and provider == "person" else text
            if LATIN.fullmatch(text):
                found.append(text)
    return tuple(dict.fromkeys(found))


@cache
def _locale_people(locale: str, split: Split) -> People:
    given = faker_list("person", locale, *GIVEN)
    family = (name for name in faker_list("person", locale, *FAMILY) if name != "Doe")  # Faker's own stopgap
    return People(half(given, split), half(family, split))


@cache
def _blocks(language: str, split: Split) -> tuple[People, ...]:
    """``values/person/LANGUAGE.txt``: lines ``Given | Surname``; only names of one block are mixed."""
    path = VALUES / "person" / f"{language}.txt"
    if not path.exists():
        return ()
    blocks: list[tuple[list[str], list[str]]] = [([], [])]
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(BLOCK):
            blocks.append(([], []))
        elif line.strip() and not line.startswith("#"):
            given, _, family = (part.strip() for part in line.partition("|"))
            blocks[-1][0].append(given)
            blocks[-1][1].append(family)
    made = (
        People(half(filter(None, given), split), half(filter(None, family), split)) for given, family in blocks
    )
    return tuple(people for people in made if people.given and people.family)


@cache
def home_people(language: str, split: Split) -> tuple[People, ...]:
    """Groups of names typical of a language."""
    groups = [_locale_people(locale, split) for locale in HOME[language]]
    listed_groups = _blocks(language, split)
    return tuple(group for group in (*groups, *listed_groups) if group.given and group.family)


@cache
def world_people(split: Split) -> tuple[People, ...]:
    """Groups of names from anywhere else."""
    groups = [_locale_people(locale, split) for locale in WORLD]
    return tuple(
        group
        for group in (*groups, *_blocks("any", split), *_blocks("any", split))
        if group.given and group.family
    )
