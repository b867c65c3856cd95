"""A proposed root and the transaction that takes it, in SQLite: the `SuccessionStore` port of the keys room.

The proposal is one row of `meta`, so it exists completely or not at all. Taking it rewrites every row of the key
tables; readers go on with their snapshot meanwhile, other writers wait for the lock.

Must never: take a proposal in more than one transaction, or keep a copy of the root it replaced.
"""

from __future__ import annotations

import json

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.dialects import sqlite

from strongroom.adapters.sqlite.database import Database
from strongroom.adapters.sqlite.keys import REPLACE, columns_of, key_change, key_version, row_of
from strongroom.adapters.sqlite.meta import FINGERPRINT, root_wrap
from strongroom.adapters.sqlite.schema import meta
from strongroom.errors import StoreDamagedError
from strongroom.keys.root import RootWrap
from strongroom.keys.store import Change
from strongroom.keys.succession import Resigning, Succession

PROPOSAL = "root_succession"

ROWS_AT_ONCE = 1000
"""Rows in memory at a time; the transaction holds them all."""


class SQLiteSuccession:
    """The proposed root of the embedded store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pending(self) -> Succession | None:
        """The proposal that waits. Raises `StoreDamagedError` if it cannot be read."""
        with self._database.read() as connection:
            packed = _fact(connection, PROPOSAL)
        return None if packed is None else _unpacked(packed)

    def propose(self, succession: Succession, *, present: bytes) -> bool:
        """Keep a proposal; False if one waits, or the root in force has another mark."""
        with self._database.write() as connection:
            if _fact(connection, FINGERPRINT) != present:
                return False
            made = connection.execute(
                sqlite.insert(meta).values(name=PROPOSAL, value=_packed(succession)).on_conflict_do_nothing()
            )
            return bool(made.rowcount)

    def withdraw(self) -> bool:
        """Forget the proposal, in the file too; False if there was none."""
        with self._database.write() as connection:
            gone = connection.execute(delete(meta).where(meta.c.name == PROPOSAL)).rowcount
        self._database.empty_log()
        return bool(gone)

    def take(self, succession: Succession, resigning: Resigning) -> int | None:
        """All that depends on the root anew, in one transaction; None if another proposal waits, or none."""
        with self._database.write() as connection:
            if _fact(connection, PROPOSAL) != _packed(succession):
                return None
            _rechain(connection, resigning)
            count = _resign(connection, resigning)
            connection.execute(delete(root_wrap))
            for wrap in succession.wraps:
                connection.execute(insert(root_wrap).values(scheme=wrap.scheme, wrapped=wrap.wrapped))
            connection.execute(update(meta).where(meta.c.name == FINGERPRINT).values(value=succession.mark))
            connection.execute(delete(meta).where(meta.c.name == PROPOSAL))
        # What the old root opened stands in the log until it is emptied.
        self._database.empty_log()
        return count


def _rechain(connection: Connection, resigning: Resigning) -> None:
    query = select(key_change).order_by(key_change.c.sequence)
    entries = [
        Change(entry.sequence, entry.keyref, entry.authenticator, entry.link)
        for entry in connection.execute(query)
    ]
    chained = resigning.journal(entries)
    if chained:
        connection.execute(
            update(key_change)
            .where(key_change.c.sequence == bindparam("which"))
            .values(link=bindparam("chained")),
            [{"which": entry.sequence, "chained": entry.link} for entry in chained],
        )


def _resign(connection: Connection, resigning: Resigning) -> int:
    total, last = 0, -1
    while True:
        query = select(key_version).where(key_version.c.keyref > last).order_by(key_version.c.keyref)
        rows = [row_of(found) for found in connection.execute(query.limit(ROWS_AT_ONCE)).mappings()]
        if not rows:
            return total
        connection.execute(REPLACE, [columns_of(row) for row in resigning.rows(rows)])
        total, last = total + len(rows), rows[-1].keyref


def _fact(connection: Connection, name: str) -> bytes | None:
    value: bytes | None = connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one_or_none()
    return value


def _packed(succession: Succession) -> bytes:
    wraps = {wrap.scheme: wrap.wrapped.hex() for wrap in succession.wraps}
    fields = {"mark": succession.mark.hex(), "sealed": succession.sealed.hex(), "wraps": wraps}
    return json.dumps(fields, sort_keys=True).encode()


def _unpacked(packed: bytes) -> Succession:
    try:
        fields = json.loads(packed)
        wraps = tuple(
            RootWrap(str(scheme), bytes.fromhex(wrapped)) for scheme, wrapped in sorted(fields["wraps"].items())
        )
        return Succession(bytes.fromhex(fields["mark"]), bytes.fromhex(fields["sealed"]), wraps)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = "the proposed root cannot be read: withdraw it"
        raise StoreDamagedError(msg) from error
