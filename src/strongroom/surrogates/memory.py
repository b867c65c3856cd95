"""What one process remembers of a scope: which value has which surrogate, without any value.

Must never: hold plaintext; a held surrogate is its seal, its label and the MAC it is found by.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from strongroom.label import Label
from strongroom.surrogates.scope import Scope, ScopeKey
from strongroom.surrogates.store import SurrogateRow

VALUES_MAX = 50_000
"""Held per scope; beyond it the oldest go and the store is asked for them. One takes about 600 bytes."""


@dataclass(frozen=True, slots=True)
class Held:
    """An issued surrogate as it is kept in memory; `sealed` is empty once its subject was erased."""

    surrogate: str
    lookup: bytes | None
    sealed: bytes
    label: Label


def held_of(row: SurrogateRow) -> Held:
    """The part of a stored row that is worth remembering."""
    return Held(row.surrogate, row.lookup, row.sealed, row.label)


def covers(held: Label, label: Label) -> bool:
    """Whether a value held under `held` is held at least as strictly as `label` asks.

    A subject that is known already is kept: the value is erased with the first subject it was seen for.
    """
    return (
        (held.subject != "" or label.subject == "")
        and held.level >= label.level
        and (held.sinks is label.sinks or held.sinks <= label.sinks)
    )


def stricter(held: Label, label: Label) -> Label:
    """The label of a value that was seen under both: the higher level, the common sinks, the first subject."""
    first = held if held.level >= label.level else label
    return Label(
        category=first.category,
        level=first.level,
        kind=held.kind,
        subject=held.subject or label.subject,
        source=held.source,
        sinks=held.sinks & label.sinks,
    )


class ScopeMemory:
    """See the module. Reads need no lock; whoever issues holds `lock`.

    `complete` says that everything stored in the scope is here, so that a miss needs no look into the store.
    """

    __slots__ = ("by_lookup", "by_surrogate", "complete", "key", "lock", "scope", "withdrawn")

    def __init__(self, scope: Scope, key: ScopeKey) -> None:
        self.scope = scope
        self.key = key
        self.lock = threading.Lock()
        self.complete = False
        self.by_lookup: dict[bytes, Held] = {}
        self.by_surrogate: dict[str, Held] = {}
        self.withdrawn: set[str] = set()

    def keep(self, held: Held) -> Held:
        """Remember `held` unless it was withdrawn, dropping the oldest beyond `VALUES_MAX`."""
        if held.surrogate in self.withdrawn:
            return held
        self.by_surrogate[held.surrogate] = held
        if held.lookup is not None:
            self.by_lookup[held.lookup] = held
        while len(self.by_surrogate) > VALUES_MAX:
            self.drop(next(iter(self.by_surrogate.values())))
        return held

    def drop(self, held: Held) -> None:
        """Forget `held`; it will be asked of the store again."""
        self.complete = False
        self.by_surrogate.pop(held.surrogate, None)
        if held.lookup is not None:
            self.by_lookup.pop(held.lookup, None)

    def withdraw(self, held: Held) -> None:
        """Refuse `held` from now on: another process gave its surrogate, or its value another one, first."""
        self.withdrawn.add(held.surrogate)
        self.drop(held)
