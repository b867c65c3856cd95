"""What stands behind a target that is to be surveyed: a file, a directory, or the address of a database.

Must never: leave a file out in silence. Whatever is not read becomes a `Skipped` item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from strongroom.adapters.survey_files import file_items, form_of
from strongroom.adapters.survey_sqlite import sqlite_items
from strongroom.adapters.tables import read_tables
from strongroom.classify.survey import Item, Limits, Skipped
from strongroom.errors import ExtraMissingError, InputError

POSTGRESQL: Final = ("postgresql://", "postgres://")
SQLITE: Final = "sqlite:"
HIDDEN: Final = "."


def survey_items(target: str, limits: Limits) -> Iterator[Item]:
    """Everything `target` holds, as items: read, or skipped with the reason.

    Raises `InputError` when there is no such file, directory or database, `ConfigurationError` for an address that
    is none, `ExtraMissingError` when a database needs a driver that is not installed.
    """
    if target.startswith(POSTGRESQL):
        _require("pg8000", "postgresql", "a PostgreSQL database")
        from strongroom.adapters.survey_postgresql import postgresql_items

        yield from postgresql_items(target, limits)
        return
    path = Path(target.removeprefix(SQLITE + "///").removeprefix(SQLITE))
    if path.is_dir():
        yield from _directory(path, limits)
    elif path.is_file():
        yield from _file(path, path.name, limits)
    else:
        msg = f"no such file or directory: {path}"
        raise InputError(msg)


def whole_table(
    target: str, place: str, name: str, *, password: str | None = None
) -> tuple[Sequence[str], Sequence[Mapping[str, str]]]:
    """Every row of one table of `target`, which a survey called `name` at `place`: columns and rows as text.

    Raises `InputError` when it is not there or of a form that cannot be declared as a source.
    """
    if target.startswith(POSTGRESQL):
        _require("pg8000", "postgresql", "a PostgreSQL database")
        from strongroom.adapters.survey_postgresql import postgresql_rows

        return postgresql_rows(target, name, password=password)
    path = Path(target.removeprefix(SQLITE + "///").removeprefix(SQLITE))
    path = path / place if path.is_dir() else path
    if not path.is_file():
        msg = f"no such file: {path}"
        raise InputError(msg)
    for table in read_tables(path):
        if table.name == name:
            return table.columns, table.rows
    msg = f"{path}: no table {name} that can be a source; a source is SQLite, CSV, JSON Lines or PostgreSQL"
    raise InputError(msg)


def _directory(root: Path, limits: Limits) -> Iterator[Item]:
    opened = 0
    for path in _walk(root):
        place = path.relative_to(root).as_posix()
        if path.is_symlink():
            yield Skipped(place, "a symbolic link; what it leads to is inspected where it is")
        elif path.is_dir():
            yield Skipped(f"{place}/", "a hidden directory, or one that may not be read")
        elif not path.is_file():
            yield Skipped(place, "no regular file")
        elif opened >= limits.files:
            yield Skipped(place, f"beyond the first {limits.files} files")
        else:
            opened += 1
            yield from _file(path, place, limits)


def _walk(root: Path) -> Iterator[Path]:
    """Files in order, depth first; a directory that is not entered comes as itself."""
    try:
        entries = sorted(root.iterdir())
    except OSError:
        yield root
        return
    for path in entries:
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(HIDDEN):
            yield from _walk(path)
        else:
            yield path


def _file(path: Path, place: str, limits: Limits) -> Iterator[Item]:
    try:
        form = form_of(path)
        if form == "sqlite":
            yield from sqlite_items(path, place, limits)
        elif form == "parquet" and find_spec("pyarrow") is None:
            yield Skipped(place, "a Parquet file, which needs: pip install 'strongroom[data]'")
        elif form == "parquet":
            from strongroom.adapters.survey_parquet import parquet_items

            yield from parquet_items(path, place, limits)
        else:
            yield from file_items(path, form, place, limits)
    except OSError as error:
        yield Skipped(place, f"cannot be read ({error.strerror or type(error).__name__})")


def _require(module: str, extra: str, what: str) -> None:
    if find_spec(module) is None:
        msg = f"{what} needs an extra: pip install 'strongroom[{extra}]'"
        raise ExtraMissingError(msg)
