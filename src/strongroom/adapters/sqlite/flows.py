"""The observed data-flow map on the embedded store.

Must never: hold anything but names of principals, kinds, places and numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any, Final

from sqlalchemy import Column, Integer, String, Table, func, select
from sqlalchemy.dialects.sqlite import insert

from strongroom.adapters.sqlite.database import Database
from strongroom.adapters.sqlite.schema import metadata
from strongroom.guard.flows import Flow, FlowCount

_NAMES: Final = [field.name for field in fields(Flow)]

data_flow = Table(
    "data_flow",
    metadata,
    *(Column(name, Integer if name == "level" else String, primary_key=True) for name in _NAMES),
    Column("count", Integer, nullable=False),
    Column("first_at", Integer, nullable=False),
    Column("last_at", Integer, nullable=False),
    sqlite_with_rowid=False,
)


class SQLiteFlows:
    """`guard.flows.FlowStore` on the embedded store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, counts: Sequence[FlowCount]) -> None:
        """Add to what is there, in one transaction."""
        adding = insert(data_flow)
        adding = adding.on_conflict_do_update(
            index_elements=_NAMES,
            set_={
                "count": data_flow.c.count + adding.excluded.count,
                "first_at": func.min(data_flow.c.first_at, adding.excluded.first_at),
                "last_at": func.max(data_flow.c.last_at, adding.excluded.last_at),
            },
        )
        if counts:
            with self._database.write() as connection:
                connection.execute(adding, [_row(count) for count in counts])

    def read(self, tenant: str, environment: str) -> tuple[FlowCount, ...]:
        """Every flow of one environment, the busiest first."""
        query = (
            select(data_flow)
            .where(data_flow.c.tenant == tenant, data_flow.c.environment == environment)
            .order_by(data_flow.c.count.desc(), *(data_flow.c[name] for name in _NAMES))
        )
        with self._database.read() as connection:
            return tuple(
                FlowCount(Flow(*row[: len(_NAMES)]), *row[len(_NAMES) :]) for row in connection.execute(query)
            )


def _row(count: FlowCount) -> dict[str, Any]:
    return asdict(count.flow) | {"count": count.count, "first_at": count.first_at, "last_at": count.last_at}
