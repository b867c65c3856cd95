"""`strongroom erase`: make everything about one subject unreadable, and verify the receipt of it.

Must never: erase without being told twice, or call something erased that a key still opens.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from strongroom.cli import options, render
from strongroom.errors import FormatError


class _SubjectByDefault(TyperGroup):
    """`strongroom erase cust-812` means `strongroom erase subject cust-812`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        """Put the default command in front when the first word is none of ours."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["subject", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="erase", cls=_SubjectByDefault, help="Erase one subject everywhere, with a receipt.", no_args_is_help=True
)


@app.command("subject", epilog="Example: strongroom erase cust-812 --tenant acme --environment prod --yes")
def erase(
    subject: Annotated[str, typer.Argument(help="Whose data, such as cust-812.", show_default=False)],
    tenant: options.Tenant = options.TENANT,
    environment: options.Environment = options.ENVIRONMENT,
    receipt: Annotated[
        Path | None, typer.Option("--receipt", help="Write the receipt here too.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Destroy the keys of one subject under every category; copies in backups become unreadable with them.

    "strongroom erase cust-812" is short for "strongroom erase subject cust-812".
    """
    if not yes:
        typer.confirm(f"Everything about {subject} becomes unreadable for ever. Erase?", abort=True, err=True)
    with options.opened_room(home, keyfile, config) as room:
        made = render.plain(room.erase(tenant=tenant, environment=environment, subject=subject))
    if receipt is not None:
        receipt.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    if as_json:
        render.emit_json(made)
    else:
        render.emit_facts(made)


@app.command("verify", epilog="Example: strongroom erase verify receipt.json")
def verify(
    receipt: Annotated[
        Path, typer.Argument(help="A receipt from erase.", exists=True, dir_okay=False, show_default=False)
    ],
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Check that the receipt stands in the log and that none of the keys it names exists any more."""
    try:
        claimed = json.loads(receipt.read_text(encoding="utf-8"))
    except ValueError:
        msg = f"{receipt} is not a receipt: no JSON"
        raise FormatError(msg) from None
    with options.opened_room(home, keyfile, config) as room:
        checked = render.plain(room.verify_erasure(claimed))
    if as_json:
        render.emit_json(checked)
    else:
        render.emit_facts(checked)
