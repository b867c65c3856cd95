"""The verdict: one row per check, as a table for people and as JSON for programs.

Must never: show a value from the input; rows carry counts, places and names of columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from strongroom.clock import Clock, SystemClock
from strongroom.errors import StrongroomError


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked. `passed` is None when it could not apply; `detail` says why."""

    check: str
    passed: bool | None
    detail: str
    bytes_scanned: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class DemoReport:
    """Every check of one run and the figures behind them."""

    checks: tuple[Check, ...]
    figures: Mapping[str, Any] = field(default_factory=dict)
    sabotage: str | None = None

    @property
    def passed(self) -> bool:
        """Whether everything that applies holds; a run without a single check does not."""
        return bool(self.checks) and all(check.passed is not False for check in self.checks)

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the checks that do not hold."""
        return tuple(check.check for check in self.checks if check.passed is False)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {
            "passed": self.passed,
            "sabotage": self.sabotage,
            "checks": [asdict(check) for check in self.checks],
            "figures": dict(self.figures),
        }

    def render(self, console: Console) -> None:
        """Print the table and the verdict."""
        table = Table(title="strongroom demo", title_justify="left", header_style="bold", box=None, pad_edge=False)
        for column, justify in (
            ("", "left"),
            ("check", "left"),
            ("detail", "left"),
            ("scanned", "right"),
            ("s", "right"),
        ):
            table.add_column(column, justify=justify, overflow="fold")  # type: ignore[arg-type]
        for check in self.checks:
            scanned = readable_size(check.bytes_scanned) if check.bytes_scanned else ""
            table.add_row(_mark(check), Text(check.check), Text(check.detail), scanned, f"{check.seconds:.2f}")
        console.print(table)
        applied = [check for check in self.checks if check.passed is not None]
        held = sum(check.passed is True for check in applied)
        verdict = "all hold" if self.passed else f"{len(applied) - held} failed"
        seconds = self.figures.get("seconds", 0.0)
        console.print(Text(f"{held} of {len(applied)} checks hold in {seconds:.1f} s: {verdict}", style="bold"))


class Checks:
    """Collects checks as they are made. A refusal or failure of the product inside a check fails that check."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.done: list[Check] = []

    def run(self, name: str, judge: Callable[[], tuple[bool | None, str, int]]) -> bool | None:
        """Make one check: `judge` returns (passed or None, detail, bytes scanned)."""
        started = self._clock.monotonic()
        try:
            passed, detail, scanned = judge()
        except StrongroomError as error:
            passed, detail, scanned = False, f"failed: {error.code}: {error}", 0
        seconds = round(self._clock.monotonic() - started, 3)
        self.done.append(Check(name, passed, detail, scanned, seconds))
        return passed


def readable_size(count: int) -> str:
    """Bytes for people."""
    for unit, size in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def _mark(check: Check) -> Text:
    match check.passed:
        case True:
            return Text("ok", style="green")
        case False:
            return Text("FAILED", style="bold red")
        case None:
            return Text("n/a", style="dim")
