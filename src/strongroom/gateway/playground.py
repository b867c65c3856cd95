"""What a model would see of a whole request: the bytes that would leave, and what was changed where.

The request is inspected exactly as the gateway does it, but nothing is forwarded and nothing asks to be.

Must never: show a value beside its surrogate; what is shown is what a provider would have got.
"""

from __future__ import annotations

from dataclasses import dataclass

from strongroom.gateway.problems import UnknownEndpointError
from strongroom.gateway.request import conversation_of, protect_request, read_request
from strongroom.gateway.routes import route_of
from strongroom.identity import Caller, Principal
from strongroom.room import Strongroom

CHAT = "/openai/v1/chat/completions"
"""The endpoint a request is for when nothing is said."""


@dataclass(frozen=True, slots=True)
class ModelView:
    """`body` is what would be sent. `changed` counts places by the kind of field they stand in."""

    endpoint: str
    body: bytes
    changed: dict[str, int]
    reports: tuple[str, ...]


def as_model(
    room: Strongroom, raw: bytes, principal: Principal, *, endpoint: str = CHAT, conversation: str = ""
) -> ModelView:
    """What would leave for the provider if `principal` posted `raw` to the gateway's `endpoint`.

    `conversation` is what a client would name in `Strongroom-Session`. Raises what the gateway would refuse with:
    `FormatError`, `LimitExceededError`, `RequestRefusedError`, `AccessDeniedError`, `UnknownEndpointError`.
    """
    route = route_of("POST", endpoint, strict=True)
    if route.answer is None:
        msg = "nothing is inspected at this endpoint: it carries no request with text"
        raise UnknownEndpointError(msg)
    settings = room.settings
    strict = settings.mode == "enforce"
    reading = read_request(raw, route.wire, strict=strict, bytes_max=settings.limits.body_bytes)
    name = conversation_of(conversation, reading.value)
    session = room.house.sessions.open(Caller(principal, session=name), conversation=name)
    try:
        prepared = protect_request(reading, session, apply=True)
    finally:
        session.finish()
    return ModelView(endpoint, prepared.body, dict(prepared.kinds), tuple(reading.walk.reports))
