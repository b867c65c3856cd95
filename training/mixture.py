"""What the tagger is trained on: real sentences with licences that allow it, and generated texts.

Must never: read WikiANN (its texts are share-alike, and serve for measuring only) or a held-out file.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from strongroom.classify.corpora import read
from strongroom.classify.evaluation import Example
from training.generate import Split, examples

REAL: Final = (
    "btc/a.conll", "btc/b.conll", "btc/e.conll", "btc/f.conll", "btc/g.conll", "wnut17/train.conll",
    "wikigold/train.conll", "sec-filings/FIN5.txt",
)  # fmt: skip
SPLIT: Final = ("btc", "wikigold")
"""Corpora that come without a part set aside: the end of each file is for measuring."""
TRAINED: Final = 0.85
"""The share of their sentences that is trained on."""
HELD_OUT: Final = "wnut17/dev.conll"
LOWER: Final = 0.08
UPPER: Final = 0.04
BARE: Final = 0.05
LOWER_NAMES: Final = 0.05
TYPO: Final = 0.02
"""How often a text is all in lower case, in capitals, without signs, with its names alone in lower case; how
often a letter is mistyped."""


def _cut(name: str, texts: list[Example]) -> int:
    return int(len(texts) * TRAINED) if name.partition("/")[0] in SPLIT else len(texts)


def real(data: Path) -> Iterator[Example]:
    """The sentences to train on."""
    for name in REAL:
        found = read(data / name)
        yield from found[: _cut(name, found)]


def real_held_out(data: Path) -> Iterator[tuple[str, list[Example]]]:
    """The sentences to measure on, by corpus."""
    yield "wnut17, dev", read(data / HELD_OUT)
    for corpus in SPLIT:
        parts = [(name, read(data / name)) for name in REAL if name.startswith(corpus)]
        yield f"{corpus}, set aside", [text for name, texts in parts for text in texts[_cut(name, texts) :]]


def mixture(data: Path, seed: int, count: int, split: Split = "train") -> Iterator[Example]:
    """Everything to train on, in an order that `seed` fixes, varied in case, spelling and punctuation.

    The generated texts are those of `split`.
    """
    rng = random.Random(f"strongroom mixture {seed}")
    every = [*real(data), *examples(seed, count, split)]
    rng.shuffle(every)
    for example in every:
        yield varied(example, rng)


def varied(example: Example, rng: random.Random) -> Example:
    """`example` as a hurried writer would type it, now and then; spans keep their places."""
    text, chance = example.text, rng.random()
    if chance < LOWER:
        text = _same_length(text, text.lower())
    elif chance < LOWER + UPPER:
        text = _same_length(text, text.upper())
    elif chance < LOWER + UPPER + BARE:
        text = "".join(" " if sign in ",.;:!?" else sign for sign in text)
    elif chance < LOWER + UPPER + BARE + LOWER_NAMES:
        text = _careless(text, example)
    if rng.random() < 0.2:
        text = _mistyped(text, rng)
    return Example(text, example.spans, example.language, example.template)


def _same_length(text: str, other: str) -> str:
    return other if len(other) == len(text) else text


def _careless(text: str, example: Example) -> str:
    """`text` with the names of people and places in lower case, the rest as it is."""
    for span in example.spans:
        if span.kind in {"PERSON", "LOCATION"}:
            name = text[span.start : span.end]
            text = text[: span.start] + _same_length(name, name.lower()) + text[span.end :]
    return text


def _mistyped(text: str, rng: random.Random) -> str:
    letters = list(text)
    for at in range(1, len(letters) - 2):
        if letters[at].isalpha() and letters[at + 1].isalpha() and rng.random() < TYPO / 4:
            if rng.random() < 0.5:
                letters[at], letters[at + 1] = letters[at + 1], letters[at]
            else:
                letters[at] = letters[at + 1]
    return "".join(letters)
