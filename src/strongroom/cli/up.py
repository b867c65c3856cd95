"""`strongroom up`: open the room, or make it on the first run, and serve the gateway until Ctrl-C.

Must never: print the recovery share or a share twice, or start to serve before they were printed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strongroom.cli import options, render
from strongroom.errors import ConfigurationError

if TYPE_CHECKING:
    from strongroom.room import Strongroom
    from strongroom.settings import Settings


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


def show_new_store(room: Strongroom) -> None:
    """Print the secrets of a store that was made just now; nothing for one that existed."""
    if room.recovery_share is None:
        return
    render.notice("A new store was made. This recovery share opens it when the unseal path fails.")
    render.notice("Write it down and keep it away from this machine: it is not shown again.")
    render.notice("")
    render.notice(f"    {room.recovery_share}")
    render.notice("")
    show_shares(room.shares)


def note_root(room: Strongroom, root: str | None) -> None:
    """Let later commands find the unseal path `root` of a store that was made just now."""
    from strongroom.settings import FILE_NAME, remember_root

    if room.recovery_share is not None and root is not None and not remember_root(room.house.home, root):
        render.notice(f"Add the unseal path to {FILE_NAME}, or give it as --root every time.")


def show_shares(shares: Sequence[str]) -> None:
    """Print shares for the people who keep them; nothing when there are none."""
    if not shares:
        return
    render.notice("One of these shares for each keeper. They are not shown again.")
    render.notice("")
    for number, share in enumerate(shares, 1):
        render.notice(f"    {number}  {share}")
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
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=256, help="Processes that share the port; one per processor.")
    ] = 1,
    root: options.Root = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Serve the gateway on loopback; make the store on the first run.

    Point a client's base URL at http://127.0.0.1:8080/openai/v1 or http://127.0.0.1:8080/anthropic and give it a
    credential from "strongroom credential issue NAME" as its API key. Ctrl-C finishes open requests, then stops.
    """
    from strongroom.gateway.for_room import serve_room
    from strongroom.room import Strongroom

    told: list[str] = []

    def ask(what: str) -> str:
        told.append(options.secret_from_input(what))
        return told[-1]

    flags: dict[str, Any] = {"listen": listen, "mode": mode.value if mode else None}
    flags["upstreams"] = upstreams_from(upstream) if upstream else None
    with Strongroom.open(
        home=home,
        keyfile=keyfile,
        config=config,
        root=root,
        ask=ask,
        create=True,
        **flags,
    ) as room:
        note_root(room, root)
        show_new_store(room)
        announce = _announcement(room, as_json=as_json)
        if workers == 1:
            serve_room(room, ready=announce, config=config)
    if workers > 1:  # the room is closed again: each worker opens the store itself
        places = (home, keyfile, config)
        supervise(room.settings, workers, places, root, flags, told, announce)


def supervise(
    settings: Settings, count: int, places: Sequence[Path | None], root: str | None,
    flags: Mapping[str, Any], secrets: Sequence[str], ready: Callable[[str, int], None],
) -> None:  # fmt: skip
    """Serve with `count` processes on the port of `settings`; `places` are home, keyfile and settings file."""
    from strongroom.clock import SystemClock
    from strongroom.gateway.workers import Job, Supervisor

    home, keyfile, config = (None if place is None else str(place) for place in places)
    host, port = settings.listen_address()
    limits = settings.limits
    Supervisor(
        Job(home, keyfile, config, root, flags, tuple(secrets)), host=host, port=port, count=count,
        drain_s=limits.drain_s + limits.linger_s, idle_s=limits.client_idle_s, clock=SystemClock(),
    ).run(ready)  # fmt: skip


def _path_of(upstream: str) -> str:
    """Where an upstream is served: ``mcp-crm`` at ``mcp/crm``, a provider under its name."""
    if upstream.startswith("mcp-"):
        return f"mcp/{upstream.removeprefix('mcp-')}"
    return f"{upstream}{'/v1' if upstream == 'openai' else ''}"


def _announcement(room: Strongroom, *, as_json: bool) -> Callable[[str, int], None]:
    """What to say once the address is bound."""
    upstreams, mode = sorted(room.settings.upstreams), room.settings.mode

    def announce(host: str, port: int) -> None:
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        if as_json:
            render.emit_json({"url": url, "mode": mode, "upstreams": upstreams})
            sys.stdout.flush()
            return
        render.notice(f"Serving on {url} in {mode} mode. Ctrl-C stops.")
        for name in upstreams:
            render.notice(f"  {name}: {url}/{_path_of(name)}")
        if not upstreams:
            render.notice("  No upstream yet: strongroom up --upstream openai=https://api.openai.com/v1")

    return announce


def register(app: typer.Typer) -> None:
    """Add the command to the table."""
    app.command("up", epilog="Example: strongroom up --upstream openai=https://api.openai.com/v1")(up)
