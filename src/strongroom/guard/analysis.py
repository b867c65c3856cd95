"""What stands in a text, with the evidence for it: for callers that want to know, and have nothing put away.

Must never: issue, restore or remember anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from strongroom.classify.fields import FieldClassifier
from strongroom.classify.span import FIELD, Span
from strongroom.guard.detect import Finding, Scanner, findings

FIELD_SCORE: Final = 0.95
"""The key a value stands under says what it is, unless the value plainly is something else."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A finding, how sure it is (0 to 1), which tier says so and why, in words that quote nothing."""

    finding: Finding
    score: float
    source: str
    reasons: tuple[str, ...] = ()


class _Witness:
    """A scanner that remembers which span each finding came from."""

    def __init__(self, scanner: Scanner, seen: dict[tuple[str, str], Span]) -> None:
        self._scanner = scanner
        self._seen = seen

    def spans(self, text: str) -> list[Span]:
        found = self._scanner.spans(text)
        for span in found:
            self._seen[span.kind, text[span.start : span.end]] = span
        return found

    def subject_of(self, kind: str, value: str) -> str:
        return self._scanner.subject_of(kind, value)

    def informed(self, learned: Iterable[Finding]) -> _Witness:
        return _Witness(self._scanner.informed(learned), self._seen)


def evidence(text: str, *, fields: FieldClassifier, scanner: Scanner) -> list[Evidence]:
    """What `text` holds, ascending and without overlaps; JSON is taken apart by its keys.

    Raises `LimitExceededError` for text beyond the classifier's bound.
    """
    seen: dict[tuple[str, str], Span] = {}
    out: list[Evidence] = []
    for finding in findings(text, field="", fields=fields, scanner=_Witness(scanner, seen)):
        span = seen.get((finding.kind, finding.value))
        if span is None or finding.learned:
            out.append(Evidence(finding, FIELD_SCORE, FIELD, ("the name of its field",)))
        else:
            out.append(Evidence(finding, span.score, span.source, span.reasons))
    return out
