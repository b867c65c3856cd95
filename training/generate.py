"""Labelled texts as agents see them: templates whose slots are filled with values, and where the values stand.

Must never: draw from a clock or a global generator (equal arguments give equal examples), or mix the two halves.
"""

from __future__ import annotations

import html
import json
import random
import re
from collections.abc import Callable, Collection, Iterator
from functools import cache
from typing import Final, NamedTuple

from strongroom.classify.evaluation import Example, Gold
from training import addresses, figures, organizations, people, places, pools, wording
from training.pools import Split, held_out_value

__all__ = ["Example", "Gold", "Split", "examples", "held_out_value"]

LOWER_SHARE: Final = 0.05
UPPER_SHARE: Final = 0.02
PLAIN_SHARE: Final = 0.03
"""How many texts are written all in lower case, all in capitals, without accents."""
REPEATED: Final = re.compile(r"[ \t>#*/|]*\Z")
"""What the further lines of an address repeat from the start of its first line."""
Entity = people.Person | organizations.Organization | addresses.Address | str
PLACES: Final[dict[str, Callable[[random.Random, str, Split], str]]] = {
    "city": places.city,
    "region": places.region,
    "location": places.location,
    "country": lambda rng, language, _: places.country(rng, language),
}
PARTED: Final[dict[str, Callable[[random.Random, str, Split], Entity]]] = {
    "person": people.draw,
    "org": organizations.draw,
    "address": addresses.draw,
}
ENTITIES: Final[dict[str, Callable[[random.Random, str, Split], Entity]]] = {**PLACES, **PARTED}
ADDRESS_PARTS: Final = {"postcode": "POSTCODE", "city": "LOCATION"}
ACCENTS: Final = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "Ä": "Ae",
        "Ö": "Oe",
        "Ü": "Ue",
        "ß": "ss",
        "é": "e",
        "è": "e",
        "ñ": "n",
        "ç": "c",
    }
)


class Piece(NamedTuple):
    """A stretch of the text; `kind` is empty when it is not labelled."""

    text: str
    kind: str = ""


class Cast:
    """The people, organizations and places of one text: the same slot is the same entity throughout."""

    def __init__(self, rng: random.Random, language: str, split: Split) -> None:
        self._rng = rng
        self._language = language
        self._split = split
        self._drawn: dict[str, Entity] = {}

    def fill(self, slot: wording.Slot) -> Piece:
        """What stands at the slot. Raises `KeyError` for a slot or part that does not exist."""
        if slot.name in {"email", "username"}:
            person = self._entity("person", slot.number)
            assert isinstance(person, people.Person)  # noqa: S101 - for the type checker
            return Piece(getattr(person, slot.name), slot.name.upper())
        if slot.part and slot.name not in PARTED:
            raise KeyError(slot.part)
        drawn = self._entity(slot.name, slot.number)
        if isinstance(drawn, str):
            return Piece(drawn, self._kind(slot))
        return Piece(drawn.part(slot.part), self._kind(slot))

    def _kind(self, slot: wording.Slot) -> str:
        if slot.name == "address":
            return ADDRESS_PARTS.get(slot.part, "ADDRESS")
        if slot.name in figures.LABELLED:
            return figures.LABELLED[slot.name][0]
        return {"person": "PERSON", "org": "ORGANIZATION"}.get(
            slot.name, "LOCATION" if slot.name in PLACES else ""
        )

    def _entity(self, name: str, number: str) -> Entity:
        key = name + number
        if key not in self._drawn:
            self._drawn[key] = self._draw(name)
        return self._drawn[key]

    def _draw(self, name: str) -> Entity:
        rng, language = self._rng, self._language
        if name in ENTITIES:
            return ENTITIES[name](rng, language, self._split)
        if name in figures.LABELLED:
            return figures.LABELLED[name][1](rng, language)
        if name in figures.UNLABELLED:
            return figures.UNLABELLED[name](rng, language)
        return figures.word(rng, name, language)


def _typo(text: str, rng: random.Random) -> str:
    if len(text) < 4:
        return text
    at = rng.randrange(1, len(text) - 1)
    if not text[at].isalpha() or not text[at - 1].isalpha():
        return text
    return rng.choice((text[:at] + text[at + 1 :], text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]))


