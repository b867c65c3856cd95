"""Run one benchmark: ``python -m bench.run NAME [CONSTANT=VALUE ...]`` (or ``make bench NAME=...``).

Prints a table and writes ``bench/results/NAME.json``. ``CONSTANT=VALUE`` sets a constant of the benchmark
module, such as ``FILE_MIB=1024``. Exits 0 even when a target was missed: a benchmark reports.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench.harness import VERSIONS, Row
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
OURS = ("strongroom", "cryptography")


def main(arguments: Sequence[str]) -> int:
    names = sorted({path.stem for path in Path(__file__).parent.glob("*.py")} - {"run", "harness"})
    if not arguments or arguments[0] not in names:
        print("usage: python -m bench.run NAME [CONSTANT=VALUE ...]; names:", *names, file=sys.stderr)
        return 2
    name, *settings = arguments
    module = importlib.import_module(f"bench.{name}")
    for setting in settings:
        constant, _, value = setting.partition("=")
        if not hasattr(module, constant):
            print(f"bench.{name} has no constant {constant}", file=sys.stderr)
            return 2
        setattr(module, constant, type(getattr(module, constant))(value))
    rows: list[Row] = module.rows()
    Console().print(table(name, rows))
    write(name, rows, settings)
    return 0


def table(name: str, rows: Sequence[Row]) -> Table:
    """The rows for a person."""
    shown = Table(title=f"bench {name}", title_justify="left")
    for column in ("measure", "unit", "ours", "peer", "peer is", "limit", "ratio", "target", "met"):
        shown.add_column(column, justify="right" if column in {"ours", "peer", "limit", "ratio"} else "left")
    for row in rows:
        met = {True: "yes", False: "[bold red]NO[/]", None: ""}[row.met]
        shown.add_row(
            row.measure, row.unit, number(row.ours), number(row.peer), row.peer_name, number(row.limit),
            number(row.ratio), row.target, met,
        )  # fmt: skip
        if row.note:
            shown.add_row(f"[dim]  {row.note}[/]")
    return shown


def number(value: float | None) -> str:
    """Three significant digits."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def write(name: str, rows: Sequence[Row], settings: Sequence[str]) -> None:
    """``bench/results/NAME.json``: the rows, and what they were measured on."""
    RESULTS.mkdir(exist_ok=True)
    arguments = f" ARGS='{' '.join(settings)}'" if settings else ""
    report = {
        "name": name,
        "date": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "command": f"make bench NAME={name}{arguments}",
        "python": platform.python_version(),
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 2),
        "versions": {package: version(package) for package in OURS} | VERSIONS,
        "rows": [asdict(row) for row in rows],
    }
    target = RESULTS / f"{name}.json"
    target.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    print(f"wrote bench/results/{target.name}", file=sys.stderr)


def cpu() -> str:
    """The processor's name as the kernel gives it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
