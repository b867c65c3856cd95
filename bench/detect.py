"""What detection costs and what it finds, beside presidio-analyzer with patterns only, on the same texts.

Cost is processor time for one prompt of 10 KB with every type of the shipped catalogue and its validators.
Fresh prompts are seen for the first time by a process that has met `EARLIER` others, as a gateway's are. The limit
is one pass of a single RE2 automaton that never matches.

Quality is measured on generated lines written for this purpose; no statistical tagger takes part on either side,
so names and addresses are not in the lines.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator

import re2
from bench.harness import Peer, PeerUnavailableError, Row, Target, interleave, row, say
from bench.material import detect as material

from strongroom.classify import Catalogue, Classifier, KnownValues, Span

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
            return [*cost(classifier, presidio), *quality(classifier, presidio)]
    except PeerUnavailableError as error:
        say(f"presidio: {error}")
        return [*cost(classifier, None), *quality(classifier, None)]


def median_ms(call: Callable[[str], object], texts: list[str]) -> float:
    """Median processor milliseconds for one of the texts."""
    costs = []
    for text in texts:
        started = time.process_time()
        call(text)
        costs.append(time.process_time() - started)
    return statistics.median(costs) * MILLI


def cost(classifier: Classifier, presidio: Peer | None) -> list[Row]:
    """One prompt of 10 KB."""
    say("cost")
    unseen: Iterator[str] = iter(material.prompts(EARLIER + PROMPTS * (ROUNDS + 1)))
    first = median_ms(classifier.spans, [next(unseen) for _ in range(PROMPTS)])
    for _ in range(EARLIER - PROMPTS):
        classifier.spans(next(unseen))
    now: list[str] = []
    nothing = re2.compile(r"\x{e000}\x{e001}\d")
    known = KnownValues()
    for number in range(KNOWN_VALUES):
        known.add("CUSTOMER_ID", f"customer-{number:07}")
    known.build()

    def fresh() -> float:
        now[:] = [next(unseen) for _ in range(PROMPTS)]
        return median_ms(classifier.spans, now)

    cases: dict[str, Callable[[], float]] = {
        "fresh": fresh,
        "again": lambda: median_ms(classifier.spans, now),
        "known": lambda: median_ms(known.spans, now),
        "limit": lambda: median_ms(lambda text: nothing.search(text.encode()), now),
    }
    if presidio:
        cases["presidio"] = lambda: presidio.measure("scan", texts=now) * MILLI
    took = interleave(cases, ROUNDS)
    peer = took.get("presidio")
    types = len(classifier.catalogue.types)
    note = f"{statistics.mean(len(classifier.spans(text)) for text in now):.0f} findings per prompt, {types} types"
    return [
        row(
            "10 KB prompt, fresh, all types and validators", "ms CPU", took["fresh"], peer=peer,
            peer_name=PRESIDIO,
            limit=took["limit"], target=Target("ours", at_most=0.5), note=note, rounds=took.rounds,
        ),
        row(
            "the same, against the peer", "ms CPU", took["fresh"], peer=peer, peer_name=PRESIDIO,
            limit=took["limit"], target=Target("ratio", at_least=140),
        ),
        row(f"10 KB prompt, the first {PROMPTS} after the start", "ms CPU", first, limit=took["limit"]),
        row(
            "10 KB prompt, seen before", "ms CPU", took["again"], peer=peer, peer_name=PRESIDIO,
            limit=took["limit"],
        ),
        row(f"10 KB prompt, {KNOWN_VALUES:,} known values alone", "ms CPU", took["known"], limit=took["limit"]),
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
