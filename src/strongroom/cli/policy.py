"""`strongroom policy`: check a bundle before it is used, show the one in force, explain a decision.

Must never: change what is in force; that is the settings' file, which a person edits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from strongroom.cli import exits, options, render

app = typer.Typer(name="policy", help="Who may do what with which data (Cedar).", no_args_is_help=True)


@app.command("check", epilog="Example: strongroom policy check my-bundle.cedar")
def check(
    file: Annotated[Path, typer.Argument(help="A Cedar bundle.", exists=True, dir_okay=False, show_default=False)],
    as_json: options.Json = False,
) -> None:
    """Parse a bundle and validate it against the schema; say line, column and what to do when it is wrong."""
    from strongroom.policy import Policy

    policy = Policy.load(file.read_text(encoding="utf-8"), source=str(file))
    if as_json:
        render.emit_json({"file": str(file), "valid": True, "version": policy.version})
    else:
        render.emit_text(f"{file} is valid; version {policy.version}")


@app.command("show", epilog="Example: strongroom policy show > my-bundle.cedar")
def show(
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Print the bundle in force: a good start for one of your own."""
    with options.opened_room(home, keyfile, config) as room:
        policy = room.policy
    if as_json:
        render.emit_json({"version": policy.version, "text": policy.text})
    else:
        render.emit_text(policy.text.rstrip("\n"))


@app.command("explain", epilog="Example: strongroom policy explain detokenize --kind CARD --sink message.text")
def explain(
    action: Annotated[str, typer.Argument(help="seal, open, tokenize, detokenize, erase …", show_default=False)],
    kind: Annotated[str, typer.Option("--kind", help="An entity type of the catalogue.")] = "EMAIL",
    sink: Annotated[str, typer.Option("--sink", help="Where the value would appear, such as user.")] = "",
    role: Annotated[list[str] | None, typer.Option("--role", help="The asker's roles. Default: agent.")] = None,
    purpose: Annotated[str, typer.Option("--purpose", help="What for.")] = "unspecified",
    tenant: options.Tenant = options.TENANT,
    environment: options.Environment = options.ENVIRONMENT,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Ask the policy in force a question, without any value, and say which rules decide it.

    Ends with 0 when it is allowed and with 3 when it is not.
    """
    from strongroom.identity import Principal
    from strongroom.policy import Question

    roles = tuple(role) if role else ("agent",)
    principal = Principal("anyone", tenant, environment, roles=roles)
    with options.opened_room(home, keyfile, config) as room:
        label = room.catalogue.label(kind)
        decision = room.policy.decide(Question(principal, action, label, sink=sink, purpose=purpose))
    if as_json:
        render.emit_json(render.plain(decision))
    else:
        render.emit_facts(
            {
                "allowed": "yes" if decision.allowed else "no",
                "decided by": ", ".join(decision.policies) or "the default: deny",
                "nearest": decision.nearest or "-",
                "version": decision.version,
            }
        )
    if not decision.allowed:
        raise typer.Exit(exits.DENIED)
