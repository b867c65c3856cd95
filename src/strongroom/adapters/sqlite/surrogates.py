"""The table of issued surrogates, and the port to it.

Two unique keys carry the promise: one surrogate per value (scope, lookup) and one value per surrogate (scope,
surrogate), across every process on this store. Erased rows have no lookup; SQLite's unique keys allow many
of those.

Must never: hold a value; what identifies one is a MAC, what contains one is sealed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Float, Index, Integer, LargeBinary, Row, String, Table, select, update
from sqlalchemy.dialects.sqlite import insert

from strongroom.adapters.sqlite.database import Database
from strongroom.adapters.sqlite.schema import metadata
from strongroom.label import SUBJECT_NONE, Label, Level
from strongroom.surrogates.store import SurrogateRow

surrogates = Table(
    "surrogates",
    metadata,
    Column("scope", LargeBinary, primary_key=True),
    Column("surrogate", String, primary_key=True),
    Column("lookup", LargeBinary, nullable=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("tenant", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("category", String, nullable=False),
    Column("level", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("source", String, nullable=False),
    Column("sinks", String, nullable=False),
    Column("created_at", Float, nullable=False),
    Index("surrogates_by_value", "scope", "lookup", unique=True),
    Index("surrogates_by_subject", "subject", "tenant", "environment"),
    sqlite_with_rowid=False,
)


class SQLiteSurrogateStore:
    """`surrogates.store.SurrogateStore` on the embedded store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, scope: bytes, limit: int) -> list[SurrogateRow]:
        """Up to `limit` rows of `scope`."""
        with self._database.read() as connection:
            rows = connection.execute(select(surrogates).where(surrogates.c.scope == scope).limit(limit))
            return [row_of(found) for found in rows]

    def find_value(self, scope: bytes, lookup: bytes) -> SurrogateRow | None:
        """The row of the value with this MAC."""
        with self._database.read() as connection:
            return _by_value(connection, scope, lookup)

    def find_surrogate(self, scope: bytes, surrogate: str) -> SurrogateRow | None:
        """The row of this surrogate."""
        with self._database.read() as connection:
            return _by_surrogate(connection, scope, surrogate)

    def claim(self, rows: Sequence[SurrogateRow]) -> list[SurrogateRow]:
        """Add what is free, give what stands; one transaction."""
        if not rows:
            return []
        adding = insert(surrogates).on_conflict_do_nothing()
        with self._database.write() as connection:
            added = connection.execute(adding, [_columns(row) for row in rows])
            if added.rowcount == len(rows):  # nothing was taken, which is nearly always so
                return list(rows)
            return [_standing(connection, row) for row in rows]

    def relabel(self, row: SurrogateRow) -> bool:
        """Replace seal and label where scope, surrogate and lookup are the row's."""
        change = (
            update(surrogates)
            .where(
                surrogates.c.scope == row.scope,
                surrogates.c.surrogate == row.surrogate,
                surrogates.c.lookup == row.lookup,
            )
            .values(sealed=row.sealed, **_label_columns(row.label))
        )
        with self._database.write() as connection:
            return connection.execute(change).rowcount == 1

    def erase(self, tenant: str, environment: str, subject: str) -> int:
        """Empty the subject's rows; the surrogates stay taken."""
        change = (
            update(surrogates)
            .where(
                surrogates.c.subject == subject,
                surrogates.c.tenant == tenant,
                surrogates.c.environment == environment,
            )
            .values(lookup=None, sealed=b"", subject=SUBJECT_NONE, source="")
        )
        with self._database.write() as connection:
            return connection.execute(change).rowcount


def _columns(row: SurrogateRow) -> dict[str, Any]:
    return {
        "scope": row.scope,
        "surrogate": row.surrogate,
        "lookup": row.lookup,
        "sealed": row.sealed,
        "tenant": row.tenant,
        "environment": row.environment,
        "created_at": row.created_at,
    } | _label_columns(row.label)


def _standing(connection: Connection, row: SurrogateRow) -> SurrogateRow:
    """The row that has this value, else the one that has this surrogate; `row` was added if it is neither."""
    standing = _by_value(connection, row.scope, row.lookup) if row.lookup is not None else None
    return standing or _by_surrogate(connection, row.scope, row.surrogate) or row


def _by_value(connection: Connection, scope: bytes, lookup: bytes) -> SurrogateRow | None:
    query = select(surrogates).where(surrogates.c.scope == scope, surrogates.c.lookup == lookup)
    found = connection.execute(query).one_or_none()
    return row_of(found) if found else None


def _by_surrogate(connection: Connection, scope: bytes, surrogate: str) -> SurrogateRow | None:
    query = select(surrogates).where(surrogates.c.scope == scope, surrogates.c.surrogate == surrogate)
    found = connection.execute(query).one_or_none()
    return row_of(found) if found else None


def _label_columns(label: Label) -> dict[str, Any]:
    return {
        "category": label.category,
        "level": int(label.level),
        "kind": label.kind,
        "subject": label.subject,
        "source": label.source,
        "sinks": " ".join(sorted(label.sinks)),
    }


def row_of(found: Row[Any]) -> SurrogateRow:
    """The row as its room knows it, subject still veiled."""
    label = Label(
        category=found.category,
        level=Level(found.level),
        kind=found.kind,
        subject=found.subject,
        source=found.source,
        sinks=frozenset(found.sinks.split()),
    )
    return SurrogateRow(
        scope=found.scope,
        surrogate=found.surrogate,
        lookup=found.lookup,
        sealed=found.sealed,
        label=label,
        tenant=found.tenant,
        environment=found.environment,
        created_at=found.created_at,
    )
