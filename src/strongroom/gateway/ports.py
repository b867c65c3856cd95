"""What the gateway needs from the house below it, as protocols, so that it can be tested without it.

Must never: grow a method the gateway does not call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from strongroom.guard.analysis import Evidence
from strongroom.guard.detect import Finding
from strongroom.guard.scope_state import Replacement
from strongroom.guard.session import Origin
from strongroom.guard.sinks import Sink
from strongroom.identity import Caller, Principal
from strongroom.surrogates.restore import Change


class Holdback(Protocol):
    """Restores one stream of text, piece by piece (`surrogates.restore.Restorer`)."""

    @property
    def waiting(self) -> bool:
        """Whether something is held back."""
        ...

    @property
    def changes(self) -> Sequence[Change]:
        """What it changed so far, in characters from the first one it was fed; the same list grows."""
        ...

    def feed(self, text: str) -> str:
        """What is certain after `text` has arrived."""
        ...

    def flush(self) -> str:
        """What was still held back, now that nothing follows."""
        ...


class Tally(Protocol):
    """What one request has done so far."""

    @property
    def restored(self) -> int:
        """How many values this request put back so far."""
        ...

    @property
    def refused(self) -> int:
        """How many surrogates it left as they were: forbidden here, unknown, or erased."""
        ...


class SessionPort(Tally, Protocol):
    """One request of one caller in one conversation (`guard.session.Session`)."""

    def protect(self, text: str, *, origin: Origin = ..., field: str = ...) -> list[Replacement]:
        """What of `text` the model must not see: ascending replacements without overlaps."""
        ...

    def forward(self, upstream: str) -> None:
        """Ask whether this caller may send to `upstream`; raises `AccessDeniedError`."""
        ...

    def forward_file(self, upstream: str, kind: str, count: int) -> None:
        """Ask whether this caller may send `count` things of a `kind` that nobody can inspect; as `forward`."""
        ...

    def restorer(self, sink: Sink) -> Holdback:
        """Puts back, in a stream of text, every surrogate that policy lets out at `sink`."""
        ...

    def restore_arguments(self, tool: str, arguments: str) -> str:
        """The JSON text of a tool call's arguments, each string restored at its own parameter's sink."""
        ...

    def finish(self) -> None:
        """Record the outcomes of this request, once, when the last byte has left."""
        ...


class SessionsPort(Protocol):
    """Opens sessions (`guard.sessions.Sessions`)."""

    def open(self, caller: Caller, *, conversation: str) -> SessionPort:
        """A session of `caller`; an empty `conversation` means the principal's own scope."""
        ...

    def flush(self) -> None:
        """Write what conversations issued and is not on disk yet."""
        ...


class AnalysisPort(Tally, Protocol):
    """The same session for a caller that inspects and decides by itself (`guard.session.Session`)."""

    def evidence(self, text: str) -> list[Evidence]:
        """What is found in `text`; nothing is put away."""
        ...

    def put_away(self, finding: Finding) -> str:
        """The surrogate to write in the place of `finding`."""
        ...

    def restorer(self, sink: Sink) -> Holdback:
        """Puts back every surrogate that policy lets out at `sink`."""
        ...

    def finish(self) -> None:
        """Record the outcomes of this request."""
        ...


class AnalysesPort(Protocol):
    """Opens sessions for such callers (`guard.sessions.Sessions`)."""

    def open(self, caller: Caller, *, conversation: str) -> AnalysisPort:
        """A session of `caller`; an empty `conversation` means the principal's own scope."""
        ...


class Care(Protocol):
    """Looks after a gateway between requests (`gateway.caretaker.Caretaker`)."""

    def tick(self) -> None:
        """Once a second."""
        ...

    def reload(self) -> None:
        """Read what may be read again, now."""
        ...

    def fault(self) -> str:
        """Why nothing can be served now, as a code; ``""`` when it can."""
        ...


class CredentialsPort(Protocol):
    """Knows who holds a credential (`guard.credentials.Credentials`)."""

    def require(self, secret: str) -> Principal:
        """Whose credential this is; raises `CredentialError`."""
        ...
