"""A request inspected and made ready to leave: what the server and the in-process doors have in common.

Must never: let a session end without its record: when anything fails after the session was opened, it is
finished here before the error goes on.
"""

from __future__ import annotations

from dataclasses import dataclass

from strongroom.errors import RequestRefusedError
from strongroom.gateway.edit import Reading
from strongroom.gateway.files import passed
from strongroom.gateway.kept import is_kept
from strongroom.gateway.offsets import Documents
from strongroom.gateway.ports import SessionPort, SessionsPort
from strongroom.gateway.request import conversation_of, protect_request
from strongroom.identity import Caller
from strongroom.settings import Detection

INLINE_BYTES = 64 << 10
"""About 0.5 ms of patterns: a longer pause of an event loop would show in the latency of others."""

TAGGED_INLINE_BYTES = 8 << 10
"""The tagger takes a few milliseconds for 1 KB it has not seen."""


def inline_bytes(detection: Detection) -> int:
    """How much may be inspected in a loop that serves others too, by how long the recognizers take for it."""
    if detection.plugins:
        return 0  # a model takes milliseconds for a sentence
    return INLINE_BYTES if detection.names == "off" else TAGGED_INLINE_BYTES


@dataclass(frozen=True, slots=True)
class Inspected:
    """A request ready to leave, and the session that restores its answer. Whoever gets it calls `session.finish`.

    `body` are the bytes for the upstream, `replaced` is how many values were found, `documents` where something
    was changed in what the answer may cite.
    """

    session: SessionPort
    body: bytes
    replaced: int
    documents: Documents = ()


def inspect(
    reading: Reading, sessions: SessionsPort, caller: Caller, *, upstream: str, enforce: bool, header: str = ""
) -> Inspected:
    """Protect and authorize one request that was read; without `enforce` its bytes stay as they are.

    `header` is the name the client gave the conversation, if any; `upstream` is who gets the request. Raises what
    `conversation_of`, `protect_request` and `SessionPort.forward` raise.
    """
    conversation = conversation_of(header, reading.value)
    caller = Caller(caller.principal, caller.purpose, conversation, caller.address)
    session = sessions.open(caller, conversation=conversation)
    try:
        prepared = protect_request(reading, session, apply=enforce)
        if header and is_kept(reading.value):
            sessions.flush()  # the provider keeps these surrogates, so they have to be on disk before they leave
        for kind, count in passed(reading).items() if reading.walk.files else ():
            session.forward_file(upstream, kind, count)
        session.forward(upstream)
    except BaseException:
        session.finish()  # what was decided before the failure belongs in the log
        raise
    return Inspected(session, prepared.body, sum(prepared.kinds.values()), prepared.documents)


def open_bodiless(
    body: bytes, sessions: SessionsPort, caller: Caller, *, upstream: str, header: str = ""
) -> Inspected:
    """Authorize a request that consists of its path, for what the provider keeps.

    Raises `RequestRefusedError` when it has a body, and what `conversation_of` and `SessionPort.forward` raise.
    """
    if body:
        msg = "body: nothing was expected"
        raise RequestRefusedError(msg)
    conversation = conversation_of(header, {})
    caller = Caller(caller.principal, caller.purpose, conversation, caller.address)
    session = sessions.open(caller, conversation=conversation)
    try:
        session.forward(upstream)
    except BaseException:
        session.finish()  # what was decided before the failure belongs in the log
        raise
    return Inspected(session, b"", 0)
