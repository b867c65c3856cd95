"""Doors for telemetry: what traces and logs say about models goes on with surrogates in place of values.

    provider.add_span_processor(SpanFilter(door, BatchSpanProcessor(exporter)))

A filter hands the next processor, or exporter, a copy; whatever else is registered still sees the original. As a
processor it works on the thread that ends the span; as an exporter inside a batch processor, on the batch's.

Must never: change the span or record itself, drop one, or let an error of its own reach the program.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk._logs import LogRecordProcessor, ReadableLogRecord, ReadWriteLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace import Event, ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from strongroom.doors.content import BODY, CONVERSATION, EVENTS, ContentFilter
from strongroom.doors.door import Door

FLUSH_MS = 30_000


def filtered_span(content: ContentFilter, span: ReadableSpan) -> ReadableSpan:
    """`span`, or a copy of it with filtered content when it has any, in its attributes or its events'."""
    items = [content.content(span.attributes), *(content.content(event.attributes) for event in span.events)]
    if not any(items):
        return span
    own, *others = content.filtered(items, (span.attributes or {}).get(CONVERSATION))
    events = [
        Event(event.name, {**(event.attributes or {}), **changed}, event.timestamp) if changed else event
        for event, changed in zip(span.events, others, strict=True)
    ]
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=span.resource,
        attributes={**(span.attributes or {}), **_on_spans(own)},
        events=events,
        links=span.links,
        kind=span.kind,
        status=span.status,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _on_spans(attributes: dict[str, Any]) -> dict[str, Any]:
    """Lists as tuples, which is how attributes of spans hold them."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in attributes.items()}


def filtered_record(content: ContentFilter, emitted: Any) -> Any:
    """`emitted`, or a copy of it with filtered content when it has any, in its attributes or its body."""
    record = emitted.log_record
    item = content.content(record.attributes)
    if record.event_name in EVENTS and record.body is not None:
        item[BODY] = record.body
    if not item:
        return emitted
    changed = content.filtered([item], (record.attributes or {}).get(CONVERSATION))[0]
    made = copy.copy(record)
    if BODY in changed:
        made.body = changed.pop(BODY)
    made.attributes = {**(record.attributes or {}), **changed}
    again = copy.copy(emitted) if isinstance(emitted, ReadWriteLogRecord) else None
    if again is not None:
        again.log_record = made
        return again
    return ReadableLogRecord(
        log_record=made, resource=emitted.resource, instrumentation_scope=emitted.instrumentation_scope,
        limits=emitted.limits,
    )  # fmt: skip


class SpanFilter(SpanProcessor):
    """A span processor in front of another; see the module."""

    def __init__(self, door: Door, inner: SpanProcessor, *, also: Collection[str] = ()) -> None:
        self._content = ContentFilter(door, also=also)
        self._inner = inner

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Passed on: content comes later."""
        self._inner.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Passed on with filtered content."""
        self._inner.on_end(filtered_span(self._content, span))

    def shutdown(self) -> None:
        """Passed on."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = FLUSH_MS) -> bool:
        """Passed on."""
        return self._inner.force_flush(timeout_millis)


class LogFilter(LogRecordProcessor):
    """A log record processor in front of another; see the module."""

    def __init__(self, door: Door, inner: LogRecordProcessor, *, also: Collection[str] = ()) -> None:
        self._content = ContentFilter(door, also=also)
        self._inner = inner

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Passed on with filtered content."""
        self._inner.on_emit(filtered_record(self._content, log_record))

    def shutdown(self) -> None:
        """Passed on."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = FLUSH_MS) -> bool:
        """Passed on."""
        return self._inner.force_flush(timeout_millis)


class SpanFilterExporter(SpanExporter):
    """A span exporter in front of another; see the module."""

    def __init__(self, door: Door, inner: SpanExporter, *, also: Collection[str] = ()) -> None:
        self._content = ContentFilter(door, also=also)
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Passed on with filtered content."""
        return self._inner.export([filtered_span(self._content, span) for span in spans])

    def shutdown(self) -> None:
        """Passed on."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = FLUSH_MS) -> bool:
        """Passed on."""
        return self._inner.force_flush(timeout_millis)


class LogFilterExporter(LogRecordExporter):
    """A log record exporter in front of another; see the module."""

    def __init__(self, door: Door, inner: LogRecordExporter, *, also: Collection[str] = ()) -> None:
        self._content = ContentFilter(door, also=also)
        self._inner = inner

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Passed on with filtered content."""
        return self._inner.export([filtered_record(self._content, record) for record in batch])

    def shutdown(self) -> None:
        """Passed on."""
        inner: Any = self._inner  # the SDK left this method untyped
        inner.shutdown()

    def force_flush(self, timeout_millis: int = FLUSH_MS) -> bool:
        """Passed on."""
        return self._inner.force_flush(timeout_millis)
