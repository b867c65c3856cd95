"""Traces and logs: content attributes go on with surrogates, everything else as it was, and nothing raises."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import httpx2
import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import (
    BatchLogRecordProcessor,
    InMemoryLogRecordExporter,
    SimpleLogRecordProcessor,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, StatusCode
from tests.unit.doors.providers import CARD, EMAIL, Provider, message

from strongroom import Strongroom
from strongroom.doors import Door
from strongroom.doors.anthropic import DoorMiddleware
from strongroom.doors.content import ATTRIBUTES
from strongroom.doors.opentelemetry import LogFilter, LogFilterExporter, SpanFilter, SpanFilterExporter

TEXT = f"write to {EMAIL} about card {CARD}"
MESSAGES = json.dumps([{"role": "user", "parts": [{"type": "text", "content": TEXT}]}])


@pytest.fixture
def spans(door: Door) -> Iterator[tuple[TracerProvider, InMemorySpanExporter, InMemorySpanExporter]]:
    """A provider with a filtered exporter and one that sees the originals."""
    filtered, plain = InMemorySpanExporter(), InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SpanFilter(door, SimpleSpanProcessor(filtered)))
    provider.add_span_processor(SimpleSpanProcessor(plain))
    yield provider, filtered, plain
    provider.shutdown()


def test_every_content_attribute_is_filtered_and_no_other(spans: Any) -> None:
    provider, filtered, plain = spans
    with provider.get_tracer("t").start_as_current_span("chat m", kind=SpanKind.CLIENT) as span:
        for name in ATTRIBUTES:
            span.set_attribute(name, TEXT)
        span.set_attribute("gen_ai.prompt.variable.who", TEXT)
        span.set_attribute("gen_ai.input.messages", MESSAGES)
        span.set_attribute("gen_ai.request.stop_sequences", ["END", EMAIL])
        span.set_attribute("gen_ai.request.model", "m")
        span.set_attribute("gen_ai.usage.input_tokens", 7)
        span.set_attribute("note", EMAIL)
    seen, original = filtered.get_finished_spans()[0], plain.get_finished_spans()[0]
    for name in (*ATTRIBUTES, "gen_ai.prompt.variable.who"):
        shown = str(seen.attributes[name])
        assert EMAIL not in shown, name
        assert CARD not in shown, name
        assert "EMAIL_" in shown, name
    content = json.loads(seen.attributes["gen_ai.input.messages"])[0]["parts"][0]["content"]
    assert content.startswith("write to EMAIL_")
    assert seen.attributes["gen_ai.request.stop_sequences"][0] == "END"
    assert isinstance(seen.attributes["gen_ai.request.stop_sequences"], tuple)
    assert seen.attributes["gen_ai.usage.input_tokens"] == 7
    assert seen.attributes["note"] == EMAIL  # nobody said that content stands there
    assert original.attributes["gen_ai.input.messages"] == MESSAGES  # not ours to change


def test_a_copy_has_everything_else_of_the_span(spans: Any) -> None:
    provider, filtered, plain = spans
    tracer = provider.get_tracer("scope", "1.2")
    with tracer.start_as_current_span("outer") as outer:
        link = Link(outer.get_span_context())
        with tracer.start_as_current_span("chat m", kind=SpanKind.CLIENT, links=[link]) as span:
            span.set_attribute("gen_ai.output.messages", MESSAGES)
            span.set_status(StatusCode.ERROR, "no")
            span.add_event("gen_ai.choice", {"gen_ai.completion": TEXT, "index": 0}, timestamp=5)
            span.add_event("other", {"x": 1}, timestamp=6)
    seen, original = filtered.get_finished_spans()[0], plain.get_finished_spans()[0]
    for part in ("name", "kind", "parent", "resource", "links", "status", "start_time", "end_time",
                 "instrumentation_scope", "context"):  # fmt: skip
        assert getattr(seen, part) == getattr(original, part), part
    choice, other = seen.events
    assert (choice.name, choice.timestamp, choice.attributes["index"]) == ("gen_ai.choice", 5, 0)
    assert EMAIL not in choice.attributes["gen_ai.completion"]
    assert other.attributes == {"x": 1}
    assert filtered.get_finished_spans()[1] is plain.get_finished_spans()[1]  # nothing in it to filter


def test_an_exporter_in_a_batch_and_attributes_of_the_application(door: Door) -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(SpanFilterExporter(door, kept, also=["input.value"])))
    with provider.get_tracer("t").start_as_current_span("chat") as span:
        span.set_attribute("input.value", TEXT)
    assert provider.force_flush()
    provider.shutdown()
    shown = (kept.get_finished_spans()[0].attributes or {})["input.value"]
    assert str(shown).startswith("write to EMAIL_")


def test_a_trace_shows_what_the_model_saw(room: Strongroom, provider: Provider) -> None:
    """The anthropic SDK records the content that the program wrote; the door stands behind that."""
    door = Door.of(room, "support-bot", tenant="acme", environment="prod", conversation="ticket-1")
    kept = InMemorySpanExporter()
    tracing = TracerProvider()
    tracing.add_span_processor(SpanFilter(door, SimpleSpanProcessor(kept)))
    provider.reply = lambda body: message("Done: " + body["messages"][-1]["content"])
    client = anthropic.Anthropic(
        api_key="k", http_client=httpx2.Client(transport=provider.transport()), middleware=[DoorMiddleware(door)],
        open_telemetry={"tracer_provider": tracing, "traces": {"content_mode": "content"}},
    )  # fmt: skip
    client.messages.create(model="m", max_tokens=9, system=f"for {EMAIL}", messages=[
        {"role": "user", "content": TEXT}
    ])  # fmt: skip
    tracing.shutdown()
    attributes = dict(kept.get_finished_spans()[0].attributes or {})
    assert {"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"} <= attributes.keys()
    assert EMAIL not in str(attributes)
    assert CARD not in str(attributes)
    assert provider.body["messages"][0]["content"] in str(attributes["gen_ai.input.messages"])


def test_what_cannot_be_inspected_is_withheld_and_nothing_is_raised(
    room: Strongroom, spans: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    visitor = Door.of(room, "visitor", tenant="acme", environment="prod", roles=("visitor",))
    provider.add_span_processor(SpanFilter(visitor, SimpleSpanProcessor(kept)))
    with provider.get_tracer("t").start_as_current_span("chat") as span:
        span.set_attribute("gen_ai.prompt", TEXT)
    provider.shutdown()
    assert dict(kept.get_finished_spans()[0].attributes or {}) == {"gen_ai.prompt": "[withheld: access_denied]"}
    tracing, filtered, _plain = spans
    monkeypatch.setattr(Door, "admit", lambda *_, **__: 1 // 0)
    with tracing.get_tracer("t").start_as_current_span("chat") as span:
        span.set_attribute("gen_ai.prompt", TEXT)
    assert "ZeroDivisionError" in filtered.get_finished_spans()[0].attributes["gen_ai.prompt"]
    assert EMAIL not in caplog.text


def test_monitor_mode_changes_nothing(open_room: Callable[..., Strongroom]) -> None:
    door = Door.of(open_room(mode="monitor"), "bot", tenant="acme", environment="prod")
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SpanFilter(door, SimpleSpanProcessor(kept)))
    with provider.get_tracer("t").start_as_current_span("chat") as span:
        span.set_attribute("gen_ai.prompt", TEXT)
    provider.shutdown()
    assert (kept.get_finished_spans()[0].attributes or {})["gen_ai.prompt"] == TEXT


STRUCTURED: Any = [{"role": "user", "parts": [{"type": "text", "content": TEXT}], "score": 0.5, "none": None}]


@pytest.mark.parametrize("as_exporter", [False, True])
def test_logs_are_filtered_in_attributes_and_bodies(door: Door, *, as_exporter: bool) -> None:
    filtered, plain = InMemoryLogRecordExporter(), InMemoryLogRecordExporter()
    provider = LoggerProvider()
    if as_exporter:
        provider.add_log_record_processor(BatchLogRecordProcessor(LogFilterExporter(door, filtered)))
    else:
        provider.add_log_record_processor(LogFilter(door, SimpleLogRecordProcessor(filtered)))
    provider.add_log_record_processor(SimpleLogRecordProcessor(plain))
    logger = provider.get_logger("t")
    logger.emit(
        LogRecord(
            event_name="gen_ai.client.inference.operation.details",
            attributes={"gen_ai.input.messages": STRUCTURED, "gen_ai.request.model": "m"},
            severity_number=SeverityNumber.INFO,
        )
    )
    logger.emit(LogRecord(event_name="gen_ai.user.message", body={"content": TEXT}, timestamp=9))
    logger.emit(LogRecord(body=f"hello {EMAIL}"))
    assert provider.force_flush()
    details, said, other = (item.log_record for item in filtered.get_finished_logs())
    shown = (details.attributes or {})["gen_ai.input.messages"]
    assert EMAIL not in str(shown)
    assert "EMAIL_" in str(shown)
    assert (details.attributes or {})["gen_ai.request.model"] == "m"
    assert details.severity_number is SeverityNumber.INFO
    assert str(said.body["content"]).startswith("write to EMAIL_")  # type: ignore[index,call-overload]
    assert said.timestamp == 9
    assert other.body == f"hello {EMAIL}"  # an ordinary log line has no place in the conventions
    originals = [item.log_record for item in plain.get_finished_logs()]
    assert EMAIL in str((originals[0].attributes or {})["gen_ai.input.messages"])
    assert EMAIL in str(originals[1].body)
    provider.shutdown()


def test_content_that_is_no_json_is_withheld(door: Door) -> None:
    kept = InMemoryLogRecordExporter()
    provider = LoggerProvider()
    provider.add_log_record_processor(LogFilter(door, SimpleLogRecordProcessor(kept)))
    provider.get_logger("t").emit(LogRecord(event_name="gen_ai.choice", body={"image": EMAIL.encode()}))
    provider.shutdown()
    assert str(kept.get_finished_logs()[0].log_record.body).startswith("[withheld")
