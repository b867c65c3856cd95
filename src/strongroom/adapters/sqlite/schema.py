"""The schema's one `MetaData`, its version, and the table of single facts about the store.

A change that an older program would misread raises `SCHEMA_VERSION`; a new table alone does not, because
tables that are missing are created on open.

Must never: hold plaintext of labelled data; every column that could is sealed before it gets here.
"""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, MetaData, String, Table

SCHEMA_VERSION = 1
"""Kept in SQLite's ``user_version``. A store with a higher number is refused, never written."""

APPLICATION_ID = 0x5374726D
"""Kept in SQLite's ``application_id`` ("Strm"): tells a Strongroom store from any other SQLite file."""

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""Facts that exist once per store, such as its id."""
