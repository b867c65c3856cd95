"""`strongroom erase`: make everything about one subject unreadable, and verify the receipt of it.

Must never: erase without being told twice, or call something erased that a key still opens.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from strongroom.cli import options, render

if TYPE_CHECKING:
    from strongroom.compliance.erasure import ErasureReceipt


class _SubjectByDefault(TyperGroup):
    """`strongroom erase cust-812` means `strongroom erase subject cust-812`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
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
    """Destroy the keys of one subject under every category; sealed copies elsewhere become unreadable with them.

    "strongroom erase cust-812" is short for "strongroom erase subject cust-812".
    """
    if not yes:
        typer.confirm(f"Everything about {subject} becomes unreadable for ever. Erase?", abort=True, err=True)
    with options.opened_room(home, keyfile, config) as room:
        made = room.erase(tenant=tenant, environment=environment, subject=subject)
    if receipt is not None:
        receipt.write_text(made.to_json() + "\n", encoding="utf-8")
    if as_json:
        render.emit_text(made.to_json())
    else:
        render.emit_facts(_facts(made))


@app.command("verify", epilog="Example: strongroom erase verify receipt.json")
def verify(
    receipt: Annotated[
        Path, typer.Argument(help="A receipt from erase.", exists=True, dir_okay=False, show_default=False)
    ],
    public: Annotated[
        str,
        typer.Option("--public", help="The log's public key in hexadecimal (log_key in status): needs no store."),
    ] = "",
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Check the receipt's signature, and that its entry is in the log it names (inclusion proof).

    With --public this works anywhere: the entry, the proof and the signed checkpoint are in the receipt.
    """
    from strongroom.compliance.erasure import ErasureReceipt, verify_receipt

    claimed = ErasureReceipt.parse(receipt.read_text(encoding="utf-8"))
    if public:
        verify_receipt(claimed, public=options.public_key(public))
    else:
        with options.opened_room(home, keyfile, config) as room:
            room.verify_erasure(claimed)
    if as_json:
        render.emit_json({"receipt": str(receipt), "valid": True, **_facts(claimed)})
    else:
        render.emit_text("The receipt is genuine, and its entry is in the log.")
        render.emit_facts(_facts(claimed))


def _facts(receipt: ErasureReceipt) -> dict[str, object]:
    """What a person wants to know of a receipt; `subject` is concealed in it."""
    return {
        "where": f"{receipt.tenant}/{receipt.environment}",
        "subject": receipt.subject,
        "keys destroyed": receipt.keys_destroyed,
        "surrogates dropped": receipt.surrogates_dropped,
        "segments rewritten": receipt.segments_rewritten,
        "erased": render.instant(receipt.erased_at),
        "in the log": f"{receipt.proof.origin}, entry {receipt.index}",
    }
