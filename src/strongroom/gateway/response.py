"""A whole answer on its way back: every text restored at the user's sink, tool calls at their parameters'.

Must never: restore inside reasoning, signatures or log probabilities, or hold an answer back because it has a
field the table does not know: nothing is restored there, so nothing can come out there.
"""

from __future__ import annotations

from dataclasses import dataclass

from strongroom.errors import FormatError, LimitExceededError
from strongroom.formats.json_spans import Edit, splice
from strongroom.gateway.edit import read, restoring, tool_of
from strongroom.gateway.ports import SessionPort
from strongroom.gateway.wires.table import Node


@dataclass(frozen=True, slots=True)
class Restored:
    """An answer for the client. `reports` names unknown fields; `garbage`: it was not the JSON it should be."""

    body: bytes
    reports: tuple[str, ...] = ()
    garbage: bool = False


def restore_response(raw: bytes, table: Node, session: SessionPort, *, bytes_max: int) -> Restored:
    """Restore an answer; one that is not JSON is passed on as it came, for it carries surrogates at most."""
    try:
        reading = read(raw, table, strict=False, bytes_max=bytes_max)
    except (FormatError, LimitExceededError):
        return Restored(raw, garbage=True)
    edits: list[Edit] = []
    for place in reading.walk.places:
        edits += restoring(reading, place, session, tool_of(place))
    return Restored(splice(raw, edits), tuple(reading.walk.reports))
