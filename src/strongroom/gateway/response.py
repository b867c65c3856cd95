"""A whole answer on its way back: every text restored at the user's sink, tool calls at their parameters'.

Must never: restore inside reasoning, signatures or log probabilities, or hold an answer back because it has a
field the table does not know: nothing is restored there, so nothing can come out there.
"""

from __future__ import annotations

from dataclasses import dataclass

from strongroom.errors import FormatError, LimitExceededError
from strongroom.formats.json_spans import Edit, splice
from strongroom.gateway.edit import read, restoring, tool_of
from strongroom.gateway.offsets import Documents, restored_with, returned, wanted
from strongroom.gateway.ports import SessionPort
from strongroom.gateway.wires.table import Node


@dataclass(frozen=True, slots=True)
class Restored:
    """An answer for the client. `reports` names unknown fields; `garbage`: it was not the JSON it should be."""

    body: bytes
    reports: tuple[str, ...] = ()
    garbage: bool = False


def restore_response(
    raw: bytes, table: Node, session: SessionPort, *, bytes_max: int, documents: Documents = ()
) -> Restored:
    """Restore an answer; one that is not JSON is passed on as it came, for it carries surrogates at most.

    `documents` is what was changed in those of the request.
    """
    try:
        reading = read(raw, table, strict=False, bytes_max=bytes_max)
    except (FormatError, LimitExceededError):
        return Restored(raw, garbage=True)
    edits: list[Edit] = []
    counted = wanted(reading) if reading.walk.offsets else {}
    for place in reading.walk.places:
        if counted and place.path in counted and isinstance(place.value, str):
            edits += restored_with(reading, place, counted[place.path], session)
        else:
            edits += restoring(reading, place, session, tool_of(place))
    if reading.walk.offsets:
        edits += returned(reading, documents)
        edits.sort()
    return Restored(splice(raw, edits), tuple(reading.walk.reports))
