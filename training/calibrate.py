"""Where the dial's thresholds come from: ``python -m training.calibrate --data DIRECTORY``.

A model is trained on a part of the training half, and measured on the rest of that half: templates and names it
has never met, and that no report is about. The thresholds that do there what the dial promises are printed.

Must never: look at a held-out template, a held-out name, or a text of a real corpus that is for measuring.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from strongroom.classify import Catalogue, Classifier
from strongroom.classify.address import AddressRecognizer
from strongroom.classify.classifier import expressions
from strongroom.classify.engine import RE2Engine
from strongroom.classify.evaluation import Example, Score, evaluate
from strongroom.classify.tagger.reading import THRESHOLDS
from strongroom.classify.tagger.recognizer import Dial, NameTagger
from strongroom.classify.tagger.weights import Weights, decode
from strongroom.primitives.digest import sha256
from training.generate import examples
from training.measure import KINDS
from training.train import Settings, train

SEED: Final = 7
COUNT: Final = 2000
GRID: Final = tuple(round(float(at), 3) for at in np.geomspace(0.06, 0.7, 28))
"""Thresholds that are tried."""
RECALL: Final = 0.95
PRECISION: Final = 0.95
"""What the dial's ends must reach there."""


def measured(weights: Weights, texts: Sequence[Example]) -> dict[float, Score]:
    """What is found of words, any label, by threshold: by everything that looks for names, as it runs together."""
    catalogue = Catalogue.load()
    engine = RE2Engine(expressions(catalogue))
    scores: dict[float, Score] = {}
    for at in GRID:
        tagger = NameTagger("balanced", weights, threshold=at)
        found = Classifier(catalogue, engine, recognizers=[AddressRecognizer(), tagger])
        scores[at] = evaluate(((text, found.spans(text.text)) for text in texts), KINDS).words
    return scores


def thresholds(scores: dict[float, Score]) -> dict[Dial, float]:
    """The thresholds that do what the dial says: enough precision, the best F1, enough recall."""
    by_f1 = max(scores, key=lambda at: scores[at].f(1) or 0.0)
    recall = (at for at in sorted(scores, reverse=True) if (scores[at].recall or 0.0) >= RECALL)
    precision = (at for at in sorted(scores) if (scores[at].precision or 0.0) >= PRECISION)
    return {
        "precision": next(precision, max(scores)),
        "balanced": by_f1,
        "recall": next(recall, min(scores)),
    }


def table(scores: dict[float, Score], chosen: Iterable[tuple[str, float]]) -> str:
    """What was measured, and what follows."""
    lines = [f"{at:.3f}: P {s.precision:.3f} R {s.recall:.3f} F1 {s.f(1):.3f}" for at, s in scores.items()]
    return "\n".join([*lines, *(f"{dial} = {at} (now {THRESHOLDS[dial]})" for dial, at in chosen), ""])


def main() -> None:
    """Train on the smaller part, measure on the rest, print the thresholds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--weights", type=Path, help="where the model for choosing is kept, or read when it is there"
    )
    given = parser.parse_args()
    if given.weights is not None and given.weights.exists():
        raw = given.weights.read_bytes()
        weights = decode(raw, sha256(raw).hex())
    else:
        weights = train(given.data, Settings(), "fit")
        if given.weights is not None:
            given.weights.write_bytes(weights.encode())
    scores = measured(weights, list(examples(SEED, COUNT, "set-aside")))
    sys.stdout.write(table(scores, thresholds(scores).items()))


if __name__ == "__main__":
    main()
