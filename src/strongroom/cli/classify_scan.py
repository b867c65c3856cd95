"""`strongroom classify TEXT`: what is found in a text, where and by which recognizer.

Must never: print what was found unless `--show` asks for it; a terminal has a scrollback.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from strongroom.cli import options, render
from strongroom.cli.tokenize import Text, text_from


def scan(
    text: Text = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Read this file instead.", exists=True, dir_okay=False, show_default=False),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the values too.")] = False,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """List the spans found in a text: position, kind, score and which recognizer or source said so.

    Patterns only: what your registered sources teach (names above all) is found by tokenize.
    """
    given = file.read_text(encoding="utf-8") if file else text_from(text)
    with options.opened_room(home, keyfile, config) as room:
        spans = room.classify(given)
    rows = [
        {
            "start": span.start,
            "end": span.end,
            "kind": span.kind,
            "score": round(span.score, 3),
            "source": span.source,
        }
        | ({"value": given[span.start : span.end]} if show else {})
        for span in spans
    ]
    if as_json:
        render.emit_json(rows)
        return
    columns = tuple(rows[0]) if rows else ()
    render.emit_table(columns, (tuple(row.values()) for row in rows), empty="Nothing was found.")


def register(group: typer.Typer) -> None:
    """Add the command to the group."""
    group.command("scan", epilog='Example: strongroom classify "IBAN DE89 3704 0044 0532 0130 00" --show')(scan)
