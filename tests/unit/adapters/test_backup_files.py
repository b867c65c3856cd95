import errno
import io
from pathlib import Path

import pytest

from strongroom.adapters.backup_files import BackupFiles
from strongroom.errors import StoreError, StoreFullError

ID = "20261120T120000.000Z-00000000"


class _Failing(io.BytesIO):
    """A source whose read fails as the target's write would."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError(self.number, "as the system says")


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, StoreFullError), (errno.EIO, StoreError)])
def test_a_failing_disk_has_a_name(tmp_path: Path, number: int, kind: type[StoreError]) -> None:
    with pytest.raises(StoreError) as refused:
        BackupFiles(tmp_path).put(ID, "a", _Failing(number))
    assert type(refused.value) is kind


def test_files_and_folders_are_the_owner_s_alone(tmp_path: Path) -> None:
    BackupFiles(tmp_path / "made" / "here").put(ID, "a/b/c", io.BytesIO(b"x"))
    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "made").rglob("*")}
    assert modes == {0}


def test_a_name_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    shelf = BackupFiles(tmp_path / "shelf")
    shelf.put(ID, "a", io.BytesIO(b"x"))
    link = tmp_path / "shelf" / f".{ID}.partial" / "b"
    link.symlink_to(tmp_path / "outside")
    with pytest.raises(StoreError):
        shelf.put(ID, "b", io.BytesIO(b"x"))
    assert not (tmp_path / "outside").exists()
