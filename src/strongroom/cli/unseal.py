"""`strongroom unseal`: the ways into a store.

Must never: take a secret from the command line, or print a share of a path that was there before.
"""

from __future__ import annotations

from typing import Annotated

import typer

from strongroom.cli import options, render
from strongroom.cli.up import show_shares

app = typer.Typer(
    name="unseal",
    help="The ways into a store: each holds the root by itself, and one is enough.",
    no_args_is_help=True,
)

Uri = Annotated[
    str,
    typer.Argument(
        metavar="URI",
        help="keyfile:PATH, passphrase:, recovery:, keyring:, shares:K/N, pkcs11:..., tpm:..., a cloud KMS.",
        show_default=False,
    ),
]


@app.command("list", epilog="Example: strongroom unseal list")
def list_paths(
    root: options.Root = None,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Name the unseal paths of the store."""
    with options.opened_room(home, keyfile, config, root=root) as room:
        schemes = room.unseal.list()
    if as_json:
        render.emit_json(list(schemes))
    else:
        render.emit_table(("unseal path",), ((scheme,) for scheme in schemes), empty="No unseal path.")


@app.command("add", epilog="Example: strongroom unseal add shares:3/5")
def add(
    uri: Uri,
    replace: Annotated[
        bool, typer.Option("--replace", help="In place of the one of the same scheme and label.")
    ] = False,
    root: options.Root = None,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Add a way in. It is tried before it is recorded. Devices and key services take a label (`label=NAME`)."""
    with options.opened_room(home, keyfile, config, root=root) as room:
        added = room.unseal.add(uri, ask=options.secret_from_input, replace=replace)
    if as_json:
        told = {"scheme": added.scheme, "description": added.description, "shares": list(added.shares)}
        render.emit_json(told)
        return
    show_shares(added.shares)
    render.emit_text(f"The store can be unsealed by {added.description}.")


@app.command("remove", epilog="Example: strongroom unseal remove passphrase")
def remove(
    scheme: Annotated[str, typer.Argument(help="Which one, as `unseal list` names it.", show_default=False)],
    root: options.Root = None,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Remove a way in. The last one stays. What it opened before, in a backup of the store, it opens still."""
    with options.opened_room(home, keyfile, config, root=root) as room:
        room.unseal.remove(scheme)
        left = room.unseal.list()
    if as_json:
        render.emit_json({"removed": scheme, "left": list(left)})
    else:
        render.emit_text(f"{scheme} opens this store no more. Left: {', '.join(left)}")


@app.command("test", epilog="Example: strongroom unseal test recovery:")
def try_path(
    uri: Uri,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Open the store by this way in and no other, and say whether it leads to the store's root."""
    with options.opened_room(home, keyfile, config, root=uri) as room:
        schemes = room.unseal.list()
    scheme = uri.partition(":")[0]
    if as_json:
        render.emit_json({"scheme": scheme, "opens": True, "paths": list(schemes)})
    else:
        render.emit_text(f"{scheme} opens this store.")
