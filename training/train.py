"""Train the names tagger: ``python -m training.train --data DIRECTORY``. Equal inputs give an equal file.

Must never: look at a text or a name set aside for measuring.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pycrfsuite

from strongroom.classify.evaluation import Example
from strongroom.classify.tagger.features import LISTED_COLUMNS, MEMORISED, Ids, Words, features, fold
from strongroom.classify.tagger.tokens import tokens
from strongroom.classify.tagger.weights import Lists, Weights, lists, merged, places
from strongroom.primitives.digest import sha256
from training import wordlists
from training.mixture import mixture
from training.pools import Split

KINDS: Final = ("ADDRESS", "LOCATION", "ORGANIZATION", "PERSON")
LABELS: Final = ("O", *(f"{part}-{kind}" for kind in KINDS for part in "BI"))
AS: Final = {"POSTCODE": "ADDRESS"}
HIDE_NAME: Final = 0.5
HIDE_OTHER: Final = 0.1
UNLIST_NAME: Final = 0.5
HIDE_RARE: Final = 0.8
"""How often a word of a name (or another) hides what tells it apart, and how often a name is in no list: the names
of the texts to come stand in no list and were never seen."""
COUNT_MIN: Final = 4
"""A feature seen less often is left out."""
FORBIDDEN: Final = -12.0


PACKAGE: Final = Path(__file__).parent.parent / "src" / "strongroom" / "classify" / "tagger"
PINNED: Final = '''"""The SHA-256 of the weights in this package; written by the training.

