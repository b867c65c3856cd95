"""Key versions and their journal in SQLite: the `KeyStore` port of the keys room.

Uniqueness is the database's business: a reference, a (path, use, version) and a second primary are refused by
indexes, so two processes that race cannot both win whatever their programs do.

Must never: interpret a state, or verify anything; rows come back exactly as they are in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from strongroom.adapters.sqlite.database import Database
from strongroom.adapters.sqlite.meta import FINGERPRINT
from strongroom.adapters.sqlite.schema import meta, metadata
from strongroom.errors import InvalidNameError, RootRotatedError, StoreTamperedError
from strongroom.keys.path import KeyPath
from strongroom.keys.state import State
from strongroom.keys.store import Change, Commit, KeyRow, Use

key_version = Table(
    "key_version",
    metadata,
    Column("keyref", Integer, primary_key=True, autoincrement=False),
    Column("tenant", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("category", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("use", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("parent_keyref", Integer, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("changed_at", Integer, nullable=False),
    Column("resumes", String, nullable=False),
    Column("due_at", Integer, nullable=False),
    Column("change", Integer, nullable=False),
    Column("authenticator", LargeBinary, nullable=False),
    UniqueConstraint("tenant", "environment", "category", "subject", "use", "version"),
)
"""One row per key version; `subject` is a pseudonym, `wrapped` is sealed under the parent's key."""

Index(
    "key_one_primary",
    key_version.c.tenant,
    key_version.c.environment,
    key_version.c.category,
    key_version.c.subject,
    key_version.c.use,
    unique=True,
    sqlite_where=text("state = 'primary'"),
)
Index(
    "key_by_subject",
    key_version.c.tenant,
    key_version.c.environment,
    key_version.c.subject,
    sqlite_where=text("subject <> ''"),
)

key_change = Table(
    "key_change",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("keyref", Integer, nullable=False),
    Column("authenticator", LargeBinary, nullable=False),
    Column("link", LargeBinary, nullable=False),
)
"""The journal: one row per changed key version, chained."""

_ORDER = (
    key_version.c.category,
    key_version.c.subject,
    key_version.c.use,
    key_version.c.version,
)
_MARK = select(meta.c.value).where(meta.c.name == FINGERPRINT)
REPLACE = (
    update(key_version)
    .where(key_version.c.keyref == bindparam("which"))
    .values({
        name: bindparam(name)
        for name in (
            "state", "wrapped", "parent_keyref", "changed_at", "resumes", "due_at", "change", "authenticator",
        )
    })
)  # fmt: skip


class SQLiteKeyStore:
    """The keys room's store in the embedded database.

    `mark` is what the store says of the root its user holds; when it says something else, every method raises
    `RootRotatedError`, so that no row of a new root is taken for a damaged one of the old.
    """

    def __init__(self, database: Database, *, mark: bytes | None = None) -> None:
        self._database = database
        self._mark = mark

    def row(self, keyref: int) -> KeyRow | None:
        """The version with this reference, or `None`."""
        rows = self._select(key_version.c.keyref == keyref)
        return rows[0] if rows else None

    def versions(self, path: KeyPath) -> tuple[KeyRow, ...]:
        """Every version at exactly `path`: data, then purpose; ascending."""
        return self._select(_within(path, exactly=True))

    def under(self, path: KeyPath) -> tuple[KeyRow, ...]:
        """Every version at `path` and below it; an empty category or subject sorts first, so parents do."""
        return self._select(_within(path, exactly=False))

    def of_subject(self, tenant: str, environment: str, subject: str) -> tuple[KeyRow, ...]:
        """Every version of one concealed subject."""
        table = key_version.c
        return self._select(
            and_(
                table.tenant == tenant,
                table.environment == environment,
                table.subject == subject,
                text("subject <> ''"),
            )
        )

    def changes(self, after: int) -> tuple[Change, ...]:
        """The journal entries after `after`, ascending."""
        query = select(key_change).where(key_change.c.sequence > after).order_by(key_change.c.sequence)
        with self._database.read() as connection:
            self._require_mark(connection)
            return tuple(
                Change(entry.sequence, entry.keyref, entry.authenticator, entry.link)
                for entry in connection.execute(query)
            )

    def commit(self, commit: Commit) -> bool:
        """Write everything in one transaction, or nothing and return False."""
        try:
            with self._database.write() as connection:
                self._require_mark(connection)
                _apply(connection, commit)
        except _OvertakenError:
            return False
        if any(not row.wrapped for row in commit.updates):
            # A destroyed key's wrap is zeroed in the file, but older copies of its page stand in the log.
            self._database.empty_log()
        return True

    def _select(self, condition: ColumnElement[bool]) -> tuple[KeyRow, ...]:
        query = select(key_version).where(condition).order_by(*_ORDER)
        with self._database.read() as connection:
            self._require_mark(connection)
            return tuple(map(row_of, connection.execute(query).mappings()))

    def _require_mark(self, connection: Connection) -> None:
        if self._mark is not None and connection.execute(_MARK).scalar_one_or_none() != self._mark:
            msg = "this store has another root by now"
            raise RootRotatedError(msg)


