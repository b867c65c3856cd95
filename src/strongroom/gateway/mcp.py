"""One message between an MCP client and an MCP server: read by its table, changed where it must be, or refused.

Theory: the client stands where the model is and holds surrogates; the server stands where the values are. So a
tool call's arguments are restored parameter by parameter, as far as policy lets each value out there, and all a
server says is inspected as a tool's text. A message that is refused is not lost in silence: who asked gets a
JSON-RPC error, and who waits for an answer gets one in its place.

Transports (HTTP, standard streams, a server's own process) only carry; every decision is made here.

Must never: let a message on that was not read completely (monitor mode passes and reports), or put a value into
a refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from strongroom.errors import FormatError, RequestRefusedError, StrongroomError, UnknownSurrogateError
from strongroom.formats.json_spans import Edit, escape, splice
from strongroom.gateway.edit import Reading, protecting, read, tree_span
from strongroom.gateway.ports import SessionPort
from strongroom.gateway.problems import Problem, problem_of
from strongroom.gateway.wires.mcp import INWARD, OUTWARD
from strongroom.gateway.wires.mcp_schema import LOOSENED, loosened
from strongroom.gateway.wires.table import Kind, Place, Tagged, flat
from strongroom.identity import Caller

RESOURCE_SINK = ("resources/read", "uri")
"""Where an address that a server named, and that carries a value, is given back to it: tool and parameter."""
FORM = "elicitation/create"
SAMPLING = ("sampling/createMessage", "text")
"""The names under which the values of a form, and a sampled text, are declared in the settings."""

_PARSE_ERROR = -32700
_INVALID_REQUEST = -32600
_METHOD_NOT_FOUND = -32601
_INVALID_PARAMS = -32602
_INTERNAL_ERROR = -32603


class UnknownMethodError(RequestRefusedError):
    """A message of a kind that no table describes, so it is not passed on."""

    code = "unknown_method"


class CallSession(SessionPort, Protocol):
    """A session that can say whether it met surrogates that were never issued."""

    @property
    def unknown(self) -> int:
        """How many well-formed surrogates nobody issued here."""
        ...


class CallSessions(Protocol):
    """Opens such sessions (`guard.sessions.Sessions`)."""

    def open(self, caller: Caller, *, conversation: str) -> CallSession:
        """A session of `caller`; an empty `conversation` means the principal's own scope."""
        ...


@dataclass(slots=True)
class Relayed:
    """What becomes of one message. `onward` goes on, `back` returns to the sender; either may be None.

    `identifier` is the message's own, and `asked` says that it is a request. `moved` maps strings of a call's
    arguments to what they became, or to None when that is not one thing.
    """

    onward: bytes | None
    back: bytes | None = None
    problem: Problem | None = None
    method: str = ""
    identifier: object = None
    asked: bool = False
    replaced: int = 0
    restored: int = 0
    refused: int = 0
    moved: dict[str, str | None] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)


