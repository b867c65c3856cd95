"""Which endpoint a URL is: the wire and the tables by which a request to it is read.

The gateway knows endpoints by its own paths (`gateway.routes`). A client in this process calls the provider
directly, under any base URL, so the end of the URL's path decides, and the wire is told by the host, by a header
that only one provider's clients send, or by which wire has such an endpoint.

Must never: take an endpoint that no wire knows for one that may pass, or let a query string carry content.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from strongroom.errors import RequestRefusedError
from strongroom.gateway.problems import MethodError, UnknownEndpointError
from strongroom.gateway.routes import PREFIXES, Route, route_of
from strongroom.gateway.wire import OPENAI, Wire

HOSTS = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "gemini",
    "api.mistral.ai": "mistral",
}
"""Providers whose wire is known by their host."""

SIGNS = {"anthropic-version": "anthropic", "x-goog-api-key": "gemini"}
"""Headers that only one provider's clients send, for hosts that are not in `HOSTS`."""

_QUERY = re.compile(r"[A-Za-z0-9_.=&-]{0,256}", re.ASCII)


class Address(NamedTuple):
    """Where a request goes: the route it is read by, and the name under which policy knows the receiver."""

    route: Route
    upstream: str


def wires() -> dict[str, Wire]:
    """Every wire by its name."""
    return {wire.name: wire for _, _, wire in PREFIXES}


def wire_at(host: str, headers: Mapping[str, str]) -> str:
    """The wire that `host` or a header tells; ``""`` when neither does. `headers` have names in lower case."""
    return HOSTS.get(host) or next((wire for name, wire in SIGNS.items() if name in headers), "")


def speaker(host: str, headers: Mapping[str, str], wire: str = "") -> Wire:
    """In whose error shape a client at this URL expects a refusal."""
    return wires().get(wire or wire_at(host, headers), OPENAI)


def address_of(
    method: str, host: str, path: str, headers: Mapping[str, str], *, wire: str = "", strict: bool
) -> Address:
    """The address of a request; `wire` names the wire when the program said it.

    Raises `UnknownEndpointError` or `MethodError` when no wire knows the endpoint and `strict`; otherwise such a
    request is a relay.
    """
    told = wire or wire_at(host, headers)
    refusal: RequestRefusedError | None = None
    for prefix, base, spoken in PREFIXES:
        if told and spoken.name != told:
            continue
        for ours in _candidates(path, prefix, base):
            try:
                return Address(route_of(method, ours, strict=True), spoken.name)
            except (UnknownEndpointError, MethodError) as error:
                if refusal is None or isinstance(error, MethodError):
                    refusal = error
    if strict:
        raise refusal or UnknownEndpointError(f"no tables for {told or 'this endpoint'}")
    spoken = speaker(host, headers, wire)
    return Address(Route(f"{spoken.name}.other", spoken, path), spoken.name)


def _candidates(path: str, prefix: str, base: str) -> list[str]:
    """What the path would be at the gateway, for each place where the provider's base URL may end in it."""
    return [
        prefix + path[at + len(base) :] for at in range(len(path)) if path[at] == "/" and path.startswith(base, at)
    ]


def require_protocol_words(query: str) -> None:
    """Raise `RequestRefusedError` unless the query string is made of protocol words."""
    if not _QUERY.fullmatch(query):
        msg = "the query string holds more than the protocol needs"
        raise RequestRefusedError(msg)
