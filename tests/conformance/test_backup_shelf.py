"""What every `BackupShelf` has to do."""

import io
from pathlib import Path

import pytest

from strongroom.adapters.backup_files import BackupFiles
from strongroom.at_rest.backup import BackupShelf
from strongroom.errors import IntegrityError, StoreError

ID = "20261120T120000.000Z-00000000"
LATER = "20261121T120000.000Z-00000000"


@pytest.fixture
def shelf(tmp_path: Path) -> BackupShelf:
    return BackupFiles(tmp_path / "shelf")


def _put(shelf: BackupShelf, backup: str, name: str, content: bytes, limit: int | None = None) -> tuple[int, str]:
    stored = shelf.put(backup, name, io.BytesIO(content), limit)
    assert stored.name == name
    return stored.length, stored.digest


def test_it_counts_only_when_it_is_finished(shelf: BackupShelf) -> None:
    assert shelf.backups() == shelf.backups(finished=False) == []
    assert _put(shelf, ID, "a/b", b"x") == (1, "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881")
    assert (shelf.backups(), shelf.backups(finished=False)) == ([], [ID])
    with shelf.open(ID, "a/b") as file:
        assert file.read() == b"x"
    shelf.finish(ID)
    assert (shelf.backups(), shelf.backups(finished=False)) == ([ID], [])
    with shelf.open(ID, "a/b") as file:
        assert file.read() == b"x"


def test_a_file_is_replaced_and_cut_to_its_limit(shelf: BackupShelf) -> None:
    _put(shelf, ID, "log", b"longer than it may be")
    assert _put(shelf, ID, "log", b"0123456789", 4)[0] == 4
    assert _put(shelf, ID, "none", b"0123456789", 0)[0] == 0
    with shelf.open(ID, "log") as file:
        assert file.read() == b"0123"


def test_an_id_is_taken_once(shelf: BackupShelf) -> None:
    for content in (b"first", b"second"):
        _put(shelf, ID, "a", content)
        if content == b"first":
            shelf.finish(ID)
    with pytest.raises(StoreError):
        shelf.finish(ID)
    shelf.discard(ID)
    with shelf.open(ID, "a") as file:
        assert file.read() == b"first"


def test_the_oldest_comes_first_and_what_is_removed_is_gone(shelf: BackupShelf) -> None:
    for backup in (LATER, ID):
        _put(shelf, backup, "a", b"")
        shelf.finish(backup)
    assert shelf.backups() == [ID, LATER]
    shelf.remove(ID)
    shelf.remove(ID)
    assert shelf.backups() == [LATER]
    assert shelf.backups(finished=False) == []


def test_discarding_leaves_what_is_finished(shelf: BackupShelf) -> None:
    _put(shelf, ID, "a", b"")
    shelf.finish(ID)
    shelf.discard(ID)
    shelf.discard(LATER)
    assert shelf.backups() == [ID]


@pytest.mark.parametrize("name", ["none", "a", "a/none"])
def test_what_is_not_there_is_said_by_name(shelf: BackupShelf, name: str) -> None:
    _put(shelf, ID, "a/b", b"")
    with pytest.raises(IntegrityError, match=name):
        shelf.open(ID, name)
