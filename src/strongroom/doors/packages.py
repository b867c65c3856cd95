"""Requests and responses of httpx and httpx2, which have the same classes under two names.

Nothing here imports either: what is made is of the package that the given object is of.

Must never: pass a header on that described a body as it was before it was decoded or changed.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

from strongroom.doors.door import SESSION_HEADER, Door, Outgoing
from strongroom.doors.passage import IN_PROCESS
from strongroom.errors import LimitExceededError, StrongroomError
from strongroom.gateway.problems import problem_of

_OF_THE_BODY = frozenset({"content-length", "content-encoding", "transfer-encoding"})
_NOT_LEAVING = frozenset({"content-length", "transfer-encoding", SESSION_HEADER})


def package_of(thing: object) -> Any:
    """The package, httpx or httpx2, that `thing` is of."""
    return next(
        sys.modules[name]
        for name in (kind.__module__.partition(".")[0] for kind in type(thing).__mro__)
        if name in ("httpx", "httpx2")
    )


def outgoing(request: Any) -> Outgoing:
    """The head of a client's request."""
    url = request.url
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Outgoing(request.method, url.host, url.path, url.query.decode("latin-1"), headers)


def leaving(request: Any, body: bytes) -> Any:
    """`request`, which was read, with `body` and without the header that is only for the door."""
    if body == request.content and SESSION_HEADER not in request.headers:
        return request
    headers = [item for item in request.headers.multi_items() if item[0].lower() not in _NOT_LEAVING]
    return package_of(request).Request(
        request.method, request.url, headers=headers, content=body, extensions=request.extensions
    )


def answer(response: Any, stream: Any) -> Any:
    """`response` with another body, which is neither compressed nor of a known length."""
    headers = [item for item in response.headers.multi_items() if item[0].lower() not in _OF_THE_BODY]
    made = package_of(response).Response(
        response.status_code, headers=headers, stream=stream, extensions=response.extensions
    )
    if getattr(response, "_request", None) is not None:  # a transport's response has none yet
        made.request = response.request
    with suppress(RuntimeError):  # it is not known before an answer was read
        made.elapsed = response.elapsed
    return made


def refusal(door: Door, request: Any, error: StrongroomError) -> Any:
    """An answer that says why `request` did not leave or its answer did not come, as the provider would say it."""
    problem = problem_of(error)
    wire = door.speaker(outgoing(request))
    body = wire.problem(problem.status, problem.message, problem.code, IN_PROCESS)
    package = package_of(request)
    headers = {"content-type": "application/json"}
    return package.Response(problem.status, headers=headers, stream=package.ByteStream(body), request=request)


def kind_of(response: Any) -> str:
    """The media type of an answer."""
    return str(response.headers.get("content-type", ""))


class Gathered:
    """The pieces of a whole answer, up to a limit."""

    def __init__(self, bytes_max: int) -> None:
        self._pieces: list[bytes] = []
        self._left = bytes_max

    def take(self, piece: bytes) -> None:
        """Keep one piece; raises `LimitExceededError` beyond the limit."""
        self._left -= len(piece)
        if self._left < 0:
            msg = "the answer is larger than limits.response_bytes"
            raise LimitExceededError(msg)
        self._pieces.append(piece)

    def all(self) -> bytes:
        """Everything."""
        return b"".join(self._pieces)
