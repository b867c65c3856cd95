"""Who asks: principals, tenants, environments, purposes and the names they may have.

Must never: authenticate anybody (that is `guard`), or accept a name that could be confused with
another after encoding; names are lower-case ASCII so that a key path has exactly one spelling.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from strongroom.errors import InvalidNameError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


def require_name(value: str, what: str) -> str:
    """Return `value` if it is a legal name, else raise `InvalidNameError` saying which `what` is wrong."""
    if not _NAME.fullmatch(value):
        msg = f"{what} is not a legal name"
        raise InvalidNameError(msg)
    return value


@dataclass(frozen=True, slots=True)
class Principal:
    """An agent, service or person on whose behalf something is asked.

    `clearance` is the highest `Level` (0 to 3) of data the principal may meet; `roles` are Cedar groups.
    """

    name: str
    tenant: str
    environment: str
    roles: tuple[str, ...] = ("agent",)
    clearance: int = 3

    def __post_init__(self) -> None:
        require_name(self.name, "principal")
        require_name(self.tenant, "tenant")
        require_name(self.environment, "environment")


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal in one situation: for which purpose, in which session, from which address."""

    principal: Principal
    purpose: str = "unspecified"
    session: str = ""
    address: str = "127.0.0.1"

    @property
    def tenant(self) -> str:
        """The principal's tenant."""
        return self.principal.tenant

    @property
    def environment(self) -> str:
        """The principal's environment, such as ``prod``."""
        return self.principal.environment
