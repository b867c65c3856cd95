"""Texts written by hand for measuring: no template, no generator and no list of names made them.

Titles stand within the brackets where the writer put them there; they are no part of the label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from strongroom.classify.evaluation import Example, Gold

FILE: Final = Path(__file__).with_suffix(".txt")
KINDS: Final = {"P": "PERSON", "O": "ORGANIZATION", "L": "LOCATION", "A": "ADDRESS"}
MARK: Final = re.compile(r"\[([POLA]):([^\]]*)\]")
TITLE: Final = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Dr|Dra|Mme|Herr|Frau|FAMILIE|Coach|Judge|Auntie|Doña|seu|juf|mevrouw)\.? )+"
)


def texts() -> Iterator[Example]:
    """Every text with its spans."""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield _example(line.replace("\\n", "\n"))


def _example(line: str) -> Example:
    text, done = "", 0
    spans: list[Gold] = []
    for match in MARK.finditer(line):
        text += line[done : match.start()]
        title = TITLE.match(match[2]) if match[1] == "P" else None
        start = len(text) + (title.end() if title else 0)
        text += match[2]
        spans.append(Gold(start, len(text), KINDS[match[1]]))
        done = match.end()
    return Example(text + line[done:], tuple(spans))
