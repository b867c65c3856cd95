"""What of the embedded store is sealed under which key version, read off the sealed bytes themselves.

Every sealed value says in its second to fifth byte which version sealed it (docs/spec/field.md), so the count
needs no key and cannot disagree with the data.

Must never: open anything, or leave out a table with sealed bytes (`SEALED` is tested against the schema).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Column, func, select

from strongroom.adapters.sqlite.access import known_values, provider_keys
from strongroom.adapters.sqlite.at_rest import file_index, history
from strongroom.adapters.sqlite.database import Database
from strongroom.adapters.sqlite.surrogates import surrogates
from strongroom.keys.gate import Holding

SEALED: Mapping[str, Column[bytes]] = {
    "history": history.c.sealed,
    "surrogates": surrogates.c.sealed,
    "known values": known_values.c.sealed,
    "provider keys": provider_keys.c.sealed,
    "file names": file_index.c.name,
}
"""Every column of sealed values but the wraps of keys, which are counted by the key rows."""


class SQLiteInventory:
    """`keys.gate.Inventory` over the tables of the embedded store: one pass over each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def holdings(self, keyrefs: Collection[int]) -> tuple[Holding, ...]:
        """How many rows of each table name each of these versions."""
        wanted = set(keyrefs)
        found: list[Holding] = []
        with self._database.read() as connection:
            for place, column in SEALED.items():
                named = func.substr(column, 2, 4)
                for raw, count in connection.execute(select(named, func.count()).group_by(named)):
                    keyref = int.from_bytes(bytes(raw), "big")
                    if keyref in wanted and len(raw) == 4:  # noqa: PLR2004 - an erased surrogate has no bytes
                        found.append(Holding(keyref, place, int(count)))
        return tuple(found)
