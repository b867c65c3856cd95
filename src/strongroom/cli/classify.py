"""`strongroom classify`: the group of commands about what a text or a field holds.

`strongroom classify TEXT` is `strongroom classify scan TEXT`, and `strongroom classify FILE` is `... data FILE`:
a first word that names no command of the group is what to classify. Each module of this package called
`classify_...` adds its commands through its `register(group)`.

Must never: import a room while building the table.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Final

import typer
from typer.core import TyperGroup

from strongroom import cli

DEFAULT: Final = "scan"
"""The command meant when the first word is none of the others."""

DATA: Final = "data"
"""The command meant when that word is a file, a directory or the address of a database, and the only one."""

_PREFIX: Final = "classify_"
_ADDRESSES: Final = ("postgresql://", "postgres://", "sqlite:")


def _is_target(args: list[str]) -> bool:
    if not args or (len(args) > 1 and not args[1].startswith("-")):
        return False
    try:
        return args[0].startswith(_ADDRESSES) or (bool(args[0]) and Path(args[0]).exists())
    except (OSError, ValueError):  # longer than a path may be, or with a NUL: a text
        return False


class _TextFirst(TyperGroup):
    """A group whose unknown first word belongs to its default command."""

    # typer.Context is the public name; the class that the base declares stands in a private module
    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [DATA if _is_target(args) else DEFAULT, *args]
        return super().parse_args(ctx, args)


group = typer.Typer(
    name="classify",
    cls=_TextFirst,
    help="Find what is worth protecting in texts, files and databases; say why a type is found; measure; pin.\n\n"
    f"A first word that names no command below is text: strongroom classify {DEFAULT} TEXT. A file, directory or "
    f"a database's address as the only word is data: strongroom classify {DATA} TARGET. "
    "Put -- before a text that begins like a command.",
    rich_markup_mode=None,
)

for found in pkgutil.iter_modules(cli.__path__):
    if found.name.startswith(_PREFIX):
        import_module(f"{cli.__name__}.{found.name}").register(group)


def register(app: typer.Typer) -> None:
    """Add the group to the table."""
    app.add_typer(group)
