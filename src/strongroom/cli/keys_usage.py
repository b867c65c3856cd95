"""`strongroom keys usage`: who uses which version of a key, and what is sealed under it.

Must never: show a subject's name; principals, kinds of things and numbers only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from strongroom.cli import options, render
from strongroom.cli.keys import KeyPath, app

if TYPE_CHECKING:
    from strongroom.room.keys import VersionUse

__all__ = ["app"]


@app.command("usage", epilog="Example: strongroom keys usage acme/prod/health")
def usage(
    path: KeyPath,
    home: options.Home = None,
    root: options.Root = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Say who used each version of a key lately, how often and for what, and what is still sealed under it."""
    with options.opened_room(home, keyfile, config, root=root) as room:
        rows = [row for use in room.keys.usage(path) for row in _use_rows(use)]
    if as_json:
        render.emit_json(rows)
        return
    render.emit_table(
        ("version", "state", "needed by", "for", "count", "last"),
        ([row[name] for name in ("version", "state", "by", "for", "count", "last")] for row in rows),
        empty=f"{path} has no versions.",
    )


def _use_rows(use: VersionUse) -> Iterator[dict[str, Any]]:
    need = [(user.principal, user.operation, user.count, user.last_at) for user in use.need.users]
    need += [(item.place, "sealed data", item.count, 0) for item in use.need.holdings]
    if use.need.wraps:
        need.append(("keys", "wrapped keys", use.need.wraps, 0))
    for by, what, count, last_at in need or [("nobody", "", 0, 0)]:
        yield {
            "version": use.version.version,
            "state": use.version.state.value,
            "by": by,
            "for": what,
            "count": count,
            "last": render.instant(last_at / 1000) if last_at else "",
        }
