"""The one corridor through which plaintext of labelled data comes into being.

Always in this order: who asks, what is it (a label), may they (policy), say what is about to happen
(an audit intent, durable where it must be), do it (the caller's block, with the permit), say what
happened (the outcome). Without a working audit sink nothing is opened; without a policy nothing is allowed.

Must never: mint a permit before the intent is accepted by the log, or write a value into an event.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from strongroom.audit.log import AuditLog
from strongroom.errors import AccessDeniedError, DecryptionError, StrongroomError
from strongroom.formats.entry import Event
from strongroom.guard.flows import AGENT, CLEAR, REDACTED, SEALED, STORE, SURROGATE, VALUE, FlowMap, Trace
from strongroom.identity import Caller
from strongroom.label import Label
from strongroom.permit import MANAGING, MANY, Permit, PermitOffice
from strongroom.policy.engine import Policy
from strongroom.policy.question import Decision, Question

DURABLE = MANAGING | {"manage_credential", "manage_source", "read_audit"}
"""Actions whose intent must be on disk before they start; data-plane actions are group-committed."""


FRESH_S = 1.0
"""A permit with less than this left is renewed before it is used again in a long stream."""


_AT_REST = {"seal": (AGENT, STORE, SEALED), "open": (STORE, AGENT, VALUE)}
"""From where, to where and in which form the data of an action goes."""


class PolicySource(Protocol):
    """Gives the policy that is in force now."""

    def current(self) -> Policy:
        """The last policy that validated."""
        ...


class Guard:
    """Authorizes, records and lets pass. One per process."""

    def __init__(
        self, *, policy: PolicySource, audit: AuditLog, office: PermitOffice, flows: FlowMap | None = None
    ) -> None:
        self._policy = policy
        self._audit = audit
        self._office = office
        self._flows = flows

    @property
    def policy_version(self) -> str:
        """The version of the policy in force."""
        return self._policy.current().version

    def decide(self, caller: Caller, action: str, label: Label, *, sink: str = "") -> Decision:
        """What policy says; nothing is recorded and nothing minted."""
        return self._policy.current().decide(
            Question(
                principal=caller.principal,
                action=action,
                label=label,
                sink=sink,
                purpose=caller.purpose,
                address=caller.address,
            )
        )

    def authorize(
        self, caller: Caller, action: str, label: Label, *, resource: str = MANY, sink: str = "",
        sink_name: str = "", count: int = 1, durable: bool | None = None,
    ) -> Permit:  # fmt: skip
        """Decide, record the intent (or the denial) and mint a permit for `action` on `label`'s category.

        The caller owes the log an outcome: use `corridor`, or call `settle` when it is done. Raises
        `AccessDeniedError` when policy refuses and `AuditUnavailableError` when the log cannot take the entry.
        """
        decision = self.decide(caller, action, label, sink=sink)
        event = _event(
            caller, action, label, "intent" if decision.allowed else "denied",
            resource=resource, sink=sink_name or sink, decision=decision, count=count,
        )  # fmt: skip
        if not decision.allowed:
            self._audit.append(event, durable=False)
            msg = f"{action} of {label.kind or label.category} was refused"
            raise AccessDeniedError(msg, policies=decision.policies, nearest=decision.nearest)
        self._audit.append(event, durable=action in DURABLE if durable is None else durable)
        return self._mint(caller, action, label, resource, decision)

    def _mint(self, caller: Caller, action: str, label: Label, resource: str, decision: Decision) -> Permit:
        return self._office.mint(
            principal=caller.principal.name,
            tenant=caller.tenant,
            environment=caller.environment,
            action=action,
            category=label.category,
            resource=resource,
            policy_version=decision.version,
        )

    def is_fresh(self, permit: Permit) -> bool:
        """Whether `permit` will still be accepted for the work of the next moment."""
        return self._office.remaining_s(permit) > FRESH_S

    def permit_to_protect(self, caller: Caller, label: Label) -> Permit:
        """A permit to put values of `label`'s category away, without an entry of its own.

        Nothing comes to light by it; what was put away is recorded with the request it was for, before that
        request leaves, or with `settle`. Raises `AccessDeniedError`, which is recorded.
        """
        decision = self.decide(caller, "tokenize", label)
        if not decision.allowed:
            return self.authorize(caller, "tokenize", label)
        return self._mint(caller, "tokenize", label, MANY, decision)

    def form_for_model(self, caller: Caller, label: Label) -> str:
        """How a value of `label` may reach a model: redacted, clear, or as a surrogate.

        Whoever permits something to be redacted means it, so that is asked first. Raises `AccessDeniedError`,
        which is recorded, when no form is permitted.
        """
        for action, form in (("redact", REDACTED), ("show", CLEAR), ("tokenize", SURROGATE)):
            if self.decide(caller, action, label).allowed:
                return form
        self.authorize(caller, "tokenize", label)
        return SURROGATE

    def settle(
        self, caller: Caller, permit: Permit, label: Label, *, sink_name: str = "", count: int = 1,
        result: str = "ok", durable: bool = False,
    ) -> int:  # fmt: skip
        """Record the outcome of what `permit` allowed; returns the entry's index in this shard."""
        event = _event(
            caller, permit.action, label, "outcome",
            resource=permit.resource, sink=sink_name, permit=permit, count=count, result=result,
        )  # fmt: skip
        if self._flows is not None and permit.action in _AT_REST and result == "ok":
            source, place, form = _AT_REST[permit.action]
            moved = Trace(caller)
            moved.passed(source, label, (place, place), form, count)
            self._flows.observe(moved.taken().items())
        return self._audit.append(event, durable=durable)

    def alarm(self, caller: Caller, action: str, label: Label, *, sink_name: str = "", result: str) -> None:
        """Record something that should not happen, such as a surrogate that was never issued here."""
        self._audit.append(_event(caller, action, label, "alarm", sink=sink_name, result=result), durable=False)

    @contextmanager
    def corridor(
        self, caller: Caller, action: str, label: Label, *, resource: str = MANY, sink: str = "", count: int = 1,
        durable: bool | None = None,
    ) -> Iterator[Permit]:  # fmt: skip
        """`authorize`, yield the permit, and record the outcome, whichever way the block ends."""
        permit = self.authorize(caller, action, label, resource=resource, sink=sink, count=count, durable=durable)
        wait = action in DURABLE if durable is None else durable
        try:
            yield permit
        except BaseException as error:
            self.settle(
                caller, permit, label, sink_name=sink, count=count, result=failure_code(error), durable=wait
            )
            raise
        self.settle(caller, permit, label, sink_name=sink, count=count, durable=wait)


def failure_code(error: BaseException) -> str:
    """A short constant for the log: an error's code, with the precise reason of a failed opening."""
    if isinstance(error, DecryptionError):
        return f"{error.code}:{error.reason}"
    return error.code if isinstance(error, StrongroomError) else type(error).__name__


def _event(
    caller: Caller, action: str, label: Label, phase: str, *, resource: str = "", sink: str = "",
    decision: Decision | None = None, permit: Permit | None = None, count: int = 1, result: str = "",
) -> Event:  # fmt: skip
    version = decision.version if decision else permit.policy_version if permit else ""
    return Event(
        action=action,
        phase=phase,
        principal=caller.principal.name,
        tenant=caller.tenant,
        environment=caller.environment,
        purpose=caller.purpose,
        session=caller.session,
        resource=resource,
        category=label.category,
        level=int(label.level),
        sink=sink,
        subject=label.subject,
        policies=decision.policies if decision else (),
        policy_version=version,
        permit=permit.id if permit else 0,
        count=count,
        result=result,
    )
