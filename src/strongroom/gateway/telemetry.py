"""What operators see of each request: one span, a few counters, one line in the log. Never what it said.

Span attributes follow the OpenTelemetry conventions for HTTP and generative AI without their content
attributes. Metric labels come from fixed sets only.

Must never: take a text, a header value or a name the client made up; `model` is passed only when it looks like
a model's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
from opentelemetry.trace import NoOpTracer, Span, SpanKind, Status, StatusCode, Tracer
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from strongroom.clock import Clock

SECONDS = (0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300)
"""Histogram bounds: from a local model's cached answer to a long reasoning stream."""

REPORTS_MAX = 16
"""Unknown fields named in one log line."""

_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}", re.ASCII)
_SERVER_ERROR = 500


class Observation:
    """One request in progress. Set what becomes known, then `end` it once."""

    __slots__ = (
        "_span", "_started", "_telemetry", "error", "model", "principal", "refused", "replaced", "reports",
        "request_id", "restored", "route", "status", "streamed", "tenant", "tokens_exact", "tokens_in",
        "tokens_out",
    )  # fmt: skip

    def __init__(self, telemetry: Telemetry, route: str, request_id: str, span: Span, started: float) -> None:
        self._telemetry = telemetry
        self._span = span
        self._started = started
        self.route = route
        self.request_id = request_id
        self.status = 0
        self.error = ""
        self.model = ""
        self.principal = ""
        self.tenant = ""
        self.streamed = False
        self.replaced = 0
        self.restored = 0
        self.refused = 0
        self.reports: Sequence[str] = ()
        self.tokens_in = 0
        self.tokens_out = 0
        self.tokens_exact = False

    def end(self) -> None:
        """Count, log and close the span."""
        self._telemetry.record(self, self._span, self._started)


class Telemetry:
    """One per process. `write` takes one line of the operator's log, with its line end.

    `shared` is the directory in which workers on one port keep their counters, if there are any.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        tracer: Tracer | None = None,
        registry: CollectorRegistry | None = None,
        write: Callable[[bytes], object] | None = None,
        shared: Path | None = None,
    ) -> None:
        self._clock = clock
        self._shared = shared
        self._tracer = tracer or NoOpTracer()
        self._write = write
        self.registry = registry or CollectorRegistry()
        name = "strongroom_gateway"
        self._requests = Counter(
            f"{name}_requests", "Requests answered.", ["route", "status"], registry=self.registry
        )
        self._errors = Counter(
            f"{name}_refusals", "Requests refused or failed.", ["route", "code"], registry=self.registry
        )
        self._changes = Counter(
            f"{name}_surrogates",
            "Values replaced, restored and withheld.",
            ["route", "what"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            f"{name}_seconds", "From request to last byte.", ["route"], buckets=SECONDS, registry=self.registry
        )
        self._unknown = Counter(
            f"{name}_unknown_fields", "Fields no table names.", ["route"], registry=self.registry
        )
        self._tokens = Counter(
            f"{name}_tokens", "Tokens used, as providers report them.", ["route", "direction"],
            registry=self.registry,
        )  # fmt: skip
        self._open = Gauge(
            f"{name}_open_requests", "Requests in progress.", registry=self.registry, multiprocess_mode="livesum"
        )
        self._children: dict[tuple[object, ...], Any] = {}

    def begin(self, route: str, request_id: str) -> Observation:
        """Start observing a request; `route` is one of the gateway's own names."""
        self._open.inc()
        span = self._tracer.start_span(f"POST {route}", kind=SpanKind.SERVER)
        return Observation(self, route, request_id, span, self._clock.monotonic())

    def record(self, seen: Observation, span: Span, started: float) -> None:
        """See `Observation.end`."""
        seconds = self._clock.monotonic() - started
        self._open.dec()
        self._child(self._requests, seen.route, f"{seen.status // 100}xx").inc()
        self._child(self._seconds, seen.route).observe(seconds)
        for what, count in (("replaced", seen.replaced), ("restored", seen.restored), ("withheld", seen.refused)):
            if count:
                self._child(self._changes, seen.route, what).inc(count)
        if seen.tokens_exact:
            self._child(self._tokens, seen.route, "in").inc(seen.tokens_in)
            self._child(self._tokens, seen.route, "out").inc(seen.tokens_out)
        if seen.error:
            self._child(self._errors, seen.route, seen.error).inc()
        if seen.reports:
            self._child(self._unknown, seen.route).inc(len(seen.reports))
        if span.is_recording():
            self._close(seen, span)
        if self._write is not None:
            self._write(self._line(seen, seconds))

    def _child(self, metric: Any, *labels: str) -> Any:
        key = (metric, *labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = metric.labels(*labels)
        return child

    @staticmethod
    def _close(seen: Observation, span: Span) -> None:
        span.set_attributes(
            {
                "http.request.method": "POST",
                "http.route": seen.route,
                "http.response.status_code": seen.status,
                "strongroom.request.id": seen.request_id,
                "strongroom.replaced": seen.replaced,
                "strongroom.restored": seen.restored,
                "strongroom.withheld": seen.refused,
            }
        )
        if not seen.route.startswith("presidio."):  # where no model is asked
            span.set_attributes(
                {
                    "gen_ai.provider.name": seen.route.partition(".")[0],
                    "gen_ai.operation.name": "chat",
                    "gen_ai.request.model": _model(seen.model),
                }
            )
        if seen.tokens_exact:
            span.set_attribute("gen_ai.usage.input_tokens", seen.tokens_in)
            span.set_attribute("gen_ai.usage.output_tokens", seen.tokens_out)
        if seen.error:
            span.set_attribute("error.type", seen.error)
        if seen.status >= _SERVER_ERROR:
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def _line(self, seen: Observation, seconds: float) -> bytes:
        line: dict[str, object] = {
            "time": round(self._clock.now(), 3),
            "request": seen.request_id,
            "route": seen.route,
            "principal": seen.principal,
            "tenant": seen.tenant,
            "model": _model(seen.model),
            "status": seen.status,
            "ms": round(seconds * 1000, 2),
            "streamed": seen.streamed,
            "replaced": seen.replaced,
            "restored": seen.restored,
            "withheld": seen.refused,
        }
        if seen.tokens_exact:
            line["tokens"] = [seen.tokens_in, seen.tokens_out]
        if seen.error:
            line["error"] = seen.error
        if seen.reports:
            line["unknown"] = list(seen.reports)[:REPORTS_MAX]
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)

    def metrics(self) -> bytes:
        """All counters in the Prometheus text format; those of all workers when they share a directory."""
        if self._shared is None:
            return generate_latest(self.registry)
        everybody = CollectorRegistry()
        MultiProcessCollector(everybody, str(self._shared))  # type: ignore[no-untyped-call]
        return generate_latest(everybody)


def _model(name: str) -> str:
    return name if _MODEL.fullmatch(name) else "other" if name else ""
