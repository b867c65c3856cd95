"""Rewrap jobs in the embedded store, and its tables as shelves that a job walks along.

A shelf reads rows in the order of their primary key and replaces sealed bytes only where they are still the
ones that were read.

Must never: open anything; what a row is bound to is said by the function the shelf was made with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Integer,
    Row,
    String,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from strongroom.adapters.sqlite.access import known_values, provider_keys
from strongroom.adapters.sqlite.at_rest import file_index, history, segments
from strongroom.adapters.sqlite.database import Database
from strongroom.adapters.sqlite.schema import metadata
from strongroom.adapters.sqlite.surrogates import surrogates
from strongroom.at_rest.rewrap import Job, SealedItem
from strongroom.formats.aad import Binding
from strongroom.formats.object import OBJECT_HEADER_LEN
from strongroom.keys.path import KeyPath

rewrap_job = Table(
    "rewrap_job",
    metadata,
    Column("path", String, primary_key=True),
    Column("shelf", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("cursor", String, nullable=False),
    Column("scanned", Integer, nullable=False),
    Column("renewed", Integer, nullable=False),
    Column("finished", Boolean, nullable=False),
)

BindingOf = Callable[[Any], Binding]
"""From a row of the table to what its sealed bytes are bound to."""


class SQLiteJobs:
    """`at_rest.rewrap.JobStore` on the embedded store. `path` is kept as the store may know it: concealed."""

    def __init__(self, database: Database, conceal: Callable[[str], str]) -> None:
        self._database = database
        self._conceal = conceal

    def job(self, path: str, shelf: str) -> Job | None:
        """One job, or None."""
        query = select(rewrap_job).where(*self._which(path, shelf))
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Job(path, *tuple(row)[1:])

    def advance(self, before: Job | None, after: Job) -> bool:
        """Compare and swap."""
        values = asdict(after) | {"path": self._conceal(after.path)}
        with self._database.write() as connection:
            row = connection.execute(select(rewrap_job).where(*self._which(after.path, after.shelf))).one_or_none()
            if (None if row is None else Job(after.path, *tuple(row)[1:])) != before:
                return False
            if before is None:
                connection.execute(insert(rewrap_job).values(values))
            else:
                connection.execute(update(rewrap_job).where(*self._which(after.path, after.shelf)).values(values))
        return True

    def jobs(self) -> tuple[Job, ...]:
        """Every job that is not done, paths concealed."""
        with self._database.read() as connection:
            return tuple(Job(*row) for row in connection.execute(select(rewrap_job)))

    def forget(self, path: str) -> None:
        """Drop a path's jobs."""
        with self._database.write() as connection:
            connection.execute(delete(rewrap_job).where(rewrap_job.c.path == self._conceal(path)))

    def _which(self, path: str, shelf: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        return rewrap_job.c.path == self._conceal(path), rewrap_job.c.shelf == shelf


_ROWID = literal_column("rowid", Integer)


class TableShelf:
    """Sealed values of one table with row numbers."""

    def __init__(self, database: Database, name: str, column: Column[bytes], binding_of: BindingOf) -> None:
        self.name = name
        self._database = database
        self._table: Any = column.table
        self._column = column
        self._binding_of = binding_of

    def size(self, at: KeyPath) -> int:
        """How many rows are of `at`."""
        with self._database.read() as connection:
            return int(
                connection.execute(
                    select(func.count()).select_from(self._table).where(_within(self._table, at))
                ).scalar_one()
            )

    def page(self, at: KeyPath, after: str, limit: int) -> Sequence[SealedItem]:
        """The next rows by number."""
        query = (
            select(_ROWID.label("number"), self._table)
            .where(_within(self._table, at, walking=True), int(after or 0) < _ROWID)
            .order_by(_ROWID)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [
                SealedItem(str(row.number), bytes(row._mapping[self._column]), self._binding_of(row))  # noqa: SLF001
                for row in connection.execute(query)
            ]

    def swap(self, renewed: Sequence[tuple[SealedItem, bytes]]) -> int:
        """Replace what is still there, in one transaction."""
        change = (
            update(self._table)
            .where(bindparam("number") == _ROWID, self._column == bindparam("old"))
            .values({self._column: bindparam("new")})
        )
        values = [{"number": int(item.place), "old": item.sealed, "new": anew} for item, anew in renewed]
        with self._database.write() as connection:
            return sum(connection.execute(change, value).rowcount for value in values)


class SurrogateShelf:
    """The values of surrogates; the table has no row numbers, so a place is scope and surrogate."""

    name = "surrogates"

    def __init__(self, database: Database, binding_of: BindingOf) -> None:
        self._database = database
        self._binding_of = binding_of

    def size(self, at: KeyPath) -> int:
        """How many surrogates are of `at`."""
        query = select(func.count()).select_from(surrogates).where(_within(surrogates, at))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def page(self, at: KeyPath, after: str, limit: int) -> Sequence[SealedItem]:
        """The next surrogates that were not erased."""
        scope, _, surrogate = after.partition(":")
        table = surrogates.c
        # As a row value, so that the page starts in the primary key and not at the table's beginning.
        later = tuple_(table.scope, table.surrogate) > tuple_(bytes.fromhex(scope), surrogate)
        query = (
            select(surrogates)
            .where(_within(surrogates, at), table.lookup.is_not(None), later)
            .order_by(table.scope, table.surrogate)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [
                SealedItem(f"{bytes(row.scope).hex()}:{row.surrogate}", bytes(row.sealed), self._binding_of(row))
                for row in connection.execute(query)
            ]

    def swap(self, renewed: Sequence[tuple[SealedItem, bytes]]) -> int:
        """Replace what is still there, in one transaction."""
        table = surrogates.c
        change = (
            update(surrogates)
            .where(
                table.scope == bindparam("which"),
                table.surrogate == bindparam("named"),
                table.sealed == bindparam("old"),
            )
            .values(sealed=bindparam("new"))
        )
        with self._database.write() as connection:
            total = 0
            for item, anew in renewed:
                scope, _, surrogate = item.place.partition(":")
                total += connection.execute(
                    change, {"which": bytes.fromhex(scope), "named": surrogate, "old": item.sealed, "new": anew}
                ).rowcount
            return total


class ObjectShelf:
    """Sealed objects in files that a table lists: what is replaced is the header at the start of the file."""

    def __init__(
        self, database: Database, name: str, table: Table, binding_of: BindingOf, file_of: Callable[[Any], Path]
    ) -> None:
        self.name = name
        self._database = database
        self._table = table
        self._binding_of = binding_of
        self._file_of = file_of

    def size(self, at: KeyPath) -> int:
        """How many files are of `at`."""
        query = select(func.count()).select_from(self._table).where(_within(self._table, at))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def page(self, at: KeyPath, after: str, limit: int) -> Sequence[SealedItem]:
        """The next files; one that is gone was replaced meanwhile, by one sealed under the primary."""
        query = (
            select(_ROWID.label("place"), self._table)
            .where(_within(self._table, at, walking=True), int(after or 0) < _ROWID)
            .order_by(_ROWID)
            .limit(limit)
        )
        with self._database.read() as connection:
            rows: Sequence[Row[Any]] = connection.execute(query).all()
        return [
            SealedItem(str(row.place), _header(self._file_of(row)), self._binding_of(row), self._file_of(row))
            for row in rows
        ]

    def swap(self, renewed: Sequence[tuple[SealedItem, bytes]]) -> int:
        """Write each header over the one that was read; it lies in one sector, so a crash leaves either."""
        return sum(_replace_header(item, anew) for item, anew in renewed)


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(OBJECT_HEADER_LEN)
    except FileNotFoundError:
        return b""


def _replace_header(item: SealedItem, anew: bytes) -> int:
    if item.file is None:
        return 0
    try:
        with item.file.open("r+b") as file:
            if file.read(OBJECT_HEADER_LEN) != item.sealed:
                return 0
            file.seek(0)
            file.write(anew)
    except FileNotFoundError:
        return 0
    return 1


def _within(table: Table, at: KeyPath, *, walking: bool = False) -> ColumnElement[bool]:
    if table is provider_keys:  # one per store, and whose they are stands in their binding
        return literal_column("1") == literal_column("1")
    # Walking, the plus keeps SQLite from finding the page by an index on the tenant: it would have to sort all of
    # the tenant's rows for every page.
    tenant = UnaryExpression(table.c.tenant, operator=custom_op("+")) if walking else table.c.tenant
    terms = [tenant == at.tenant, table.c.environment == at.environment]
    if at.category:
        terms.append(table.c.category == at.category)
    return and_(*terms)


def shelves(
    database: Database, home: Path, bindings: dict[str, BindingOf]
) -> tuple[TableShelf | SurrogateShelf | ObjectShelf, ...]:
    """Every shelf of the embedded store; `bindings` says by the shelf's name what its things are bound to."""
    return (
        TableShelf(database, "history", history.c.sealed, bindings["history"]),
        SurrogateShelf(database, bindings["surrogates"]),
        TableShelf(database, "known values", known_values.c.sealed, bindings["known values"]),
        TableShelf(database, "provider keys", provider_keys.c.sealed, bindings["provider keys"]),
        TableShelf(database, "file names", file_index.c.name, bindings["file names"]),
        ObjectShelf(
            database, "files", file_index, bindings["files"],
            lambda row: home / "files" / f"{row.object_id}.{row.version}.sealed",
        ),
        ObjectShelf(
            database, "embedding segments", segments, bindings["embedding segments"],
            lambda row: home / "embeddings" / f"{row.id}.segment",
        ),
    )  # fmt: skip