class McpMessages:
    """The messages between one caller and one server, which `upstream` names to policy and log."""

    def __init__(
        self, sessions: CallSessions, caller: Caller, upstream: str, *, conversation: str = "",
        enforce: bool = True, bytes_max: int, failed: Callable[[BaseException], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._sessions = sessions
        self._caller = caller
        self._upstream = upstream
        self._conversation = conversation
        self._enforce = enforce
        self._bytes_max = bytes_max
        self._failed = failed

    def inward(self, raw: bytes) -> Relayed:
        """A message of the client on its way to the server: what may be restored is."""
        return self._relay(raw, self._restore, inward=True)

    def outward(self, raw: bytes) -> Relayed:
        """A message of the server on its way to the client: what the model must not see is replaced."""
        return self._relay(raw, self._protect, inward=False)

    def text(self, words: str) -> str:
        """A line that is no message (a server's standard error), without what the model must not see.

        Raises what the session raises.
        """
        message = orjson.dumps({"method": "notifications/message", "params": {"data": words}})
        relayed = self._protect(message)
        return str(orjson.loads(relayed.onward or message)["params"]["data"])

    # --- both ways --------------------------------------------------------------------------------

    def _relay(self, raw: bytes, work: Callable[[bytes], Relayed], *, inward: bool) -> Relayed:
        try:
            return work(raw)
        except Exception as error:  # noqa: BLE001 - the boundary: whatever went wrong, nothing passes and both sides learn it
            if not isinstance(error, StrongroomError):
                self._failed(error)
            return _refused(raw, error, inward=inward)

    def _read(self, raw: bytes, table: Tagged) -> Reading:
        if raw.lstrip()[:1] == b"[":
            msg = "a batch of messages: send them one by one"
            raise RequestRefusedError(msg)
        reading = read(raw, table, strict=self._enforce, bytes_max=self._bytes_max)
        if not isinstance(reading.value, dict):
            msg = "the message is not a JSON object"
            raise FormatError(msg)
        return reading

    def _restore(self, raw: bytes) -> Relayed:
        _require_method(raw, INWARD, enforce=self._enforce)
        reading = self._read(raw, INWARD)
        session = self._sessions.open(self._caller, conversation=self._conversation)
        moved: dict[str, str | None] = {}
        try:
            session.forward(self._upstream)
            edits = []
            for place in reading.walk.places if self._enforce else ():
                edits += _restoring(reading, place, session, moved)
            if session.unknown:
                msg = "a surrogate in this call was never issued here: the call is not made"
                raise UnknownSurrogateError(msg)
        finally:
            session.finish()
        return _relayed(reading, edits, session, moved=moved)

    def _protect(self, raw: bytes) -> Relayed:
        reading = self._read(raw, OUTWARD)
        session = self._sessions.open(self._caller, conversation=self._conversation)
        try:
            edits, loose = [], []
            for place in reading.walk.places:
                if place.field is LOOSENED:
                    loose += _loosening(reading, place)
                else:
                    edits += protecting(reading, place, session)
        finally:
            session.finish()
        return _relayed(reading, [*edits, *loose] if self._enforce else [], session, replaced=len(edits))


def _require_method(raw: bytes, table: Tagged, *, enforce: bool) -> None:
    """Raise `UnknownMethodError` for a method nobody listed, so that it is named as such."""
    method = _envelope(raw).get("method")
    if enforce and isinstance(method, str) and method not in table.cases:
        msg = "this method is not in the tables: it cannot be inspected"
        raise UnknownMethodError(msg)


def _relayed(
    reading: Reading,
    edits: list[Edit],
    session: CallSession,
    *,
    replaced: int = 0,
    moved: dict[str, str | None] | None = None,
) -> Relayed:
    raw = reading.parsed.raw
    edits.sort()
    return Relayed(
        splice(raw, edits) if edits else raw,
        method=str(reading.value.get("method", "")),
        identifier=reading.value.get("id"),
        asked="method" in reading.value and reading.value.get("id") is not None,
        replaced=replaced,
        restored=session.restored,
        refused=session.refused,
        moved=moved or {},
        reports=reading.walk.reports,
    )


# --- what may come out where ------------------------------------------------------------------------


def _restoring(reading: Reading, place: Place, session: SessionPort, moved: dict[str, str | None]) -> list[Edit]:
    tool, parameter = _sink(place)
    parsed = reading.parsed
    if isinstance(place.value, str):
        whole = session.restore_arguments(tool, orjson.dumps({parameter: place.value}).decode())
        restored = orjson.loads(whole)[parameter]
        _move(moved, place.value, restored)
        start, end = parsed.spans[place.met]
        return [(start + 1, end - 1, escape(restored))] if restored != place.value else []
    start, end = tree_span(parsed, place)
    text = parsed.raw[start:end].decode()
    restored = session.restore_arguments(tool, text)
    _compare(place.value, orjson.loads(restored) if restored != text else place.value, moved)
    return [(start, end, restored.encode())] if restored != text else []


def _loosening(reading: Reading, place: Place) -> list[Edit]:
    words = loosened(place)
    return [] if words is None else [(*reading.parsed.spans[place.met], words)]


def _sink(place: Place) -> tuple[str, str]:
    """Whose parameter a place is; for a whole object of arguments the second is empty."""
    steps = [step for step in flat(place.path) if isinstance(step, str)]
    name = place.parent.get("name")
    named = name if isinstance(name, str) else ""
    if place.field.kind is Kind.TREE:
        return (FORM if steps[-1] == "content" else named), ""
    if steps[-1] in ("uri", "resourceSubscriptions"):
        return RESOURCE_SINK
    return SAMPLING if steps[-1] == "text" else ("completion/complete", named)


def _compare(before: Any, after: Any, moved: dict[str, str | None]) -> None:
    """Note what each string of `before` became; restoring keeps keys, order and all else."""
    if isinstance(before, str):
        _move(moved, before, after)
    elif isinstance(before, dict):
        for old, new in zip(before.values(), after.values(), strict=True):
            _compare(old, new, moved)
    elif isinstance(before, list):
        for old, new in zip(before, after, strict=True):
            _compare(old, new, moved)


def _move(moved: dict[str, str | None], before: str, after: str) -> None:
    moved[before] = after if moved.get(before, after) == after else None


# --- refusals ---------------------------------------------------------------------------------------


def _refused(raw: bytes, error: BaseException, *, inward: bool) -> Relayed:
    problem = problem_of(error)
    message = _envelope(raw)
    identifier, asks = message.get("id"), "method" in message
    answer = rpc_error(problem, identifier, code=_code_of(error))
    if (asks and identifier is None) or not (message or inward):
        return Relayed(None, problem=problem)  # a notification: nobody waits; or a server's garbage
    if asks or not message:
        return Relayed(None, back=answer, problem=problem, identifier=identifier, asked=asks)
    return Relayed(answer, problem=problem)


def _envelope(raw: bytes) -> Mapping[str, Any]:
    try:
        message = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}


def _code_of(error: BaseException) -> int:
    kinds: tuple[tuple[type[BaseException], int], ...] = (
        (UnknownMethodError, _METHOD_NOT_FOUND),
        (UnknownSurrogateError, _INVALID_PARAMS),
        (FormatError, _PARSE_ERROR),
        (StrongroomError, _INVALID_REQUEST),
    )
    return next((code for kind, code in kinds if isinstance(error, kind)), _INTERNAL_ERROR)


def rpc_error(
    problem: Problem, identifier: object, *, code: int = _INVALID_REQUEST, request_id: str = ""
) -> bytes:
    """`problem` as a JSON-RPC error response."""
    data = {"code": problem.code, **({"request_id": request_id} if request_id else {})}
    error = {"code": code, "message": problem.message, "data": data}
    known = identifier if isinstance(identifier, str | int) else None
    return orjson.dumps({"jsonrpc": "2.0", "id": known, "error": error})
