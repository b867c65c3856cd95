"""Reading the files of an SQLite store while this process has the store open.

Closing any descriptor of such a file drops the POSIX locks this process holds on it, and a second process could
then damage the store (https://sqlite.org/howtocorrupt.html, section 2.2). So another process makes a copy, and the
copy is read.

Must never: open a store's file itself, except through the SQLite library, which knows of the other connections.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

STORE_ENDINGS = (".db", ".db-wal", ".db-shm")
COPY_S = 60.0
BATCH_LEN = 1 << 20  # cells are looked through by the mebibyte, not one by one
BETWEEN_CELLS = b"\x00\x00\x00"
"""No value has this inside, in any encoding that is looked for."""
_COPY = "import shutil, sys; shutil.copyfile(sys.argv[1], sys.argv[2])"


@contextmanager
def readable(path: Path) -> Iterator[BinaryIO]:
    """`path` opened for reading, or a copy of it. Raises `FileNotFoundError` when it vanished."""
    if not path.name.endswith(STORE_ENDINGS):
        with path.open("rb") as source:
            yield source
        return
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / path.name
        command = [sys.executable, "-c", _COPY, str(path), str(copy)]
        subprocess.run(command, check=False, capture_output=True, timeout=COPY_S)  # noqa: S603 - our own interpreter
        with copy.open("rb") as source:
            yield source


def cells(path: Path) -> Iterator[tuple[str, bytes]]:
    """Pairs of a table's name and many of its cells, for an SQLite database; nothing for any other file.

    A long cell is scattered over pages, so the bytes of the file alone do not show it whole.
    """
    if path.suffix != ".db":
        return
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        except sqlite3.DatabaseError:  # its name ends like a database's, and it is none
            return
        for (table,) in tables:
            quoted = table.replace('"', '""')
            batch: list[bytes] = []
            size = 0
            for row in connection.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608 - an identifier, quoted
                batch += (cell if isinstance(cell, bytes) else str(cell).encode() for cell in row)
                size += sum(map(len, batch[-len(row) :]))
                if size > BATCH_LEN:
                    yield table, BETWEEN_CELLS.join(batch)
                    batch, size = [], 0
            yield table, BETWEEN_CELLS.join(batch)
