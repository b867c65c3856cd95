"""`strongroom audit`: verify the log, prove an entry, read entries.

Must never: repair what does not verify.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from strongroom.cli import options, render
from strongroom.errors import FormatError

app = typer.Typer(name="audit", help="The transparency log of every decision.", no_args_is_help=True)


@app.command("verify", epilog="Example: strongroom audit verify")
def verify(
    known: Annotated[
        Path | None,
        typer.Option(
            "--known",
            help="What audit checkpoint printed earlier: the log must extend it.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Recompute every tree from its entries and check every signed checkpoint.

    Ends with 4 and says which log and entry when something was changed, removed or reordered.
    """
    remembered = _checkpoints(known) if known else ()
    with options.opened_room(home, keyfile, config) as room:
        report = room.verify_audit(known=remembered)
    if as_json:
        render.emit_json({**render.plain(report), "entries": report.entries, "bytes": report.bytes})
    else:
        render.emit_text(f"The log verifies: {report.entries} entries, {report.bytes} bytes read")
        for shard in report.shards:
            render.emit_text(f"  {shard.origin}: {shard.entries} entries, root {shard.root}")


@app.command("checkpoint", epilog="Example: strongroom audit checkpoint > checkpoint.json")
def checkpoint(
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,  # noqa: ARG001 - checkpoints are JSON either way
) -> None:
    """Print the signed checkpoint of every log. Keep them elsewhere, and give them to audit verify --known.

    A log rewritten by somebody who holds the keys verifies by itself, but no longer extends what you kept.
    """
    with options.opened_room(home, keyfile, config) as room:
        render.emit_json(room.checkpoints())


def _checkpoints(kept: Path) -> tuple[str, ...]:
    """The checkpoints in a file that `audit checkpoint` wrote; raises `FormatError`."""
    try:
        found = json.loads(kept.read_text(encoding="utf-8"))
        return tuple(str(note) for note in found.values())
    except (ValueError, AttributeError):
        msg = f"{kept} does not hold what audit checkpoint prints"
        raise FormatError(msg) from None


@app.command("prove", epilog="Example: strongroom audit prove 17 > proof.json")
def prove(
    index: Annotated[
        int, typer.Argument(help="The entry's number, from 0; see audit show.", min=0, show_default=False)
    ],
    origin: Annotated[
        str, typer.Option("--origin", help="Which log; by default the one this command writes.")
    ] = "",
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,  # noqa: ARG001 - a proof is JSON either way
) -> None:
    """Print an entry with the proof that it is under a signed checkpoint, as JSON that verifies offline."""
    with options.opened_room(home, keyfile, config) as room:
        render.emit_text(room.prove_entry(index, origin=origin).to_json())


@app.command("show", epilog="Example: strongroom audit show --last 50")
def show(
    last: Annotated[int, typer.Option("--last", help="How many entries.", min=1)] = 20,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Print the last entries: who did what, and which policies decided. There are no values in the log."""
    with options.opened_room(home, keyfile, config) as room:
        entries = room.audit_entries(last)
    if as_json:
        render.emit_json(entries)
        return
    columns = ("origin", "index", "phase", "action", "principal", "category", "sink", "result", "policies")
    render.emit_table(
        columns,
        ([", ".join(entry[name]) if name == "policies" else entry[name] for name in columns] for entry in entries),
        empty="The log is empty.",
    )
