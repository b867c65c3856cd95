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
    root: options.Root = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """List key versions, their states and when they last changed. Subjects appear under a pseudonym."""
    with options.opened_room(home, keyfile, config, root=root) as room:
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


Version = Annotated[
    int | None, typer.Option("--version", help="One data version; without it the whole path.", show_default=False)
]


def _register(verb: str, done: str, help_text: str) -> None:
    """Add one command that takes a path through one transition; they differ in nothing else."""

    def change(
        path: KeyPath,
        home: options.Home = None,
        root: options.Root = None,
        keyfile: options.Keyfile = None,
        config: options.Config = None,
        as_json: options.Json = False,
    ) -> None:
        with options.opened_room(home, keyfile, config, root=root) as room:
            count = getattr(room.keys, verb)(path)
        _say(verb, path, done, count, as_json)

    change.__doc__ = help_text
    app.command(verb, epilog=f"Example: strongroom keys {verb} acme/prod/health")(change)


def _register_versioned(verb: str, done: str, help_text: str) -> None:
    """The same for acts that can be on one version as well."""

    def change(
        path: KeyPath,
        version: Version = None,
        home: options.Home = None,
        root: options.Root = None,
        keyfile: options.Keyfile = None,
        config: options.Config = None,
        as_json: options.Json = False,
    ) -> None:
        with options.opened_room(home, keyfile, config, root=root) as room:
            count = getattr(room.keys, verb)(path, version)
        _say(verb, path if version is None else f"{path} version {version}", done, count, as_json)

    change.__doc__ = help_text
    app.command(verb, epilog=f"Example: strongroom keys {verb} acme/prod/health --version 1")(change)


def _say(verb: str, what: str, done: str, count: int, as_json: bool) -> None:
    if as_json:
        render.emit_json({"path": what, "action": verb, "done": True, "versions": count})
    else:
        render.emit_text(f"{what} {done}")


_register("create", "has a primary key.", "Make the keys of a path, with those above it.")
_register(
    "rotate",
    "has a new version; older ones still open.",
    "Make a new version for new work; `list` shows its state.",
)
_register(
    "promote",
    "seals with the version that was published.",
    "Make a pending version the primary.",
)
_register_versioned(
    "disable", "is disabled: nothing of it opens or seals.", "Stop all use at once; can be undone."
)
_register_versioned("enable", "is enabled again.", "Undo a disable.")
_register_versioned(
    "compromise",
    "is compromised: it refuses for good, and a fresh version seals. Now: strongroom keys rewrap.",
    "Mark versions as known to somebody else: they refuse for good, all but a rewrap job.",
)
_register_versioned(
    "cancel", "goes back to where it was before.", "Take back an announced end, or a scheduled destruction."
)


@app.command("destroy", epilog="Example: strongroom keys destroy acme/prod/health --after 30d")
def destroy(
    path: KeyPath,
    version: Version = None,
    after: Annotated[
        str, typer.Option("--after", help="Refuse now and destroy later, such as 30d or 12h.", metavar="TIME")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: options.Home = None,
    root: options.Root = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Destroy a path and everything below it, or one version. What they sealed stays sealed for ever.

    With --after, everything is refused now and destroyed by `strongroom keys due --run` when its time has come;
    until then `strongroom keys cancel` takes it back.
    """
    what = path if version is None else f"{path} version {version}"
    if after:
        with options.opened_room(home, keyfile, config, root=root) as room:
            count = room.keys.schedule_destroy(path, after_s=options.seconds(after), version=version)
        _say("schedule_destroy", what, f"refuses now and is destroyed in {after}.", count, as_json)
        return
    if not yes:
        typer.confirm(
            f"Everything sealed under {what} becomes unreadable for ever. Destroy?", abort=True, err=True
        )
    with options.opened_room(home, keyfile, config, root=root) as room:
        count = room.keys.destroy(path, version)
    if as_json:
        render.emit_json({"path": path, "action": "destroy", "destroyed": count})
    else:
        render.emit_text(f"{what}: {count} key versions destroyed.")
