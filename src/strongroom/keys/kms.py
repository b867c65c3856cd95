"""Unsealing by a key management service: one `RootProvider` over whichever service there is.

The service sees a random protector and the store's id, never the root. A wrap is tried out before it is kept:
the service has to give the protector back, so that a key that encrypts but no longer decrypts is found on the day
it is added, not on the day it is needed.

Every refusal is one of six (`Refusal`), and only unavailability is tried again. A service's own word about a key's
state ("enabled") is never asked for: what counts is whether it decrypts.

Must never: retry a refusal, accept a protector it did not check, or ask another key than the one that was chosen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import stamina

from strongroom.clock import Clock, Entropy, SystemClock, system_entropy
from strongroom.errors import (
    DecryptionError,
    FormatError,
    KmsAccessDeniedError,
    KmsContextMismatchError,
    KmsDisabledError,
    KmsError,
    KmsKeyNotFoundError,
    KmsPendingDestructionError,
    KmsUnavailableError,
)
from strongroom.formats.kms_wrap import field_key, pack_header, parse
from strongroom.keys.wrapping import KEY_LEN, unwrap_root, wrap_root
from strongroom.primitives.mac import equal

CONTEXT_NAME = "strongroom-store"
"""The name of the one context entry, whose value is the store's id; a key policy can demand it."""

TRIES = 4
"""One call and three more: what a busy service needs, and short enough for somebody who waits for a start."""

PATIENCE_S = 20.0
"""No further try begins after this many seconds."""

CALL_TIMEOUT_S = 5.0
"""One call's time; a healthy service answers in well under a second."""

# stamina logs each repetition; where nobody set logging up, that belongs nowhere rather than on stderr.
logging.getLogger("stamina").addHandler(logging.NullHandler())

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Encrypted:
    """A protector under a service's key; `key` is the immutable name by which it can be decrypted later."""

    key: str
    ciphertext: bytes = field(repr=False)


class KmsKey(Protocol):
    """One key of one service. Every call is one request: no retry and no cache below this port."""

    @property
    def name(self) -> str:
        """For a person: the service and the key as it was chosen, on one line."""
        ...

    def encrypt(self, plaintext: bytes, *, store_id: str) -> Encrypted:
        """`plaintext` (32 bytes) under the key, bound to `store_id` where the service can bind.

        Raises `KmsError`, one of its kinds.
        """
        ...

    def decrypt(self, sealed: Encrypted, *, store_id: str) -> bytes:
        """The plaintext again.

        Raises `KmsError`, one of its kinds; `KmsContextMismatchError` if `sealed.key` is not this key.
        """
        ...


_SAYS: dict[type[KmsError], str] = {
    KmsError: "{key} cannot be used ({why})",
    KmsUnavailableError: "{key} cannot be reached ({why})",
    KmsAccessDeniedError: "{key} refuses this identity ({why})",
    KmsKeyNotFoundError: "{key} does not exist, or not there ({why})",
    KmsDisabledError: "{key} is switched off ({why})",
    KmsPendingDestructionError: "{key} is scheduled for destruction ({why})",
    KmsContextMismatchError: "{key} does not open this store's wrap ({why})",
}


def refusal(kind: type[KmsError], key: str, why: str) -> KmsError:
    """The error for a service's answer: one sentence per kind, `why` being the service's own short code."""
    return kind(_SAYS[kind].format(key=key, why=why))


def require_own_key(chosen: str, *, key: str, wrapped_by: str) -> None:
    """Raise `KmsContextMismatchError` unless the wrap was made by the chosen key; the message names both."""
    if chosen != wrapped_by:
        raise refusal(KmsContextMismatchError, key, f"it was wrapped by {wrapped_by}")


@dataclass(frozen=True, slots=True)
class KmsRoot:
    """The `RootProvider` port over a `KmsKey`. `scheme` is the provider's name among the wraps of a store."""

    key: KmsKey
    scheme: str
    store_id: str
    clock: Clock = field(default_factory=SystemClock)
    entropy: Entropy = system_entropy

    def wrap(self, root: bytes) -> bytes:
        """`root` under a fresh protector that the service holds, tried out once. Raises `KmsError`."""
        protector = self.entropy(KEY_LEN)
        sealed = self._patiently(lambda: self.key.encrypt(protector, store_id=self.store_id))
        returned = self._patiently(lambda: self.key.decrypt(sealed, store_id=self.store_id))
        if not equal(returned, protector):
            raise refusal(KmsError, self.key.name, "it gave back something else than it was given")
        try:
            header = pack_header(sealed.key, sealed.ciphertext)
        except FormatError as error:
            raise refusal(KmsError, self.key.name, str(error)) from error
        return header + wrap_root(
            protector=field_key(protector, header),
            store_id=self.store_id,
            scheme=self.scheme,
            root=root,
            entropy=self.entropy,
        )

    def unwrap(self, wrapped: bytes) -> bytes:
        """The root. Raises `KmsError`, one of its kinds, also when the service answers with a wrong protector."""
        try:
            wrap = parse(wrapped)
        except FormatError as error:
            raise refusal(KmsContextMismatchError, self.key.name, "the stored wrap is damaged") from error
        sealed = Encrypted(wrap.key, wrap.ciphertext)
        protector = self._patiently(lambda: self.key.decrypt(sealed, store_id=self.store_id))
        if len(protector) != KEY_LEN:
            raise refusal(KmsContextMismatchError, self.key.name, "its answer is no protector")
        try:
            return unwrap_root(
                protector=field_key(protector, wrap.header),
                store_id=self.store_id,
                scheme=self.scheme,
                wrapped=wrap.field,
            )
        except (DecryptionError, FormatError) as error:
            raise refusal(KmsContextMismatchError, self.key.name, "its answer opens nothing here") from error

    def describe(self) -> str:
        """The service and the key."""
        return self.key.name

    def _patiently(self, call: Callable[[], _Answer]) -> _Answer:
        """`call`, again while the service is unavailable, at most `TRIES` times and within `PATIENCE_S`."""
        last = self.clock.monotonic() + PATIENCE_S

        def again(error: Exception) -> bool:
            return isinstance(error, KmsUnavailableError) and self.clock.monotonic() < last

        # Without arguments of its own: stamina's instrumentation logs the arguments it is told about.
        for attempt in stamina.retry_context(
            on=again, attempts=TRIES, timeout=None, wait_initial=0.2, wait_max=3.0, wait_jitter=0.3
        ):
            with attempt:
                return call()
        raise AssertionError  # the last attempt returns or raises
