"""`strongroom up`: open the room, or make it on the first run, and serve the gateway until Ctrl-C.

Must never: print the recovery share twice, or start to serve before it was printed.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import typer

from strongroom.cli import options, render
from strongroom.errors import ConfigurationError


class Mode(StrEnum):
    """What the gateway does with what it finds."""

    enforce = "enforce"
    monitor = "monitor"


Upstream = Annotated[
    list[str] | None,
    typer.Option(
        "--upstream", metavar="NAME=URL", help="A provider by name, such as openai=https://api.openai.com/v1."
    ),
]


def upstreams_from(pairs: Iterable[str]) -> dict[str, str]:
    """``["openai=https://…"]`` as a mapping; raises `ConfigurationError` naming the pair that is none."""
    upstreams: dict[str, str] = {}
    for number, pair in enumerate(pairs, 1):
        name, separator, url = pair.partition("=")
        if not separator or not name or not url.startswith(("http://", "https://")):
            msg = f"--upstream number {number}: expected NAME=URL, such as openai=https://api.openai.com/v1"
            raise ConfigurationError(msg)
        if name in upstreams:
            msg = f"--upstream {name} was given twice"
            raise ConfigurationError(msg)
        upstreams[name] = url
    return upstreams


def show_recovery(share: str | None) -> None:
    """Print the recovery share of a store that was made just now; nothing for one that existed."""
    if share is None:
        return
    render.notice("A new store was made. This recovery share opens it when the keyfile is lost.")
    render.notice("Write it down and keep it away from this machine: it is not shown again.")
    render.notice("")
    render.notice(f"    {share}")
    render.notice("")


def up(
    home: options.Home = None,
    listen: Annotated[
        str | None, typer.Option("--listen", help="Address and port. Default: 127.0.0.1:8080.", show_default=False)
    ] = None,
    upstream: Upstream = None,
    mode: Annotated[
        Mode | None,
        typer.Option(
            "--mode", help="enforce changes and refuses; monitor passes and reports.", show_default=False
        ),
    ] = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
) -> None:
    """Serve the gateway on loopback; make the store on the first run.

    Point a client's base URL at http://127.0.0.1:8080/openai/v1 or http://127.0.0.1:8080/anthropic and give it a
    credential from "strongroom credential issue NAME" as its API key. Ctrl-C finishes open requests, then stops.
    """
    from strongroom.gateway import serve_room
    from strongroom.room import Strongroom

    room = Strongroom.open(
        home=home,
        keyfile=keyfile,
        config=config,
        create=True,
        listen=listen,
        upstreams=upstreams_from(upstream) if upstream else None,
        mode=mode.value if mode else None,
    )
    try:
        show_recovery(room.recovery_share)
        serve_room(room, ready=render.notice)
    finally:
        room.close()


def register(app: typer.Typer) -> None:
    """Add the command to the table."""
    app.command("up", epilog="Example: strongroom up --upstream openai=https://api.openai.com/v1")(up)
