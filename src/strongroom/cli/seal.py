"""`strongroom seal` and `strongroom open`: one file or stream, in and out.

Must never: leave half an output file behind, or write plaintext anywhere but where it was told to.
"""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the commands to the table."""
