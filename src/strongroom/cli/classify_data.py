"""`strongroom classify data TARGET`: which columns and texts of a file, directory or database hold what.

Must never: print a value, or a database's password.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strongroom.cli import exits, options, render

if TYPE_CHECKING:
    from strongroom.classify.survey import Limits, Survey

Target = Annotated[
    str,
    typer.Argument(
        metavar="TARGET",
        help="A file, a directory, sqlite:PATH or postgresql://user@host/database.",
        show_default=False,
    ),
]


def data(
    target: Target,
    propose: Annotated[
        Path | None,
        typer.Option(
            "--propose",
            metavar="FILE",
            help="Write what was found as declarations to confirm.",
            dir_okay=False,
            show_default=False,
        ),
    ] = None,
    rows: Annotated[int, typer.Option("--rows", min=1, help="Rows looked at per table, spread over it.")] = 1000,
    file_bytes: Annotated[int, typer.Option("--file-bytes", min=1, help="Bytes read of a text or JSON file.")] = 64
    << 20,
    files: Annotated[int, typer.Option("--files", min=1, help="Files of a directory that are opened.")] = 10_000,
    ask_password: Annotated[
        bool,
        typer.Option("--ask-password", help="Ask for the database's password, or read it from standard input."),
    ] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="End with 1 if anything was not inspected.")
    ] = False,
    fail_from: Annotated[
        int | None,
        typer.Option(
            "--fail-from",
            min=0,
            max=3,
            help="End with 1 if anything of this level or above was found.",
            show_default=False,
        ),
    ] = None,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Classify the columns of tables by name, type and sampled values, and the texts by what stands in them.

    Whatever was not inspected is listed with the reason: binary files, what lies beyond a limit, what may not be
    read. `--propose FILE` writes declarations that count once you have confirmed them.
    """
    from strongroom.classify.survey import Limits

    limits = Limits(rows=rows, file_bytes=file_bytes, files=files)
    address = _with_password(target) if ask_password else target
    with options.opened_room(home, keyfile, config) as room:
        with _progress() as tell:
            survey = room.surveys.run(address, limits=limits, progress=tell)
        if propose is not None:
            room.surveys.propose(survey, propose)
    _emit(survey, limits, as_json=as_json)
    if propose is not None:
        render.notice(f"The proposal is in {propose}. Once it is right: strongroom classify confirm {propose}")
    failed = fail_from is not None and survey.level >= fail_from
    if failed or (complete and survey.skipped):
        raise typer.Exit(exits.CHECK_FAILED)


def confirm(
    proposal: Annotated[
        Path,
        typer.Argument(help="The file that --propose wrote.", exists=True, dir_okay=False, show_default=False),
    ],
    ask_password: Annotated[
        bool,
        typer.Option("--ask-password", help="Ask for the database's password, or read it from standard input."),
    ] = False,
    tenant: options.Tenant = options.TENANT,
    environment: options.Environment = options.ENVIRONMENT,
    home: options.Home = None,
    keyfile: options.Keyfile = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Declare the tables of a proposal as sources, with the columns and kinds that are left in it.

    Their values are known from then on, and are recognized in free text.
    """
    with options.opened_room(home, keyfile, config) as room:
        password = options.secret_from_input("Password of the database") if ask_password else None
        added = room.surveys.confirm(proposal, tenant=tenant, environment=environment, password=password)
    rows = [render.plain(row) for row in added]
    if as_json:
        render.emit_json(rows)
        return
    table = (
        (row["name"], row["subjects"], ", ".join(f"{c}: {k}" for c, k in row["columns"].items())) for row in rows
    )
    render.emit_table(("name", "rows", "columns"), table, empty="The proposal declares no table.")


def _with_password(target: str) -> str:
    from urllib.parse import quote

    password = options.secret_from_input("Password of the database")
    scheme, _, rest = target.partition("://")
    user, at, where = rest.partition("@")
    return f"{scheme}://{user.partition(':')[0]}:{quote(password, safe='')}@{where}" if at else target


@contextmanager
def _progress() -> Iterator[Callable[[str], None] | None]:
    """A line on stderr that says what is being read; on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.completed} read"),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda place: bar.update(task, advance=1, description=place[-80:])


def _emit(survey: Survey, limits: Limits, *, as_json: bool) -> None:
    if as_json:
        render.emit_json(told(survey, limits))
        return
    render.emit_table(
        ("place", "column", "type", "holds", "level", "because"),
        _rows(survey),
        empty="Nothing worth protecting was found.",
    )
    for table in survey.tables:
        for reason in table.reasons:
            render.emit_text(f"{table.name}: {table.level.name.lower()}, {reason}")
    if survey.skipped:
        render.emit_text(f"\nNot inspected ({len(survey.skipped)}):")
        render.emit_table(("place", "reason"), ((one.place, one.reason) for one in survey.skipped), empty="")


def _rows(survey: Survey) -> Iterator[tuple[object, ...]]:
    for table in survey.tables:
        for column in table.columns:
            if not column.kind and not column.holds:
                continue
            holds = column.kind or ", ".join(f"{kind} {share:.0%}" for kind, share in column.holds.items())
            agree = "" if column.share is None else f", {column.share:.0%} of {column.values} agree"
            level = column.level.name.lower()
            yield f"{table.place}: {table.name}", column.name, column.declared, holds, level, column.basis + agree
    for text in survey.texts:
        if text.kinds:
            holds = ", ".join(f"{kind} {count}" for kind, count in text.kinds.items())
            yield text.place, "", "text", holds, text.level.name.lower(), text.note


def told(survey: Survey, limits: Limits) -> dict[str, Any]:
    """The whole survey for a program."""
    return {
        "target": survey.target,
        "level": survey.level.name.lower(),
        "limits": render.plain(limits),
        "tables": [render.plain(table) for table in survey.tables],
        "texts": [render.plain(text) for text in survey.texts],
        "not_inspected": [render.plain(one) for one in survey.skipped],
    }


def register(group: typer.Typer) -> None:
    """Add the commands to the group."""
    group.command("data", epilog="Example: strongroom classify data customers.db --propose proposal.yaml")(data)
    group.command("confirm", epilog="Example: strongroom classify confirm proposal.yaml")(confirm)