class _OvertakenError(Exception):
    """Undoes the transaction when another writer was first."""


def _apply(connection: Connection, commit: Commit) -> None:
    if commit.changes:
        last = connection.execute(select(func.coalesce(func.max(key_change.c.sequence), 0))).scalar_one()
        if last != commit.after:
            raise _OvertakenError
    try:
        if commit.updates:
            # Before the inserts: the present primary steps down before the next one stands up.
            replaced = connection.execute(REPLACE, [columns_of(row) for row in commit.updates]).rowcount
            if replaced != len(commit.updates):
                msg = "a key version vanished from the store"
                raise StoreTamperedError(msg)
        if commit.inserts:
            connection.execute(insert(key_version), [columns_of(row) for row in commit.inserts])
    except IntegrityError as error:
        raise _OvertakenError from error
    if commit.changes:
        connection.execute(insert(key_change), [asdict(entry) for entry in commit.changes])


def _within(path: KeyPath, *, exactly: bool) -> ColumnElement[bool]:
    table = key_version.c
    terms = [table.tenant == path.tenant, table.environment == path.environment]
    if exactly or path.category:
        terms.append(table.category == path.category)
    if exactly or path.subject:
        terms.append(table.subject == path.subject)
    return and_(*terms)


def columns_of(row: KeyRow) -> dict[str, str | int | bytes]:
    """What a row is in the table; `which` addresses it in an update."""
    return {
        "which": row.keyref,
        "keyref": row.keyref,
        "tenant": row.path.tenant,
        "environment": row.path.environment,
        "category": row.path.category,
        "subject": row.path.subject,
        "use": row.use.value,
        "version": row.version,
        "state": row.state.value,
        "wrapped": row.wrapped,
        "parent_keyref": row.parent_keyref,
        "created_at": row.created_at,
        "changed_at": row.changed_at,
        "resumes": row.resumes.value if row.resumes else "",
        "due_at": row.due_at,
        "change": row.change,
        "authenticator": row.authenticator,
    }


def row_of(columns: Mapping[Any, Any]) -> KeyRow:
    """The row that stands in the table. Raises `StoreTamperedError` for a column that cannot be."""
    try:
        return KeyRow(
            keyref=int(columns["keyref"]),
            path=KeyPath(columns["tenant"], columns["environment"], columns["category"], columns["subject"]),
            use=Use(columns["use"]),
            version=int(columns["version"]),
            state=State(columns["state"]),
            wrapped=bytes(memoryview(columns["wrapped"])),
            parent_keyref=int(columns["parent_keyref"]),
            created_at=int(columns["created_at"]),
            changed_at=int(columns["changed_at"]),
            resumes=State(columns["resumes"]) if columns["resumes"] else None,
            due_at=int(columns["due_at"]),
            change=int(columns["change"]),
            authenticator=bytes(memoryview(columns["authenticator"])),
        )
    except (ValueError, TypeError, InvalidNameError) as error:
        msg = "a key version in the store has an impossible column"
        raise StoreTamperedError(msg) from error
