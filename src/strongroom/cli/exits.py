"""From an error to what a person reads and the number a script gets.

Theory: a script must be able to tell "the check failed" from "you may not" from "the data is damaged" from
"try again later" without reading text, so each branch of the error tree has a number of its own.

Must never: print a traceback for an error of the tree, or anything an error did not choose to say.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from strongroom import errors

CHECK_FAILED = 1
"""The command worked and what it checked does not hold (a failed demo, a spent budget ...)."""
USAGE = 2
"""The command line, a setting or the unseal path is wrong."""
DENIED = 3
"""Policy, a key's state or a credential says no."""
INTEGRITY = 4
"""Sealed data, a log or the store does not verify."""
BACKEND = 5
"""The store, the audit sink, the disk or an upstream cannot serve now."""
INTERRUPTED = 130
"""Ctrl-C, as shells count it (128 + SIGINT)."""

EXIT_BY_ERROR: Mapping[type[errors.StrongroomError], int] = {
    errors.StrongroomError: BACKEND,
    errors.ConfigurationError: USAGE,
    errors.InputError: USAGE,
    errors.RootError: USAGE,
    errors.KmsUnavailableError: BACKEND,
    errors.KmsAccessDeniedError: DENIED,
    errors.KmsDisabledError: DENIED,
    errors.KmsPendingDestructionError: DENIED,
    errors.KmsContextMismatchError: INTEGRITY,
    errors.StoreError: BACKEND,
    errors.StoreVersionError: USAGE,
    errors.StoreTamperedError: INTEGRITY,
    errors.KeyAccessError: DENIED,
    errors.KeyNotFoundError: USAGE,
    errors.IllegalTransitionError: USAGE,
    errors.FormatError: INTEGRITY,
    errors.DecryptionError: INTEGRITY,
    errors.IntegrityError: INTEGRITY,
    errors.AccessDeniedError: DENIED,
    errors.PermitError: DENIED,
    errors.CredentialError: DENIED,
    errors.UnknownSurrogateError: DENIED,
    errors.LimitExceededError: USAGE,
    errors.RequestRefusedError: DENIED,
    errors.AuditUnavailableError: BACKEND,
    errors.UpstreamError: BACKEND,
}
"""The nearest class in an error's ancestry decides."""


def exit_code(kind: type[errors.StrongroomError]) -> int:
    """The number a process ends with when it fails with an error of class `kind`."""
    return next(EXIT_BY_ERROR[ancestor] for ancestor in kind.__mro__ if ancestor in EXIT_BY_ERROR)


def report(error: errors.StrongroomError, *, as_json: bool) -> int:
    """Say on stderr what went wrong and what to do next; returns the exit code."""
    code = exit_code(type(error))
    if as_json:
        told = {"error": error.code, "message": str(error), "next": _next_step(error), "exit": code}
        sys.stderr.write(json.dumps(told) + "\n")
        return code
    sys.stderr.write(f"error: {error}\n")
    step = _next_step(error)
    if step:
        sys.stderr.write(f"  {step}\n")
    return code


def report_system(error: OSError, *, as_json: bool) -> int:
    """The same for a refusal of the operating system (no such directory, no permission ...)."""
    where = f": {error.filename}" if error.filename else ""
    message = f"{error.strerror or type(error).__name__}{where}"
    if as_json:
        sys.stderr.write(json.dumps({"error": "system", "message": message, "next": "", "exit": BACKEND}) + "\n")
    else:
        sys.stderr.write(f"error: {message}\n")
    return BACKEND


def _next_step(error: errors.StrongroomError) -> str:
    """What `diagnostics()` adds to the message itself."""
    return error.diagnostics().removeprefix(str(error)).strip()
