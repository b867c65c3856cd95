"""Every snippet of the how-to runs, in order, in at most ten lines, against a provider that is a transport."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import anyio
import httpx2
import opentelemetry.sdk._logs.export as log_export
import opentelemetry.sdk.trace.export as span_export
import pytest
from opentelemetry._logs import LogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.unit.doors.providers import Provider, chat, chat_stream, message

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "in-process.md"
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
LINES_MAX = 10
EMAIL = "anna@example.org"
SNIPPETS = [found["code"] for found in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]


def reply(body: dict[str, Any]) -> list[bytes]:
    if "contents" in body:
        said = "Done: " + body["contents"][0]["parts"][0]["text"]
        return [json.dumps({"candidates": [{"content": {"role": "model", "parts": [{"text": said}]}}]}).encode()]
    said = "Done: " + body["messages"][-1]["content"]
    if body["model"].startswith("claude"):
        return message(said)
    return chat_stream(said) if body.get("stream") else chat(said)


@pytest.fixture
def page(place: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The names that the first snippet makes, on a store of the test's own, and no network."""
    provider.reply = reply
    monkeypatch.setenv("STRONGROOM_HOME", str(place / "home"))
    monkeypatch.setenv("STRONGROOM_KEYFILE", str(place / "store.key"))
    monkeypatch.setattr(httpx2, "HTTPTransport", provider.transport)
    monkeypatch.setattr(httpx2, "AsyncHTTPTransport", provider.transport)
    monkeypatch.setattr(
        anthropic._base_client.SyncHttpxClientWrapper,
        "__init__",
        lambda self, **_: httpx2.Client.__init__(
            self, base_url="https://x.example", transport=provider.transport()
        ),
    )
    spans, logs = InMemorySpanExporter(), InMemoryLogRecordExporter()
    monkeypatch.setattr(span_export, "ConsoleSpanExporter", lambda: spans)
    monkeypatch.setattr(log_export, "ConsoleLogRecordExporter", lambda: logs)
    names: dict[str, Any] = {"spans": spans, "logs": logs}
    exec(SNIPPETS[0], names)  # noqa: S102 - our own documentation
    yield names
    names["room"].close()


def test_every_snippet_is_short() -> None:
    assert len(SNIPPETS) > 7
    assert [code for code in SNIPPETS if len(code.strip().splitlines()) > LINES_MAX] == []


@pytest.mark.parametrize("code", SNIPPETS[1:], ids=lambda code: re.findall(r"^from (\S+)", code, re.MULTILINE)[0])
def test_snippets_run(
    code: str, page: dict[str, Any], provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    exec(code, page)  # noqa: S102 - our own documentation
    if "SpanFilterExporter" in code:
        with page["provider"].get_tracer("t").start_as_current_span("chat") as span:
            span.set_attribute("gen_ai.prompt", f"mail {EMAIL}")
        page["provider"].shutdown()
        assert str(page["spans"].get_finished_spans()[0].attributes["gen_ai.prompt"]).startswith("mail EMAIL_")
    elif "LogFilterExporter" in code:
        record = LogRecord(event_name="gen_ai.user.message", body={"content": f"mail {EMAIL}"})
        page["provider"].get_logger("t").emit(record)
        page["provider"].shutdown()
        body = page["logs"].get_finished_logs()[0].log_record.body
        assert body["content"].startswith("mail EMAIL_")
    else:
        said = capsys.readouterr().out
        if "async def ask" in code:
            said = anyio.run(page["ask"], [{"role": "user", "content": f"Write to {EMAIL}"}])
        assert said.strip() == f"Done: Write to {EMAIL}"
        assert EMAIL not in provider.bodies
        assert "EMAIL_" in provider.bodies
