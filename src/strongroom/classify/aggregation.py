"""Aggregation: things that are harmless one by one and say too much together.

Three rules. A set of quasi-identifiers singles a person out though no part of it names anybody (L. Sweeney,
"Simple Demographics Often Identify People Uniquely", 2000: birth date, postcode and sex do for most people of a
country). Many records of one subject are a profile. Many subjects at once are an extract of the customer base.

Must never: lower a level, or give a reason that quotes a value or names a subject.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from strongroom.label import Level

RECORDS_MANY: Final = 20
"""Values of one subject in one place from which on they are a profile; a customer record has a dozen."""

SUBJECTS_MANY: Final = 50
"""Subjects in one place from which on it is an extract: no task about one customer shows so many."""


@dataclass(frozen=True, slots=True)
class QuasiIdentifier:
    """Kinds that together point to one person: one of each of `parts`. `title` is what a reason calls it."""

    title: str
    parts: tuple[frozenset[str], ...]


_BIRTH = frozenset({"DATE_OF_BIRTH", "AGE"})
_BIRTH_DATE = frozenset({"DATE_OF_BIRTH"})
_PLACE = frozenset({"POSTCODE", "CITY", "ADDRESS", "GEO_POSITION"})
_SEX = frozenset({"GENDER"})
_ORIGIN = frozenset({"NATIONALITY", "BIRTH_PLACE", "RELIGION"})
_WORK = frozenset({"ORGANIZATION", "EMPLOYEE_ID", "JOB_TITLE"})

TELLING_MIN: Final = 3
"""Fewer different findings than the smallest set of quasi-identifiers has parts say nothing together."""

QUASI_IDENTIFIERS: Final = (
    QuasiIdentifier("birth date or age, place and sex", (_BIRTH, _PLACE, _SEX)),
    QuasiIdentifier("birth date, place and origin", (_BIRTH_DATE, _PLACE, _ORIGIN)),
    QuasiIdentifier("employer, age and sex", (_WORK, _BIRTH, _SEX)),
    QuasiIdentifier("employer, place and origin", (_WORK, _PLACE, _ORIGIN)),
)
"""In the order in which reasons are given."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What the findings of one place are together.

    `raised` has the kinds whose level is higher here than alone, with that level; `level` is the highest of all;
    `reasons` say why, for people.
    """

    level: Level
    raised: Mapping[str, Level] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()


def aggregate(found: Iterable[tuple[str, str]], level_of: Callable[[str], Level]) -> Aggregate:
    """Judge findings, given as (kind, subject), that stand in one place: a text, a record, a column set.

    A finding without a subject counts for the place. Sets of quasi-identifiers are looked for per subject,
    together with what has no subject; whoever has none at all is one subject.
    """
    values = Counter(found)
    if len(values) < TELLING_MIN and values.total() < RECORDS_MANY:
        level = max((level_of(kind) for kind, _ in values), default=Level.PUBLIC)
        return Aggregate(level)
    kinds = {kind for kind, _ in values}
    raised: dict[str, Level] = {}
    reasons: list[str] = []
    for subject in {subject for _, subject in values}:
        together = {kind for kind, whose in values if whose in (subject, "")}
        for rule in QUASI_IDENTIFIERS:
            if all(part & together for part in rule.parts):
                members = together & frozenset().union(*rule.parts)
                raised |= dict.fromkeys(members, Level.RESTRICTED)
                reasons.append(f"together they point to one person: {rule.title}")
    subjects = Counter[str]()
    for (_, subject), count in values.items():
        if subject:
            subjects[subject] += count
    if subjects and (most := max(subjects.values())) >= RECORDS_MANY:
        raised |= {kind: _one_up(level_of(kind)) for kind in kinds if kind not in raised}
        reasons.append(f"{most} values of one subject are a profile")
    if len(subjects) >= SUBJECTS_MANY:
        raised |= dict.fromkeys(kinds, Level.RESTRICTED)
        reasons.append(f"{len(subjects)} subjects at once are an extract")
    raised = {kind: level for kind, level in raised.items() if level > level_of(kind)}
    level = max((raised.get(kind, level_of(kind)) for kind in kinds), default=Level.PUBLIC)
    return Aggregate(level, raised, tuple(dict.fromkeys(reasons)))


def _one_up(level: Level) -> Level:
    return Level(min(level + 1, Level.RESTRICTED)) if level > Level.PUBLIC else level
