"""Counts of key use, and what they say about versions whose end is announced.

Must never: hold anything but references, names of principals and numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Column, Integer, String, Table, and_, func, select
from sqlalchemy.dialects.sqlite import insert

from strongroom.adapters.sqlite.database import Database
from strongroom.adapters.sqlite.keys import key_version
from strongroom.adapters.sqlite.schema import metadata
from strongroom.keys.path import KeyPath
from strongroom.keys.state import State
from strongroom.keys.store import Use
from strongroom.keys.usage import UsageCount

key_usage = Table(
    "key_usage",
    metadata,
    Column("keyref", Integer, primary_key=True, autoincrement=False),
    Column("principal", String, primary_key=True),
    Column("operation", String, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("first_at", Integer, nullable=False),
    Column("last_at", Integer, nullable=False),
    sqlite_with_rowid=False,
)

KEYREFS_PER_QUERY = 500
"""Below SQLite's limit on the variables of one statement in every build."""


@dataclass(frozen=True, slots=True)
class EndingVersion:
    """A version whose end is announced, and one user of it since. Times are milliseconds since the epoch."""

    path: str
    version: int
    due_at: int
    principal: str
    operation: str
    count: int
    last_at: int


class SQLiteUsage:
    """`keys.usage.UsageStore` on the embedded store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, counts: Sequence[UsageCount]) -> None:
        """Add to what is there, in one transaction."""
        adding = insert(key_usage)
        adding = adding.on_conflict_do_update(
            index_elements=["keyref", "principal", "operation"],
            set_={
                "count": key_usage.c.count + adding.excluded.count,
                "first_at": func.min(key_usage.c.first_at, adding.excluded.first_at),
                "last_at": func.max(key_usage.c.last_at, adding.excluded.last_at),
            },
        )
        if counts:
            with self._database.write() as connection:
                connection.execute(adding, [asdict(count) for count in counts])

    def of(self, keyrefs: Collection[int]) -> tuple[UsageCount, ...]:
        """The counts of these versions, the latest use first."""
        wanted = sorted(keyrefs)
        found: list[UsageCount] = []
        with self._database.read() as connection:
            for start in range(0, len(wanted), KEYREFS_PER_QUERY):
                some = key_usage.c.keyref.in_(wanted[start : start + KEYREFS_PER_QUERY])
                found += [
                    UsageCount(row.keyref, row.principal, row.operation, int(row[3]), row.first_at, row.last_at)
                    for row in connection.execute(select(key_usage).where(some))
                ]
        return tuple(sorted(found, key=lambda count: (-count.last_at, count.principal, count.operation)))

    def ending(self) -> tuple[EndingVersion, ...]:
        """Uses of versions since their end was announced. For an alert: the rows are not verified."""
        joined = and_(key_usage.c.keyref == key_version.c.keyref, key_usage.c.last_at > key_version.c.changed_at)
        query = (
            select(key_version, key_usage)
            .join(key_usage, joined)
            .where(key_version.c.state == State.DEACTIVATION_SCHEDULED.value)
            .order_by(key_usage.c.last_at.desc())
        )
        with self._database.read() as connection:
            return tuple(
                EndingVersion(
                    KeyPath(row.tenant, row.environment, row.category, row.subject).public,
                    row.version, row.due_at, row.principal, row.operation,
                    int(row._mapping[key_usage.c.count]), row.last_at,  # noqa: SLF001 - its public way
                )
                for row in connection.execute(query)
            )  # fmt: skip

    def primaries_made_before(self, moment_ms: int) -> int:
        """How many data keys have a primary version at least that old. Not verified either."""
        query = select(func.count()).where(
            key_version.c.state == State.PRIMARY.value,
            key_version.c.use == Use.DATA.value,
            key_version.c.created_at <= moment_ms,
        )
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def environments(self) -> tuple[KeyPath, ...]:
        """Every tenant and environment that has keys."""
        query = (
            select(key_version.c.tenant, key_version.c.environment).distinct().order_by("tenant", "environment")
        )
        with self._database.read() as connection:
            return tuple(KeyPath(row.tenant, row.environment) for row in connection.execute(query))
