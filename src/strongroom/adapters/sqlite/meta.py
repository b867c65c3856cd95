"""The store's id and the wraps of its root in SQLite: the `RootStore` port of the keys room.

Must never: hold the root itself, or replace an id once given.
"""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, String, Table, delete, insert, select
from sqlalchemy.dialects import sqlite

from strongroom.adapters.sqlite.database import Database
from strongroom.adapters.sqlite.schema import meta, metadata
from strongroom.errors import RootError, StoreDamagedError
from strongroom.keys.root import RootWrap

root_wrap = Table(
    "root_wrap",
    metadata,
    Column("scheme", String, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)
"""The root under each unseal path's protection."""

_STORE_ID = "store_id"
FINGERPRINT = "root_fingerprint"


class SQLiteRootStore:
    """The store's id and root wraps in the embedded database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store_id(self) -> str | None:
        """The id given on the first run; `None` before that."""
        value = self._fact(_STORE_ID)
        return None if value is None else value.decode()

    def begin(self, store_id: str, fingerprint: bytes, wraps: tuple[RootWrap, ...]) -> bool:
        """Record the first run in one transaction; False if it was recorded before."""
        with self._database.write() as connection:
            first = connection.execute(
                sqlite.insert(meta).values(name=_STORE_ID, value=store_id.encode()).on_conflict_do_nothing()
            )
            if first.rowcount == 0:
                return False
            connection.execute(insert(meta).values(name=FINGERPRINT, value=fingerprint))
            for wrap in wraps:
                connection.execute(insert(root_wrap).values(scheme=wrap.scheme, wrapped=wrap.wrapped))
        return True

    def fingerprint(self) -> bytes:
        """What recognises the right root. Raises `StoreDamagedError` if it is gone."""
        value = self._fact(FINGERPRINT)
        if value is None:
            msg = "the store does not say which root is its own"
            raise StoreDamagedError(msg)
        return value

    def wraps(self) -> tuple[RootWrap, ...]:
        """Every wrap of the root, by scheme."""
        with self._database.read() as connection:
            rows = connection.execute(select(root_wrap).order_by(root_wrap.c.scheme))
            return tuple(RootWrap(row.scheme, row.wrapped) for row in rows)

    def put_wrap(self, wrap: RootWrap) -> None:
        """Add a wrap, or replace the one of the same scheme."""
        with self._database.write() as connection:
            connection.execute(
                sqlite.insert(root_wrap)
                .values(scheme=wrap.scheme, wrapped=wrap.wrapped)
                .on_conflict_do_update(index_elements=["scheme"], set_={"wrapped": wrap.wrapped})
            )
        # The wrap that was replaced may be by a passphrase that leaked.
        self._database.empty_log()

    def remove_wrap(self, scheme: str) -> None:
        """Forget a wrap; nothing happens if there is none. Raises `RootError` if it is the last one."""
        with self._database.write() as connection:
            if list(connection.execute(select(root_wrap.c.scheme)).scalars()) == [scheme]:
                msg = f"{scheme} is the only way to unseal this store: add another one first"
                raise RootError(msg)
            connection.execute(delete(root_wrap).where(root_wrap.c.scheme == scheme))
        self._database.empty_log()

    def _fact(self, name: str) -> bytes | None:
        with self._database.read() as connection:
            value: bytes | None = connection.execute(
                select(meta.c.value).where(meta.c.name == name)
            ).scalar_one_or_none()
            return value
