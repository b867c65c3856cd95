"""The `strongroom` command: the table of its commands and the one place where errors become exit codes.

Must never: import a room while building the table; `--help` and shell completion stay instant.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from strongroom.cli import (
    audit,
    backup,
    classify,
    credential,
    demo,
    discover,
    erase,
    escrow,
    exits,
    flows,
    keys_root,
    mcp,
    policy,
    seal,
    source,
    status,
    tokenize,
    unseal,
    up,
)
from strongroom.errors import StrongroomError
from strongroom.primitives.secret_memory import protect_process

app = typer.Typer(
    name="strongroom",
    help="Protects the data AI agents handle: in transit, at rest and in the context window.",
    epilog="Start with: strongroom demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: half the start-up time, and it reads the same in a pipe
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"strongroom {version('strongroom')}\n")
        raise typer.Exit


@app.callback()
def strongroom(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Protects the data AI agents handle: in transit, at rest and in the context window."""


for noun in (up, mcp, demo, discover, status, seal, tokenize, classify, flows):
    noun.register(app)
for group in (credential, source, keys_root, unseal, escrow, policy, audit, erase, backup):
    app.add_typer(group.app)


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and end the process: 0 done, 1 check failed, 2 usage, 3 denied, 4 integrity, 5 backend."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    protect_process()
    try:
        typer.main.get_command(app)(args=given, prog_name="strongroom")
    except StrongroomError as error:
        sys.exit(exits.report(error, as_json=as_json))
    except OSError as error:
        sys.exit(exits.report_system(error, as_json=as_json))
    sys.exit(0)
