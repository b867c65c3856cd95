"""`strongroom credential`: what clients show to the gateway, and what the gateway shows to providers.

Must never: take a provider's key as an argument (other users see command lines), or print one again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from strongroom.cli import options, render

if TYPE_CHECKING:
    from strongroom.guard.credentials import CredentialRow

app = typer.Typer(name="credential", help="What clients show to the gateway.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The principal's name, such as support-bot.", show_default=False)]


def _told(row: CredentialRow) -> dict[str, Any]:
    """What may be shown of a credential."""
    return {
        "name": row.name,
        "tenant": row.tenant,
        "environment": row.environment,
        "roles": list(row.roles),
        "expires": render.instant(row.expires_at),
        "revoked": bool(row.revoked_at),
    }


@app.command("issue", epilog="Example: strongroom credential issue support-bot --tenant acme --environment prod")
def issue(
    name: Name,
    tenant: options.Tenant = options.TENANT,
    environment: options.Environment = options.ENVIRONMENT,
    role: Annotated[
        list[str] | None, typer.Option("--role", help="A role policies know. Default: agent.", show_default=False)
    ] = None,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Make a credential for one principal and print it, once.

    The client uses it where it would use its provider key. It is good for this principal in this tenant and
    environment for thirty days, or until you revoke it.
    """
    roles = tuple(role) if role else ("agent",)
    with options.opened_room(home, keyfile, config) as room:
        secret = room.credentials.issue(name, tenant=tenant, environment=environment, roles=roles)
    if as_json:
        render.emit_json(
            {"name": name, "tenant": tenant, "environment": environment, "roles": roles, "credential": secret}
        )
        return
    render.notice(f"The credential of {name} in {tenant}/{environment}; it is not shown again:")
    render.emit_text(secret)


@app.command("rotate", epilog="Example: strongroom credential rotate support-bot --overlap-hours 48")
def rotate(
    name: Name,
    tenant: options.Tenant = options.TENANT,
    environment: options.Environment = options.ENVIRONMENT,
    overlap_hours: Annotated[
        float, typer.Option("--overlap-hours", help="How long the old one is still good; 0 ends it now.", min=0)
    ] = 24,
    root: options.Root = None,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Make the successor of a principal's credential, with the same roles, and print it, once.

    Both are good until the overlap ends, so that nothing stops while you bring the new one to the client.
    """
    with options.opened_room(home, keyfile, config, root=root) as room:
        overlap_s = int(overlap_hours * 3600)
        secret = room.credentials.rotate(name, tenant=tenant, environment=environment, overlap_s=overlap_s)
    if as_json:
        told = {"name": name, "tenant": tenant, "environment": environment, "overlap_hours": overlap_hours}
        render.emit_json({**told, "credential": secret})
        return
    render.notice(f"The new credential of {name} in {tenant}/{environment}; it is not shown again.")
    render.notice(f"The old one is refused in {overlap_hours:g} hours:")
    render.emit_text(secret)


@app.command("list", epilog="Example: strongroom credential list")
def list_credentials(
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """List who has a credential, and whose ends within a week; never the credentials themselves."""
    with options.opened_room(home, keyfile, config) as room:
        told = [_told(row) for row in room.credentials.list()]
        due = [row.name for row in room.credentials.due()]
    if as_json:
        render.emit_json(told)
        return
    for name in due:
        render.notice(f"The credential of {name} ends soon: strongroom credential rotate {name}")
    render.emit_table(
        ("name", "tenant", "environment", "roles", "expires", "revoked"),
        (
            (
                *(row[name] for name in ("name", "tenant", "environment")),
                ", ".join(row["roles"]),
                row["expires"],
                "yes" if row["revoked"] else "no",
            )
            for row in told
        ),
        empty="Nobody has a credential yet: strongroom credential issue NAME",
    )


@app.command("revoke", epilog="Example: strongroom credential revoke support-bot --tenant acme")
def revoke(
    name: Name,
    tenant: options.Tenant = options.TENANT,
    environment: options.Environment = options.ENVIRONMENT,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Revoke every credential of a principal in one tenant and environment; its next request is refused."""
    with options.opened_room(home, keyfile, config) as room:
        count = room.credentials.revoke(name, tenant=tenant, environment=environment)
    if as_json:
        render.emit_json({"name": name, "tenant": tenant, "environment": environment, "revoked": count})
    else:
        render.emit_text(f"{count} revoked: {name} is refused in {tenant}/{environment} from the next request on.")


@app.command("upstreams", epilog="Example: strongroom credential upstreams")
def upstreams(
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """List the providers that the store has a key for, since when, and which keys are due for a new one."""
    with options.opened_room(home, keyfile, config) as room:
        ages, due = room.provider_keys.ages(), room.provider_keys.due()
    told = [
        {"upstream": name, "since": render.instant(at) if at else "unknown", "due": name in due}
        for name, at in ages.items()
    ]
    if as_json:
        render.emit_json(told)
        return
    render.emit_table(
        ("upstream", "since", "due"),
        ((row["upstream"], row["since"], "yes" if row["due"] else "no") for row in told),
        empty="No provider key yet: strongroom credential upstream NAME",
    )


@app.command("upstream", epilog="Example: strongroom credential upstream openai < key.txt")
def upstream(
    name: Annotated[str, typer.Argument(help="The upstream's name, such as openai.", show_default=False)],
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Give the gateway its key for a provider, from standard input or a prompt; it is sealed in the store.

    Clients never see it: they show their own credential, and the gateway puts this key in its place. Giving it
    again rotates it: a running gateway uses the new one from its next request on.
    """
    secret = options.secret_from_input(f"Key for {name}")
    with options.opened_room(home, keyfile, config) as room:
        room.provider_keys.put(name, secret)
    if as_json:
        render.emit_json({"upstream": name, "stored": True})
    else:
        render.emit_text(f"The key for {name} is sealed in the store.")
