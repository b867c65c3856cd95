"""Fernet of the `cryptography` package: authenticated and versioned, without context, in base64."""

from __future__ import annotations

import time
from collections.abc import Callable

from answer import answer
from cryptography.fernet import Fernet

FERNET = Fernet(Fernet.generate_key())


def mean(call: Callable[[], object], calls: int) -> float:
    started = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - started) / calls


def seal(length: int, calls: int) -> float:
    plaintext = bytes(length)
    return mean(lambda: FERNET.encrypt(plaintext), calls)


def open_(length: int, calls: int) -> float:
    token = FERNET.encrypt(bytes(length))
    return mean(lambda: FERNET.decrypt(token), calls)


def overhead(length: int) -> float:
    return float(len(FERNET.encrypt(bytes(length))) - length)


answer({"seal": seal, "open": open_, "overhead": overhead})
