"""`strongroom tokenize`: what a model would see of a text.

Must never: restore; the way back goes through a permitted sink of an agent, not through a terminal.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from strongroom.cli import options, render

Text = Annotated[
    list[str] | None, typer.Argument(metavar="[TEXT]...", help="The text; from standard input when left out.")
]


def text_from(words: list[str] | None) -> str:
    """The arguments as one text, or all of standard input when there are none (or one ``-``)."""
    if not words or words == ["-"]:
        return sys.stdin.read()
    return " ".join(words)


def tokenize(
    text: Text = None,
    session: Annotated[
        str, typer.Option("--session", help="The conversation: equal values share surrogates.")
    ] = "cli",
    tenant: options.Tenant = options.TENANT,
    environment: options.Environment = options.ENVIRONMENT,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Show what a model would see: every value that is found becomes a surrogate such as EMAIL_7KQ2M9X."""
    given = text_from(text)
    with (
        options.opened_room(home, keyfile, config) as room,
        options.local_session(room, tenant, environment, session) as here,
    ):
        shown = here.tokenize(given)
    if as_json:
        render.emit_json({"text": shown, "changed": shown != given})
    else:
        sys.stdout.write(shown if shown.endswith("\n") else shown + "\n")


def register(app: typer.Typer) -> None:
    """Add the command to the table."""
    app.command(
        "tokenize", epilog='Example: strongroom tokenize "Mail anna@example.org about 4111 1111 1111 1111"'
    )(tokenize)
