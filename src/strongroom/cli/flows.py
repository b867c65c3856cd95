"""`strongroom flows`: which kinds of data went where, as observed.

Must never: show a value; the map has none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from strongroom.cli import options, render


def flows(
    environment: Annotated[
        str, typer.Argument(help="Which tenant/environment.")
    ] = f"{options.TENANT}/{options.ENVIRONMENT}",
    svg: Annotated[
        Path | None, typer.Option("--svg", help="Draw the map into this file.", dir_okay=False, show_default=False)
    ] = None,
    home: options.Home = None,
    root: options.Root = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Show the observed data-flow map: source, kind, sink, form, count, and which trust boundary was crossed.

    Forms: surrogate (replaced), sealed, clear (shown, because its level allows it), value (restored or opened),
    refused. Below stands where values accumulate, and what they are together.
    """
    from dataclasses import asdict

    from strongroom.compliance.flow_picture import svg as picture

    with options.opened_room(home, keyfile, config, root=root) as room:
        found = room.flows(environment)
    if svg is not None:
        svg.write_text(picture(found), encoding="utf-8")
    if as_json:
        render.emit_json(asdict(found))
        return
    render.emit_table(
        ("source", "kind", "level", "sink", "form", "count", "crosses", "last seen"),
        (
            (
                edge.source, f"{edge.category}: {edge.kind}", edge.level, edge.sink, edge.form, edge.count,
                edge.boundary, render.instant(edge.last_at / 1000),
            )
            for edge in found.edges
        ),
        empty=f"Nothing was observed in {environment} yet.",
    )  # fmt: skip
    if found.tiers:
        render.emit_text("\nFound by: " + ", ".join(f"{tier} {count}" for tier, count in found.tiers))
    if found.accumulations:
        render.emit_text("\nWhere values accumulate")
        render.emit_table(
            ("sink", "level", "kinds", "values", "together"),
            (
                (item.sink, item.level, ", ".join(item.kinds), item.count, "; ".join(item.reasons))
                for item in found.accumulations
            ),
            empty="",
        )


def register(app: typer.Typer) -> None:
    """Add the command to the table."""
    app.command("flows", epilog="Example: strongroom flows acme/prod --svg flows.svg")(flows)
