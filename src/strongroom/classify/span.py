"""A span: where in a text a value of some kind stands, and which of several claims to a place wins.

Must never: hold the text it points into.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

KNOWN = "known"
PATTERN = "pattern"
FIELD = "field"
ADDRESS = "address"
TAGGER = "tagger"
PLUGIN = "plug-in"
READERS = (TAGGER, PLUGIN)
"""Tiers that take words for what they are in a sentence, and their ends for what is likely."""

_WORD = re.compile(r"[^\W\d_]{2,}(?:['\u2019.-][^\W\d_]+)*\.?")


@dataclass(frozen=True, slots=True)
class Span:
    """A finding: `start` and `end` are character offsets, `end` exclusive.

    `score` runs from 0 to 1; `source` is the tier that found it (``known``, ``field``, ``pattern``, ``address``,
    ``tagger`` or ``plug-in:NAME``); `subject` says whose value it is when a known value told so. `reading` is how
    the place reads once its disguise (invisible characters, other digits, an encoding) is taken off, and empty if
    it wears none. `wrapping` names the encodings it stands in (``base64``, ``percent+entity``): such a place goes
    and comes back exactly as it was written. `reasons` tells an operator why, in words that quote nothing; it
    takes no part in comparisons.
    """

    start: int
    end: int
    kind: str
    score: float
    source: str
    subject: str = ""
    reading: str = ""
    reasons: tuple[str, ...] = field(default=(), compare=False)
    wrapping: str = ""


def _rank(span: Span) -> tuple[float, int, int, str, str, str]:
    return -span.score, span.start - span.end, span.start, span.kind, span.source, span.subject


def resolve(spans: Iterable[Span], text: str = "") -> list[Span]:
    """The spans that stay when no two may overlap, ascending; a pure function of what is given.

    Known values win over the rest, then the higher score, then the longer span, then the earlier one, then the
    kind's name. One exception keeps more covered: a span around known values, with none of them sticking out (an
    e-mail address around a known first name), takes their place and inherits their subject if they have one.

    Who reads words and not characters (tagger, plug-ins) may run over into what is surer: a name and the address
    behind it as one. With `text`, the words of such a span that nothing else claims stay in it.
    """
    every = set(spans)
    known = [span for span in every if span.source == KNOWN]
    rest = [span for span in every if span.source != KNOWN]
    kept: list[Span] = []
    starts: list[int] = []
    cut: list[Span] = []
    for rank in (_around(known, rest) if known else (), known, rest):
        for span in sorted(rank, key=_rank):
            at = bisect_left(starts, span.end)
            if at and kept[at - 1].end > span.start:
                if text and span.source.startswith(READERS):
                    cut.append(span)
                continue
            kept.insert(at, span)
            starts.insert(at, span.start)
    for span in cut:
        inside = [(one.start, one.end) for one in kept if one.start < span.end and span.start < one.end]
        for piece in left_of(span, inside, text):
            at = bisect_left(starts, piece.end)
            kept.insert(at, piece)
            starts.insert(at, piece.start)
    return kept


def left_of(span: Span, taken: Iterable[tuple[int, int]], text: str) -> list[Span]:
    """The words of `span` outside of `taken` (ascending), as spans without the signs around them."""
    pieces: list[Span] = []
    start = span.start
    for first, last in [*taken, (span.end, span.end)]:
        words = list(_WORD.finditer(text, start, max(start, first)))
        if words:
            pieces.append(replace(span, start=words[0].start(), end=words[-1].end()))
        start = max(start, last)
    return pieces


def _around(known: list[Span], rest: list[Span]) -> list[Span]:
    """Those of `rest` that strictly contain every known value they touch, and touch one; as known values."""
    inner = sorted(known, key=lambda span: span.start)
    starts = [span.start for span in inner]
    reach = max(span.end - span.start for span in inner)
    out: list[Span] = []
    for span in rest:
        touched = [
            found
            for found in inner[bisect_left(starts, span.start - reach + 1) : bisect_left(starts, span.end)]
            if found.end > span.start
        ]
        length = span.end - span.start
        if touched and all(
            span.start <= found.start and found.end <= span.end and found.end - found.start < length
            for found in touched
        ):
            subjects = {found.subject for found in touched}
            out.append(replace(span, source=KNOWN, subject=subjects.pop() if len(subjects) == 1 else ""))
    return out
