"""A gateway for an opened room: which of the room's parts stand behind which of the gateway's ports.

Must never: serve a room without its credentials, or outlive it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket

from strongroom.classify.span import ADDRESS, FIELD, KNOWN, PATTERN, PLUGIN, TAGGER
from strongroom.gateway.app import create_app
from strongroom.gateway.assembly import admission_of, caretaker_of, resilient
from strongroom.gateway.files import rules_of
from strongroom.gateway.gauges import Gauges
from strongroom.gateway.inspection import inline_bytes
from strongroom.gateway.parts import AnalysisParts, GatewayLimits, GatewayParts, McpParts, OwnParts
from strongroom.gateway.serve import serve, serve_on
from strongroom.gateway.telemetry import Telemetry
from strongroom.room import Strongroom
from strongroom.wiring.outward import document_text, line_file, open_upstreams, span_file

LOG = "gateway.log"
SPANS = "traces.jsonl"
TIERS = (FIELD, KNOWN, PATTERN, ADDRESS, TAGGER)
"""What every room finds by, as its spans are marked."""


@contextmanager
def parts_for(
    room: Strongroom, *, config: Path | None = None, shared_metrics: Path | None = None
) -> Iterator[GatewayParts]:
    """The parts of `room`'s gateway; the operator's files are open for the time of the block.

    `config` is the settings file, if not the one in the home; `shared_metrics` where workers keep their counters.
    """
    house, settings = room.house, room.settings
    logs = house.home / "logs"
    admission = admission_of(room)
    house.engine.classifier.ready()  # the first request must not wait for it
    with line_file(logs / LOG) as write, span_file(logs / SPANS) as tracer:
        telemetry = Telemetry(house.clock, tracer=tracer, write=write, shared=shared_metrics)
        metrics = Gauges(telemetry.registry)
        providers = open_upstreams(settings, room.provider_keys.get, house.epoch)
        yield GatewayParts(
            sessions=house.sessions,
            credentials=house.credentials,
            upstreams=resilient(providers, settings, house.clock, metrics),
            telemetry=telemetry,
            admission=admission,
            care=caretaker_of(room, admission, metrics, config),
            mode=settings.mode,
            files=rules_of(settings.files, document_text),
            limits=GatewayLimits(
                settings.limits.body_bytes,
                settings.limits.response_bytes,
                inline_bytes=inline_bytes(settings.detection),
                client_idle_s=settings.limits.client_idle_s,
            ),
            analysis=AnalysisParts(
                sessions=house.sessions,
                kinds=frozenset(house.catalogue.types),
                recognizers=(*TIERS, *(f"{PLUGIN}:{name}" for name in settings.detection.plugins)),
                operator=settings.presidio.operator,
            ),
            own=OwnParts(house.sessions, frozenset(settings.self_hosted)),
            mcp=McpParts(house.sessions, house.conceal),
        )


def serve_room(
    room: Strongroom, *, ready: Callable[[str, int], None] | None = None, config: Path | None = None
) -> None:
    """Serve `room` on its settings' address until SIGINT or SIGTERM; `ready` hears the address."""
    host, port = room.settings.listen_address()
    limits = room.settings.limits
    with parts_for(room, config=config) as parts:
        serve(
            create_app(parts), host, port, limits.drain_s, ready=ready, linger_s=limits.linger_s,
            idle_s=limits.client_idle_s,
        )  # fmt: skip


def serve_room_on(
    room: Strongroom, listening: socket, *, ready: Callable[[str, int], None], config: Path | None,
    shared_metrics: Path,
) -> None:  # fmt: skip
    """The same as one of several workers, on a socket that their supervisor made."""
    limits = room.settings.limits
    with parts_for(room, config=config, shared_metrics=shared_metrics) as parts:
        serve_on(listening, create_app(parts), limits.drain_s, ready=ready, linger_s=limits.linger_s)
