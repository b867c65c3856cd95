"""Two connections of one process and one of another must not lose the log under each other's feet."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from strongroom.adapters.sqlite.database import Database

OTHER_PROCESS = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("INSERT INTO seen VALUES ('other')")
connection.commit()
connection.close()
"""


def test_opening_a_store_again_in_one_process_keeps_the_locks_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    first = Database.open(path)
    with first.write() as connection:
        connection.execute(text("CREATE TABLE seen (who TEXT)"))
    with first.read() as reading:
        reading.execute(text("SELECT count(*) FROM seen")).scalar_one()
        second = Database.open(path)
        # The last connection that closes removes the log. The other process is not the last one, unless the
        # second opening dropped the locks of the first.
        subprocess.run([sys.executable, "-c", OTHER_PROCESS, str(path)], check=True, timeout=60)
        assert path.with_name("store.db-wal").exists()
    for number in range(50):
        for database in (first, second):
            with database.write() as connection:
                connection.execute(text("INSERT INTO seen VALUES (:who)"), {"who": f"writer {number}"})
    second.close()
    first.close()
    with closing(sqlite3.connect(path)) as connection_after:
        assert connection_after.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection_after.execute("SELECT count(*) FROM seen").fetchone() == (101,)
