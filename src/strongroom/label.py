"""What a piece of data is: its label, and how labels join.

A label travels with the data through surrogates, seals and decisions; it is part of the AAD, so
relabelling stored data breaks decryption. Derived data carries the join of what it was made from.

Must never: hold the value it labels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

SUBJECT_NONE = ""


class Level(IntEnum):
    """Sensitivity, ordered: a join takes the highest."""

    PUBLIC = 0
    INTERNAL = 1
    CONFIDENTIAL = 2
    RESTRICTED = 3


@dataclass(frozen=True, slots=True)
class Label:
    """Category, level, subject, source and the sinks the data may reach.

    `category` names the key (``pii``, ``financial``, ``health``, ``credentials`` ...); `kind` is the entity
    type inside it (``EMAIL``); `subject` whose data it is (``""`` when unknown); `sinks` the sink kinds a
    value may be restored at (``user``, ``message.recipient`` ...).
    """

    category: str
    level: Level
    kind: str = ""
    subject: str = SUBJECT_NONE
    source: str = ""
    sinks: frozenset[str] = field(default_factory=frozenset)

    def join(self, other: Label) -> Label:
        """The label of data made from both: the higher level and its category, the sinks both allow.

        The subject survives only if it is the same; on equal levels the left category wins, so the
        level is commutative and the category is not. Keys are chosen by the joined label.
        """
        first = self if self.level >= other.level else other
        return Label(
            category=first.category,
            level=first.level,
            kind=first.kind if self.kind == other.kind else "",
            subject=self.subject if self.subject == other.subject else SUBJECT_NONE,
            source=self.source if self.source == other.source else "",
            sinks=self.sinks & other.sinks,
        )
