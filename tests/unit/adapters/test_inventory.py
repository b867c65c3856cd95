"""What is counted by key version is what is there: in every table with sealed bytes, and in every sealed file."""

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sqlalchemy import LargeBinary

from strongroom import Strongroom
from strongroom.adapters.sealed_files import SealedFiles
from strongroom.adapters.sqlite import metadata
from strongroom.adapters.sqlite.inventory import SEALED, SQLiteInventory
from strongroom.at_rest.segment import EmbeddingRow
from strongroom.errors import StoreError
from strongroom.keys.gate import Holding

NOT_SEALED = {
    "meta.value",  # the store's id and the like
    "root_wrap.wrapped",  # under no key version
    "key_version.wrapped",  # counted by the key rows themselves
    "key_version.authenticator",
    "key_change.authenticator",
    "key_change.link",
    "surrogates.scope",  # digests
    "surrogates.lookup",
    "credentials.digest",
}


def test_every_column_of_bytes_is_counted_or_known_not_to_be_sealed() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    counted = {f"{column.table.name}.{column.name}" for column in SEALED.values()}
    assert columns - counted == columns & NOT_SEALED
    assert counted <= columns


def primary(room: Strongroom, path: str) -> int:
    """The data version that seals at `path`."""
    shown = [v for v in room.keys.list(path) if v.path == path and v.use.value == "data"]
    return shown[-1].keyref


@pytest.fixture
def filled(open_room: Callable[..., Strongroom]) -> Any:
    room = open_room()
    with room.session("bot", tenant="acme", environment="prod", conversation="c") as session:
        session.history("c").append("user", "hello")
        session.history("c").append("user", "again")
        session.files.write("a.txt", b"content")
        session.embeddings("notes").add([EmbeddingRow("1", np.ones(3, np.float32), "text")])
        handler = session.log_handler("agent", category="pii")
        for text in ("one", "two", "three"):
            handler.emit(logging.LogRecord("n", logging.INFO, "", 0, text, None, None))
        handler.close()
        session.tokenize("mail anna.schmidt@example.org")
    return room


def test_rows_and_files_are_counted(filled: Strongroom) -> None:
    keyref = primary(filled, "acme/prod/pii")
    tables = SQLiteInventory(filled.house.database).holdings([keyref])
    files = SealedFiles(filled.house.home).holdings([keyref])
    assert set(tables) == {
        Holding(keyref, "history", 2),
        Holding(keyref, "surrogates", 1),
        Holding(keyref, "file names", 1),
    }
    assert set(files) == {Holding(keyref, "files", 1), Holding(keyref, "log lines", 3)}
    assert SQLiteInventory(filled.house.database).holdings([1]) == ()
    segments = [v.keyref for v in filled.keys.list("acme/prod/pii") if v.path.count("/") == 3]
    assert [holding.place for holding in SealedFiles(filled.house.home).holdings(segments)] == [
        "embedding segments"
    ]


def test_a_line_that_is_being_written_counts_when_it_is_whole(filled: Strongroom) -> None:
    keyref = primary(filled, "acme/prod/pii")
    (log,) = (filled.house.home / "logs").glob("*.sealed")
    raw = log.read_bytes()
    log.write_bytes(raw + raw[:80])
    (found,) = [h for h in SealedFiles(filled.house.home).holdings([keyref]) if h.place == "log lines"]
    assert found.count == 3


def test_a_file_that_is_not_what_its_name_says_cannot_be_counted(filled: Strongroom) -> None:
    (file,) = (filled.house.home / "files").glob("*.sealed")
    file.write_bytes(b"x" * 200)
    with pytest.raises(StoreError, match="FormatError"):
        SealedFiles(filled.house.home).holdings([1])
