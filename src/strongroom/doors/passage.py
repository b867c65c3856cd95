"""One request on its way through a door, and its answer on the way back.

Must never: restore in an answer with an error status, or leave its session without a record: `close` it.
"""

from __future__ import annotations

import logging

from strongroom.errors import StrongroomError
from strongroom.gateway.inspection import Inspected
from strongroom.gateway.offsets import Documents
from strongroom.gateway.problems import problem_of
from strongroom.gateway.response import restore_response
from strongroom.gateway.routes import Route
from strongroom.gateway.stream import StreamRestorer
from strongroom.gateway.wire import Wire

EVENTS = "text/event-stream"
IN_PROCESS = "in-process"
"""Stands where the gateway's request id would: there is no server whose log could be asked."""

_OK = 200
_log = logging.getLogger("strongroom.doors")


class Passage:
    """See the module. `body` is what may leave; `inspected` is None when nothing was inspected: a relay."""

    def __init__(
        self, route: Route, inspected: Inspected | None, relayed: bytes = b"", *, restores: bool, bytes_max: int
    ) -> None:
        self.route = route
        self.body = relayed if inspected is None else inspected.body
        self._session = None if inspected is None else inspected.session
        self._documents: Documents = () if inspected is None else inspected.documents
        self._restores = restores and inspected is not None
        self._bytes_max = bytes_max

    def restores(self, status: int) -> bool:
        """Whether an answer with `status` is changed at all."""
        return self._restores and status == _OK

    def streamed(self, kind: str) -> Streamed | None:
        """How an answer of the media type `kind` is restored piece by piece; None when it has to be whole."""
        wire = self.route.wire if kind.startswith(EVENTS) else self.route.items
        if wire is None or self._session is None:
            return None
        return Streamed(wire, StreamRestorer(wire, self._session, self._documents))

    def whole(self, raw: bytes) -> bytes:
        """A whole answer, restored; what the session raises is passed on."""
        table, session = self.route.answer, self._session
        if table is None or session is None:
            return raw
        restored = restore_response(raw, table, session, bytes_max=self._bytes_max, documents=self._documents)
        if restored.reports:
            _log.info("%s: %d fields of the answer are in no table", self.route.name, len(restored.reports))
        if restored.garbage:
            _log.warning("%s: the answer was not JSON and nothing was restored in it", self.route.name)
        return restored.body

    def close(self) -> None:
        """Record the outcomes; further calls do nothing. The answer is out by now, so a failure is only logged."""
        session, self._session = self._session, None
        if session is None:
            return
        try:
            session.finish()
        except StrongroomError as error:
            _log.error("%s ended with %s", self.route.name, error.code)


class Streamed:
    """The stream as the client gets it. A failure of the guard ends it with an error event of the wire."""

    def __init__(self, wire: Wire, restorer: StreamRestorer) -> None:
        self._wire = wire
        self._restorer = restorer
        self._broken = False

    @property
    def broken(self) -> bool:
        """Whether the stream ended with an error of ours: nothing more is to be read."""
        return self._broken

    def feed(self, piece: bytes) -> bytes:
        """What can go on now that `piece` has come."""
        if self._broken:
            return b""
        try:
            return self._restorer.feed(piece)
        except StrongroomError as error:
            return self._break(error)

    def finish(self) -> bytes:
        """The rest, when the stream has ended, in good order or not."""
        if self._broken:
            return b""
        try:
            return self._restorer.finish()
        except StrongroomError as error:
            return self._break(error)

    def _break(self, error: StrongroomError) -> bytes:
        self._broken = True
        problem = problem_of(error)
        return self._restorer.broken(self._wire.problem(problem.status, problem.message, problem.code, IN_PROCESS))
