"""`strongroom demo`: the whole main job on real input, with a verdict.

Must never: touch the user's own store; it makes one of its own and removes it.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from strongroom.cli import exits, options, render
from strongroom.errors import ConfigurationError, ExtraMissingError


class Break(StrEnum):
    """What to break on purpose; `strongroom.demo.sabotage` without importing the demo."""

    surrogates = "surrogates"
    sealing = "sealing"
    log = "log"
    cache = "cache"


Root = Annotated[
    str | None,
    typer.Option(
        "--root",
        metavar="URI",
        help="The unseal path instead of a keyfile; pkcs11: alone makes a SoftHSM2 token for the run.",
    ),
]


def demo(
    input_directory: Annotated[
        Path | None,
        typer.Option(
            "--input", help="Your own records and tickets: CSV, JSONL, SQLite, text.", exists=True, file_okay=False
        ),
    ] = None,
    upstream: Annotated[
        str | None,
        typer.Option("--upstream", metavar="URL", help="A real model's base URL instead of the rehearsal."),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="The model to ask for, with --upstream.")] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            "--upstream-key-file",
            help="A file with the provider's key, if it wants one.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    sabotage: Annotated[
        Break | None, typer.Option("--sabotage", help="Break one protection; the demo must then fail.")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="DIR", help="Leave everything the run wrote in this directory."),
    ] = None,
    root: Root = None,
    as_json: options.Json = False,
) -> None:
    """Run one agent task end to end, offline, and check what left, what stayed and what can be undone.

    An ordinary agent looks customers up, searches past tickets, sends an e-mail, refunds a card and writes a
    summary, through the gateway. Then every byte that went upstream or to disk is searched for what was planted, a
    key is disabled, a customer erased, the log verified. Ends with 0 only if all checks hold, else with 1.
    """
    if (upstream is None) != (model is None):
        msg = "--upstream and --model belong together: which model of which provider?"
        raise ConfigurationError(msg)
    try:
        from strongroom.demo.run import DemoOptions, run_demo
        from strongroom.demo.sabotage import Sabotage
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("strongroom"):
            raise
        msg = f"the demo needs {error.name}: pip install 'strongroom[demo]'"
        raise ExtraMissingError(msg) from None
    given = DemoOptions(
        input=input_directory,
        upstream=upstream,
        upstream_key=key_file.read_text(encoding="utf-8").strip() if key_file else None,
        sabotage=Sabotage(sabotage.value) if sabotage else None,
        work=keep,
        root=root,
        progress=sys.stderr.isatty() and not as_json,
    )
    report = run_demo(replace(given, model=model) if model else given)
    if as_json:
        render.emit_json(report.to_dict())
    else:
        report.render(render.console())
    if not report.passed:
        raise typer.Exit(exits.CHECK_FAILED)


def register(app: typer.Typer) -> None:
    """Add the command to the table."""
    app.command("demo", epilog="Example: strongroom demo --json")(demo)
