"""`strongroom source`: tell the room where structured data lives, so that its values are known beforehand.

Must never: print a value of the data.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from strongroom.cli import options, render

app = typer.Typer(name="source", help="Structured data whose values are known beforehand.", no_args_is_help=True)


@app.command("add", epilog="Example: strongroom source add customers.db --subject-column customer_id")
def add(
    path: Annotated[
        Path, typer.Argument(help="A SQLite, CSV or JSONL file.", exists=True, dir_okay=False, show_default=False)
    ],
    subject_column: Annotated[
        str, typer.Option("--subject-column", help="The column that says whose row it is.", show_default=False)
    ],
    table: Annotated[str, typer.Option("--table", help="Which table, when the file has several.")] = "",
    name: Annotated[
        str, typer.Option("--name", help="What to call the source; the table's name by default.")
    ] = "",
    tenant: options.Tenant = options.TENANT,
    environment: options.Environment = options.ENVIRONMENT,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Register a file of records.

    Its columns are classified by name and by sampled values. From then on its values are recognized in free text,
    names and addresses included, which no pattern could find.
    """
    with options.opened_room(home, keyfile, config) as room:
        added = room.sources.add(
            path, subject_column=subject_column, tenant=tenant, environment=environment, table=table, name=name
        )
    if as_json:
        render.emit_json(render.plain(added))
    else:
        render.emit_facts(_readable(render.plain(added)))


@app.command("list", epilog="Example: strongroom source list")
def list_sources(
    tenant: options.Tenant = options.TENANT,
    environment: options.Environment = options.ENVIRONMENT,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """List the registered sources and which of their columns are of which kind."""
    with options.opened_room(home, keyfile, config) as room:
        rows = [render.plain(row) for row in room.sources.list(tenant, environment)]
    if as_json:
        render.emit_json(rows)
        return
    render.emit_table(
        ("name", "rows", "columns"),
        ((told["name"], told["subjects"], told["columns"]) for told in map(_readable, rows)),
        empty="No source yet: strongroom source add PATH --subject-column COLUMN",
    )


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "columns": ", ".join(f"{column}: {kind}" for column, kind in row["columns"].items())}
