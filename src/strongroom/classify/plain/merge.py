"""What was found in a text and what was found in its readings, as one list of spans.

A finding in a reading and one in the text itself that overlap become one that covers both: a surrogate must not
leave part of a disguised value behind. The more sensitive kind gives its name.

Must never: let a finding of a low level hide one of a higher level in the same encoding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from strongroom.classify.plain.mapped import Reading
from strongroom.classify.plain.numbers import DIGITS_MIN
from strongroom.classify.span import KNOWN, PATTERN, Span

LevelOf = Callable[[str], int]

_DISGUISED: Final = "found with its disguise off"


def placed(reading: Reading, found: Iterable[Span]) -> list[Span]:
    """The spans of a reading at their places in the original text."""
    out: list[Span] = []
    for span in found:
        place = reading.place(span.start, span.end)
        if reading.joined and not (place.touched and _proves(reading.text, span)):
            continue
        if not place.touched:
            out.append(replace(span, start=place.start, end=place.end))
            continue
        plain = span.reading or reading.text[span.start : span.end]
        why = f"{_DISGUISED}: {place.wrapping}" if place.wrapping else _DISGUISED
        out.append(
            replace(
                span, start=place.start, end=place.end, reading=plain, wrapping=place.wrapping,
                reasons=(*span.reasons, why),
            )
        )  # fmt: skip
    return out


def _proves(text: str, span: Span) -> bool:
    """Whether a number that was put together proves to be a value: it is known, or its check digits are right."""
    if span.source == KNOWN:
        return True
    digits = sum(char.isdigit() for char in text[span.start : span.end])
    return span.source == PATTERN and digits >= DIGITS_MIN


def merged(surface: list[Span], beneath: list[Span], level_of: LevelOf) -> list[Span]:
    """`surface` (without overlaps) and what readings found, as one ascending list without overlaps.

    Spans that overlap each other join into one wherever a disguised one takes part; what merely repeats a surface
    span is left out, and an undisguised one that overlaps the surface gives way to it.
    """
    known = {(span.start, span.end, span.kind) for span in surface}
    extra = [span for span in beneath if (span.start, span.end, span.kind) not in known]
    if not extra:
        return surface
    every = sorted([*surface, *extra], key=lambda span: (span.start, -span.end))
    out: list[Span] = []
    cluster: list[Span] = []
    end = -1
    for span in every:
        if cluster and span.start >= end:
            out.append(_one(cluster, level_of))
            cluster = []
        cluster.append(span)
        end = max(end, span.end) if len(cluster) > 1 else span.end
    out.append(_one(cluster, level_of))
    return out


def _one(cluster: list[Span], level_of: LevelOf) -> Span:
    if len(cluster) == 1:
        return cluster[0]
    start, end = min(span.start for span in cluster), max(span.end for span in cluster)
    best = max(
        cluster,
        key=lambda span: (level_of(span.kind), span.source == KNOWN, span.score, span.end - span.start, span.kind),
    )
    subjects = {span.subject for span in cluster if span.subject}
    subject = subjects.pop() if len(subjects) == 1 else ""
    if (best.start, best.end) == (start, end):
        return replace(best, subject=subject)
    wrapping = best.wrapping or next((span.wrapping for span in cluster if span.wrapping), "cut")
    return replace(best, start=start, end=end, subject=subject, wrapping=wrapping)
