"""Counters of the service around the requests: repetitions, open circuits, reloads that failed.

Must never: take a label from a request; upstreams are named in the settings.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class Gauges:
    """One per process, in the registry of its telemetry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        name = "strongroom_gateway"
        self._retries = Counter(
            f"{name}_upstream_retries", "Requests asked again upstream.", ["upstream"], registry=registry
        )
        self._circuits = Gauge(
            f"{name}_circuit_open", "1 while an upstream is left alone.", ["upstream"], registry=registry,
            multiprocess_mode="livemax",
        )  # fmt: skip
        self._reloads = Gauge(
            f"{name}_reload_failed", "1 while a changed file does not load and its last good content is in force.",
            ["what"], registry=registry, multiprocess_mode="livemax",
        )  # fmt: skip

    def retried(self, upstream: str) -> None:
        """One more repetition."""
        self._retries.labels(upstream).inc()

    def circuit(self, upstream: str, *, is_open: bool) -> None:
        """Whether an upstream is left alone."""
        self._circuits.labels(upstream).set(is_open)

    def reload(self, what: str, *, failed: bool) -> None:
        """Whether the present content of a file is not in force."""
        self._reloads.labels(what).set(failed)
