"""What each administrative act does to the versions of a path: pure functions from rows to changed rows.

Theory: `lifecycle` reads rows and commits rows; in between, everything that is decided is decided here, by the
table in `state`. An act on a whole path remembers in `resumes` where each version stood, so that enabling the
path restores exactly that, and never a version that had been disabled by itself.

Must never: read a store, a clock or a key; or change a row without `require_transition`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from strongroom.errors import IllegalTransitionError, KeyStateError
from strongroom.keys.state import State, may_open, require_transition, walk
from strongroom.keys.store import KeyRow

FINAL = frozenset({State.COMPROMISED, State.DESTROYED})
"""States from which no version comes back into service."""


def move(row: KeyRow, target: State, now: int, *, resumes: State | None = None, due_at: int = 0) -> KeyRow:
    """`row` in state `target` since `now`. Raises `IllegalTransitionError` if the table has no such move."""
    require_transition(row.state, target)
    return replace(row, state=target, changed_at=now, resumes=resumes, due_at=due_at)


def disable_path(rows: Sequence[KeyRow], now: int) -> list[KeyRow]:
    """Every serving version disabled, to be resumed together. Nothing if that was done before."""
    serving = [row for row in rows if may_open(row.state)]
    if not serving and not any(row.state is State.DISABLED for row in rows):
        require_transition(rows[-1].state, State.DISABLED)
    return [move(row, State.DISABLED, now, resumes=row.state) for row in serving]


def disable_version(row: KeyRow, now: int) -> list[KeyRow]:
    """One version disabled by itself; if its path was disabled before, it now stays so when the path resumes."""
    if row.state is State.DISABLED:
        return [replace(row, resumes=None)] if row.resumes else []
    return [move(row, State.DISABLED, now)]


def enable_path(rows: Sequence[KeyRow], now: int) -> list[KeyRow]:
    """Every version that was disabled with its path, back where it stood.

    Raises `IllegalTransitionError` if nothing can come back, and `KeyStateError` if what is disabled was
    disabled by its number.
    """
    resuming = [(row, row.resumes) for row in rows if row.state is State.DISABLED and row.resumes]
    if not resuming and not any(may_open(row.state) for row in rows):
        require_transition(rows[-1].state, State.DECRYPT_ONLY)
        msg = f"key {rows[-1].path.public} was disabled version by version: enable each by its number"
        raise KeyStateError(msg)
    return [move(row, resumes, now) for row, resumes in resuming]


def enable_version(row: KeyRow, rows: Sequence[KeyRow], now: int) -> list[KeyRow]:
    """One disabled version of `rows` back.

    Beside a primary it waits (pending) if it is newer, else it only opens. Without one it becomes the primary,
    unless a newer version than it has served already.
    """
    if row.state is not State.DISABLED:
        msg = f"key {row.path.public} version {row.version} is {row.state.value}, not disabled"
        raise IllegalTransitionError(msg)
    others = [other for other in rows if other.keyref != row.keyref]
    rival = next((other for other in others if State.PRIMARY in (other.state, other.resumes)), None)
    if rival is not None:
        return [move(row, State.PENDING if row.version > rival.version else State.DECRYPT_ONLY, now)]
    newer = any(other.version > row.version and other.state is not State.PENDING for other in others)
    return [move(row, State.DECRYPT_ONLY if newer else State.PRIMARY, now)]


def in_state(rows: Iterable[KeyRow], state: State) -> KeyRow | None:
    """The newest version in `state`, if there is one."""
    return max((row for row in rows if row.state is state), key=lambda row: row.version, default=None)


def compromise(rows: Sequence[KeyRow], now: int) -> list[KeyRow]:
    """Every version that is not final yet, compromised."""
    hit = [row for row in rows if row.state not in FINAL]
    if not hit:
        require_transition(rows[-1].state, State.COMPROMISED)
    return [move(row, State.COMPROMISED, now) for row in hit]


def schedule_destroy(rows: Sequence[KeyRow], now: int, due_at: int, *, whole_path: bool) -> list[KeyRow]:
    """Every version that is not final yet, refusing from `now` and to be destroyed at `due_at`."""
    ending = [row for row in rows if row.state not in FINAL]
    if not ending:
        require_transition(rows[-1].state, State.DESTROY_SCHEDULED)
    scheduled = []
    for row in ending:
        resumes = (row.state if may_open(row.state) else row.resumes) if whole_path else None
        walk(row.state, State.DESTROY_SCHEDULED)
        scheduled.append(
            replace(row, state=State.DESTROY_SCHEDULED, changed_at=now, resumes=resumes, due_at=due_at)
        )
    return scheduled


def cancel_destroy(rows: Sequence[KeyRow], now: int) -> list[KeyRow]:
    """Every version whose destruction is scheduled, disabled instead, resuming with its path as before."""
    scheduled = [row for row in rows if row.state is State.DESTROY_SCHEDULED]
    if not scheduled:
        require_transition(rows[-1].state, State.DISABLED)
        msg = f"key {rows[-1].path.public} is not scheduled for destruction"
        raise IllegalTransitionError(msg)
    return [move(row, State.DISABLED, now, resumes=row.resumes) for row in scheduled]


def destroy(rows: Iterable[KeyRow], now: int) -> list[KeyRow]:
    """Every version destroyed that is not yet, by the moves that lead there; its wrapped material is gone."""
    ended = []
    for row in rows:
        if row.state is not State.DESTROYED:
            walk(row.state, State.DESTROYED)
            ended.append(replace(row, state=State.DESTROYED, changed_at=now, resumes=None, due_at=0, wrapped=b""))
    return ended


def children(row: KeyRow, below: Iterable[KeyRow]) -> int:
    """How many of the versions `below` are wrapped under `row` and not destroyed."""
    return sum(child.parent_keyref == row.keyref and child.state is not State.DESTROYED for child in below)


def require_childless(row: KeyRow, below: Iterable[KeyRow]) -> None:
    """Raise `KeyStateError` if destroying `row` alone would take keys below it along."""
    count = children(row, below)
    if count:
        msg = f"{count} keys are still wrapped under {row.path.public} version {row.version}: rewrap them first"
        raise KeyStateError(msg)
