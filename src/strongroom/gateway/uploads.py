"""Files that a client uploads for later requests: refused, passed, or their text inspected and uploaded instead.

The provider keeps what is uploaded, so its surrogates are on disk before it leaves; they belong to the
conversation that the session header names, else to the principal.

Must never: forward a form with a field that is not listed here, or a file's name that was not inspected.
"""

from __future__ import annotations

from dataclasses import replace

from strongroom.errors import FormatError, RequestRefusedError
from strongroom.gateway.files import FileRules, kind_of
from strongroom.gateway.inspection import Inspected
from strongroom.gateway.multipart import Part, boundary_of, form, parts_of
from strongroom.gateway.ports import SessionPort, SessionsPort
from strongroom.gateway.request import conversation_of
from strongroom.guard.session import Origin
from strongroom.identity import Caller

FIELDS = frozenset({"purpose", "expires_after[anchor]", "expires_after[seconds]"})
"""Words of the protocol."""

FIELD_LEN_MAX = 64

_UNTYPED = "application/octet-stream"
_PLAIN = "text/plain"


def inspect_upload(
    body: bytes, content_type: bytes, rules: FileRules, sessions: SessionsPort, caller: Caller, *, upstream: str,
    header: str = "",
) -> Inspected:  # fmt: skip
    """Judge, protect and authorize one upload.

    Raises `FormatError` for another form than the plain one, `RequestRefusedError` for what the rules refuse, and
    what `SessionPort.forward` raises.
    """
    boundary = boundary_of(content_type)
    parts = parts_of(body, boundary)
    conversation = conversation_of(header, {})
    caller = Caller(caller.principal, caller.purpose, conversation, caller.address)
    session = sessions.open(caller, conversation=conversation)
    replaced = 0
    try:
        sent = []
        for part in parts:
            made, count = _judged(part, rules, session, upstream)
            sent.append(made)
            replaced += count
        sessions.flush()
        session.forward(upstream)
        whole = body if sent == parts else form(sent, boundary)
    except BaseException:
        session.finish()  # what was decided before the failure belongs in the log
        raise
    return Inspected(session, whole, replaced)


def _judged(part: Part, rules: FileRules, session: SessionPort, upstream: str) -> tuple[Part, int]:
    """The part as it may leave, and how many values were found in it."""
    if part.filename is None:
        if part.name not in FIELDS:
            msg = "multipart: unknown field"
            raise RequestRefusedError(msg)
        if len(part.content) > FIELD_LEN_MAX or not part.content.isascii():
            msg = f"{part.name}: longer than {FIELD_LEN_MAX} characters, or not ASCII"
            raise RequestRefusedError(msg)
        return part, 0
    if part.name != "file":
        msg = "multipart: a file under another name than file"
        raise RequestRefusedError(msg)
    kind = kind_of(part.mime, "document")
    rule = rules.of(kind)
    name, count = _protected(part.filename, session)
    if rule == "pass":
        session.forward_file(upstream, kind, 1)
        return replace(part, filename=name), count
    if rule == "refuse" or rules.text_of is None:
        msg = "file: content of this kind cannot be inspected"
        raise RequestRefusedError(msg)
    try:
        words = rules.text_of(part.content, "" if part.mime == _UNTYPED else part.mime)
    except FormatError as error:
        msg = f"file: {error}"
        raise RequestRefusedError(msg) from None
    text, found = _protected(words, session)
    if words.encode() == part.content:
        return replace(part, filename=name, content=text.encode()), count + found
    return replace(part, filename=f"{name}.txt", mime=_PLAIN, content=text.encode()), count + found


def _protected(words: str, session: SessionPort) -> tuple[str, int]:
    changes = session.protect(words, origin=Origin.TOOL)
    out, at = [], 0
    for change in changes:
        out += [words[at : change.start], change.text]
        at = change.end
    return "".join([*out, words[at:]]), len(changes)
