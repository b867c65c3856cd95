"""`strongroom keys rotate-root`: a new root, as a ceremony (docs/howto/ceremony.md).

Must never: put the new root in force before a keeper has shown that it can be unsealed, or show a share twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from strongroom.cli import keys_rotation, options, render
from strongroom.cli.keys import app
from strongroom.cli.up import show_shares
from strongroom.errors import ConfigurationError

if TYPE_CHECKING:
    from strongroom.room import Strongroom
    from strongroom.room.ceremony import Proposal

__all__ = ["app", "keys_rotation"]

PROOFS = ("shares", "passphrase", "recovery")
"""What people keep: one of these is asked for before the new root is taken. Devices are tried without asking."""


@app.command(
    "rotate-root", epilog="Example: strongroom keys rotate-root --to shares:3/5 --to keyfile:/media/new.key"
)
def rotate_root(
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="URI", help="An unseal path of the new root; give all there shall be."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the new root that was proposed before.")
    ] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Forget the new root that was proposed.")] = False,
    unproved: Annotated[
        bool, typer.Option("--unproved", help="Do not ask the keepers to unseal the new root first.")
    ] = False,
    home: options.Home = None,
    root: options.Root = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Give the store a new root: every old unseal path, the recovery share too, opens nothing from then on.

    The new shares are shown once, then one set of keepers unseals the new root to prove that they have it, then it
    is put in force, all at once. Stopped in between, the old root still works: --resume or --withdraw. With --json
    the shares are printed and the command ends there; --resume takes the proof from standard input. Running
    processes have to be started again afterwards.
    """
    if sum(map(bool, (to, resume, withdraw))) != 1:
        msg = "rotate-root: give --to URI for each path of the new root, or --resume, or --withdraw"
        raise ConfigurationError(msg)
    with options.opened_room(home, keyfile, config, root=root) as room:
        if withdraw:
            _tell({"withdrawn": room.ceremony.withdraw()}, "The store keeps its root.", as_json=as_json)
            return
        if to:
            proposal = room.ceremony.propose(to, ask=options.secret_from_input)
            if as_json and not unproved:
                render.emit_json(_secrets(proposal))
                return
            _show(proposal, as_json=as_json)
        if not unproved:
            _prove(room)
        schemes = room.ceremony.pending()
        count = room.ceremony.take(unproved=unproved)
    done = f"The store has a new root; {count} key versions say so. It is unsealed by: {', '.join(schemes)}"
    told = {"taken": True, "key_versions": count, "paths": list(schemes)}
    _tell({**_secrets(proposal), **told} if to and as_json else told, done, as_json=as_json)
    if not as_json:
        render.notice("Start every process on this store again. If strongroom.toml names another path, change it.")


def _prove(room: Strongroom) -> None:
    """Have one path of the new root unsealed by the people who keep it."""
    pending = room.ceremony.pending()
    kept = next((scheme for scheme in PROOFS if scheme in pending), None)
    if kept is None:
        msg = "rotate-root: no new root was proposed"
        raise ConfigurationError(msg)
    render.notice(f"To prove that the new root can be unsealed, unseal it by {kept}.")
    room.ceremony.prove(f"{kept}:", ask=options.secret_from_input)


def _show(proposal: Proposal, *, as_json: bool) -> None:
    if as_json:
        return
    render.notice("The recovery share of the new root. It is not shown again.")
    render.notice("")
    render.notice(f"    {proposal.recovery_share}")
    render.notice("")
    show_shares(proposal.shares)


def _secrets(proposal: Proposal) -> dict[str, object]:
    return {
        "taken": False,
        "paths": list(proposal.schemes),
        "recovery_share": proposal.recovery_share,
        "shares": list(proposal.shares),
    }


def _tell(answer: dict[str, object], text: str, *, as_json: bool) -> None:
    if as_json:
        render.emit_json(answer)
    else:
        render.emit_text(text)
