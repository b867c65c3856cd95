"""`strongroom mcp`: run an MCP server as a child, and keep from its client what the model must not see.

Must never: write anything but MCP messages to standard output, or read a passphrase from standard input: both
belong to the protocol.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from strongroom.cli import options

SIGNALLED = 128
"""What shells add to the number of the signal that ended a process."""

Command = Annotated[
    list[str], typer.Argument(metavar="-- COMMAND...", help="The server's command and its arguments.")
]


def mcp(
    command: Command,
    server: Annotated[
        str, typer.Option("--server", metavar="NAME", help="What policy and log call this server: mcp-NAME.")
    ] = "stdio",
    agent: Annotated[
        str, typer.Option("--agent", metavar="NAME", help="The principal whose agent uses the server.")
    ] = "agent",
    session: Annotated[
        str,
        typer.Option(
            "--session", help="The conversation, as in Strongroom-Session; without it, all of the agent's."
        ),
    ] = "",
    tenant: options.Tenant = options.TENANT,
    environment: options.Environment = options.ENVIRONMENT,
    home: options.Home = None,
    root: options.Root = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,  # noqa: ARG001 - what fails is told as JSON then; messages are JSON anyway
) -> None:
    """Run an MCP server on standard streams: its tools get values, and what they say carries surrogates.

    Which value may come out in which argument stands under [tools] in strongroom.toml. Ends with the server's
    own exit code.
    """
    raise typer.Exit(_run(command, server, agent, session, (tenant, environment), home, root, keyfile, config))


def _run(
    command: list[str], server: str, agent: str, session: str, where: tuple[str, str], home: Path | None,
    root: str | None, keyfile: Path | None, config: Path | None,
) -> int:  # fmt: skip
    from strongroom.doors.mcp_room import messages_of
    from strongroom.doors.mcp_stdio import StdioWrapper
    from strongroom.room import Strongroom

    with Strongroom.open(home=home, keyfile=keyfile, config=config, root=root) as room:
        messages = messages_of(
            room, agent, tenant=where[0], environment=where[1], server=server, conversation=session
        )
        wrapper = StdioWrapper(
            messages,
            command,
            line_bytes_max=room.settings.limits.body_bytes,
            flush=room.house.sessions.flush,
        )
        code = wrapper.run()
    return code if code >= 0 else SIGNALLED - code


def register(app: typer.Typer) -> None:
    """Add the command to the table."""
    app.command("mcp", epilog="Example: strongroom mcp --server crm -- python crm_server.py")(mcp)
