"""`strongroom seal` and `strongroom open`: one file, stream or directory, in and out.

Must never: leave half an output file behind, or write plaintext anywhere but where it was told to.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from strongroom.cli import options, render
from strongroom.errors import ConfigurationError

if TYPE_CHECKING:
    from strongroom.at_rest.trees import TreeReport

SUFFIX = ".sealed"
OBJECT = "command-line"
"""What files sealed here are bound to besides their labels: not their name, so that they may be renamed."""

File = Annotated[
    str, typer.Argument(metavar="FILE", help="The file or directory, or - for standard input.", show_default=False)
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
    from strongroom.at_rest.objects import appearing

    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with appearing(Path(name)) as target:
        yield target


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
    """Seal a file, a pipe or a directory under the key of a category, or of one subject in it.

    Writes FILE.sealed unless told otherwise. Category, subject, tenant and environment are not stored: name the
    same ones to open it. A directory is sealed file by file, with an index; file names stay visible. Repeated,
    it goes on where it stopped, and seals what has changed.
    """
    goal = output or (file.rstrip("/") + SUFFIX if file != "-" else "-")
    if as_json and goal == "-":
        msg = "--json and sealed data cannot both go to standard output: use --output"
        raise ConfigurationError(msg)
    with options.opened_room(home, keyfile, config) as room:
        session = options.local_session(room, tenant, environment)
        objects = session.objects(category=category, subject=subject, object_id=OBJECT)
        if Path(file).is_dir():
            from strongroom.at_rest.trees import seal_tree

            with render.progress(file, "sealing") as progress:
                report = seal_tree(objects, Path(file), Path(goal), progress)
            _say_tree(goal, report, "sealed", as_json=as_json)
            return
        with reading(file) as source, writing(goal) as target, render.progress(file, "sealing") as progress:
            count = objects.seal(source, target, progress)
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

    Needs the category, subject, tenant and environment it was sealed with. A directory opens into DIRECTORY
    without .sealed; every file is held against the index, and one that is missing or exchanged ends it.
    """
    if Path(file).is_dir():
        _open_directory(
            Path(file), output, category, subject, tenant, environment, home, keyfile, config, as_json=as_json
        )
        return
    goal = output or "-"
    if as_json and goal == "-":
        msg = "--json and the opened data cannot both go to standard output: use --output"
        raise ConfigurationError(msg)
    with options.opened_room(home, keyfile, config) as room:
        session = options.local_session(room, tenant, environment)
        objects = session.objects(category=category, subject=subject, object_id=OBJECT)
        with reading(file) as source, writing(goal) as target, render.progress(file, "opening") as progress:
            count = objects.open(source, target, progress)
    _say(goal, {"opened": goal, "bytes": count, "category": category, "subject": subject}, as_json=as_json)


def _open_directory(
    source: Path, output: str | None, category: str, subject: str, tenant: str, environment: str,
    home: Path | None, keyfile: Path | None, config: Path | None, *, as_json: bool,
) -> None:  # fmt: skip
    """A sealed directory into a plain one."""
    from strongroom.at_rest.trees import open_tree

    goal = Path(output or str(source).removesuffix(SUFFIX))
    if output == "-" or goal == source:
        msg = "a directory is opened into a directory: use --output"
        raise ConfigurationError(msg)
    with options.opened_room(home, keyfile, config) as room:
        session = options.local_session(room, tenant, environment)
        objects = session.objects(category=category, subject=subject, object_id=OBJECT)
        with render.progress(str(source), "opening") as progress:
            report = open_tree(objects, source, goal, progress)
    _say_tree(str(goal), report, "opened", as_json=as_json)


def _say_tree(goal: str, report: TreeReport, what: str, *, as_json: bool) -> None:
    if as_json:
        render.emit_json({what: goal, **render.plain(report)})
        return
    render.notice(f"{goal}: {report.done} {what}, {report.kept} were already, {report.bytes} bytes")
    for name in report.skipped:
        render.notice(f"left out (not a regular file): {name}")


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
