"""`strongroom demo`: the whole main job on real input, with a verdict.

Must never: touch the user's own store; it makes one of its own and removes it.
"""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the command to the table."""
