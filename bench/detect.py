"""What detection costs and what it finds, beside presidio-analyzer with patterns only, on the same texts.

Cost is processor time for one prompt of 10 KB with every type of the shipped catalogue and its validators.
Fresh prompts are seen for the first time by an engine that has met `EARLIER` others, as a gateway's has; each
engine is given the same ones. The limit is one pass of a single RE2 automaton that never matches.

Quality of patterns is measured on generated lines written for this purpose, without a tagger on either side; that
of names, addresses and everything else together by `bench.detect_quality`, whose rows follow.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import re2
from bench import detect_cache, detect_quality
from bench.harness import Medians, Peer, PeerUnavailableError, Row, Target, interleave, row, say
from bench.material import detect as material

from strongroom.adapters.engine_hyperscan import HyperscanEngine
from strongroom.classify import Catalogue, Classifier, KnownValues, Span
from strongroom.classify.classifier import expressions
from strongroom.classify.engine_stdlib import StdlibEngine
from strongroom.errors import ConfigurationError

PROMPTS = 12
ROUNDS = 9
EARLIER = 120
SAMPLE_MIN = 100
KNOWN_VALUES = 20_000
LABELLED = 1600
DECOYS = 1600
MILLI = 1e3
PRESIDIO = "presidio-analyzer, default recognizers, blank spaCy model"
PRESIDIO_THRESHOLD = 0.4
PRESIDIO_KINDS = (
    "CREDIT_CARD", "CRYPTO", "EMAIL_ADDRESS", "IBAN_CODE", "IP_ADDRESS", "PHONE_NUMBER", "US_BANK_NUMBER",
    "US_DRIVER_LICENSE", "US_ITIN", "US_PASSPORT", "US_SSN", "UK_NHS", "MEDICAL_LICENSE",
)  # fmt: skip


def rows() -> list[Row]:
    classifier = Classifier(Catalogue.load())
    try:
        with Peer("detect_presidio.py", "presidio-analyzer", "spacy") as presidio:
            measured = [*cost(classifier, presidio), *quality(classifier, presidio)]
    except PeerUnavailableError as error:
        say(f"presidio: {error}")
        measured = [*cost(classifier, None), *quality(classifier, None)]
    return [*measured, *detect_cache.rows(), *detect_quality.rows()]


def median_ms(call: Callable[[str], object], texts: list[str]) -> float:
    """Median processor milliseconds for one of the texts."""
    costs = []
    for text in texts:
        started = time.process_time()
        call(text)
        costs.append(time.process_time() - started)
    return statistics.median(costs) * MILLI


def others(catalogue: Catalogue) -> dict[str, Classifier]:
    """The engines beside the default, as far as they are installed here."""
    made = {"stdlib": Classifier(catalogue, StdlibEngine(expressions(catalogue)))}
    try:
        made["hyperscan"] = Classifier(catalogue, HyperscanEngine(expressions(catalogue)))
    except ConfigurationError as error:
        say(f"hyperscan: {error}")
    return made


class Unseen:
    """A classifier given other prompts in every round."""

    def __init__(self, classifier: Classifier, prompts: list[str]) -> None:
        self.classifier = classifier
        self.first = median_ms(classifier.spans, prompts[:PROMPTS])
        for text in prompts[PROMPTS:EARLIER]:
            classifier.spans(text)
        self._left: Iterator[str] = iter(prompts[EARLIER:])
        self.now: list[str] = []

    def __call__(self) -> float:
        """Median processor milliseconds for one of the next prompts."""
        self.now = [next(self._left) for _ in range(PROMPTS)]
        return median_ms(self.classifier.spans, self.now)


def cost(classifier: Classifier, presidio: Peer | None) -> list[Row]:
    """One prompt of 10 KB."""
    say("cost")
    prompts = material.prompts(EARLIER + PROMPTS * (ROUNDS + 1))
    fresh = Unseen(classifier, prompts)
    engines = {name: Unseen(other, prompts) for name, other in others(classifier.catalogue).items()}
    seen = prompts[:PROMPTS]
    nothing = re2.compile(r"\x{e000}\x{e001}\d")
    known = KnownValues()
    for number in range(KNOWN_VALUES):
        known.add("CUSTOMER_ID", f"customer-{number:07}")
    known.build()
    cases: dict[str, Callable[[], float]] = {
        "fresh": fresh,
        "again": lambda: median_ms(classifier.spans, seen),
        "known": lambda: median_ms(known.spans, seen),
        "limit": lambda: median_ms(lambda text: nothing.search(text.encode()), seen),
        **engines,
    }
    if presidio:
        cases["presidio"] = lambda: presidio.measure("scan", texts=seen) * MILLI
    return cost_rows(interleave(cases, ROUNDS), fresh, engines)


def cost_rows(took: Medians, fresh: Unseen, engines: Mapping[str, Unseen]) -> list[Row]:
    peer, limit = took.get("presidio"), took["limit"]
    types, prompt = len(fresh.classifier.catalogue.types), "10 KB prompt"
    found = statistics.mean(len(fresh.classifier.spans(text)) for text in fresh.now)
    note = f"{found:.0f} findings per prompt, {types} types"
    targets = {"hyperscan": Target("ours", at_most=0.25)}
    return [
        row(
            f"{prompt}, fresh, all types and validators", "ms CPU", took["fresh"], peer=peer, peer_name=PRESIDIO,
            limit=limit, target=Target("ours", at_most=0.5), note=note,
            rounds=took.rounds,
        ),
        row(
            "the same, against the peer", "ms CPU", took["fresh"], peer=peer, peer_name=PRESIDIO, limit=limit,
            target=Target("ratio", at_least=140),
        ),
        *(
            row(
                f"{prompt}, fresh, engine {name}", "ms CPU", took[name], peer=peer, peer_name=PRESIDIO,
                limit=limit, target=targets.get(name),
            )
            for name in sorted(engines)
        ),
        row(f"{prompt}, the first {PROMPTS} after the start", "ms CPU", fresh.first, limit=limit),
        row(f"{prompt}, seen before", "ms CPU", took["again"], peer=peer, peer_name=PRESIDIO, limit=limit),
        row(f"{prompt}, {KNOWN_VALUES:,} known values alone", "ms CPU", took["known"], limit=limit),
    ]  # fmt: skip


def names(classifier: Classifier, span: Span) -> str:
    """The label of a finding as the material uses it: any credential is a SECRET."""
    credential = classifier.catalogue.types[span.kind].category == "credentials"
    return "SECRET" if credential else span.kind


def quality(classifier: Classifier, presidio: Peer | None) -> list[Row]:
    """Exact and labelled for us; covered by any label for the peer, which has no such labels for half of it."""
    say("quality")
    lines = list(material.labelled(LABELLED))
    quiet = list(material.decoys(DECOYS))
    total, exact, wrong = Counter[str](), Counter[str](), 0
    for line in lines:
        found = {(names(classifier, s), s.start, s.end) for s in classifier.spans(line.text)}
        for value in line.values:
            total[value[0]] += 1
            exact[value[0]] += value in found
        wrong += len(found - set(line.values))
    false = [line for line in quiet if classifier.spans(line)]
    made = [
        row(
            f"recall, {kind}, exact place and kind", "share", exact[kind] / total[kind],
            peer=covered(presidio, lines, kind), peer_name="presidio, any label covering it", better="higher",
            target=Target("ours", at_least=0.98), note=f"{total[kind]} values",
        )
        for kind in total
        if total[kind] >= SAMPLE_MIN
    ]  # fmt: skip
    right = sum(exact.values())
    made.append(
        row(
            "precision over values and decoys", "share", right / (right + wrong + len(false)), better="higher",
            target=Target("ours", at_least=0.95), note=f"{right} right, {wrong} wrong beside values",
        )
    )  # fmt: skip
    made.append(
        row(
            "decoy lines with a finding", "share", len(false) / len(quiet),
            peer=presidio and presidio.measure(
                "raised", texts=quiet, threshold=PRESIDIO_THRESHOLD, kinds=list(PRESIDIO_KINDS)
            ), peer_name="presidio, the kinds measured above and its other numbers", note=f"{len(quiet)} lines",
        )
    )  # fmt: skip
    return made


def covered(presidio: Peer | None, lines: list[material.Labelled], kind: str) -> float | None:
    """The peer's recall on the lines of one kind."""
    if presidio is None:
        return None
    chosen = [line for line in lines if line.values[0][0] == kind]
    places = [[[line.values[0][1], line.values[0][2]]] for line in chosen]
    return presidio.measure(
        "covered", texts=[line.text for line in chosen], places=places, threshold=PRESIDIO_THRESHOLD
    )
