"""From an error of the house to what a client is told: a status, a sentence, a code.

Must never: tell a client more about a failure inside than its code, or let a message carry a value; the
messages of the error tree carry none.
"""

from __future__ import annotations

from typing import NamedTuple

from strongroom.errors import (
    AccessDeniedError,
    CredentialError,
    FormatError,
    LimitExceededError,
    RequestRefusedError,
    StrongroomError,
    UnknownSurrogateError,
    UpstreamError,
    UpstreamTimeoutError,
)


class UnknownEndpointError(RequestRefusedError):
    """The gateway has no table for this endpoint, so it is not forwarded."""

    code = "unknown_endpoint"


class MethodError(RequestRefusedError):
    """The endpoint exists, the method does not."""

    code = "method"


class ContentTypeError(RequestRefusedError):
    """The body is compressed or not JSON, so it cannot be inspected."""

    code = "content_type"


class ParameterError(RequestRefusedError):
    """A field of a request to one of the gateway's own endpoints has a value it cannot have."""

    code = "parameter"


class AddressRefusedError(AccessDeniedError):
    """The request came from an address outside the allow-list."""

    code = "address"


class SlowClientError(RequestRefusedError):
    """The client began a body and did not go on with it."""

    code = "slow_client"


class RetryLaterError(StrongroomError):
    """Not now: `retry_after_s` says when it may work."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class QuotaExceededError(RetryLaterError):
    """A rate or a budget of the principal is used up; `what` says which: requests, tokens or cost."""

    code = "quota"

    def __init__(self, message: str, *, what: str, retry_after_s: float) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.what = what


class OverloadedError(RetryLaterError):
    """More is in progress than the gateway was told to hold."""

    code = "overloaded"


class CircuitOpenError(RetryLaterError):
    """The provider failed several times in a row and is left alone for a while."""

    code = "circuit_open"


class Problem(NamedTuple):
    """What a client is told; `retry_after_s` when trying again may help."""

    status: int
    message: str
    code: str
    retry_after_s: float | None = None


_STATUS: tuple[tuple[type[StrongroomError], int], ...] = (
    (UnknownEndpointError, 404),
    (MethodError, 405),
    (ContentTypeError, 415),
    (ParameterError, 422),
    (SlowClientError, 408),
    (RequestRefusedError, 400),
    (FormatError, 400),
    (LimitExceededError, 413),
    (CredentialError, 401),
    (QuotaExceededError, 429),
    (RetryLaterError, 503),
    (AccessDeniedError, 403),
    (UnknownSurrogateError, 403),
    (UpstreamTimeoutError, 504),
    (UpstreamError, 502),
)
_INTERNAL = 500
_UNAVAILABLE = 503


def problem_of(error: BaseException) -> Problem:
    """What to say about `error`; anything that is not of the house's tree is a fault of ours."""
    if not isinstance(error, StrongroomError):
        return Problem(_INTERNAL, "the gateway failed on this request", "internal")
    for kind, status in _STATUS:
        if isinstance(error, kind):
            text = error.diagnostics() if status < _INTERNAL else str(error)
            wait = error.retry_after_s if isinstance(error, RetryLaterError) else None
            return Problem(status, text.replace("\n", " "), error.code, wait)
    return Problem(_UNAVAILABLE, f"the gateway cannot protect this request now ({error.code})", error.code)
