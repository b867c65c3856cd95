"""Tables of what is kept at rest: history rows, the file index, the index of embedding segments.

Must never: hold a name in clear; conversations, files, collections and subjects arrive concealed.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, Connection, Integer, LargeBinary, String, Table, delete, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from strongroom.adapters.sqlite.database import Database
from strongroom.adapters.sqlite.schema import metadata
from strongroom.at_rest.embeddings import SegmentRow
from strongroom.at_rest.files import FileRow
from strongroom.at_rest.history import HistoryRow

history = Table(
    "history",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("environment", String, primary_key=True),
    Column("conversation", String, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("category", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

file_index = Table(
    "file_index",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("environment", String, primary_key=True),
    Column("object_id", String, primary_key=True),
    Column("category", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", LargeBinary, nullable=False),
)

segments = Table(
    "embedding_segments",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("tenant", String, nullable=False, index=True),
    Column("environment", String, nullable=False),
    Column("collection", String, nullable=False),
    Column("id", String, nullable=False, unique=True),
    Column("category", String, nullable=False),
    Column("rows", Integer, nullable=False),
)

segment_subjects = Table(
    "embedding_subjects",
    metadata,
    Column("segment", String, primary_key=True),
    Column("subject", String, primary_key=True, index=True),
)


class SQLiteHistory:
    """`at_rest.history.HistoryStore` on the embedded store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next_place(self, tenant: str, environment: str, conversation: str) -> int:
        """The place after the last row."""
        query = select(func.max(history.c.place)).where(
            history.c.tenant == tenant,
            history.c.environment == environment,
            history.c.conversation == conversation,
        )
        with self._database.read() as connection:
            last = connection.execute(query).scalar_one_or_none()
        return 0 if last is None else int(last) + 1

    def append(self, row: HistoryRow) -> None:
        """Keep `row`; the primary key refuses a place that is taken."""
        values = {name: getattr(row, name) for name in HistoryRow.__slots__}
        with self._database.write() as connection:
            connection.execute(insert(history).values(values))

    def rows(self, tenant: str, environment: str, conversation: str) -> list[HistoryRow]:
        """All rows of a conversation in order."""
        query = (
            select(history)
            .where(
                history.c.tenant == tenant,
                history.c.environment == environment,
                history.c.conversation == conversation,
            )
            .order_by(history.c.place)
        )
        with self._database.read() as connection:
            return [HistoryRow(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - its public way


class SQLiteFiles:
    """`at_rest.files.FileIndex` on the embedded store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant: str, environment: str, object_id: str) -> FileRow | None:
        """One row, or None."""
        query = select(file_index).where(
            file_index.c.tenant == tenant,
            file_index.c.environment == environment,
            file_index.c.object_id == object_id,
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else FileRow(**row._mapping)  # noqa: SLF001 - its public way

    def put(self, row: FileRow) -> None:
        """Keep `row`, replacing an older version."""
        values = {name: getattr(row, name) for name in FileRow.__slots__}
        with self._database.write() as connection:
            connection.execute(
                upsert(file_index)
                .values(values)
                .on_conflict_do_update(index_elements=["tenant", "environment", "object_id"], set_=values)
            )

    def rows(self, tenant: str, environment: str) -> list[FileRow]:
        """All rows of a tenant's environment."""
        query = select(file_index).where(file_index.c.tenant == tenant, file_index.c.environment == environment)
        with self._database.read() as connection:
            return [FileRow(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - its public way


class SQLiteSegments:
    """`at_rest.embeddings.SegmentIndex` on the embedded store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, rows: Sequence[SegmentRow]) -> None:
        """Keep new segments, all or none."""
        with self._database.write() as connection:
            for row in rows:
                _insert_segment(connection, row)

    def of_collection(self, tenant: str, environment: str, collection: str) -> list[SegmentRow]:
        """The segments of one collection, oldest first."""
        with self._database.read() as connection:
            query = select(segments).where(
                segments.c.tenant == tenant,
                segments.c.environment == environment,
                segments.c.collection == collection,
            )
            return [_segment(connection, row) for row in connection.execute(query.order_by(segments.c.number))]

    def of_subject(self, tenant: str, environment: str, subject: str) -> list[SegmentRow]:
        """The segments that hold rows about one subject."""
        query = (
            select(segments)
            .join(segment_subjects, segment_subjects.c.segment == segments.c.id)
            .where(
                segments.c.tenant == tenant,
                segments.c.environment == environment,
                segment_subjects.c.subject == subject,
            )
        )
        with self._database.read() as connection:
            return [_segment(connection, row) for row in connection.execute(query.order_by(segments.c.number))]

    def replace(self, old: SegmentRow, new: SegmentRow | None) -> None:
        """Put `new` in the place of `old` in one transaction."""
        with self._database.write() as connection:
            connection.execute(delete(segments).where(segments.c.id == old.id))
            connection.execute(delete(segment_subjects).where(segment_subjects.c.segment == old.id))
            if new is not None:
                _insert_segment(connection, new)


def _insert_segment(connection: Connection, row: SegmentRow) -> None:
    values = {name: getattr(row, name) for name in SegmentRow.__slots__ if name != "subjects"}
    connection.execute(insert(segments).values(values))
    if row.subjects:
        connection.execute(
            insert(segment_subjects), [{"segment": row.id, "subject": subject} for subject in row.subjects]
        )


def _segment(connection: Connection, row: object) -> SegmentRow:
    values = dict(row._mapping)  # type: ignore[attr-defined]  # noqa: SLF001 - its public way
    values.pop("number")
    query = select(segment_subjects.c.subject).where(segment_subjects.c.segment == values["id"])
    return SegmentRow(**values, subjects=frozenset(connection.execute(query).scalars()))
