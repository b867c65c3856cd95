"""`strongroom init`, `recover` and `status`: make a store, come back to one, and say how one is.

Must never: make a store as a side effect of asking about one.
"""

from __future__ import annotations

import typer

from strongroom.cli import options, render
from strongroom.cli.up import note_root, show_new_store


def init(
    home: options.Home = None,
    root: options.Root = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Make a store and its keyfile without serving; print the recovery share once.

    Does nothing to a store that exists. The keyfile goes to your configuration directory, away from the store;
    keep them in different backups. With --root another unseal path takes its place, noted in strongroom.toml.
    """
    from strongroom.room import Strongroom

    with Strongroom.open(
        home=home, keyfile=keyfile, config=config, root=root, ask=options.secret_from_input, create=True
    ) as room:
        note_root(room, root)
        if as_json:
            secrets = {"recovery_share": room.recovery_share, "shares": list(room.shares)}
            render.emit_json({**room.status(), **secrets})
        else:
            show_new_store(room)
            render.emit_facts(_readable(room.status()))


def recover(
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Make a new keyfile when the old one is lost, with the recovery share from a prompt or standard input.

    The lost keyfile opens nothing from then on. Nothing sealed has to be sealed again.
    """
    from strongroom.room import Strongroom

    path = Strongroom.recover(
        options.secret_from_input("Recovery share"), home=home, keyfile=keyfile, config=config
    )
    if as_json:
        render.emit_json({"keyfile": str(path)})
    else:
        render.emit_text(f"There is a new keyfile: {path}")


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
        render.emit_facts(_readable(facts))


def _readable(facts: dict[str, object]) -> dict[str, object]:
    """The facts for a person: words for names, and lists as prose."""
    return {
        name.replace("_", " "): ", ".join(map(str, fact)) or "none" if isinstance(fact, list) else fact
        for name, fact in facts.items()
    }


def register(app: typer.Typer) -> None:
    """Add the commands to the table."""
    app.command("init", epilog="Example: strongroom init --home ./room")(init)
    app.command("recover", epilog="Example: strongroom recover --home ./room < share.txt")(recover)
    app.command("status", epilog="Example: strongroom status --json")(status)
