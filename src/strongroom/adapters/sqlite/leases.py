"""Leases on keys beside the key journal, so that renewing one and asking how far it has come are one transaction.

Must never: judge whether a lease is good; clocks of different hosts are not compared here.
"""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Column, Integer, String, Table, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from strongroom.adapters.sqlite.database import Database
from strongroom.adapters.sqlite.keys import key_change
from strongroom.adapters.sqlite.schema import metadata
from strongroom.keys.lease import Lease

key_lease = Table(
    "key_lease",
    metadata,
    Column("holder", String, primary_key=True),
    Column("host", String, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("renewed_at", Integer, nullable=False),
    Column("expires_at", Integer, nullable=False),
)

FORGOTTEN_AFTER_MS = 24 * 3600 * 1000
"""A lease that ran out a day ago belongs to a process that is gone; any renewal sweeps it away."""


class SQLiteLeases:
    """`keys.lease.LeaseStore` on the embedded store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def renew(self, lease: Lease) -> int:
        """Write the lease and return the journal's last entry."""
        values = asdict(lease)
        with self._database.write() as connection:
            connection.execute(
                insert(key_lease).values(values).on_conflict_do_update(index_elements=["holder"], set_=values)
            )
            stale = key_lease.c.expires_at < lease.renewed_at - FORGOTTEN_AFTER_MS
            connection.execute(delete(key_lease).where(stale))
            return int(connection.execute(select(func.coalesce(func.max(key_change.c.sequence), 0))).scalar_one())

    def leases(self) -> tuple[Lease, ...]:
        """Every lease, by holder."""
        with self._database.read() as connection:
            rows = connection.execute(select(key_lease).order_by(key_lease.c.holder))
            return tuple(Lease(*row) for row in rows)

    def release(self, holder: str) -> None:
        """Forget one."""
        with self._database.write() as connection:
            connection.execute(delete(key_lease).where(key_lease.c.holder == holder))
