"""`strongroom escrow`: the root for a key that is kept offline.

Must never: need the private half on the machine that has the store.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from strongroom.cli import options, render

app = typer.Typer(name="escrow", help="The root for a key that is kept offline.", no_args_is_help=True)


@app.command("new", epilog="Example: strongroom escrow new escrow.key")
def new(
    private: Annotated[
        Path,
        typer.Argument(help="Where the private half goes; the public one beside it, as .pub.", dir_okay=False),
    ],
    as_json: options.Json = False,
) -> None:
    """Make an escrow key (ML-KEM-768 and X25519), on a machine that is not the store's.

    The private half belongs in a safe: with it and the keys of a backup, everything opens.
    """
    from strongroom.adapters.root_escrow import make_escrow_key
    from strongroom.clock import system_entropy

    public = private.with_name(f"{private.name}.pub")
    made = make_escrow_key(private, public, entropy=system_entropy)
    if as_json:
        render.emit_json({"id": made, "private": str(private), "public": str(public)})
    else:
        render.emit_text(f"Escrow key {made}: keep {private} offline, bring {public} to the store.")


@app.command("add", epilog="Example: strongroom escrow add escrow.key.pub")
def add(
    public: Annotated[Path, typer.Argument(help="The public half.", exists=True, dir_okay=False)],
    root: options.Root = None,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Wrap the root for an escrow key. Later backups of the keys have the wrap; --root escrow:FILE uses it.

    The public half cannot show that the private one still exists: try it once with strongroom unseal test.
    """
    with options.opened_room(home, keyfile, config, root=root) as room:
        told = room.backups.escrow(public)
    if as_json:
        render.emit_json({"escrow": told})
    else:
        render.emit_text(f"The root is in {told}.")
