"""A span: where in a text a value of some kind stands, and which of several claims to a place wins.

Must never: hold the text it points into.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace

KNOWN = "known"
PATTERN = "pattern"
FIELD = "field"


@dataclass(frozen=True, slots=True)
class Span:
    """A finding: `start` and `end` are character offsets, `end` exclusive.

    `score` runs from 0 to 1; `source` is the tier that found it (``known``, ``pattern`` or ``field``);
    `subject` says whose value it is when a known value told so.
    """

    start: int
    end: int
    kind: str
    score: float
    source: str
    subject: str = ""


def _rank(span: Span) -> tuple[bool, float, int, int, str]:
    return span.source != KNOWN, -span.score, span.start - span.end, span.start, span.kind


def resolve(spans: Iterable[Span]) -> list[Span]:
    """The spans that stay when no two may overlap, ascending; a pure function of the set given.

    Known values win over the rest, then the higher score, then the longer span, then the earlier one,
    then the kind's name. One exception keeps more covered: a span that strictly contains a known value takes
    its place (an e-mail address around a known first name) and inherits its subject.
    """
    kept: list[Span] = []
    starts: list[int] = []
    for span in sorted(_widen(set(spans)), key=_rank):
        at = bisect_left(starts, span.end)
        if at and kept[at - 1].end > span.start:
            continue
        kept.insert(at, span)
        starts.insert(at, span.start)
    return kept


def _widen(spans: set[Span]) -> list[Span]:
    """Promote a span around a known value to the rank of a known value, and drop what it swallows."""
    inner = sorted((s for s in spans if s.source == KNOWN), key=lambda s: s.start)
    if not inner:
        return list(spans)
    starts = [s.start for s in inner]
    out: list[Span] = []
    swallowed: set[Span] = set()
    for span in spans:
        if span.source == KNOWN:
            continue
        inside: list[Span] = []
        at = bisect_left(starts, span.start)
        while at < len(inner) and inner[at].start < span.end:
            found = inner[at]
            if found.end <= span.end and found.end - found.start < span.end - span.start:
                inside.append(found)
            at += 1
        if not inside:
            out.append(span)
            continue
        swallowed.update(inside)
        subjects = {found.subject for found in inside}
        out.append(replace(span, source=KNOWN, subject=subjects.pop() if len(subjects) == 1 else ""))
    out.extend(s for s in inner if s not in swallowed)
    return out
