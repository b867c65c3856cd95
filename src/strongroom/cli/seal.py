"""`strongroom seal` and `strongroom open`: one file or stream, in and out.

Must never: leave half an output file behind, or write plaintext anywhere but where it was told to.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from strongroom.cli import options, render
from strongroom.errors import ConfigurationError

SUFFIX = ".sealed"
KIND = "file"
OBJECT = "command-line"
"""What files sealed here are bound to besides their labels: not their name, so that they may be renamed."""

File = Annotated[
    str, typer.Argument(metavar="FILE", help="The file, or - for standard input.", show_default=False)
]
Category = Annotated[str, typer.Option("--category", help="The category whose key is used, such as health.")]
Subject = Annotated[str, typer.Option("--subject", help="Whose data it is; its key can be erased alone.")]
Output = Annotated[str | None, typer.Option("--output", "-o", help="Where to; - for standard output.")]


@contextmanager
def reading(name: str) -> Iterator[BinaryIO]:
    """The file called `name`, or standard input for ``-``."""
    if name == "-":
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as source:
        yield source


@contextmanager
def writing(name: str) -> Iterator[BinaryIO]:
    """A target that appears under `name` only when the block ends well; standard output for ``-``."""
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:  # opened inside, so that an interrupt at any moment finds the name to remove
        with os.fdopen(
            os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb"
        ) as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def seal(
    file: File,
    category: Category = "pii",
    subject: Subject = "",
    output: Output = None,
    tenant: options.Tenant = options.TENANT,
    environment: options.Environment = options.ENVIRONMENT,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Seal a file under the key of a category, or of one subject in it. Writes FILE.sealed unless told otherwise.

    Category, subject, tenant and environment are not stored in the file: name the same ones to open it.
    """
    goal = output or (file + SUFFIX if file != "-" else "-")
    if as_json and goal == "-":
        msg = "--json and sealed data cannot both go to standard output: use --output"
        raise ConfigurationError(msg)
    with options.opened_room(home, keyfile, config) as room:
        session = options.local_session(room, tenant, environment)
        with reading(file) as source, writing(goal) as target, render.progress(file, "sealing") as progress:
            count = session.seal_stream(
                source, target, category=category, subject=subject, object_id=OBJECT, progress=progress
            )
    _say(goal, {"sealed": goal, "bytes": count, "category": category, "subject": subject}, as_json=as_json)


def open_sealed(
    file: File,
    category: Category = "pii",
    subject: Subject = "",
    output: Output = None,
    tenant: options.Tenant = options.TENANT,
    environment: options.Environment = options.ENVIRONMENT,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Open what seal made, to standard output or to a file, which appears only when all of it was verified.

    Needs the category, subject, tenant and environment it was sealed with.
    """
    goal = output or "-"
    if as_json and goal == "-":
        msg = "--json and the opened data cannot both go to standard output: use --output"
        raise ConfigurationError(msg)
    with options.opened_room(home, keyfile, config) as room:
        session = options.local_session(room, tenant, environment)
        with reading(file) as source, writing(goal) as target, render.progress(file, "opening") as progress:
            count = session.open_stream(
                source, target, category=category, subject=subject, object_id=OBJECT, progress=progress
            )
    _say(goal, {"opened": goal, "bytes": count, "category": category, "subject": subject}, as_json=as_json)


def _say(goal: str, told: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        render.emit_json(told)
    elif goal != "-":
        render.notice(f"{goal}: {told['bytes']} bytes")


def register(app: typer.Typer) -> None:
    """Add the commands to the table."""
    app.command("seal", epilog="Example: strongroom seal report.pdf --category health --subject cust-812")(seal)
    app.command("open", epilog="Example: strongroom open report.pdf.sealed --category health --subject cust-812")(
        open_sealed
    )
