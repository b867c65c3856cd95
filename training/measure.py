"""How good the shipped tagger is: ``python -m training.measure --data DIRECTORY`` prints a table.

The lists are cut down to the training half first, so that names of the measuring half are names never met.

Must never: change the weights, or measure on a text that was trained on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from strongroom.classify.evaluation import Example, Report, evaluate
from strongroom.classify.tagger.features import LISTS
from strongroom.classify.tagger.recognizer import Dial, NameTagger, shipped
from strongroom.classify.tagger.weights import Weights, merged
from training import wordlists
from training.generate import examples
from training.mixture import real_held_out

DIALS: Final[tuple[Dial, ...]] = ("precision", "balanced", "recall")
KINDS: Final = ("PERSON", "ORGANIZATION", "LOCATION", "ADDRESS")
SEED: Final = 2026
COUNT: Final = 2500


def without_measuring_half(weights: Weights) -> Weights:
    """`weights` with the lists of names of the training half only; the everyday words stay."""
    everyday = 1 << LISTS.index("common")
    keep = (weights.masks & everyday) != 0
    entries, masks = merged(weights.entries[keep], weights.masks[keep] & everyday, wordlists.name_lists("train"))
    return replace(weights, entries=entries, masks=masks)


def report(tagger: NameTagger, texts: Iterable[Example]) -> Report:
    """What `tagger` alone finds in `texts`."""
    return evaluate(((example, tagger.spans(example.text)) for example in texts), KINDS)


def row(name: str, dial: str, counted: Report) -> str:
    """One line of the table."""
    words = counted.words
    exact = ", ".join(
        f"{kind[:3]} {scores.exact.f(1) or 0:.2f}" for kind, scores in counted.kinds.items() if scores.exact.total
    )
    shares = " | ".join(f"{share or 0:.3f}" for share in (words.precision, words.recall, words.f(1)))
    return f"| {name} | {dial} | {shares} | {exact} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data: Path = parser.parse_args().data
    learned = shipped()
    unseen = without_measuring_half(learned)
    generated = list(examples(SEED, COUNT, "held-out"))
    sets = [
        ("generated, lists of the training half", unseen, generated),
        ("generated, shipped lists", learned, generated),
    ]
    sets += [(name, learned, texts) for name, texts in real_held_out(data)]
    sys.stdout.write(
        "| texts | dial | any label: precision | recall | F1 | exact F1 |\n|---|---|---|---|---|---|\n"
    )
    for name, weights, texts in sets:
        for dial in DIALS:
            sys.stdout.write(row(name, dial, report(NameTagger(dial, weights), texts)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
