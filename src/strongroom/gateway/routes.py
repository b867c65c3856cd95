"""The endpoints the gateway knows: what each forwards to, and by which tables it is read.

Must never: list an endpoint whose request has no table; what carries no body is listed as a plain relay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from strongroom.gateway import routes_gemini, routes_openai
from strongroom.gateway.problems import MethodError, UnknownEndpointError
from strongroom.gateway.wire import ANTHROPIC, EMBEDDINGS, GEMINI, MISTRAL, OPENAI, RESPONSES, Wire
from strongroom.gateway.wires import kept_files, openai_responses
from strongroom.gateway.wires.anthropic_messages import COUNT
from strongroom.gateway.wires.table import Node


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint. `name` is its label in logs and metrics; `answer` the table of its whole answer.

    A route without `answer` is a relay: no body goes out, and what comes back is passed on as it is. `items` is
    the wire of an answer that streams without being server-sent events; `model` is named by the path. `bodiless`:
    nothing is sent but the path; `uploads`: a form with a file. An upstream of the name `prefers` is taken before
    that of the wire.
    """

    name: str
    wire: Wire
    path: str
    answer: Node | None = None
    items: Wire | None = None
    model: str = ""
    bodiless: bool = False
    uploads: bool = False
    prefers: str = ""


_POST = {
    "/openai/v1/chat/completions": Route("openai.chat", OPENAI, "/chat/completions", OPENAI.response),
    "/openai/v1/responses": Route("openai.responses", RESPONSES, "/responses", RESPONSES.response),
    "/openai/v1/responses/compact": Route(
        "openai.responses.compact", RESPONSES, "/responses/compact", RESPONSES.response
    ),
    "/openai/v1/responses/input_tokens": Route(
        "openai.responses.input_tokens", RESPONSES, "/responses/input_tokens", openai_responses.COUNT
    ),
    "/openai/v1/embeddings": Route(
        "openai.embeddings", EMBEDDINGS, "/embeddings", EMBEDDINGS.response, prefers="embeddings"
    ),
    "/mistral/v1/chat/completions": Route("mistral.chat", MISTRAL, "/v1/chat/completions", MISTRAL.response),
    "/openai/v1/files": Route("openai.files", OPENAI, "/files", kept_files.OPENAI, uploads=True),
    "/anthropic/v1/files": Route("anthropic.files", ANTHROPIC, "/v1/files", kept_files.ANTHROPIC, uploads=True),
    "/anthropic/v1/messages": Route("anthropic.messages", ANTHROPIC, "/v1/messages", ANTHROPIC.response),
    "/anthropic/v1/messages/count_tokens": Route(
        "anthropic.count_tokens", ANTHROPIC, "/v1/messages/count_tokens", COUNT
    ),
}
_GET = {
    "/openai/v1/models": Route("openai.models", OPENAI, "/models"),
    "/anthropic/v1/models": Route("anthropic.models", ANTHROPIC, "/v1/models"),
    "/mistral/v1/models": Route("mistral.models", MISTRAL, "/v1/models"),
}
PRESIDIO = {
    "/analyze": "POST",
    "/anonymize": "POST",
    "/deanonymize": "POST",
    "/supportedentities": "GET",
    "/recognizers": "GET",
    "/anonymizers": "GET",
    "/deanonymizers": "GET",
    "/health": "GET",
}
"""Paths that clients of Presidio know, with their methods; nothing of them is forwarded."""

ENDPOINTS = (
    *(("POST", path, "inspected, forwarded, restored") for path in _POST if not _POST[path].uploads),
    *(("POST", path, "a file: see images-and-files.md") for path in _POST if _POST[path].uploads),
    *(("GET", f"{path}[/NAME]", "relayed") for path in _GET),
    *routes_openai.ENDPOINTS,
    *routes_gemini.ENDPOINTS,
    ("POST, GET, DELETE", "/mcp/NAME", "restored, forwarded, inspected: an MCP server, see wires-mcp.md"),
    *((method, path, "answers as Presidio does") for path, method in PRESIDIO.items()),
    ("GET", "/healthz", "answers while the process lives"),
    ("GET", "/readyz", "answers 200 while it serves, 503 while it stops"),
    ("GET", "/metrics", "Prometheus text format"),
)
"""Method, path and fate, for the reference."""

_MODEL = re.compile(r"(/(?:openai|anthropic|mistral)/v1/models)/([A-Za-z0-9][A-Za-z0-9._:-]{0,95})", re.ASCII)
PREFIXES: tuple[tuple[str, str, Wire], ...] = (
    ("/openai/v1/", "/", OPENAI),
    ("/anthropic/v1/", "/v1/", ANTHROPIC),
    ("/mistral/v1/", "/v1/", MISTRAL),
    (routes_gemini.PREFIX, "/", GEMINI),
)
"""Under which path of ours a wire stands, and where that path begins at the provider's base URL."""


def wire_of(path: str) -> Wire:
    """Whose error shape a client at `path` expects."""
    if path.startswith(routes_gemini.PREFIX):
        return GEMINI
    return ANTHROPIC if path.startswith("/anthropic") else OPENAI


def route_of(method: str, path: str, *, strict: bool) -> Route:
    """The route of a request.

    Raises `UnknownEndpointError` or `MethodError`; unless `strict`, an endpoint that only the provider knows
    is a relay named ``other``.
    """
    found = _POST.get(path) if method == "POST" else _GET.get(path) if method == "GET" else None
    if found is not None:
        return found
    if method == "GET" and (one := _MODEL.fullmatch(path)):
        base = _GET[one.group(1)]
        return Route(base.name, base.wire, f"{base.path}/{one.group(2)}")
    if path.startswith(routes_openai.PREFIX) and (kept := routes_openai.endpoint(method, path)):
        return Route(*kept, bodiless=True)
    if path.startswith(routes_gemini.PREFIX) and (asked := routes_gemini.endpoint(method, path)):
        return Route(*asked)
    if not strict:
        for prefix, target, wire in PREFIXES:
            if path.startswith(prefix):
                return Route(f"{wire.name}.other", wire, target + path.removeprefix(prefix))
    if path in _POST or path in _GET:
        msg = f"this endpoint takes {'POST' if path in _POST else 'GET'}"
        raise MethodError(msg)
    msg = "unknown endpoint: " + ", ".join(f"POST {known}" for known in _POST) + " are inspected and forwarded"
    raise UnknownEndpointError(msg)
