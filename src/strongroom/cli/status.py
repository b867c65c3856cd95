"""`strongroom init` and `strongroom status`: make a store, and say how one is.

Must never: make a store as a side effect of asking about one.
"""

from __future__ import annotations

import typer

from strongroom.cli import options, render
from strongroom.cli.up import show_recovery


def init(
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Make a store and its keyfile without serving; print the recovery share once.

    Does nothing to a store that exists. The keyfile goes to your configuration directory, away from the store;
    keep them in different backups.
    """
    from strongroom.room import Strongroom

    room = Strongroom.open(home=home, keyfile=keyfile, config=config, create=True)
    try:
        if as_json:
            render.emit_json({**room.status(), "recovery_share": room.recovery_share})
            return
        show_recovery(room.recovery_share)
        render.emit_facts(room.status())
    finally:
        room.close()


def status(
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Say where the store and the keyfile are, what is in them, and whether the audit sink takes entries."""
    with options.opened_room(home, keyfile, config) as room:
        facts = room.status()
    if as_json:
        render.emit_json(facts)
    else:
        render.emit_facts(facts)


def register(app: typer.Typer) -> None:
    """Add the commands to the table."""
    app.command("init", epilog="Example: strongroom init --home ./room")(init)
    app.command("status", epilog="Example: strongroom status --json")(status)
