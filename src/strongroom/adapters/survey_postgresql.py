"""A PostgreSQL database as survey items, by pg8000: every table, view and column the account may read.

The session is read-only and every statement has a time limit. Off this machine the connection is encrypted and the
server's certificate checked, unless the address says otherwise (``sslmode=disable``).

Must never: write, hold a transaction open while values are judged, or put the password into a message.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, unquote, urlsplit

from pg8000 import exceptions
from pg8000.native import Connection, identifier

from strongroom.classify.survey import Column, Item, Limits, Skipped, Table
from strongroom.errors import ConfigurationError, InputError

STATEMENT_MS = 30_000
CONNECT_S = 10
PORT = 5432
ROWS_MAX = 1_000_000
SAMPLE_FROM = 20
"""From so many times the rows wanted on, rows are drawn from the whole table."""

PAGES_FROM = 5_000_000
"""Rows from which on whole pages are drawn: reading the table through would take too long."""

_RELATIONS = """
SELECT n.nspname, c.relname, c.relkind::text, c.reltuples::bigint,
       has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
   AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
 ORDER BY 1, 2"""
_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.typname
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
 WHERE a.attrelid = CAST(:relation AS regclass) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is; `shown` is the address without its password."""

    user: str
    password: str | None
    host: str
    port: int
    database: str
    socket: str
    sslmode: str
    shown: str

    @classmethod
    def parse(cls, url: str) -> Address:
        """``postgresql://user@host:port/database?host=/socket&sslmode=verify-full|require|disable``.

        Raises `ConfigurationError` for anything else.
        """
        try:
            parts = urlsplit(url)
            named = parse_qs(parts.query, strict_parsing=bool(parts.query))
            query = {name: found[-1] for name, found in named.items()}
            port = parts.port or int(query.pop("port", PORT))
        except ValueError:
            msg = "the database's address is not a URL: postgresql://user@host:port/database"
            raise ConfigurationError(msg) from None
        host = query.pop("host", parts.hostname or "localhost")
        socket = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else ""
        local = bool(socket) or host in {"localhost", "127.0.0.1", "::1"}
        sslmode = query.pop("sslmode", "disable" if local else "verify-full")
        if query or sslmode not in {"verify-full", "require", "disable"}:
            msg = "the database's address may have host, port and sslmode=verify-full|require|disable behind the ?"
            raise ConfigurationError(msg)
        database = unquote(parts.path.lstrip("/")) or unquote(parts.username or "")
        password = None if parts.password is None else unquote(parts.password)
        who = f"{parts.username}@" if parts.username else ""
        shown = f"postgresql://{who}{host}:{port}/{database}"
        user = unquote(parts.username or "postgres")
        return cls(user, password, host, port, database or "postgres", socket, sslmode, shown)


def _connect(address: Address) -> Connection:
    context: ssl.SSLContext | None = None
    if address.sslmode != "disable":
        context = ssl.create_default_context()
        if address.sslmode == "require":
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
    try:
        connection = Connection(
            address.user, host=address.host, port=address.port, database=address.database,
            password=address.password, unix_sock=address.socket or None, ssl_context=context, timeout=CONNECT_S,
            application_name="strongroom classify",
        )  # fmt: skip
        connection.run("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
        connection.run(f"SET statement_timeout = {STATEMENT_MS}")
    except (exceptions.Error, OSError) as error:
        msg = f"{address.shown}: no connection ({_why(error)})"
        raise InputError(msg) from None
    return connection


def postgresql_items(url: str, limits: Limits) -> Iterator[Item]:
    """Every table, view and materialized view outside the system schemas, partitions as their parent.

    Raises `ConfigurationError` for a wrong address, `InputError` when there is no connection.
    """
    address = Address.parse(url)
    with closing(_connect(address)) as connection:
        for schema, name, sort, estimate, allowed in connection.run(_RELATIONS) or ():
            place = f"{address.shown}: {schema}.{name}"
            if sort == "f":
                yield Skipped(place, "a foreign table: classify it where it lives")
            elif not allowed:
                yield Skipped(place, f"the account {address.user} may not read it")
            else:
                try:
                    yield from _table(connection, schema, name, address.shown, limits, _estimate(sort, estimate))
                except (exceptions.Error, OSError) as error:
                    yield Skipped(place, f"cannot be read ({_why(error)})")


def postgresql_rows(
    url: str, name: str, *, password: str | None = None
) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    """Every row of the table that a survey called `name` (``schema.table``): columns and rows as text.

    Raises `InputError` when it cannot be read or has more than `ROWS_MAX` rows.
    """
    address = Address.parse(url)
    if password is not None:
        address = replace(address, password=password)
    schema, _, table = name.partition(".")
    relation = f"{identifier(schema)}.{identifier(table)}"
    with closing(_connect(address)) as connection:
        try:
            listed = connection.run(_COLUMNS, relation=relation) or ()
            columns = tuple(column for column, _, kind in listed if kind != "bytea")
            wanted = ", ".join(f"coalesce({identifier(column)}::text, '')" for column in columns)
            found = connection.run(f"SELECT {wanted} FROM {relation} LIMIT {ROWS_MAX + 1}") or ()  # noqa: S608 - identifiers, quoted
        except exceptions.Error as error:
            msg = f"{address.shown}: {name} cannot be read ({_why(error)})"
            raise InputError(msg) from None
    if len(found) > ROWS_MAX:
        msg = f"{address.shown}: {name} has more than {ROWS_MAX} rows"
        raise InputError(msg)
    return columns, [dict(zip(columns, row, strict=True)) for row in found]


def _estimate(sort: str, rows: int) -> int:
    return rows if sort in {"r", "m"} else -1


def _table(
    connection: Connection, schema: str, name: str, shown: str, limits: Limits, estimate: int
) -> Iterator[Item]:
    relation = f"{identifier(schema)}.{identifier(name)}"
    listed = connection.run(_COLUMNS, relation=relation) or ()
    binary = [column for column, _, kind in listed if kind == "bytea"]
    declared = {column: kind for column, kind, _ in listed if column not in binary}
    yield from (Skipped(f"{shown}: {schema}.{name}.{column}", "a column of binary values") for column in binary)
    if not declared:
        return
    wanted = ", ".join(f"left({identifier(column)}::text, {limits.cell_chars})" for column in declared)
    drawn, total = "", None
    if estimate > SAMPLE_FROM * limits.rows:
        method = "SYSTEM" if estimate > PAGES_FROM else "BERNOULLI"  # pages of a huge table, rows of a large one
        drawn = f"TABLESAMPLE {method} ({100.0 * limits.rows / estimate:.6f}) REPEATABLE (1)"
        total = estimate
    rows = connection.run(f"SELECT {wanted} FROM {relation} {drawn} LIMIT {limits.rows}") or ()  # noqa: S608 - identifiers, quoted
    if total is None:
        total = int(connection.run(f"SELECT count(*) FROM {relation}")[0][0])  # noqa: S608 - as above
    columns = tuple(
        Column(column, tuple(row[at] for row in rows if row[at]), kind)
        for at, (column, kind) in enumerate(declared.items())
    )
    yield Table(shown, f"{schema}.{name}", columns, len(rows), total)


def _why(error: Exception) -> str:
    """What the server said, by its code and sentence; none of them quotes a value of a row here."""
    told = error.args[0] if error.args else ""
    if isinstance(told, dict):
        return f"{told.get('C', '')} {told.get('M', '')}".strip()
    return type(error).__name__
