"""What a gateway is made of.

Must never: hold a default that weakens anything: no credentials, no sessions, no upstream, no service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from strongroom.clock import Entropy, system_entropy
from strongroom.gateway.admission import Admission
from strongroom.gateway.files import REFUSED, FileRules
from strongroom.gateway.mcp import CallSessions
from strongroom.gateway.ports import AnalysesPort, Care, CredentialsPort, SessionsPort
from strongroom.gateway.telemetry import Telemetry
from strongroom.gateway.upstream import Upstream
from strongroom.gateway.values import ValueSessionsPort


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """Bounds on one request, in bytes; a client that sends a body has `client_idle_s` for each next piece of it.

    A body of more than `inline_bytes` is inspected in a thread, so that it does not hold up others: the default is
    about 0.5 ms of patterns, and a longer pause of the loop would show in other requests' latency. With slow
    recognizers it is 0.
    """

    body_bytes: int = 32 << 20
    response_bytes: int = 64 << 20
    inline_bytes: int = 64 << 10
    client_idle_s: float = 60.0


@dataclass(frozen=True, slots=True)
class AnalysisParts:
    """What the endpoints for Presidio's clients are made of: `kinds` are the catalogue's, by name.

    `recognizers` are named to who asks; `operator` is what /anonymize does when a request says nothing.
    """

    sessions: AnalysesPort
    kinds: frozenset[str]
    recognizers: tuple[str, ...] = ()
    operator: Literal["replace", "surrogate"] = "replace"


@dataclass(frozen=True, slots=True)
class McpParts:
    """What serves MCP: `conceal` makes 32 hexadecimal digits of tenant, environment and a name, and only here."""

    sessions: CallSessions
    conceal: Callable[[str, str, str], str]


@dataclass(frozen=True, slots=True)
class OwnParts:
    """The upstreams, by `names`, that run in the house itself, and the sessions for what is embedded there."""

    sessions: ValueSessionsPort
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class GatewayParts:
    """What a gateway is made of. `mode` is ``enforce`` or ``monitor``; `upstreams` go by wire name.

    `files` decides about images, sounds and documents.
    Without `analysis` the endpoints for Presidio's clients are not served, without `mcp` no MCP server is.
    """

    sessions: SessionsPort
    credentials: CredentialsPort
    upstreams: Mapping[str, Upstream]
    telemetry: Telemetry
    mode: str = "enforce"
    files: FileRules = REFUSED
    limits: GatewayLimits = field(default_factory=GatewayLimits)
    entropy: Entropy = system_entropy
    admission: Admission = field(default_factory=Admission)
    care: Care | None = None
    analysis: AnalysisParts | None = None
    mcp: McpParts | None = None
    own: OwnParts | None = None

    @property
    def enforces(self) -> bool:
        """Whether anything is changed or refused; the other mode passes everything and reports."""
        return self.mode == "enforce"
