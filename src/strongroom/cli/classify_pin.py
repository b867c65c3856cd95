"""`strongroom classify pin`: the digest of a model's directory, and the settings that name it.

Must never: load the model; a digest is taken before anything of it runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from strongroom.cli import options, render


def pin(
    directory: Annotated[
        Path,
        typer.Argument(help="The model's directory.", exists=True, file_okay=False, resolve_path=True),
    ],
    as_json: options.Json = False,
) -> None:
    """Print the digest of a model's directory, to be named in the settings as its sha256.

    Every file in it counts, by name and content. A model whose digest differs later is not loaded.
    """
    from strongroom.adapters.model_directory import model_digest

    with render.progress(str(directory), "Reading") as so_far:
        digest = model_digest(directory, so_far)
    if as_json:
        render.emit_json({"path": directory, "sha256": digest})
        return
    render.emit_text(digest)


def register(group: typer.Typer) -> None:
    """Add the command to its group."""
    group.command("pin", epilog="Example: strongroom classify pin ~/models/names")(pin)
