"""A permit: the guard's answer "yes, this once", which every unwrap, open and resolve asks for.

A permit is for one principal, action, resource and policy version, and is short-lived. It is a capability
by identity: the office that minted it remembers the very object, so one that was built by hand, copied,
or carried to another process is refused. Only `guard` mints (an import contract holds that for
`PermitOffice.mint`'s home, `wiring` passes the office on); everybody else checks with `require`.

Must never: be pickled, or be valid for longer than `PERMIT_LIFETIME_S`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import NoReturn
from weakref import WeakValueDictionary

from strongroom.clock import Clock
from strongroom.errors import PermitError

PERMIT_LIFETIME_S = 30.0
"""Long enough for a large file to start, short enough that a leaked permit is worth little."""

SEALING = frozenset({"seal", "tokenize"})
OPENING = frozenset({"open", "detokenize"})
MANAGING = frozenset({"manage_key", "erase"})

MANY = "*"
"""As category or resource of a permit: all of them within the permit's tenant and environment."""


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Permit:
    """One decision in favour. `resource` is an object id or `MANY`; `category` bounds the keys it reaches.

    `expires_at` is in monotonic seconds.
    """

    id: int
    principal: str
    tenant: str
    environment: str
    action: str
    category: str
    resource: str
    policy_version: str
    expires_at: float

    def __reduce__(self) -> NoReturn:
        msg = "permits do not leave their process"
        raise PermitError(msg)


def require_object(permit: Permit, object_id: str) -> None:
    """Raise `PermitError` unless `permit` is for `object_id`: for all, for it, or for the folder it lies in.

    A permit for ``a`` covers ``a`` and ``a/b``. Whether the permit is genuine is the office's question.
    """
    resource = permit.resource
    if resource not in (MANY, object_id) and not object_id.startswith(f"{resource}/"):
        msg = "the permit is for another object"
        raise PermitError(msg)


class PermitOffice:
    """Mints permits and knows which are genuine. One per process, shared by reference."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ids = itertools.count(1)
        self._live: WeakValueDictionary[int, Permit] = WeakValueDictionary()

    def mint(
        self, *, principal: str, tenant: str, environment: str, action: str, category: str, resource: str,
        policy_version: str,
    ) -> Permit:  # fmt: skip
        """Make a permit that expires `PERMIT_LIFETIME_S` from now. For `guard` alone."""
        expires_at = self._clock.monotonic() + PERMIT_LIFETIME_S
        number = next(self._ids)
        permit = Permit(
            number, principal, tenant, environment, action, category, resource, policy_version, expires_at
        )
        self._live[number] = permit
        return permit

    def remaining_s(self, permit: Permit) -> float:
        """Seconds until `permit` expires; negative once it has."""
        return permit.expires_at - self._clock.monotonic()

    def require(
        self, permit: Permit, actions: frozenset[str], *, tenant: str, environment: str, category: str,
        resource: str = MANY,
    ) -> None:  # fmt: skip
        """Raise `PermitError` unless `permit` is genuine, unexpired and for one of `actions` on exactly this."""
        if not isinstance(permit, Permit) or self._live.get(permit.id) is not permit:
            msg = "no genuine permit was shown"
            raise PermitError(msg)
        if permit.expires_at < self._clock.monotonic():
            msg = "the permit has expired"
            raise PermitError(msg)
        if permit.action not in actions or permit.tenant != tenant or permit.environment != environment:
            msg = "the permit is for another action, tenant or environment"
            raise PermitError(msg)
        if permit.category not in (category, MANY) or permit.resource not in (resource, MANY):
            msg = "the permit is for another category or resource"
            raise PermitError(msg)
