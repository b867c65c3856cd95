"""Options that many commands share, spelled once, and the one way to open the room from the command line.

Must never: read the environment (that is `settings`), or leave a room open after a command.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strongroom.errors import ConfigurationError

if TYPE_CHECKING:
    from strongroom.room import Strongroom
    from strongroom.room.session import RoomSession

Home = Annotated[
    Path | None,
    typer.Option("--home", help="Where the store lives. Default: ~/.strongroom.", show_default=False),
]
Keyfile = Annotated[
    Path | None,
    typer.Option(
        "--keyfile", help="The root keyfile. Default: in your configuration directory.", show_default=False
    ),
]
Root = Annotated[
    str | None,
    typer.Option(
        "--root",
        metavar="URI",
        help="The unseal path instead of the keyfile, such as pkcs11:token=NAME, tpm: or shares:3/5.",
        show_default=False,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", help="A settings file. Default: strongroom.toml in --home.", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Whose data: the first part of a key path.")]
Environment = Annotated[str, typer.Option("--environment", help="The second part of a key path, such as prod.")]

PUBLIC_KEY_LEN = 32
"""Ed25519."""
TENANT = "main"
ENVIRONMENT = "prod"


PURPOSE = "command-line"
"""What the log says a local command was for."""


@contextmanager
def opened_room(
    home: Path | None, keyfile: Path | None, config: Path | None, *, root: str | None = None
) -> Iterator[Strongroom]:
    """The room of an existing store, closed again however the command ends."""
    from strongroom.room import Strongroom

    with Strongroom.open(home=home, keyfile=keyfile, config=config, root=root, ask=secret_from_input) as room:
        yield room


def local_session(room: Strongroom, tenant: str, environment: str, conversation: str = "") -> RoomSession:
    """A session of the person at this machine, who works with data here as an agent would."""
    from strongroom.room.views import OPERATOR

    return room.session(
        OPERATOR, tenant=tenant, environment=environment, purpose=PURPOSE, conversation=conversation
    )


def public_key(text: str) -> bytes:
    """The 32 bytes of an Ed25519 public key in hexadecimal. Raises `ConfigurationError`."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != PUBLIC_KEY_LEN:
        msg = "--public: expected 64 hexadecimal digits"
        raise ConfigurationError(msg)
    return raw


def secret_from_input(what: str) -> str:
    """A secret from a prompt that shows nothing, or one line of standard input; never from the command line.

    Raises `ConfigurationError` when nothing was given.
    """
    secret = typer.prompt(what, hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not secret.strip():
        msg = f"{what}: nothing was given on standard input"
        raise ConfigurationError(msg)
    return str(secret.strip())


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> float:
    """``90s``, ``15m``, ``12h`` or ``30d`` in seconds. Raises `ConfigurationError` for anything else."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.replace(".", "", 1).isdecimal():
        msg = "a time is a number and s, m, h or d, such as 30d"
        raise ConfigurationError(msg)
    return float(number) * _UNITS[unit]
