"""The endpoints Presidio's clients know: the same requests and answers, found by Strongroom's own means.

A client that can set no header, such as LiteLLM's guardrail, shows its credential in the address it is given
(``http://any:sr_...@127.0.0.1:8080``), which HTTP libraries turn into basic authentication.

Must never: answer without a credential, or put a value into an error.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from typing import Final

import orjson

from strongroom.errors import StrongroomError
from strongroom.gateway import http
from strongroom.gateway.admission import Visit
from strongroom.gateway.http import JSON, ClientGoneError, Receive, Scope, Send, Watch
from strongroom.gateway.parts import AnalysisParts, GatewayParts
from strongroom.gateway.presidio_answers import Answer, analyze, anonymize, deanonymize, listed
from strongroom.gateway.presidio_requests import read_analyze, read_change
from strongroom.gateway.problems import MethodError, problem_of
from strongroom.gateway.request import conversation_of
from strongroom.gateway.routes import PRESIDIO
from strongroom.gateway.telemetry import Observation
from strongroom.identity import Caller

HEALTH: Final = b"Strongroom serves the endpoints of Presidio's analyzer and anonymizer"

_log = logging.getLogger("strongroom.gateway")
_OK: Final = 200
_GONE: Final = 499


class PresidioCall:
    """One request. `serve` answers it, whatever happens."""

    def __init__(self, parts: GatewayParts, seen: Observation, scope: Scope, receive: Receive, send: Send) -> None:
        self._parts = parts
        self._seen = seen
        self._scope = scope
        self._receive = receive
        self._send = send
        self._headers: dict[bytes, bytes] = dict(scope["headers"])

    async def serve(self) -> None:
        """Every failure becomes an answer in Presidio's shape."""
        seen = self._seen
        try:
            told, headers = await self._work()
        except ClientGoneError:
            seen.status, seen.error = _GONE, "client_gone"
            return
        except Exception as error:  # noqa: BLE001 - the boundary: the client gets an answer, and nobody a traceback with values
            problem = problem_of(error)
            if not isinstance(error, StrongroomError):
                _log.error("request %s failed: %s", seen.request_id, type(error).__name__)
            seen.status, seen.error = problem.status, problem.code
            told, headers = {"error": problem.message, "code": problem.code}, []
        else:
            seen.status = _OK
        identifier = (b"strongroom-request-id", seen.request_id.encode())
        await http.answer(self._send, seen.status, [*JSON, *headers, identifier], orjson.dumps(told))

    async def _work(self) -> Answer:
        visit = self._parts.admission.enter(self._scope, self._headers)
        try:
            return await self._admitted(visit)
        finally:
            await visit.leave(self._seen)

    async def _admitted(self, visit: Visit) -> Answer:
        path, method = self._scope["path"], self._scope["method"]
        if method != PRESIDIO[path]:
            msg = f"this endpoint takes {PRESIDIO[path]}"
            raise MethodError(msg)
        principal = self._parts.credentials.require(credential_of(self._headers))
        self._seen.principal, self._seen.tenant = principal.name, principal.tenant
        await visit.admit(principal)
        analysis = self._parts.analysis
        if analysis is None:  # pragma: no cover - the application routes here only when there is one
            raise AssertionError
        if method == "GET":
            return listed(path, analysis), []
        limits = self._parts.limits
        http.require_inspectable(self._headers, limits.body_bytes)
        body = await http.read_body(self._receive, limits.body_bytes, hold=visit.hold, idle_s=limits.client_idle_s)
        header = self._headers.get(b"strongroom-session", b"").decode("latin-1")
        conversation = conversation_of(header, {})
        caller = Caller(principal, session=conversation, address=visit.address)
        with Watch(self._receive):
            if len(body) > limits.inline_bytes:
                return await asyncio.to_thread(self._answer, path, body, caller, analysis)
            return self._answer(path, body, caller, analysis)

    def _answer(self, path: str, body: bytes, caller: Caller, analysis: AnalysisParts) -> Answer:
        """May run in a thread."""
        session = analysis.sessions.open(caller, conversation=caller.session)
        try:
            if path == "/analyze":
                return analyze(read_analyze(body), session, analysis)
            if path == "/anonymize":
                request = read_change(body, places="analyzer_results", operators="anonymizers")
                told = anonymize(request, session, analysis, self._parts.entropy)
                self._seen.replaced = len(told["items"])
            else:
                request = read_change(body, places="anonymizer_results", operators="deanonymizers")
                told = deanonymize(request, session)
                self._seen.restored, self._seen.refused = session.restored, session.refused
            return told, []
        finally:
            session.finish()


def credential_of(headers: dict[bytes, bytes]) -> str:
    """The credential: as for the other endpoints, else the password of basic authentication, or its user."""
    scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"basic":
        return http.credential_of(headers)
    try:
        user, _, password = base64.b64decode(token.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password or user
