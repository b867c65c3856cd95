"""Issues surrogates for values and resolves them again: the same for the same (scope, kind, normalized value).

Theory: a value is known by a MAC under its scope's key, its surrogate follows from that MAC, and the value
itself is sealed under the key of its label's path, so that disabling or destroying that key is what takes it
away, here and in every process. Memory makes a known value cheap; the store's unique keys make it one-to-one
across threads and processes.

Must never: keep plaintext, give two values one surrogate in a scope, or resolve outside the scope of issue.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from strongroom.clock import Clock
from strongroom.errors import (
    DecryptionError,
    KeyAccessError,
    LimitExceededError,
    UnknownSurrogateError,
)
from strongroom.formats.surrogate import require_kind
from strongroom.identity import require_name
from strongroom.keys.path import KeyPath
from strongroom.label import Label
from strongroom.permit import MANY, SEALING, Permit, PermitOffice
from strongroom.surrogates.memory import VALUES_MAX, Held, ScopeMemory, covers, held_of, stricter
from strongroom.surrogates.pending import Pending
from strongroom.surrogates.resolve import Sealer, open_value, seal_value
from strongroom.surrogates.scope import PURPOSE, Scope, ScopeKey
from strongroom.surrogates.store import SurrogateRow, SurrogateStore
from strongroom.surrogates.veil import SubjectVeil

__all__ = ["Scope", "Surrogates"]

SCOPES_MAX = 1024
"""Scopes remembered at once; the one opened first goes first and is loaded again when it comes back."""

VALUE_BYTES_MAX = 1 << 16
"""A value is a name, a number, a line of text; a document belongs in a sealed file."""

PROBES_MAX = 256
"""Candidates tried for one value. One in 14 short codes has no digit; at a million values 3 % more are taken."""

_ERASING = frozenset({"erase"})


class Surrogates:
    """See the module. One per process, safe under threads.

    `purpose_key` gives the stable 32-byte key of a tenant/environment for the purpose ``surrogate``; it opens
    nothing. `office` is what permits are checked with where no key is touched.
    """

    def __init__(
        self,
        *,
        store: SurrogateStore,
        envelope: Sealer,
        purpose_key: Callable[[KeyPath, str], bytes],
        clock: Clock,
        office: PermitOffice,
    ) -> None:
        self._store = SubjectVeil(store, purpose_key)
        self._sealer = envelope
        self._purpose_key = purpose_key
        self._clock = clock
        self._office = office
        self._pending = Pending(self._store)
        self._memories: dict[Scope, ScopeMemory] = {}
        self._lock = threading.Lock()

    # --- issue ------------------------------------------------------------------------------------

    def issue(self, scope: Scope, *, kind: str, value: str, normalized: str, label: Label, permit: Permit) -> str:
        """The surrogate of `value` in `scope`, made if it is new there.

        `normalized` is what makes two spellings the same value. Seen under a stricter label, or with a subject
        for the first time, the value is sealed again under that label. Raises `PermitError`, `FormatError` for a
        kind that surrogates cannot carry, `LimitExceededError` for a value over `VALUE_BYTES_MAX`, `StoreError`.
        """
        self._office.require(
            permit, SEALING, tenant=scope.tenant, environment=scope.environment, category=label.category
        )
        memory = self._memories.get(scope) or self._open(scope)
        lookup = memory.key.lookup(kind, normalized)
        held = memory.by_lookup.get(lookup)
        if held is None or not covers(held.label, label):
            held = self._issue_slowly(memory, lookup, kind, value, label, permit)
        return held.surrogate

    def _issue_slowly(
        self, memory: ScopeMemory, lookup: bytes, kind: str, value: str, label: Label, permit: Permit
    ) -> Held:
        require_kind(kind)
        raw = value.encode("utf-8", "surrogatepass")
        if len(raw) > VALUE_BYTES_MAX:
            msg = f"a value for a surrogate has at most {VALUE_BYTES_MAX} bytes"
            raise LimitExceededError(msg)
        with memory.lock:
            held = memory.by_lookup.get(lookup)
            if held is None and not memory.complete:
                held = self._find_value(memory, lookup)
            if held is not None:
                if covers(held.label, label):
                    return held
                raised = self._relabel(memory, held, lookup, raw, stricter(held.label, label), permit)
                if raised is not None:
                    return raised
            return self._issue_new(memory, lookup, kind, raw, label, permit)

    def _find_value(self, memory: ScopeMemory, lookup: bytes) -> Held | None:
        ref = memory.key.ref
        queued = self._pending.find_value(ref, lookup)
        if queued is not None:
            return memory.keep(queued)
        row = self._store.find_value(ref, lookup)
        return memory.keep(held_of(row)) if row else None

    def _relabel(
        self, memory: ScopeMemory, held: Held, lookup: bytes, raw: bytes, label: Label, permit: Permit
    ) -> Held | None:
        row = self._seal(memory, held.surrogate, lookup, raw, label, permit)
        if self._pending.relabel(row, memory):
            return memory.keep(held_of(row))
        memory.drop(held)  # erased meanwhile by another process: the value starts anew
        return None

    def _issue_new(
        self, memory: ScopeMemory, lookup: bytes, kind: str, raw: bytes, label: Label, permit: Permit
    ) -> Held:
        for probe in range(PROBES_MAX):
            surrogate = memory.key.surrogate(kind, lookup, probe)
            if surrogate is None or self._is_taken(memory, surrogate):
                continue
            row = self._seal(memory, surrogate, lookup, raw, label, permit)
            if not memory.scope.is_durable:
                self._pending.add(row, memory)
                return memory.keep(held_of(row))
            (standing,) = self._store.claim([row])
            held = memory.keep(held_of(standing))
            if held.lookup == lookup:
                return held
        msg = "this scope holds too many values for its surrogates to stay apart"
        raise LimitExceededError(msg)

    def _is_taken(self, memory: ScopeMemory, surrogate: str) -> bool:
        if surrogate in memory.by_surrogate or surrogate in memory.withdrawn:
            return True
        if memory.complete or memory.scope.is_durable:  # a durable scope learns it from its claim
            return False
        return self._find(memory, surrogate) is not None

    def _seal(
        self, memory: ScopeMemory, surrogate: str, lookup: bytes, raw: bytes, label: Label, permit: Permit
    ) -> SurrogateRow:
        scope, ref = memory.scope, memory.key.ref
        sealed = seal_value(
            self._sealer, scope, ref, surrogate=surrogate, lookup=lookup, label=label, value=raw, permit=permit
        )
        return SurrogateRow(
            scope=ref,
            surrogate=surrogate,
            lookup=lookup,
            sealed=sealed,
            label=label,
            tenant=scope.tenant,
            environment=scope.environment,
            created_at=self._clock.now(),
        )

    # --- resolve ----------------------------------------------------------------------------------

    def label(self, scope: Scope, surrogate: str) -> Label | None:
        """The label of what `surrogate` stands for in `scope`; None if it was never issued there."""
        held = self._find(self._memory(scope), surrogate)
        return held.label if held else None

    def is_genuine(self, scope: Scope, text: str) -> bool:
        """Whether `text` is a surrogate with the right check characters for `scope`, issued or not."""
        return self._memory(scope).key.is_genuine(text)

    def resolve(self, scope: Scope, surrogate: str, permit: Permit) -> str:
        """The value that `surrogate` stands for in `scope`, as it was first seen; opened anew every time.

        Raises `UnknownSurrogateError` if it was never issued there, `DecryptionError` or `KeyStateError` when it
        was erased or its key is disabled, `PermitError` without a permit to detokenize its category.
        """
        memory = self._memory(scope)
        held = self._find(memory, surrogate)
        if held is None:
            msg = "this surrogate was not issued here"
            raise UnknownSurrogateError(msg)
        try:
            return open_value(self._sealer, scope, memory.key.ref, held, permit)
        except (DecryptionError, KeyAccessError):
            memory.drop(held)  # the store may know better by now, and a value that comes again starts there
            raise

    def _find(self, memory: ScopeMemory, surrogate: str) -> Held | None:
        held = memory.by_surrogate.get(surrogate)
        if held is not None:
            return held
        if surrogate in memory.withdrawn or not memory.key.is_genuine(surrogate):
            return None
        ref = memory.key.ref
        queued = self._pending.find_surrogate(ref, surrogate)
        if queued is not None:
            return memory.keep(queued)
        row = self._store.find_surrogate(ref, surrogate)
        return memory.keep(held_of(row)) if row else None

    # --- memory and erasure -------------------------------------------------------------------------

    def flush(self) -> tuple[str, ...]:
        """Write what conversations issued and is not on disk yet, in one transaction.

        Gives the surrogates withdrawn because another process used them, or another one for the same value,
        first: they resolve no more, and protecting the text again gives others. Raises `StoreError`.
        """
        return self._pending.flush()

    def forget(self) -> None:
        """Drop everything remembered, after writing what is queued: a key changed state, or a test wants it."""
        try:
            self._pending.flush()
        finally:
            with self._lock:
                self._memories.clear()

    def erase(self, tenant: str, environment: str, subject: str, permit: Permit) -> int:
        """Empty every surrogate of `subject`, MACs included; returns how many there were.

        Destroying the subject's keys is what makes the values unreadable; this removes what is left of them.
        The surrogates stay taken, so they never come to mean somebody else. Raises `InvalidNameError`,
        `PermitError` and `StoreError`.
        """
        require_name(subject, "subject")  # an empty one would mean everybody
        self._office.require(permit, _ERASING, tenant=tenant, environment=environment, category=MANY)
        self._pending.flush()
        erased = self._store.erase(tenant, environment, subject)
        self.forget()
        return erased

    def _memory(self, scope: Scope) -> ScopeMemory:
        return self._memories.get(scope) or self._open(scope)

    def _open(self, scope: Scope) -> ScopeMemory:
        purpose_key = self._purpose_key(KeyPath(scope.tenant, scope.environment), PURPOSE)
        memory = ScopeMemory(scope, ScopeKey(purpose_key, scope))
        with self._lock:
            present = self._memories.get(scope)
            if present is not None:
                return present
            if self._pending.holds(memory.key.ref):  # queued before this scope was dropped: to be found below
                self._pending.flush()
            while len(self._memories) >= SCOPES_MAX:
                del self._memories[next(iter(self._memories))]
            if not scope.is_durable:
                rows = self._store.load(memory.key.ref, VALUES_MAX)
                memory.complete = len(rows) < VALUES_MAX
                for row in rows:
                    memory.keep(held_of(row))
            self._memories[scope] = memory
            return memory
