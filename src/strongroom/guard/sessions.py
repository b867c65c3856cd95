"""Opens sessions and keeps, per scope, what must survive from one request to the next.

Must never: share state between two scopes, or keep a conversation's memory after the epoch says that a key
changed state: then everything remembered in this process is dropped before the next text is inspected.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import Protocol

from strongroom.classify.known import KnownValues
from strongroom.clock import Entropy, system_entropy
from strongroom.guard.scope_state import ScopeState
from strongroom.guard.session import Engine, Session
from strongroom.identity import Caller
from strongroom.surrogates.scope import Scope

SCOPES_MAX = 2048
"""Conversations remembered at once in one process; the oldest is re-inspected when it comes back."""


class Sources(Protocol):
    """The values that declared data sources have taught, per tenant and environment."""

    def known(self, tenant: str, environment: str) -> tuple[KnownValues, str]:
        """The automaton, and a version that changes whenever it does."""
        ...


class EpochReader(Protocol):
    """The shared counter that every change of a key's state bumps."""

    def value(self) -> int:
        """The current epoch."""
        ...


class Sessions:
    """See the module. One per process, safe under threads."""

    def __init__(
        self, engine: Engine, sources: Sources, epoch: EpochReader, *, entropy: Entropy = system_entropy
    ) -> None:
        self._engine = engine
        self._sources = sources
        self._epoch = epoch
        self._seen = epoch.value()
        self._entropy = entropy
        self._states: OrderedDict[Scope, ScopeState] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, caller: Caller, *, conversation: str) -> Session:
        """A session of `caller` in `conversation` (a header's value or a digest of the opening).

        The scope is the conversation *of this principal*: two principals never share surrogates, even
        when they name their conversations alike. An empty `conversation` means the principal's own scope.
        """
        principal = caller.principal
        name = hashlib.sha256(f"{principal.name}\n{conversation}".encode()).hexdigest()[:32]
        where = principal.tenant, principal.environment
        scope = Scope(*where, "conversation" if conversation else "principal", name)
        self._follow_epoch()
        known, version = self._sources.known(principal.tenant, principal.environment)
        engine = self._engine
        # Everything that a finding or a decision to show depends on, besides the text and what was learned.
        asked = (principal.roles, principal.clearance, caller.purpose, caller.address)
        inspected_by = f"{version}/{engine.guard.policy_version}/{engine.catalogue.version}/{asked}"
        return Session(engine, caller, scope, self._state(scope), known, inspected_by)

    def _state(self, scope: Scope) -> ScopeState:
        with self._lock:
            state = self._states.get(scope)
            if state is None:
                state = self._states[scope] = ScopeState(self._entropy(32), self._engine.catalogue)
                while len(self._states) > SCOPES_MAX:
                    self._states.popitem(last=False)
            self._states.move_to_end(scope)
            return state

    def _follow_epoch(self) -> None:
        now = self._epoch.value()
        with self._lock:
            if now == self._seen:
                return
            self._seen = now
            self._states.clear()
        self._engine.surrogates.forget()

    def flush(self) -> None:
        """Write what conversations issued and is not on disk yet."""
        self._engine.surrogates.flush()
