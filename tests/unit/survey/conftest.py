"""A PostgreSQL cluster of this test run: made in a directory of its own, on a Unix socket, by a plain user."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

PROGRAMS = ("initdb", "pg_ctl")


def _program(name: str) -> str | None:
    """On the search path, or where Debian keeps the programs of each version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of a fresh database, without its name."""
    pytest.importorskip("pg8000", reason="the extra strongroom[postgresql] is not installed")
    initdb, control = (_program(name) for name in PROGRAMS)
    if initdb is None or control is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    directory = Path(tempfile.mkdtemp(prefix="strongroom-pg-"))
    user = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
    groups: list[str] | None = [] if user else None
    if user:
        shutil.chown(directory, "nobody")
    data = directory / "data"
    settings = f"-c listen_addresses='' -c unix_socket_directories={directory} -c fsync=off -c max_connections=8"

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=directory, timeout=120,
                       user=user, extra_groups=groups)  # fmt: skip

    try:
        run(initdb, "-D", str(data), "-U", "owner", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
        run(control, "-D", str(data), "-w", "-l", str(directory / "log"), "-o", settings, "start")
        try:
            yield f"postgresql://owner@/{{database}}?host={directory}"
        finally:
            run(control, "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def database(cluster: str) -> Callable[[str, str], str]:
    """Makes a database from SQL statements; gives its address."""
    from pg8000.native import Connection

    def made(name: str, script: str) -> str:
        socket = cluster.partition("?host=")[2] + "/.s.PGSQL.5432"
        with closing(Connection("owner", unix_sock=socket, database="postgres")) as connection:
            connection.run(f"CREATE DATABASE {name}")
        with closing(Connection("owner", unix_sock=socket, database=name)) as connection:
            for statement in script.split(";\n"):
                if statement.strip():
                    connection.run(statement)
        return cluster.format(database=name)

    return made
