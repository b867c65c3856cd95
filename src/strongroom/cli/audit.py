"""`strongroom audit`: verify the log, prove an entry, read entries.

Must never: repair what does not verify.
"""

from __future__ import annotations

from typing import Annotated

import typer

from strongroom.cli import options, render

app = typer.Typer(name="audit", help="The transparency log of every decision.", no_args_is_help=True)


@app.command("verify", epilog="Example: strongroom audit verify")
def verify(
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Recompute every tree from its entries and check every signed checkpoint.

    Ends with 4 and says which log and entry when something was changed, removed or reordered.
    """
    with options.opened_room(home, keyfile, config) as room:
        report = room.verify_audit()
    if as_json:
        render.emit_json(render.plain(report))
    else:
        render.emit_text(
            f"The log verifies: {report.entries} entries, {report.bytes} bytes, {report.shards} logs."
        )


@app.command("prove", epilog="Example: strongroom audit prove 17 --origin local.0 --json")
def prove(
    index: Annotated[
        int, typer.Argument(help="The entry's number in its log, from 0.", min=0, show_default=False)
    ],
    origin: Annotated[str, typer.Option("--origin", help="Which log; see audit show.")] = "",
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Print an entry with the proof that it is under a signed checkpoint (RFC 9162 inclusion proof)."""
    with options.opened_room(home, keyfile, config) as room:
        proof = render.plain(room.prove_entry(origin, index))
    if as_json:
        render.emit_json(proof)
    else:
        render.emit_facts(proof)


@app.command("show", epilog="Example: strongroom audit show --last 20")
def show(
    last: Annotated[int, typer.Option("--last", help="How many entries of each log.", min=1)] = 20,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Print the last entries: who did what, and which policies decided. There are no values in the log."""
    with options.opened_room(home, keyfile, config) as room:
        entries = list(room.audit_entries())[-last:]
    if as_json:
        render.emit_json(entries)
        return
    columns = ("origin", "index", "phase", "action", "principal", "category", "sink", "result", "policies")
    render.emit_table(
        columns, ([entry.get(column, "") for column in columns] for entry in entries), empty="The log is empty."
    )
