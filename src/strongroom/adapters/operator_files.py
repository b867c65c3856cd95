"""What the operator reads of a running gateway, as files under the store: one log line and one span per request.

Lines are appended whole, so that several processes may share a file, and together, at most `WRITE_S` after the
first of them: a write per request costs more than everything else about it. Nobody rotates the files but the
operator's own tools; a file that was moved away is written on until the next start.

Must never: be readable by other users, or take a line that holds a value; what makes the lines sees to that.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import orjson
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Tracer

MODE = 0o600

WRITE_S = 0.2
"""How long a line may be only in memory. What must survive a crash is in the audit log."""


def _appending(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, MODE)
    return os.fdopen(descriptor, "ab", buffering=0)


class _Lines:
    """Lines on their way to a file. A failed write is raised at the next line, and at the end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lines: deque[bytes] = deque()
        self._some = threading.Event()
        self._closing = threading.Event()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="operator log", daemon=True)
        self._thread.start()

    def add(self, line: bytes) -> None:
        """Write `line` soon. Raises the `OSError` of an earlier one."""
        if self._failure is not None:
            raise self._failure
        self._lines.append(line)
        if not self._some.is_set():
            self._some.set()

    def close(self) -> None:
        """Write what is left."""
        self._closing.set()
        self._some.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while not (self._closing.is_set() and not self._lines):
            self._some.wait()
            self._closing.wait(WRITE_S)
            self._some.clear()  # before the lines are taken, so that none is left behind unannounced
            taken = [self._lines.popleft() for _ in range(len(self._lines))]
            try:
                self._file.write(b"".join(taken))
            except OSError as error:
                self._failure = error
                return


@contextmanager
def line_file(path: Path) -> Iterator[Callable[[bytes], object]]:
    """A function that appends one line to the file at `path`, for the time of the block.

    Calling it, or leaving the block, raises the `OSError` of a line that could not be written.
    """
    with _appending(path) as file:
        lines = _Lines(file)
        try:
            yield lines.add
        finally:
            lines.close()


class SpanFile(SpanExporter):
    """Spans as JSON Lines."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append one line per span, in one write."""
        self._file.write(b"".join([orjson.dumps(_line(span), option=orjson.OPT_APPEND_NEWLINE) for span in spans]))
        return SpanExportResult.SUCCESS


def _line(span: ReadableSpan) -> dict[str, object]:
    """The fields of a span under the names the SDK's own JSON gives them; times are epoch nanoseconds.

    The SDK's `to_json` takes six times as long, and spans are made for every request.
    """
    context, parent = span.get_span_context(), span.parent
    return {
        "name": span.name,
        "trace_id": f"{context.trace_id:032x}" if context else "",
        "span_id": f"{context.span_id:016x}" if context else "",
        "parent_id": f"{parent.span_id:016x}" if parent else None,
        "kind": span.kind.name,
        "start_time": span.start_time,
        "end_time": span.end_time,
        "status": span.status.status_code.name,
        "attributes": dict(span.attributes or {}),
        "resource": dict(span.resource.attributes),
    }


@contextmanager
def span_file(path: Path) -> Iterator[Tracer]:
    """A tracer whose spans go to the file at `path`; those still in memory are written when the block ends."""
    with _appending(path) as file:
        provider = TracerProvider(
            sampler=ALWAYS_ON, resource=Resource({"service.name": "strongroom"}), shutdown_on_exit=False
        )
        provider.add_span_processor(BatchSpanProcessor(SpanFile(file)))
        try:
            yield provider.get_tracer("strongroom")
        finally:
            provider.shutdown()
