"""What the operator reads of a running gateway, as files under the store: one log line and one span per request.

Lines are appended whole, so that several processes may share a file. Nobody rotates them but the operator's
own tools; a file that was moved away is written on until the next start.

Must never: be readable by other users, or take a line that holds a value; what makes the lines sees to that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Tracer

MODE = 0o600


def _appending(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, MODE)
    return os.fdopen(descriptor, "ab", buffering=0)


@contextmanager
def line_file(path: Path) -> Iterator[Callable[[bytes], object]]:
    """A function that appends one line to the file at `path`, for the time of the block."""
    with _appending(path) as file:
        yield file.write


class SpanFile(SpanExporter):
    """Spans as JSON Lines."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append one line per span."""
        lines = "".join(span.to_json(indent=None) + "\n" for span in spans)
        self._file.write(lines.encode())
        return SpanExportResult.SUCCESS


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
