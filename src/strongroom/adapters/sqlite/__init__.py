"""The embedded store: one SQLite file in WAL mode, shared by every process on the host.

Each module holds the tables of one room and the adapter of that room's port; all of them register on
`schema.metadata`, so that importing this package is what makes the whole schema known.

Must never: be put on a network file system; SQLite's write-ahead log needs shared memory.
"""

from strongroom.adapters.sqlite import access, at_rest, flows, leases, surrogates, usage
from strongroom.adapters.sqlite.database import Database
from strongroom.adapters.sqlite.keys import SQLiteKeyStore
from strongroom.adapters.sqlite.meta import SQLiteRootStore
from strongroom.adapters.sqlite.schema import SCHEMA_VERSION, metadata

__all__ = [
    "SCHEMA_VERSION",
    "Database",
    "SQLiteKeyStore",
    "SQLiteRootStore",
    "access",
    "at_rest",
    "flows",
    "leases",
    "metadata",
    "surrogates",
    "usage",
]