def _possessive(text: str, language: str) -> str:
    if language != "en":
        return "" if text[-1] in "sxzß" else "s"
    return "'" if text.endswith("s") and len(text) % 2 else "'s"


FILTERS: Final[dict[str, Callable[[str, random.Random], str]]] = {
    "upper": lambda text, _: text.upper(),
    "lower": lambda text, _: text.lower(),
    "title": lambda text, _: text.title(),
    "json": lambda text, _: json.dumps(text, ensure_ascii=False)[1:-1],
    "html": lambda text, _: html.escape(text, quote=False),
    "nospace": lambda text, _: re.sub(r"[^\w]", "", text.title()),
    "typo": _typo,
    "poss": lambda text, _: text,
}
"""What ``{slot|name}`` does to a text; the possessive's ending stands behind the span."""


def _filtered(piece: Piece, filters: tuple[str, ...], rng: random.Random, language: str) -> Iterator[Piece]:
    text = piece.text
    for name in filters:
        text = FILTERS[name](text, rng)
    yield Piece(text, piece.kind)
    if "poss" in filters and (ending := _possessive(text, language)):
        yield Piece(ending)


def render(template: wording.Template, rng: random.Random, split: Split) -> Example:
    """One text from a template."""
    cast = Cast(rng, template.language, split)
    pieces: list[Piece] = []
    so_far = ""
    for part in template.pieces(rng):
        if isinstance(part, str):
            made = [Piece(part)]
        else:
            filled = cast.fill(part)
            if "\n" in filled.text and "json" not in part.filters:
                before = REPEATED.search(so_far.rpartition("\n")[2])
                repeated = before[0] if before and so_far.rpartition("\n")[2] == before[0] else ""
                filled = Piece(filled.text.replace("\n", "\n" + repeated), filled.kind)
            made = list(_filtered(filled, part.filters, rng, template.language))
        pieces += made
        so_far += "".join(piece.text for piece in made)
    return _joined(_restyled(pieces, rng), template)


def _restyled(pieces: list[Piece], rng: random.Random) -> list[Piece]:
    chance = rng.random()
    if chance < LOWER_SHARE:
        return [Piece(piece.text.lower(), piece.kind) for piece in pieces]
    if chance < LOWER_SHARE + UPPER_SHARE:
        return [Piece(piece.text.upper(), piece.kind) for piece in pieces]
    if chance < LOWER_SHARE + UPPER_SHARE + PLAIN_SHARE:
        return [Piece(piece.text.translate(ACCENTS), piece.kind) for piece in pieces]
    return pieces


def _joined(pieces: list[Piece], template: wording.Template) -> Example:
    spans: list[Gold] = []
    at = 0
    for piece in pieces:
        if piece.kind and piece.text:
            spans.append(Gold(at, at + len(piece.text), piece.kind))
        at += len(piece.text)
    return Example("".join(piece.text for piece in pieces), tuple(spans), template.language, template.identifier)


@cache
def _chosen(split: Split, languages: tuple[str, ...] | None) -> tuple[wording.Template, ...]:
    return tuple(
        template
        for template in wording.load()
        if pools.template_belongs(template.identifier, split)
        and (languages is None or template.language in languages)
    )


def examples(
    seed: int, count: int, split: Split = "train", languages: Collection[str] | None = None
) -> Iterator[Example]:
    """`count` labelled texts; every template of the split is used equally often, give or take one.

    ``train`` uses three quarters of the templates and one half of the values, ``held-out`` the others; ``fit`` and
    ``set-aside`` are parts of ``train`` that share no template and no value. Equal
    arguments and equal files give equal texts. Raises `wording.TemplateError` or `KeyError` for a bad template.
    """
    chosen = _chosen(split, None if languages is None else tuple(sorted(languages)))
    rng = random.Random(f"strongroom examples {seed} {split}")
    order: list[wording.Template] = []
    for _ in range(count):
        if not order:
            order = list(chosen)
            rng.shuffle(order)
        yield render(order.pop(), rng, split)
