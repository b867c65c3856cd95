"""`strongroom classify evaluate`: how good detection is on a labelled corpus of yours.

Must never: print a text of the corpus; it may be anybody's.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from strongroom.cli import options, render
from strongroom.errors import InputError

if TYPE_CHECKING:
    from strongroom.classify.classifier import Classifier
    from strongroom.classify.evaluation import Example, KindScores, Report, Score
    from strongroom.classify.span import Span

BAR_FROM_TEXTS: Final = 2000
"""Below this the answer is there before a bar could be read."""
COLUMNS: Final = (
    "kind", "true", "exact recall", "exact precision", "exact F2", "partial recall", "partial precision",
    "covered",
)  # fmt: skip


def evaluate(
    corpus: Annotated[
        list[Path],
        typer.Argument(
            help="Labelled files: JSON Lines, CoNLL or presidio-research JSON.", exists=True, dir_okay=False
        ),
    ],
    kinds: Annotated[
        str,
        typer.Option("--kinds", help="Count these only, with commas. Default: every kind the corpus labels."),
    ] = "",
    language: Annotated[str, typer.Option("--language", help="Texts of this language only, such as de.")] = "",
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Compare what is found with what a labelled corpus says is there, per kind.

    Exact: same kind, same place. Partial: same kind, half of the place shared. Covered: the share of words that
    lie in any finding. A line of JSON Lines is {"text": …, "spans": [{"start": 0, "end": 4, "kind": "PERSON"}]}.
    """
    from strongroom.classify.catalogue import Catalogue
    from strongroom.classify.corpora import read
    from strongroom.classify.evaluation import evaluate as count
    from strongroom.classify.evaluation import kinds_of
    from strongroom.settings import load_settings
    from strongroom.wiring.detection import build_classifier

    examples = [e for path in corpus for e in read(path) if not language or e.language == language]
    if not examples:
        msg = "the corpus has no texts" + (f" in {language}" if language else "")
        raise InputError(msg)
    classifier = build_classifier(load_settings(config), Catalogue.load())
    counted = {kind.strip() for kind in kinds.split(",") if kind.strip()} or kinds_of(examples)
    report = count(_found(classifier, examples), counted)
    if as_json:
        render.emit_json(as_mapping(report))
        return
    rows = [(kind, *_row(scores)) for kind, scores in report.kinds.items()]
    render.emit_table(COLUMNS, rows, empty="The corpus labels nothing.")
    words = report.words
    render.emit_text(
        f"{report.texts} texts; words in any finding: recall {_share(words.recall)}, "
        f"precision {_share(words.precision)}, F2 {_share(words.f())}; "
        f"{report.missed_texts} texts keep at least one word."
    )


def _found(classifier: Classifier, examples: Sequence[Example]) -> Iterator[tuple[Example, list[Span]]]:
    """What is found in each; with a bar on a terminal when there are many."""
    from rich.console import Console
    from rich.progress import track

    quiet = len(examples) < BAR_FROM_TEXTS or not sys.stderr.isatty()
    shown = track(examples, "Reading", console=Console(stderr=True), transient=True, disable=quiet)
    for example in shown:
        yield example, classifier.spans(example.text)


def _row(scores: KindScores) -> tuple[object, ...]:
    exact, partial = scores.exact, scores.partial
    shares = (exact.recall, exact.precision, exact.f(), partial.recall, partial.precision, scores.covered.recall)
    return exact.total, *(_share(value) for value in shares)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def as_mapping(report: Report) -> dict[str, object]:
    """The report for programs: counts, and what they amount to."""
    return {
        "texts": report.texts,
        "texts_with_a_miss": report.missed_texts,
        "words": _score(report.words),
        "characters": _score(report.characters),
        "exact": _score(report.exact),
        "partial": _score(report.partial),
        "kinds": {
            kind: {
                "exact": _score(scores.exact),
                "partial": _score(scores.partial),
                "covered": scores.covered.recall,
            }
            for kind, scores in report.kinds.items()
        },
    }


def _score(score: Score) -> dict[str, float | int | None]:
    return {
        "true": score.total, "found": score.found, "recall": score.recall, "precision": score.precision,
        "f1": score.f(1), "f2": score.f(),
    }  # fmt: skip


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("evaluate", epilog="Example: strongroom classify evaluate corpus.jsonl")(evaluate)
