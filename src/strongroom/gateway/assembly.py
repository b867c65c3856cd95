"""The service around a room's gateway, from its settings: admission, resilient upstreams and their caretaker.

Must never: read a setting twice in two ways; what a running gateway may read again is in `caretaker`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from strongroom.clock import Clock
from strongroom.gateway.admission import Admission
from strongroom.gateway.caretaker import Caretaker, entrance_of
from strongroom.gateway.gauges import Gauges
from strongroom.gateway.occupancy import Occupancy
from strongroom.gateway.quota import Counters, LocalInOutages, Quotas
from strongroom.gateway.quota_rules import Rules
from strongroom.gateway.resilience import Breaker, ResilientUpstream
from strongroom.gateway.upstream import Upstream
from strongroom.policy.file import PolicyFile
from strongroom.room import Strongroom
from strongroom.settings import FILE_NAME, Settings, load_settings
from strongroom.wiring.counting import open_counters


def admission_of(room: Strongroom) -> Admission:
    """What requests to `room`'s gateway have to pass. Raises `ConfigurationError`."""
    settings, clock = room.settings, room.house.clock
    local, shared = open_counters(settings, room.provider_keys.get, clock)
    counters: Counters = local
    if shared is not None:
        counters = shared if settings.counters.outage == "refuse" else LocalInOutages(shared, local, clock)
    return Admission(
        entrance=entrance_of(settings),
        quotas=Quotas(Rules(settings.quotas, settings.prices), counters),
        occupancy=Occupancy(settings.limits.held_bytes, settings.limits.open_requests),
    )


def resilient(
    upstreams: Mapping[str, Upstream], settings: Settings, clock: Clock, metrics: Gauges
) -> dict[str, Upstream]:
    """`upstreams`, each with repetitions and a breaker of its own."""
    rules = settings.resilience
    return {
        name: ResilientUpstream(
            upstream,
            attempts=rules.attempts,
            wait_max_s=rules.wait_max_s,
            breaker=Breaker(
                failures=rules.breaker_failures,
                open_s=rules.breaker_open_s,
                clock=clock,
                changed=_told(metrics, name),
            ),
            retried=partial(metrics.retried, name),
        )
        for name, upstream in upstreams.items()
    }


def _told(metrics: Gauges, name: str) -> Callable[[bool], None]:
    def changed(is_open: bool) -> None:  # noqa: FBT001 - a callable of one value
        metrics.circuit(name, is_open=is_open)

    changed(False)  # noqa: FBT003 - so that the gauge is there from the start
    return changed


def caretaker_of(room: Strongroom, admission: Admission, metrics: Gauges, config: Path | None) -> Caretaker:
    """Who looks after `room`'s gateway; `config` is the settings file, if not the one in the home."""
    house = room.house

    def probe() -> None:
        house.audit.flush()
        house.provider_keys.names()

    return Caretaker(
        path=config or house.home / FILE_NAME,
        read=lambda: load_settings(config, home=room.settings.home),
        admission=admission,
        metrics=metrics,
        policy=house.policy if isinstance(house.policy, PolicyFile) else None,
        probe=probe,
    )
