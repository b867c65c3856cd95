"""Values that may go, as they are, to an upstream of the house's own: what is embedded there does not leave it.

An index of surrogates finds what was embedded under the same surrogate and nothing that merely means the same, so
a model that runs in the house may be given values. Which of them is for policy (`forward_value`), by kind, and on
record; what policy keeps back is a surrogate there too.

Must never: serve an upstream that the operator did not declare to be the house's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from strongroom.formats.json_spans import Edit, literal_edits, splice
from strongroom.gateway.edit import Reading
from strongroom.gateway.inspection import Inspected
from strongroom.gateway.ports import SessionPort
from strongroom.gateway.request import conversation_of
from strongroom.gateway.wires.table import Place
from strongroom.guard.analysis import Evidence
from strongroom.guard.detect import Finding
from strongroom.identity import Caller


class ValuesPort(SessionPort, Protocol):
    """A session that decides value by value (`guard.session.Session`)."""

    def evidence(self, text: str) -> Sequence[Evidence]:
        """What is found in `text`; nothing is put away."""
        ...

    def forward_value(self, finding: Finding, upstream: str) -> bool:
        """Whether policy lets a value of this kind go to `upstream` as it is; recorded."""
        ...

    def put_away(self, finding: Finding) -> str:
        """The surrogate to write in the place of `finding`."""
        ...


class ValueSessionsPort(Protocol):
    """Opens sessions (`guard.sessions.Sessions`)."""

    def open(self, caller: Caller, *, conversation: str) -> ValuesPort:
        """A session of `caller`; an empty `conversation` means the principal's own scope."""
        ...


def inspect_values(
    reading: Reading, sessions: ValueSessionsPort, caller: Caller, *, upstream: str, header: str = ""
) -> Inspected:
    """Like `inspection.inspect`, for an upstream of the house's own."""
    conversation = conversation_of(header, reading.value)
    caller = Caller(caller.principal, caller.purpose, conversation, caller.address)
    session = sessions.open(caller, conversation=conversation)
    try:
        edits: list[Edit] = []
        for place in reading.walk.places:
            edits += _kept_back(reading, place, session, upstream)
        session.forward(upstream)
    except BaseException:
        session.finish()  # what was decided before the failure belongs in the log
        raise
    return Inspected(session, splice(reading.parsed.raw, edits), len(edits))


def _kept_back(reading: Reading, place: Place, session: ValuesPort, upstream: str) -> list[Edit]:
    """The edits that put surrogates for what policy does not let go."""
    text: str = place.value
    changes = [
        (found.finding.start, found.finding.end, session.put_away(found.finding))
        for found in session.evidence(text)
        if not session.forward_value(found.finding, upstream)
    ]
    start, end = reading.parsed.spans[place.met]
    return literal_edits(reading.parsed.raw, start + 1, end - 1, text, changes) if changes else []
