"""What a gateway is made of.

Must never: hold a default that weakens anything: no credentials, no sessions, no upstream, no service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from strongroom.clock import Entropy, system_entropy
from strongroom.gateway.ports import CredentialsPort, SessionsPort
from strongroom.gateway.telemetry import Telemetry
from strongroom.gateway.upstream import Upstream


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """Bounds on one request, in bytes."""

    body_bytes: int = 32 << 20
    response_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class GatewayParts:
    """What a gateway is made of. `mode` is ``enforce`` or ``monitor``; `upstreams` go by wire name."""

    sessions: SessionsPort
    credentials: CredentialsPort
    upstreams: Mapping[str, Upstream]
    telemetry: Telemetry
    mode: str = "enforce"
    limits: GatewayLimits = field(default_factory=GatewayLimits)
    entropy: Entropy = system_entropy

    @property
    def enforces(self) -> bool:
        """Whether anything is changed or refused; the other mode passes everything and reports."""
        return self.mode == "enforce"
