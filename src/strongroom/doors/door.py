"""One door: whose requests pass it, and what one request and its answer become. No network: bytes in, bytes out.

A door belongs to one principal. Each HTTP attempt is one `Passage`: the body it has to leave with, and how its
answer is restored, whole or as a stream.

Must never: give out a body in which not every text was inspected (in enforce mode), or restore in an answer
that is an error.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from strongroom.clock import Clock, SystemClock
from strongroom.doors.addresses import Address, address_of, require_protocol_words, speaker
from strongroom.doors.passage import Passage
from strongroom.errors import LimitExceededError, RequestRefusedError, StrongroomError
from strongroom.gateway.edit import read
from strongroom.gateway.inspection import Inspected, inline_bytes, inspect, open_bodiless
from strongroom.gateway.ports import SessionPort, SessionsPort
from strongroom.gateway.problems import ContentTypeError
from strongroom.gateway.request import read_request
from strongroom.gateway.wire import Wire
from strongroom.gateway.wires.table import Node
from strongroom.identity import Caller, Principal

if TYPE_CHECKING:
    from strongroom.room import Strongroom

SESSION_HEADER = "strongroom-session"
"""Names the conversation, as at the gateway; it goes no further than the door."""

FLUSH_EVERY_S = 1.0
"""How long an issued surrogate of a conversation may be only in memory; the history re-derives it."""

_log = logging.getLogger("strongroom.doors")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The head of a request that wants to leave. `headers` have names in lower case."""

    method: str
    host: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Door:
    """See the module. Safe under threads; one per principal, for as many clients as wanted.

    `conversation` names the conversation of every request that does not say it in a ``Strongroom-Session``
    header; without either, a conversation is known by its opening. `wire` says what the upstream speaks
    (``openai``, ``anthropic``, …) when its URL does not tell. `enforce` false changes nothing and reports.
    A body of more than `inline_bytes` is inspected in a thread by asynchronous doors.
    """

    def __init__(
        self,
        sessions: SessionsPort,
        principal: Principal,
        *,
        purpose: str = "unspecified",
        conversation: str = "",
        wire: str = "",
        enforce: bool = True,
        body_bytes: int = 32 << 20,
        response_bytes: int = 64 << 20,
        inline_bytes: int = 64 << 10,
        clock: Clock | None = None,
    ) -> None:
        self._sessions = sessions
        self._caller = Caller(principal, purpose=purpose)
        self._conversation = conversation
        self.enforce = enforce
        self.response_bytes = response_bytes
        self.inline_bytes = inline_bytes
        self._wire = wire
        self._body_bytes = body_bytes
        self._clock = clock or SystemClock()
        self._flushed = self._clock.monotonic()
        self._lock = threading.Lock()

    @classmethod
    def of(
        cls,
        room: Strongroom,
        principal: str,
        *,
        tenant: str,
        environment: str,
        purpose: str = "unspecified",
        conversation: str = "",
        roles: tuple[str, ...] = ("agent",),
        clearance: int = 3,
        wire: str = "",
    ) -> Self:
        """A door of an opened room for one principal; mode and limits are those of the room's settings."""
        settings = room.settings
        return cls(
            room.house.sessions,
            Principal(principal, tenant, environment, roles, clearance),
            purpose=purpose,
            conversation=conversation,
            wire=wire,
            enforce=settings.mode == "enforce",
            body_bytes=settings.limits.body_bytes,
            response_bytes=settings.limits.response_bytes,
            inline_bytes=inline_bytes(settings.detection),
            clock=room.house.clock,
        )

    def speaker(self, asked: Outgoing) -> Wire:
        """In whose error shape a refusal of `asked` is put."""
        return speaker(asked.host, asked.headers, self._wire)

    def address(self, asked: Outgoing) -> Address:
        """The endpoint `asked` is for, before its body was read.

        Raises `RequestRefusedError` for an endpoint no table describes, a body that cannot be inspected, or a
        query string with content in it, and `LimitExceededError` for a body that says it is too large.
        """
        if self.enforce:
            require_protocol_words(asked.query)
        address = address_of(
            asked.method, asked.host, asked.path, asked.headers, wire=self._wire, strict=self.enforce
        )
        if address.route.answer is not None and not address.route.bodiless:
            self._require_inspectable(asked)
        return address

    def enter(self, asked: Outgoing, address: Address, body: bytes) -> Passage:
        """Inspect `body`; what leaves is the passage's. Whoever gets a passage closes it.

        Raises what the gateway would refuse: `RequestRefusedError`, `FormatError`, `LimitExceededError`,
        `AccessDeniedError`, `NotInspectedError`, and the errors of keys, store and log.
        """
        route = address.route
        if route.answer is None:
            if body and self.enforce:
                msg = "this endpoint takes no body"
                raise RequestRefusedError(msg)
            return Passage(route, None, body, restores=False, bytes_max=self.response_bytes)
        header = asked.headers.get(SESSION_HEADER, "") or self._conversation
        if route.bodiless:
            opened = open_bodiless(body, self._sessions, self._caller, upstream=address.upstream, header=header)
            return Passage(route, opened, restores=self.enforce, bytes_max=self.response_bytes)
        self._require_size(len(body))
        reading = read_request(body, route.wire, strict=self.enforce, bytes_max=self._body_bytes)
        inspected = inspect(
            reading, self._sessions, self._caller, upstream=address.upstream, enforce=self.enforce, header=header
        )
        _log.info("%s: %d values found, unknown fields: %s", route.name, inspected.replaced, reading.walk.reports)
        return Passage(route, inspected, restores=self.enforce, bytes_max=self.response_bytes)

    def _require_inspectable(self, asked: Outgoing) -> None:
        if asked.headers.get("content-encoding", "identity").lower() != "identity":
            msg = "send the body uncompressed: a compressed body is not inspected and so not forwarded"
            raise ContentTypeError(msg)
        kind = asked.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        if kind != "application/json":
            msg = "the body has to be application/json"
            raise ContentTypeError(msg)
        length = asked.headers.get("content-length", "0")
        if length.isdigit():
            self._require_size(int(length))

    def _require_size(self, size: int) -> None:
        if size > self._body_bytes:
            msg = f"the body is larger than {self._body_bytes} bytes"
            raise LimitExceededError(msg)

    @property
    def conversation(self) -> str:
        """The name of the conversation, when the door was given one."""
        return self._conversation

    def admit(self, body: bytes, table: Node, *, upstream: str, conversation: str = "") -> Inspected:
        """Inspect a message that a framework laid out as JSON by `table`; raises as `enter` does.

        Whoever gets it finishes its session.
        """
        self._require_size(len(body))
        reading = read(body, table, strict=self.enforce, bytes_max=self._body_bytes)
        name = conversation or self._conversation
        return inspect(reading, self._sessions, self._caller, upstream=upstream, enforce=self.enforce, header=name)

    def session(self, conversation: str = "") -> SessionPort:
        """A session for what stays in this program, such as its traces. Whoever gets it finishes it."""
        name = conversation or self._conversation
        principal, purpose = self._caller.principal, self._caller.purpose
        return self._sessions.open(Caller(principal, purpose, name, self._caller.address), conversation=name)

    def settle(self) -> None:
        """Write what conversations issued, at most once a second; doors call it when a passage is over."""
        now = self._clock.monotonic()
        with self._lock:
            if now - self._flushed < FLUSH_EVERY_S:
                return
            self._flushed = now
        try:
            self._sessions.flush()
        except StrongroomError as error:  # the next request meets the same fault and says so
            _log.warning("flush failed: %s", error.code)
