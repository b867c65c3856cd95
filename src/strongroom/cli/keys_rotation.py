"""`strongroom keys` for whoever keeps keys young: what is due, sealing anew, and the end of versions.

Must never: end a version that is needed, whatever was asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from strongroom.cli import options, render
from strongroom.cli.keys import KeyPath
from strongroom.cli.keys_usage import app

if TYPE_CHECKING:
    from strongroom.at_rest.rewrap import Progress

BACKGROUND = 10
"""How much the rewrap command lowers its own priority: whoever reads meanwhile goes first."""

OldVersion = Annotated[int, typer.Option("--version", help="Which rotated-out version.", show_default=False)]


@app.command("rewrap", epilog="Example: strongroom keys rewrap acme/prod/health --per-second 500")
def rewrap(
    path: KeyPath,
    per_second: Annotated[
        float, typer.Option("--per-second", help="At most so many values a second; 0: as fast as it goes.")
    ] = 0.0,
    home: options.Home = None,
    root: options.Root = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Seal everything the store has under a path anew with its primary versions, and wrap the keys below anew.

    Stopped at any moment, it goes on where it was when it is run again. Bodies of files are touched only if their
    key was compromised.
    """
    import os
    from dataclasses import asdict

    os.nice(BACKGROUND)
    with options.opened_room(home, keyfile, config, root=root) as room, _bar(as_json) as progress:
        report = room.keys.rewrap(path, per_second=per_second, progress=progress)
    if as_json:
        render.emit_json(asdict(report))
        return
    went_on = " (went on where it was)" if report.resumed else ""
    render.emit_text(f"{path}: {report.renewed} of {report.scanned} sealed anew, {report.keys} keys{went_on}.")
    if report.erased:
        render.notice(f"{report.erased} are under destroyed keys and stay shut.")
    if report.refused or report.damaged:
        render.notice(f"{report.refused} refused by a key's state and {report.damaged} damaged: left as they are.")


@contextmanager
def _bar(as_json: bool) -> Iterator[Progress | None]:
    if as_json or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("sealing anew", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@app.command("schedule", epilog="Example: strongroom keys schedule acme/prod/health --version 1 --after 7d")
def schedule(
    path: KeyPath,
    version: OldVersion,
    after: Annotated[str, typer.Option("--after", help="When it ends, such as 7d or 12h.", metavar="TIME")] = "7d",
    home: options.Home = None,
    root: options.Root = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Announce the end of a rotated-out version. Whoever uses it from now on raises an alarm in the audit log."""
    with options.opened_room(home, keyfile, config, root=root) as room:
        room.keys.schedule(path, version, after_s=options.seconds(after))
    if as_json:
        render.emit_json({"path": path, "version": version, "action": "schedule", "done": True})
    else:
        render.emit_text(f"{path} version {version} ends in {after}, if nobody needs it then.")


@app.command("deactivate", epilog="Example: strongroom keys deactivate acme/prod/health --version 1")
def deactivate(
    path: KeyPath,
    version: OldVersion,
    home: options.Home = None,
    root: options.Root = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Disable a version whose announced end has come; refused, with the list, while somebody needs it."""
    with options.opened_room(home, keyfile, config, root=root) as room:
        room.keys.deactivate(path, version)
    if as_json:
        render.emit_json({"path": path, "version": version, "action": "deactivate", "done": True})
    else:
        render.emit_text(f"{path} version {version} is disabled.")


@app.command("due", epilog="Example: strongroom keys due --run")
def due(
    run: Annotated[bool, typer.Option("--run", help="Do what is due, all but credentials and the root.")] = False,
    home: options.Home = None,
    root: options.Root = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """List what is due by the schedule in the settings: rotations, announced ends, destructions, credentials.

    With --run, do it: meant for a timer. A version that somebody needs stays, and is listed again.
    """
    with options.opened_room(home, keyfile, config, root=root) as room:
        done = room.schedule.run() if run else None
        items = [render.plain(item) for item in room.schedule.due()]
    if as_json:
        render.emit_json({"due": items} | ({"done": done.changed, "waiting": done.waiting} if done else {}))
        return
    if done:
        changed = ", ".join(f"{name} {count}" for name, count in done.changed.items()) or "nothing was due"
        render.notice(f"Versions changed or made: {changed}.")
    render.emit_table(
        ("path", "act", "versions", "since"),
        ((item["path"], item["act"], item["count"], render.instant(item["since"] / 1000)) for item in items),
        empty="Nothing is due.",
    )


@app.command("accept-older-store", epilog="Example: strongroom keys accept-older-store --yes")
def accept_older_store(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: options.Home = None,
    root: options.Root = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Go on with a key store that is older than its audit log, after it was put back on purpose.

    Keys destroyed or disabled since then are back as they were: erasures have to be done again.
    """
    if not yes:
        typer.confirm("Keys destroyed since then are back. Accept this store?", abort=True, err=True)
    from strongroom.room import Strongroom

    with Strongroom.open(
        home=home,
        root=root,
        keyfile=keyfile,
        config=config,
        ask=options.secret_from_input,
        accept_older_store=True,
    ) as room:
        changes = room.house.keys.journal_size()
    if as_json:
        render.emit_json({"key_changes": changes, "accepted": True})
    else:
        render.emit_text(f"The store with {changes} key changes is accepted, and the log says so.")
