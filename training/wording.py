"""Templates: read from YAML, taken apart into fixed text, slots and alternatives.

Must never: let a slot pass that nothing fills, or the same template stand under two names.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import yaml

from training import pools

TEMPLATES: Final = Path(__file__).parent / "templates"
ALTERNATIVES: Final = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
SLOT: Final = re.compile(
    r"(?P<literal>\{\{[a-z0-9_.|]+\}\})|\{(?P<name>[a-z_]+)(?P<number>[2-9]?)(?:\.(?P<part>[a-z]+))?(?P<filters>(?:\|[a-z]+)*)\}"
)


class TemplateError(Exception):
    """A template cannot be used; the message says which one and why."""


@dataclass(frozen=True, slots=True)
class Slot:
    """``{person2.last|upper}``: `key` is ``person2``."""

    name: str
    number: str
    part: str
    filters: tuple[str, ...]

    @property
    def key(self) -> str:
        """Which entity of the text this is."""
        return self.name + self.number


@dataclass(frozen=True, slots=True)
class Template:
    """One template as it was written."""

    identifier: str
    language: str
    style: str
    text: str

    @property
    def held_out(self) -> bool:
        """Whether it is for measuring only."""
        return pools.held_out_template(self.identifier)

    def pieces(self, rng: random.Random) -> Iterator[str | Slot]:
        """Fixed text and slots in order, alternatives drawn."""
        yield from split_slots(ALTERNATIVES.sub(lambda match: _alternative(match[1], rng), self.text))

    def every_slot(self) -> list[Slot]:
        """All slots of all alternatives."""
        flat = ALTERNATIVES.sub(lambda match: " ".join(alternatives(match[1])), self.text)
        return [piece for piece in split_slots(flat) if isinstance(piece, Slot)]


def alternatives(inside: str) -> list[str]:
    """``a|{b|upper}|c`` as three: a bar within braces belongs to the slot."""
    return re.split(r"\|(?![^{}]*\})", inside)


def _alternative(inside: str, rng: random.Random) -> str:
    return rng.choice(alternatives(inside))


def split_slots(text: str) -> Iterator[str | Slot]:
    """The fixed text and the slots of `text`, in order; ``{{name}}`` is the text ``{name}``."""
    done = 0
    for match in SLOT.finditer(text):
        if match.start() > done:
            yield text[done : match.start()]
        done = match.end()
        if match["literal"]:
            yield match["literal"][1:-1]
        else:
            filters = tuple(filter(None, match["filters"].split("|")))
            yield Slot(match["name"], match["number"], match["part"] or "", filters)
    if done < len(text):
        yield text[done:]


@cache
def load() -> tuple[Template, ...]:
    """Every template, in the order of their names. Raises `TemplateError` for a taken name or bad file."""
    found: dict[str, Template] = {}
    for path in sorted(TEMPLATES.glob("*/*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        name = f"{path.parent.name}/{path.name}"
        if not isinstance(content, dict) or content.get("language") != path.parent.name:
            msg = f"{name}: needs `language: {path.parent.name}` at its top"
            raise TemplateError(msg)
        for identifier, text in content["templates"].items():
            if identifier in found or not isinstance(text, str):
                msg = f"{name}: {identifier} is taken, or its text is no text"
                raise TemplateError(msg)
            found[identifier] = Template(identifier, content["language"], content["style"], text.rstrip("\n"))
    return tuple(sorted(found.values(), key=lambda template: template.identifier))
