"""`strongroom keys`: list keys and move them through their states.

Must never: print key material, or destroy without being told twice.
"""

from __future__ import annotations

from typing import Annotated

import typer

from strongroom.cli import options, render

app = typer.Typer(
    name="keys", help="Keys by path: tenant/environment, then /category, then /subject.", no_args_is_help=True
)

KeyPath = Annotated[
    str,
    typer.Argument(
        help="tenant/environment, then /category, then /subject, such as acme/prod/health.", show_default=False
    ),
]


@app.command("list", epilog="Example: strongroom keys list acme/prod")
def list_keys(
    prefix: Annotated[
        str, typer.Argument(help="Which tenant/environment.")
    ] = f"{options.TENANT}/{options.ENVIRONMENT}",
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """List key versions, their states and when they last changed. Subjects appear under a pseudonym."""
    with options.opened_room(home, keyfile, config) as room:
        rows = [render.plain(row) for row in room.keys.list(prefix)]
    if as_json:
        render.emit_json(rows)
        return
    render.emit_table(
        ("path", "use", "version", "state", "changed"),
        (
            (row["path"], row["use"], row["version"], row["state"], render.instant(row["changed_at"] / 1000))
            for row in rows
        ),
        empty=f"No keys under {prefix} yet.",
    )


def _register(verb: str, done: str, help_text: str) -> None:
    """Add one command that takes a path through one transition; they differ in nothing else."""

    def change(
        path: KeyPath,
        home: options.Home = None,
        keyfile: options.Keyfile = None,
        config: options.Config = None,
        as_json: options.Json = False,
    ) -> None:
        with options.opened_room(home, keyfile, config) as room:
            getattr(room.keys, verb)(path)
        if as_json:
            render.emit_json({"path": path, "action": verb, "done": True})
        else:
            render.emit_text(f"{path} {done}")

    change.__doc__ = help_text
    app.command(verb, epilog=f"Example: strongroom keys {verb} acme/prod/health")(change)


_register("create", "has a primary key.", "Make the keys of a path, with those above it.")
_register(
    "rotate", "has a new primary version; older ones still open.", "Make a new primary version for new work."
)
_register("disable", "is disabled: nothing below it opens or seals.", "Stop all use at once; can be undone.")
_register("enable", "is enabled again.", "Undo a disable.")


@app.command("destroy", epilog="Example: strongroom keys destroy acme/prod/health --yes")
def destroy(
    path: KeyPath,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Destroy every version of a path and of everything below it. What they sealed stays sealed for ever."""
    if not yes:
        typer.confirm(
            f"Everything sealed under {path} becomes unreadable for ever. Destroy?", abort=True, err=True
        )
    with options.opened_room(home, keyfile, config) as room:
        count = room.keys.destroy(path)
    if as_json:
        render.emit_json({"path": path, "action": "destroy", "destroyed": count})
    else:
        render.emit_text(f"{path}: {count} key versions destroyed.")