Must never: be edited by hand.
"""

from typing import Final

SHA256: Final = "{digest}"
'''


@dataclass(frozen=True, slots=True)
class Settings:
    """What a training run is determined by, beside its data. `c1` and `c2` weigh the L1 and L2 penalties."""

    seed: int = 1
    texts: int = 14_000
    iterations: int = 80
    c1: float = 0.1
    c2: float = 0.15


class Sequenced(NamedTuple):
    """One text as features and labels."""

    features: Ids
    labels: list[str]


def labelled(example: Example) -> tuple[list[str], list[str]]:
    """Tokens and their labels."""
    words, starts, ends = tokens(example.text)
    labels = ["O"] * len(words)
    for span in example.spans:
        kind = AS.get(span.kind, span.kind)
        if kind not in KINDS:
            continue
        inside = [at for at in range(len(words)) if starts[at] < span.end and ends[at] > span.start]
        for place, at in enumerate(inside):
            labels[at] = f"{'I' if place else 'B'}-{kind}"
    return words, labels


def hidden(
    columns: Ids, words: Sequence[str], labels: Sequence[str], rng: random.Random, spread: Mapping[str, int]
) -> Ids:
    """`columns` with what would be memorised taken away at random, per word of a text."""
    named = {word for word, label in zip(words, labels, strict=True) if label != "O"}
    hide, unlist = set(), set()
    for word in dict.fromkeys(words):
        if not word[0].isalpha():
            continue
        if word in named:
            if rng.random() < HIDE_NAME:
                hide.add(word)
            if rng.random() < UNLIST_NAME:
                unlist.add(word)
        elif rng.random() < (HIDE_RARE if spread.get(fold(word), 0) < wordlists.COMMON_MIN else HIDE_OTHER):
            hide.add(word)
            unlist.add(word)
    columns = columns.copy()
    for rows, chosen in ((hide, MEMORISED), (unlist, LISTED_COLUMNS)):
        at = [place for place, word in enumerate(words) if word in rows]
        if at:
            columns[np.ix_(at, chosen)] = 0
    return columns


def sequences(
    texts: Iterable[Example], words: Words, bare: Words, spread: Mapping[str, int], seed: int
) -> Iterator[Sequenced]:
    """Every text as the trainer reads it. `bare` knows no lists."""
    rng = random.Random(f"strongroom hiding {seed}")
    for example in texts:
        spelled, labels = labelled(example)
        if spelled:
            columns = words.columns(spelled)
            unlisted = bare.columns(spelled)
            shown = hidden(columns, spelled, labels, rng, spread)
            gone = (shown[:, LISTED_COLUMNS[0]] == 0) & (unlisted[:, LISTED_COLUMNS[0]] != 0)
            shown[np.ix_(gone, LISTED_COLUMNS)] = unlisted[np.ix_(gone, LISTED_COLUMNS)]
            yield Sequenced(features(shown, spelled), labels)


def chosen(made: Sequence[Sequenced]) -> Ids:
    """The features worth a weight: frequent, and the most frequent one of each place in the table."""
    numbers, counts = np.unique(np.concatenate([one.features.ravel() for one in made]), return_counts=True)
    keep = (counts >= COUNT_MIN) & (numbers != 0)
    numbers, counts = numbers[keep], counts[keep]
    order = np.lexsort((numbers, -counts))
    numbers = numbers[order]
    _, first = np.unique(places(numbers), return_index=True)
    return np.sort(numbers[first])


def fit(made: Sequence[Sequenced], path: Path, settings: Settings) -> None:
    """Fit the CRF by L-BFGS with L1 and L2 regularization."""
    known = chosen(made)
    names = np.array([str(number) for number in known], dtype=object)
    trainer = pycrfsuite.Trainer(verbose=False)
    for one in made:
        at = np.searchsorted(known, one.features).clip(max=len(known) - 1)
        present = known[at] == one.features
        trainer.append([names[row[mask]].tolist() for row, mask in zip(at, present, strict=True)], one.labels)
    trainer.set_params(
        {
            "c1": settings.c1,
            "c2": settings.c2,
            "max_iterations": settings.iterations,
            "feature.possible_transitions": False,
            "epsilon": 1e-4,
            "delta": 1e-4,
        }
    )
    trainer.train(str(path))


def exported(path: Path, listed: dict[str, list[str]]) -> Weights:
    """The fitted model in the form that is shipped."""
    tagger = pycrfsuite.Tagger()
    tagger.open(str(path))
    info = tagger.info()
    column = {label: at for at, label in enumerate(LABELS)}
    numbers = np.array(sorted({int(name) for name, _ in info.state_features}), dtype=np.uint32)
    row = {number: at for at, number in enumerate(numbers.tolist())}
    dense = np.zeros((len(numbers), len(LABELS)), dtype=np.float64)
    for (name, label), weight in info.state_features.items():
        dense[row[int(name)], column[label]] = weight
    scale = np.abs(dense).max(axis=0).clip(min=1e-6)
    small = np.round(dense / scale * 127).astype(np.int8)
    keep = small.any(axis=1)
    transitions = np.full((len(LABELS), len(LABELS)), FORBIDDEN, dtype=np.float32)
    for (before, behind), weight in info.transitions.items():
        transitions[column[before], column[behind]] = weight
    entries, masks = lists(listed)
    return Weights(LABELS, transitions, scale.astype(np.float32), numbers[keep], small[keep], entries, masks)


def train(data: Path, settings: Settings, split: Split = "train") -> Weights:
    """Train on the texts of `split`; the weights carry the lists of its values."""
    texts = list(mixture(data, settings.seed, settings.texts, split))
    spread = wordlists.spread(texts)
    listed: dict[str, list[str]] = wordlists.together(wordlists.name_lists(split), wordlists.everyday(spread))
    made = list(sequences(texts, Words(Lists(*lists(listed))), Words(Lists(*lists({}))), spread, settings.seed))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        fit(made, path, settings)
        return exported(path, listed)


def with_all_names(weights: Weights) -> Weights:
    """`weights` with the names of both halves in their lists: what is shipped may know every name there is."""
    entries, masks = merged(weights.entries, weights.masks, wordlists.name_lists("held-out"))
    return replace(weights, entries=entries, masks=masks)


def write(weights: Weights, package: Path) -> str:
    """Put the weights and their hash into the package and its model card; returns the hash."""
    raw = weights.encode()
    digest = sha256(raw).hex()
    card = package / "MODEL_CARD.md"
    card.write_text(re.sub(r"\b[0-9a-f]{64}\b", digest, card.read_text(encoding="utf-8")), encoding="utf-8")
    (package / "names.weights").write_bytes(raw)
    (package / "pinned.py").write_text(PINNED.format(digest=digest), encoding="utf-8")
    return digest


def main() -> None:
    """Train, write the files and say what they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the directory of the real corpora")
    parser.add_argument("--package", type=Path, default=PACKAGE, help="where the weights go")
    parser.add_argument("--texts", type=int, default=Settings().texts, help="how many generated texts")
    parser.add_argument("--iterations", type=int, default=Settings().iterations)
    given = parser.parse_args()
    weights = with_all_names(train(given.data, Settings(texts=given.texts, iterations=given.iterations)))
    digest = write(weights, given.package)
    sys.stdout.write(f"{len(weights.features)} features, {len(weights.entries)} list entries, SHA-256 {digest}\n")


if __name__ == "__main__":
    main()
