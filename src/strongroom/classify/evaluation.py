"""How good spans are, against texts whose spans are known: counts per kind, recall, precision and F2, purely.

Must never: score a text it was not given the truth of, or hide a kind that nothing was found of.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Gold:
    """What is truly at a place: `start` and `end` are character offsets, `end` exclusive."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Example:
    """A text and every span in it, ascending. `template` says what it was made from, empty when nobody made it."""

    text: str
    spans: tuple[Gold, ...]
    language: str = ""
    template: str = ""
