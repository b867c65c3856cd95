"""A gateway for an opened room: which of the room's parts stand behind which of the gateway's ports.

Must never: serve a room without its credentials, or outlive it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from strongroom.classify.span import ADDRESS, FIELD, KNOWN, PATTERN, PLUGIN, TAGGER
from strongroom.gateway.app import create_app
from strongroom.gateway.inspection import inline_bytes
from strongroom.gateway.parts import AnalysisParts, GatewayLimits, GatewayParts, McpParts
from strongroom.gateway.serve import serve
from strongroom.gateway.telemetry import Telemetry
from strongroom.room import Strongroom
from strongroom.wiring.outward import line_file, open_upstreams, span_file

LOG = "gateway.log"
SPANS = "traces.jsonl"
TIERS = (FIELD, KNOWN, PATTERN, ADDRESS, TAGGER)
"""What every room finds by, as its spans are marked."""


@contextmanager
def parts_for(room: Strongroom) -> Iterator[GatewayParts]:
    """The parts of `room`'s gateway; the operator's files are open for the time of the block."""
    house, settings = room.house, room.settings
    logs = house.home / "logs"
    with line_file(logs / LOG) as write, span_file(logs / SPANS) as tracer:
        yield GatewayParts(
            sessions=house.sessions,
            credentials=house.credentials,
            upstreams=open_upstreams(settings, room.provider_keys.get, house.epoch),
            telemetry=Telemetry(house.clock, tracer=tracer, write=write),
            mode=settings.mode,
            limits=GatewayLimits(
                settings.limits.body_bytes,
                settings.limits.response_bytes,
                inline_bytes=inline_bytes(settings.detection),
            ),
            analysis=AnalysisParts(
                sessions=house.sessions,
                kinds=frozenset(house.catalogue.types),
                recognizers=(*TIERS, *(f"{PLUGIN}:{name}" for name in settings.detection.plugins)),
                operator=settings.presidio.operator,
            ),
            mcp=McpParts(house.sessions, house.conceal),
        )


def serve_room(room: Strongroom, *, ready: Callable[[str, int], None] | None = None) -> None:
    """Serve `room` on its settings' address until SIGINT or SIGTERM; `ready` hears the address."""
    host, port = room.settings.listen_address()
    with parts_for(room) as parts:
        serve(create_app(parts), host, port, room.settings.limits.drain_s, ready=ready)
