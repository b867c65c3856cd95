"""Progress for people who wait: one line per long step, on stderr.

Must never: write to stdout, or show anything from the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Steps:
    """A bar per step. A context manager; silent unless `shown`."""

    def __init__(self, *, shown: bool) -> None:
        self._bars = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
            console=Console(stderr=True), disable=not shown,
        )  # fmt: skip

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    @contextmanager
    def step(self, name: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """One step; the function it gives advances its bar by so many of `total`."""
        task = self._bars.add_task(name, total=total)
        yield lambda count: self._bars.advance(task, count)
        self._bars.update(task, total=total or 1, completed=total or 1)
