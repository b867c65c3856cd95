"""The person at this machine, as the guard knows them.

Must never: be given to anybody who comes over the network.
"""

from __future__ import annotations

from strongroom.identity import Caller, Principal

OPERATOR = "local-admin"
"""The person at this machine: whoever can read the keyfile administers the embedded store."""


def operator(tenant: str, environment: str) -> Caller:
    """The local administrator, acting in one tenant and environment."""
    return Caller(Principal(OPERATOR, tenant, environment, roles=("admin",)), purpose="administration")
