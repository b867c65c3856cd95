"""The states of one key version and the moves between them (docs/spec/key-states.md).

Theory: the machine is a table and nothing else. A state says two things: may this version seal, and may it
open. Rule: everything that decides about a state lives in this file. The states refine those of
NIST SP 800-57 part 1 section 7 (pre-activation, active, deactivated, suspended, compromised, destroyed).

Must never: lead out of `DESTROYED`, or from `COMPROMISED` back to a state that seals or opens.
"""

from __future__ import annotations

from enum import Enum

from strongroom.errors import IllegalTransitionError


class State(Enum):
    """Where a key version is in its life; the values are what stores and documents say."""

    PENDING = "pending"
    """Published so that every process can open with it, not yet used to seal."""
    PRIMARY = "primary"
    """The version that seals; at most one per path."""
    DECRYPT_ONLY = "decrypt_only"
    """Rotated out: opens what it sealed, seals nothing more."""
    DEACTIVATION_SCHEDULED = "deactivation_scheduled"
    """As `DECRYPT_ONLY`, with the end announced; whoever still uses it is worth an alert."""
    DISABLED = "disabled"
    """Refuses everything; can be enabled again."""
    DESTROY_SCHEDULED = "destroy_scheduled"
    """Refuses everything, material still there until the date; can be taken back to `DISABLED`."""
    DESTROYED = "destroyed"
    """The wrapped material is gone; the row stays to say so."""
    COMPROMISED = "compromised"
    """Somebody else may hold the material: refuses everything, for good."""


TRANSITIONS: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.PRIMARY, State.DISABLED, State.COMPROMISED}),
    State.PRIMARY: frozenset({State.DECRYPT_ONLY, State.DISABLED, State.COMPROMISED}),
    State.DECRYPT_ONLY: frozenset({State.DEACTIVATION_SCHEDULED, State.DISABLED, State.COMPROMISED}),
    State.DEACTIVATION_SCHEDULED: frozenset({State.DECRYPT_ONLY, State.DISABLED, State.COMPROMISED}),
    State.DISABLED: frozenset(
        {
            State.PENDING,
            State.PRIMARY,
            State.DECRYPT_ONLY,
            State.DEACTIVATION_SCHEDULED,
            State.DESTROY_SCHEDULED,
            State.COMPROMISED,
        }
    ),
    State.DESTROY_SCHEDULED: frozenset({State.DISABLED, State.DESTROYED, State.COMPROMISED}),
    State.COMPROMISED: frozenset({State.DESTROYED}),
    State.DESTROYED: frozenset(),
}

_SEALING = frozenset({State.PRIMARY})
_OPENING = frozenset({State.PENDING, State.PRIMARY, State.DECRYPT_ONLY, State.DEACTIVATION_SCHEDULED})


def may_seal(state: State) -> bool:
    """Whether new data may be sealed with a version in `state`."""
    return state in _SEALING


def may_open(state: State) -> bool:
    """Whether data sealed earlier may be opened with a version in `state`."""
    return state in _OPENING


def require_transition(source: State, target: State) -> None:
    """Raise `IllegalTransitionError`, naming both states, unless the table has this move."""
    if target not in TRANSITIONS[source]:
        msg = f"a key version cannot go from {source.value} to {target.value}"
        raise IllegalTransitionError(msg)


def walk(source: State, target: State) -> tuple[State, ...]:
    """The fewest legal moves that lead from `source` to `target`, without `source` itself.

    Several moves of one transaction are how a version is destroyed at once: there is no shortcut in the
    table that an ordinary call could take by mistake. No way leads through `COMPROMISED`, which would say
    something untrue about the version. Raises `IllegalTransitionError` when no way exists.
    """
    ways: list[tuple[State, ...]] = [(source,)]
    seen = {source}
    for way in ways:
        if way[-1] is target:
            return way[1:]
        for step in State:
            if step is State.COMPROMISED and target is not State.COMPROMISED:
                continue
            if step in TRANSITIONS[way[-1]] and step not in seen:
                seen.add(step)
                ways.append((*way, step))
    msg = f"a key version cannot go from {source.value} to {target.value}"
    raise IllegalTransitionError(msg)
