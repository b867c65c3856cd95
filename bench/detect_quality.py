"""What detection finds and what it misses, per kind and per corpus, beside presidio-analyzer on the same texts.

The generated texts are of templates and names that the tagger was not trained on (``training.generate``, the
held-out halves), and there its lists are without those names, which are in what is shipped. With
``DATA=directory`` real texts are measured too: sentences of public corpora that were kept apart, which are not
part of this repository. Findings of kinds that a corpus does not label count neither way.

The whole report goes to ``bench/results/detection-quality.json``, from which
``python tools/make_detection_quality.py`` writes docs/reference/detection-quality.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.harness import VERSIONS, Peer, PeerUnavailableError, Row, Target, row, say
from bench.material import handwritten, structured
from training.generate import examples
from training.measure import without_measuring_half
from training.mixture import real_held_out

from strongroom.classify import Catalogue, Classifier
from strongroom.classify.address import AddressRecognizer
from strongroom.classify.corpora import LABELS, read
from strongroom.classify.evaluation import Example, Found, Gold, Report, evaluate, kinds_of
from strongroom.classify.recognizer import Recognizer
from strongroom.classify.tagger import NameTagger
from strongroom.classify.tagger.recognizer import Dial, shipped
from strongroom.classify.tagger.weights import Weights
from strongroom.cli.classify_evaluate import as_mapping
from strongroom.settings import Detection, Settings
from strongroom.wiring.detection import build_classifier

TEXTS = 3000
LINES = 3000
SEED = 20261120
DATA = ""
"""A directory with public corpora; empty: generated texts only."""
REPORT: Final = Path(__file__).parent / "results" / "detection-quality.json"
WIKIANN: Final = ("en", "de", "fr")
"""Its labels are made by machine from links; nothing is trained on it."""
DIALS: Final[tuple[Dial, ...]] = ("balanced", "recall")
NAMED: Final = frozenset({"PERSON", "ORGANIZATION", "LOCATION", "ADDRESS"})
"""What has no shape of its own."""
PRESIDIO: Final = "presidio-analyzer, default recognizers, blank spaCy models, any label"
PRESIDIO_THRESHOLD: Final = 0.4
PRESIDIO_LANGUAGES: Final = frozenset({"en", "de", "fr", "es", "it", "nl", "pt"})
EVERYTHING: Final = "generated texts"
ONE_LANGUAGE: Final = f"{EVERYTHING} in "
STRUCTURED: Final = "structured values and decoys"
FAMILY_OF: Final[Mapping[str, str]] = {
    **{kind: kind for kind in ("CARD", "IBAN", "PHONE", "EMAIL")},
    "CRYPTO": "WALLET",
    **{kind: kind for kind in ("DATE_TIME", "URL", "DATE_OF_BIRTH", "CARD_EXPIRY", "BIC")},
}
"""Families of the structured corpus by kind, ours and the peer's; the rest is in `family`."""
Contestant = Callable[[Sequence[Example]], Sequence[Sequence[Found]]]
PROMISES: Final = {
    ("recall", "recall"): Target("ours", at_least=0.95),
    ("recall", "precision"): Target("ours", at_least=0.85),
    ("balanced", "F1"): Target("ours", at_least=0.90),
}
"""By dial and measure."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One corpus by one contestant: every kind it labels, and what has no shape of its own by itself."""

    every: Report
    named: Report


def rows() -> list[Row]:
    try:
        with Peer("detect_quality_presidio.py", "presidio-analyzer", "spacy") as presidio:
            return quality(presidio)
    except PeerUnavailableError as error:
        say(f"presidio: {error}")
        return quality(None)


def quality(presidio: Peer | None) -> list[Row]:
    """Measure every corpus, write the report, and say how the promises stand."""
    catalogue = Catalogue.load()
    whole = {dial: ours(build_classifier(Settings(detection=Detection(names=dial)), catalogue)) for dial in DIALS}
    lists = without_measuring_half(shipped())
    apart = {dial: ours(Classifier(catalogue, recognizers=unlisted(dial, lists))) for dial in DIALS}
    peer: dict[str, Contestant] = {}
    if presidio is not None:
        peer["peer"] = lambda texts: peer_spans(presidio, texts)
    measured: dict[str, dict[str, Measured]] = {}
    for name, texts in material().items():
        say(f"quality: {name}, {len(texts)} texts")
        renamed = FAMILY_OF if name == STRUCTURED else {}
        measured[name] = {
            contestant: counted(texts, [in_families(spans, renamed, catalogue) for spans in asked(texts)])
            for contestant, asked in ((apart if name.startswith(EVERYTHING) else whole) | peer).items()
        }
    write(measured)
    return [line for name, results in measured.items() for line in rows_of(name, results)]


def unlisted(dial: Dial, weights: Weights) -> list[Recognizer]:
    """The recognizers of the product, the tagger with other lists."""
    return [AddressRecognizer(), NameTagger(dial, weights)]


def ours(classifier: Classifier) -> Contestant:
    """A contestant from a classifier."""
    return lambda texts: [classifier.spans(text.text) for text in texts]


