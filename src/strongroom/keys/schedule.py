"""What is due: which keys are too old, and which versions have come to the next step of their way out.

Theory: a schedule is a pure function of the versions, the rules and the time. Nothing runs by itself: an operator
or a timer asks what is due and has it done. A clock that jumps makes something due early or late and breaks
nothing, because every step that follows checks what it needs by itself.

Must never: do what it finds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from strongroom.keys.lifecycle import KeyVersion
from strongroom.keys.path import KeyPath
from strongroom.keys.state import State
from strongroom.keys.store import Use


@dataclass(frozen=True, slots=True)
class Rules:
    """Ages in milliseconds: see the settings under `rotation`."""

    data_ms: int
    dual_ms: int
    lease_ms: int


@dataclass(frozen=True, slots=True)
class Due:
    """So many versions at one path that one act is due for; `since` is when the first of them became due.

    `path` shows no subject: those of a category are counted together.
    """

    path: str
    act: str
    count: int
    since: int


def due(versions: Iterable[KeyVersion], rules: Rules, now_ms: int) -> list[Due]:
    """What is due at `now_ms` (wall clock), by path and then in the order of a version's life."""
    found: dict[tuple[str, str], Due] = {}
    for version in versions:
        step = _step(version, rules) if version.use is Use.DATA else None
        if step is None or step[1] > now_ms:
            continue
        act, since = step
        path = KeyPath.parse(version.path).public
        known = found.get((path, act))
        found[path, act] = Due(
            path, act, known.count + 1 if known else 1, min(since, known.since) if known else since
        )
    return sorted(found.values(), key=lambda item: (item.path, ORDER.index(item.act)))


ORDER = ("rotate", "promote", "announce", "deactivate", "destroy")
"""The acts of a schedule, in the order in which a version meets them."""


def _step(version: KeyVersion, rules: Rules) -> tuple[str, int] | None:
    """The next act for a version, and when it is due."""
    match version.state:
        case State.PRIMARY:
            return "rotate", version.created_at + rules.data_ms
        case State.PENDING:
            return "promote", version.changed_at + rules.lease_ms
        case State.DECRYPT_ONLY:
            return "announce", version.changed_at + rules.dual_ms
        case State.DEACTIVATION_SCHEDULED:
            return "deactivate", version.due_at
        case State.DESTROY_SCHEDULED:
            return "destroy", version.due_at
        case _:
            return None
