"""The state machine, exhaustively, and that its document says the same."""

import itertools
import re
from pathlib import Path

import pytest

from strongroom.errors import IllegalTransitionError
from strongroom.keys.state import TRANSITIONS, State, may_open, may_seal, require_transition, walk

SPEC = Path(__file__).parents[3] / "docs" / "spec" / "key-states.md"
PAIRS = list(itertools.product(State, State))


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=lambda state: state.value)
def test_every_pair_is_either_in_the_table_or_refused_by_name(source: State, target: State) -> None:
    if target in TRANSITIONS[source]:
        require_transition(source, target)
    else:
        with pytest.raises(IllegalTransitionError, match=f"from {source.value} to {target.value}"):
            require_transition(source, target)


def test_only_the_primary_seals_and_what_seals_opens() -> None:
    assert [state for state in State if may_seal(state)] == [State.PRIMARY]
    assert {state for state in State if may_open(state)} == {
        State.PENDING,
        State.PRIMARY,
        State.DECRYPT_ONLY,
        State.DEACTIVATION_SCHEDULED,
    }


def reachable(source: State) -> set[State]:
    found = {source}
    while True:
        more = found.union(*(TRANSITIONS[state] for state in found))
        if more == found:
            return found
        found = more


def test_nothing_leads_out_of_destroyed_and_compromised_never_serves_again() -> None:
    assert reachable(State.DESTROYED) == {State.DESTROYED}
    assert not any(may_open(state) or may_seal(state) for state in reachable(State.COMPROMISED))


def test_material_is_destroyed_only_after_it_refused() -> None:
    before = {state for state in State if State.DESTROYED in TRANSITIONS[state]}
    assert not any(may_open(state) for state in before)


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=lambda state: state.value)
def test_a_walk_makes_legal_moves_only_and_never_claims_a_compromise(source: State, target: State) -> None:
    possible = target in reachable(source)
    if not possible:
        with pytest.raises(IllegalTransitionError):
            walk(source, target)
        return
    state = source
    for step in walk(source, target):
        require_transition(state, step)
        state = step
        assert step is not State.COMPROMISED or target is State.COMPROMISED
    assert state is target


def test_destroying_takes_the_whole_way() -> None:
    assert walk(State.PRIMARY, State.DESTROYED) == (State.DISABLED, State.DESTROY_SCHEDULED, State.DESTROYED)
    assert walk(State.COMPROMISED, State.DESTROYED) == (State.DESTROYED,)
    assert walk(State.PRIMARY, State.PRIMARY) == ()


def test_the_document_has_the_same_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (yes|no) \| (yes|no) \| (.*?) \|$", SPEC.read_text(), re.MULTILINE)
    written = {
        name: (seals, opens, frozenset(re.findall(r"`(\w+)`", moves))) for name, seals, opens, moves in rows
    }
    assert written == {
        state.value: (
            "yes" if may_seal(state) else "no",
            "yes" if may_open(state) else "no",
            frozenset(target.value for target in TRANSITIONS[state]),
        )
        for state in State
    }
