"""From a text to its readings: decoded step by step, character by character, number by number.

Must never: read more of the text anew than the neighbourhood of what was changed, or go deeper than `DEPTH_MAX`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from strongroom.classify.plain.characters import character_edits
from strongroom.classify.plain.limits import CONTROL_SHARE_MAX, DEPTH_MAX, NotInspected, Reason
from strongroom.classify.plain.mapped import Edit, Mapped, Reading
from strongroom.classify.plain.numbers import number_edits
from strongroom.classify.plain.signs import Sign, signs
from strongroom.classify.plain.wrappings import run_edits, wrapping_edits

NEIGHBOURHOOD_CHARS: Final = 2048
"""How much on either side of a change is read with it: context words, and values that go on over several lines."""

_CONTROLS: Final = dict.fromkeys([*range(9), 11, *range(14, 32), 127])


class Readings(NamedTuple):
    """The plain readings of a text, and what of it could not be read."""

    readings: tuple[Reading, ...]
    gaps: tuple[NotInspected, ...]


NONE: Final = Readings((), ())


def readings(text: str) -> Readings:
    """Every way `text` reads once disguises are off; nothing for a text that wears none."""
    shown = signs(text)
    if not shown:
        return NONE
    gaps: list[NotInspected] = []
    if Sign.CHARACTER in shown and len(text) - len(text.translate(_CONTROLS)) > len(text) * CONTROL_SHARE_MAX:
        gaps.append(NotInspected(0, len(text), Reason.BINARY))
    first, opaque = _plain_edits(text, shown)
    gaps += [NotInspected(edit.start, edit.end, Reason.OPAQUE) for edit in opaque]
    joints = _ordered(number_edits(text, shown))
    found: list[Reading] = []
    for start, end, edits in _neighbourhoods(text, first):
        found += _deeper(text[start:end], start, edits, gaps)
    for start, end, edits in _neighbourhoods(text, joints):
        found.append(Reading([Mapped(text[start:end], edits)], start, joined=True))
    return Readings(tuple(found), tuple(gaps))


def _deeper(part: str, offset: int, edits: list[Edit], gaps: list[NotInspected]) -> Iterator[Reading]:
    """The readings of one neighbourhood: decoded once, twice, and each with its numbers put together."""
    steps: list[Mapped] = []
    for depth in range(DEPTH_MAX + 1):
        steps.append(Mapped(part if not steps else steps[-1].text, edits))
        yield (reading := Reading(steps, offset))
        shown = signs(reading.text)
        if not shown:
            return
        joints = _ordered(number_edits(reading.text, shown))
        if joints:
            yield Reading([*steps, Mapped(reading.text, joints)], offset, joined=True)
        edits, opaque = _plain_edits(reading.text, shown)
        for edit in opaque:
            place = reading.place(edit.start, edit.end)
            if place.touched:  # what stands bare in the text itself was reported with it
                gaps.append(NotInspected(place.start, place.end, Reason.OPAQUE))
        wrapped = [edit for edit in edits if edit.wrapping]
        if wrapped and depth == DEPTH_MAX - 1:
            for edit in wrapped:
                place = reading.place(edit.start, edit.end)
                gaps.append(NotInspected(place.start, place.end, Reason.TOO_DEEP))
            edits = [edit for edit in edits if not edit.wrapping]
        if not edits:
            return


def _plain_edits(text: str, shown: Sequence[int]) -> tuple[list[Edit], list[Edit]]:
    """The changes that take one layer of disguise off, and the runs that hold no text."""
    edits: list[Edit] = []
    opaque: list[Edit] = []
    if Sign.RUN in shown:
        for edit in run_edits(text):
            (edits if edit.text else opaque).append(edit)
    if Sign.WRAPPING in shown:
        edits += wrapping_edits(text)
    if Sign.CHARACTER in shown:
        edits += character_edits(text)
    return _ordered(edits), opaque


def _ordered(edits: Iterable[Edit]) -> list[Edit]:
    """Ascending, and of two that overlap the earlier, then the longer one: the next step sees the other."""
    out: list[Edit] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if edit.start >= done:
            out.append(edit)
            done = edit.end
    return out


def _neighbourhoods(text: str, edits: list[Edit]) -> Iterator[tuple[int, int, list[Edit]]]:
    """Edits in groups, each with the stretch of text around it, cut at white space, its offsets from there."""
    group: list[Edit] = []
    start = end = 0
    for edit in edits:
        if group and edit.start > end:
            yield _cut(text, start, end, group)
            group = []
        if not group:
            start = edit.start - NEIGHBOURHOOD_CHARS
        group.append(edit)
        end = edit.end + NEIGHBOURHOOD_CHARS
    if group:
        yield _cut(text, start, end, group)


def _cut(text: str, start: int, end: int, group: list[Edit]) -> tuple[int, int, list[Edit]]:
    """The stretch widened to line ends that are near, else to a space, else as it is."""
    start, end = max(0, start), min(len(text), end)
    if start:
        start = next((at + 1 for sign in "\n " if (at := text.find(sign, start, group[0].start)) >= 0), start)
    if end < len(text):
        end = next((at for sign in "\n " if (at := text.rfind(sign, group[-1].end, end)) >= 0), end)
    return start, end, [edit._replace(start=edit.start - start, end=edit.end - start) for edit in group]