def in_families(spans: Sequence[Found], renamed: Mapping[str, str], catalogue: Catalogue) -> Sequence[Found]:
    """Findings under the names of the structured corpus; as they are elsewhere."""
    return [Gold(span.start, span.end, family(span.kind, catalogue)) for span in spans] if renamed else spans


def family(kind: str, catalogue: Catalogue) -> str:
    """What a kind is in the structured corpus; a number that is nothing else is an identity number."""
    if kind in FAMILY_OF or kind in NAMED:
        return FAMILY_OF.get(kind, kind)
    known = catalogue.types.get(kind)
    if known is not None and known.category == "credentials":
        return "KEY"
    if known is not None and known.category == "financial" and kind.endswith("_ADDRESS"):
        return "WALLET"
    return "ID"


def counted(texts: Sequence[Example], found: Sequence[Sequence[Found]]) -> Measured:
    """Both reports; only kinds that the corpus labels count."""
    kinds = kinds_of(texts)
    pairs = list(zip(texts, found, strict=True))
    return Measured(evaluate(pairs, kinds), evaluate(pairs, kinds & NAMED))


def material() -> dict[str, list[Example]]:
    """The corpora by name."""
    made = list(examples(SEED, TEXTS, split="held-out"))
    found = {EVERYTHING: made}
    for language in sorted({text.language for text in made}):
        found[ONE_LANGUAGE + language] = [text for text in made if text.language == language]
    found["texts written by hand"] = list(handwritten.texts())
    found[STRUCTURED] = [
        *(Example(s.text, (Gold(s.start, s.end, s.family.upper()),), "en") for s in structured.lines(LINES)),
        *(Example(text, (), "en") for text in structured.quiet(LINES)),
    ]
    if DATA:
        found |= real_held_out(Path(DATA))
        for language in WIKIANN:
            found[f"WikiANN {language}"] = read(Path(DATA, "wikiann-dev", language, "dev"))
    return found


def peer_spans(presidio: Peer, texts: Sequence[Example]) -> list[list[Gold]]:
    """What the peer finds; a text in a language it does not have is asked as English."""
    answers = presidio.ask(
        "spans", texts=[text.text for text in texts], threshold=PRESIDIO_THRESHOLD,
        languages=[text.language if text.language in PRESIDIO_LANGUAGES else "en" for text in texts],
    )  # fmt: skip
    return [[Gold(start, end, LABELS.get(kind, kind)) for start, end, kind in answer] for answer in answers]


def rows_of(name: str, measured: Mapping[str, Measured]) -> list[Row]:
    """The rows of one corpus; promises are made on the generated and the structured texts as a whole."""
    if name.startswith(ONE_LANGUAGE):
        return []
    if name == STRUCTURED:
        return structured_rows(measured)
    peer = measured["peer"].named.words if "peer" in measured else None
    made = []
    for dial in DIALS:
        words = measured[dial].named.words
        for measure, value, theirs in (
            ("recall", words.recall, peer.recall if peer else None),
            ("precision", words.precision, peer.precision if peer else None),
            ("F1", words.f(1), peer.f(1) if peer else None),
        ):
            made.append(
                row(
                    f"{name}: {measure}, {dial}", "share of words", value or 0.0, peer=theirs, peer_name=PRESIDIO,
                    better="higher", target=PROMISES.get((dial, measure)) if name == EVERYTHING else None,
                    note=f"{measured[dial].named.texts} texts; names, organizations, places, addresses",
                )
            )  # fmt: skip
    return made


def structured_rows(measured: Mapping[str, Measured]) -> list[Row]:
    """Recall of each family and their precision together, exact place and family, with names looked for too."""
    report = measured[DIALS[0]].every
    peer = measured["peer"].every if "peer" in measured else None
    made = [
        row(
            f"{STRUCTURED}: recall of {kind}", "share", scores.exact.recall or 0.0, better="higher",
            peer=peer.kinds[kind].covered.recall if peer else None, peer_name="presidio-analyzer, any label",
            target=Target("ours", at_least=0.98), note=f"{scores.exact.total} values",
        )
        for kind, scores in report.kinds.items()
    ]  # fmt: skip
    made.append(
        row(
            f"{STRUCTURED}: precision", "share", report.exact.precision or 0.0, better="higher",
            peer=peer.exact.precision if peer else None, peer_name="presidio-analyzer",
            target=Target("ours", at_least=0.95), note=f"{LINES} lines with a value, {LINES} without",
        )
    )  # fmt: skip
    return made


def write(measured: Mapping[str, Mapping[str, Measured]]) -> None:
    """The report for the page."""
    content = {
        "date": datetime.now(tz=UTC).strftime("%Y-%m-%d"),
        "command": "make bench NAME=detect_quality" + (" ARGS='DATA=directory'" if DATA else ""),
        "versions": VERSIONS,
        "peer": PRESIDIO,
        "corpora": {
            name: {
                contestant: {"every": as_mapping(one.every), "named": as_mapping(one.named)}
                for contestant, one in by_contestant.items()
            }
            for name, by_contestant in measured.items()
        },
    }
    REPORT.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
