"""What the patterns find: recall and precision of every structured family, on lines and decoys made without them.

Recall counts a value when a finding of its family stands exactly on it. Precision counts every finding of the
family that touches no value of it as wrong, in the lines of all families and in as many decoys.
Families, not
kinds: a Colombian cédula found as a Venezuelan one is protected all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bench.harness import Row, Target, row, say
from bench.material import structured

from strongroom.classify import Classifier
from strongroom.classify.catalogue import EntityType

LINES = 8000
RECALL, PRECISION = 0.98, 0.95
FAMILIES = {
    "CARD": "card",
    "IBAN": "iban",
    "PHONE": "phone",
    "EMAIL": "email",
    "BITCOIN_ADDRESS": "wallet",
    "ETHEREUM_ADDRESS": "wallet",
    "VAT_ID": "id",
}
IDENTITY_SINKS = frozenset({"user", "record.lookup"})


def family(entity: EntityType) -> str:
    """The family a kind is measured in; its own name when it is in none."""
    if entity.category == "credentials":
        return "key"
    found = FAMILIES.get(entity.kind)
    if found is None and (entity.sinks == IDENTITY_SINKS or entity.kind.endswith(("_CIF", "_CUI", "_NIT"))):
        return "id"
    return found or entity.kind


class Tally:
    """Counts by family."""

    def __init__(self) -> None:
        self.values, self.exact, self.touched, self.wrong = (Counter[str]() for _ in range(4))

    def recall(self, name: str) -> float:
        """Share of the values found exactly."""
        return self.exact[name] / self.values[name]

    def precision(self, name: str) -> float:
        """Share of the findings that touch a value."""
        return self.touched[name] / max(1, self.touched[name] + self.wrong[name])


def tally(classifier: Classifier, lines: Iterable[structured.Labelled], quiet: Iterable[str]) -> Tally:
    """Classify everything and count."""
    counts = Tally()
    families = {kind: family(entity) for kind, entity in classifier.catalogue.types.items()}
    for line in lines:
        counts.values[line.family] += 1
        exact = touched = False
        for span in classifier.spans(line.text):
            here = families[span.kind] == line.family and span.start < line.end and line.start < span.end
            touched |= here
            exact |= here and (span.start, span.end) == (line.start, line.end)
            counts.wrong[families[span.kind]] += not here
        counts.exact[line.family] += exact
        counts.touched[line.family] += touched
    for text in quiet:
        for span in classifier.spans(text):
            counts.wrong[families[span.kind]] += 1
    return counts


def rows(classifier: Classifier) -> list[Row]:
    """Recall and precision by family."""
    say("structured")
    counts = tally(classifier, structured.lines(LINES), structured.quiet(LINES))
    made: list[Row] = []
    for name, values in sorted(counts.values.items()):
        note = f"{values} values, {counts.wrong[name]} wrong findings beside {LINES} lines and {LINES} decoys"
        made.append(
            row(
                f"recall, {name}, exact place", "share", counts.recall(name), better="higher",
                target=Target("ours", at_least=RECALL), note=note,
            )
        )  # fmt: skip
        made.append(
            row(
                f"precision, {name}, with decoys", "share", counts.precision(name), better="higher",
                target=Target("ours", at_least=PRECISION),
            )
        )  # fmt: skip
    return made
