"""What commands print: a table for people, JSON for programs, never both.

Must never: put anything but the answer on stdout (notices go to stderr), or need colour to be understood.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

PIPED_WIDTH = 160
"""Columns when stdout is no terminal: wide enough that a table row stays one line."""
BAR_FROM_BYTES = 256 << 20
"""Below this a file is sealed before a bar could be read."""


def emit_json(answer: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print one JSON document with stable key order; what JSON lacks (paths, enums) as its text."""
    sys.stdout.write(json.dumps(answer, indent=2, default=str, ensure_ascii=False) + "\n")


def emit_text(text: str) -> None:
    """Print one line of plain text."""
    sys.stdout.write(text + "\n")


def notice(text: str) -> None:
    """Tell the person something that is not the answer."""
    sys.stderr.write(text + "\n")


def console() -> Console:
    """Where tables are printed."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)


def emit_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print `rows` under `columns`, or the sentence `empty` when there are none."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    if not table.rows:
        notice(empty)
        return
    console().print(table)


def emit_facts(facts: Mapping[str, object]) -> None:
    """Print name and value pairs, one per line, aligned."""
    width = max((len(name) for name in facts), default=0)
    for name, fact in facts.items():
        emit_text(f"{name:<{width}}  {fact}")


@contextmanager
def progress(name: str, doing: str) -> Iterator[Callable[[int], None] | None]:
    """A bar on stderr over the bytes of the file or directory `name`: on a terminal, and when there are many."""
    path = Path(name)
    files = [path] if path.is_file() else path.rglob("*") if path.is_dir() else []
    total = sum(file.stat().st_size for file in files if file.is_file())
    if total < BAR_FROM_BYTES or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda count: bar.update(task, completed=count)


def instant(epoch_s: float) -> str:
    """Seconds since the Unix epoch as UTC date and time."""
    return datetime.fromtimestamp(epoch_s, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(answer: Any) -> dict[str, Any]:
    """A frozen value (dataclass or mapping) as a mapping JSON can carry: bytes as hex, the rest as it prints."""
    from dataclasses import asdict, is_dataclass

    fields = asdict(answer) if is_dataclass(answer) and not isinstance(answer, type) else dict(answer)
    return {name: _plain_value(value) for name, value in fields.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, Mapping):
        return {str(name): _plain_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain_value(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value
