"""`strongroom tokenize`: what a model would see of a text.

Must never: restore; the way back goes through a permitted sink of an agent, not through a terminal.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from strongroom.cli import options, render
from strongroom.identity import Principal

if TYPE_CHECKING:
    from strongroom.room import Strongroom

_NAME = "local-admin"
"""Who works at this machine; the same as `options.local_session` names, so surrogates are shared with it."""

Text = Annotated[
    list[str] | None, typer.Argument(metavar="[TEXT]...", help="The text; from standard input when left out.")
]


def text_from(words: list[str] | None) -> str:
    """The arguments as one text, or all of standard input when there are none (or one ``-``)."""
    if not words or words == ["-"]:
        return sys.stdin.read()
    return " ".join(words)


CHAT = "/openai/v1/chat/completions"


def tokenize(
    text: Text = None,
    session: Annotated[
        str, typer.Option("--session", help="The conversation: equal values share surrogates.")
    ] = "cli",
    as_model: Annotated[
        bool, typer.Option("--as-model", help="The text is a whole request: show the bytes a provider would get.")
    ] = False,
    endpoint: Annotated[
        str, typer.Option("--endpoint", help="With --as-model: the gateway's path the request is for.")
    ] = CHAT,
    tenant: options.Tenant = options.TENANT,
    environment: options.Environment = options.ENVIRONMENT,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Show what a model would see: every value that is found becomes a surrogate such as EMAIL_7KQ2M9X."""
    given = text_from(text)
    if as_model:
        with options.opened_room(home, keyfile, config) as room:
            _show_request(room, given, Principal(_NAME, tenant, environment), endpoint, session, as_json=as_json)
        return
    with (
        options.opened_room(home, keyfile, config) as room,
        options.local_session(room, tenant, environment, session) as here,
    ):
        shown = here.tokenize(given)
    if as_json:
        render.emit_json({"text": shown, "changed": shown != given})
    else:
        sys.stdout.write(shown if shown.endswith("\n") else shown + "\n")


def _show_request(
    room: Strongroom, given: str, principal: Principal, endpoint: str, session: str, *, as_json: bool
) -> None:
    from strongroom.gateway.playground import as_model

    view = as_model(room, given.encode(), principal, endpoint=endpoint, conversation=session)
    shown = view.body.decode()
    if as_json:
        changed, reports = view.changed, list(view.reports)
        render.emit_json({"endpoint": endpoint, "body": shown, "changed": changed, "reports": reports})
    else:
        sys.stdout.write(shown if shown.endswith("\n") else shown + "\n")


def register(app: typer.Typer) -> None:
    """Add the command to the table."""
    app.command(
        "tokenize", epilog='Example: strongroom tokenize "Mail anna@example.org about 4111 1111 1111 1111"'
    )(tokenize)
