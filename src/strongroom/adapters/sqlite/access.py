"""Tables of who may enter and what is declared: credentials, provider keys, data sources and known values.

Must never: hold a credential (only its keyed digest), or a provider key or known value that is not sealed.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy import Column, Integer, LargeBinary, String, Table, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from strongroom.adapters.sqlite.database import Database
from strongroom.adapters.sqlite.schema import metadata
from strongroom.guard.credentials import CredentialRow
from strongroom.guard.sources import KnownRow, SourceRow

credentials = Table(
    "credentials",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("name", String, nullable=False),
    Column("tenant", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("roles", String, nullable=False),
    Column("clearance", Integer, nullable=False),
    Column("created_at", Integer, nullable=False),
    Column("expires_at", Integer, nullable=False),
    Column("revoked_at", Integer, nullable=False),
)

provider_keys = Table(
    "provider_keys",
    metadata,
    Column("name", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

provider_key_ages = Table(
    "provider_key_ages",
    metadata,
    Column("name", String, primary_key=True),
    Column("stored_at", Integer, nullable=False),
)
"""Since when each provider key is the one; a table of its own, which stores made earlier can still be given."""

sources = Table(
    "sources",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("name", String, nullable=False),
    Column("tenant", String, nullable=False),
    Column("environment", String, nullable=False),
    Column("columns", String, nullable=False),
    Column("subjects", Integer, nullable=False),
    sqlite_autoincrement=True,
)

known_values = Table(
    "known_values",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("environment", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("subject", String, primary_key=True, index=True),
    Column("category", String, primary_key=True),
    Column("level", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)


class SQLiteCredentials:
    """`guard.credentials.CredentialStore` on the embedded store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, row: CredentialRow) -> None:
        """Keep a new row."""
        values = {name: getattr(row, name) for name in CredentialRow.__slots__} | {"roles": " ".join(row.roles)}
        with self._database.write() as connection:
            connection.execute(insert(credentials).values(values))

    def find(self, digest: bytes) -> CredentialRow | None:
        """The row of one credential."""
        with self._database.read() as connection:
            row = connection.execute(select(credentials).where(credentials.c.digest == digest)).one_or_none()
        return None if row is None else _credential(row)

    def rows(self) -> list[CredentialRow]:
        """Every row, oldest first."""
        query = select(credentials).order_by(credentials.c.created_at, credentials.c.name)
        with self._database.read() as connection:
            return [_credential(row) for row in connection.execute(query)]

    def succeed(self, row: CredentialRow, until: int) -> None:
        """Keep a new row and shorten the good ones of its principal, in one transaction."""
        values = {name: getattr(row, name) for name in CredentialRow.__slots__} | {"roles": " ".join(row.roles)}
        shorten = (
            update(credentials)
            .where(
                credentials.c.name == row.name,
                credentials.c.tenant == row.tenant,
                credentials.c.environment == row.environment,
                credentials.c.revoked_at == 0,
                credentials.c.expires_at > until,
            )
            .values(expires_at=until)
        )
        with self._database.write() as connection:
            connection.execute(shorten)
            connection.execute(insert(credentials).values(values))

    def revoke(self, name: str, tenant: str, environment: str, at: int) -> int:
        """Mark every good row of a principal; returns how many."""
        change = (
            update(credentials)
            .where(
                credentials.c.name == name,
                credentials.c.tenant == tenant,
                credentials.c.environment == environment,
                credentials.c.revoked_at == 0,
            )
            .values(revoked_at=at)
        )
        with self._database.write() as connection:
            return connection.execute(change).rowcount


def _credential(row: object) -> CredentialRow:
    values = dict(row._mapping)  # type: ignore[attr-defined]  # noqa: SLF001 - its public way
    return CredentialRow(**values | {"roles": tuple(values["roles"].split())})


class SQLiteProviderKeys:
    """`room.providers.ProviderKeyStore` on the embedded store: sealed provider keys by upstream name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, name: str, sealed: bytes, *, at: int = 0) -> None:
        """Keep or replace one, as of `at` (epoch seconds)."""
        with self._database.write() as connection:
            for table, values in (
                (provider_keys, {"name": name, "sealed": sealed}),
                (provider_key_ages, {"name": name, "stored_at": at}),
            ):
                connection.execute(
                    upsert(table).values(values).on_conflict_do_update(index_elements=["name"], set_=values)
                )

    def stored_at(self) -> dict[str, int]:
        """Since when each key is the one, by upstream; 0 for a key from before this was noted."""
        query = select(provider_keys.c.name, func.coalesce(provider_key_ages.c.stored_at, 0)).outerjoin(
            provider_key_ages, provider_keys.c.name == provider_key_ages.c.name
        )
        with self._database.read() as connection:
            return {name: int(at) for name, at in connection.execute(query.order_by(provider_keys.c.name))}

    def get(self, name: str) -> bytes | None:
        """One sealed key, or None."""
        query = select(provider_keys.c.sealed).where(provider_keys.c.name == name)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def names(self) -> list[str]:
        """Which upstreams have one."""
        with self._database.read() as connection:
            return list(connection.execute(select(provider_keys.c.name).order_by(provider_keys.c.name)).scalars())


class SQLiteSources:
    """`guard.sources.SourceStore` on the embedded store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_source(self, row: SourceRow) -> None:
        """Declare a source; one of the same name goes, with everything it taught."""
        same = (
            sources.c.tenant == row.tenant,
            sources.c.environment == row.environment,
            sources.c.name == row.name,
        )
        values = {
            "name": row.name,
            "tenant": row.tenant,
            "environment": row.environment,
            "columns": orjson.dumps(dict(row.columns)).decode(),
            "subjects": row.subjects,
        }
        with self._database.write() as connection:
            connection.execute(delete(sources).where(*same))
            connection.execute(
                delete(known_values).where(
                    known_values.c.tenant == row.tenant,
                    known_values.c.environment == row.environment,
                    known_values.c.source == row.name,
                )
            )
            connection.execute(insert(sources).values(values))

    def sources(self, tenant: str, environment: str) -> list[SourceRow]:
        """The declared sources."""
        query = select(sources).where(sources.c.tenant == tenant, sources.c.environment == environment)
        with self._database.read() as connection:
            return [
                SourceRow(row.name, row.tenant, row.environment, orjson.loads(row.columns), row.subjects)
                for row in connection.execute(query.order_by(sources.c.name))
            ]

    def put_known(self, rows: Sequence[KnownRow]) -> None:
        """Keep sealed values, all or none."""
        if not rows:
            return
        values = [{name: getattr(row, name) for name in KnownRow.__slots__} for row in rows]
        with self._database.write() as connection:
            connection.execute(insert(known_values), values)

    def known(self, tenant: str, environment: str) -> list[KnownRow]:
        """All sealed values."""
        query = select(known_values).where(
            known_values.c.tenant == tenant, known_values.c.environment == environment
        )
        with self._database.read() as connection:
            return [KnownRow(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - its public way

    def version(self, tenant: str, environment: str) -> int:
        """The newest source's number: it grows whenever one is declared."""
        query = select(func.max(sources.c.number)).where(
            sources.c.tenant == tenant, sources.c.environment == environment
        )
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one_or_none() or 0)
