import os
import stat
from pathlib import Path

import pytest

from strongroom.adapters.log_files import LogFiles, ShardFiles


def test_everything_is_for_the_owner_alone(tmp_path: Path) -> None:
    shelf = LogFiles(tmp_path / "audit")
    files = shelf.claim("shard-0000")
    assert files is not None
    files.append("entries/x001/000", b"x")
    files.put("checkpoint", b"x", durable=True)
    shelf.release("shard-0000")
    for path in (tmp_path / "audit").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_new_file_is_synced_together_with_its_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: set[str] = set()

    def note(descriptor: int) -> None:
        synced.add(str(Path(f"/proc/self/fd/{descriptor}").readlink()))

    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(os, "fdatasync", note)
    files = LogFiles(tmp_path / "audit").claim("shard-0000")
    assert files is not None
    files.append("entries/x001/000", b"x")
    assert synced == set()
    files.sync(["entries/x001/000"])
    shard = tmp_path / "audit/shard-0000"
    folders = (tmp_path, tmp_path / "audit", shard, shard / "entries", shard / "entries/x001")
    assert synced == {str(path) for path in (*folders, shard / "entries/x001/000")}
    synced.clear()
    files.append("entries/x001/000", b"y")
    files.sync(["entries/x001/000"])
    assert synced == {str(shard / "entries/x001/000")}
    synced.clear()
    files.put("tile/0/000", b"t", durable=False)
    assert synced == set()
    files.sync(["tile/0/000"])
    assert {str(shard), str(shard / "tile"), str(shard / "tile/0"), str(shard / "tile/0/000")} <= synced
    files.close()


def test_only_the_newest_segment_stays_open(tmp_path: Path) -> None:
    files = ShardFiles(tmp_path)
    for number in range(5):
        files.append(f"entries/{number:03}", b"x")
    assert len(files._appending) == 5
    files.sync([f"entries/{number:03}" for number in range(5)])
    assert list(files._appending) == ["entries/004"]
    files.close()
    assert files._appending == {}


def test_a_write_that_the_kernel_cuts_short_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, bytes(content[:3])))
    files = ShardFiles(tmp_path)
    files.append("entries/000", b"ten  bytes")
    files.put("checkpoint", b"ten  bytes", durable=False)
    files.close()
    assert files.read("entries/000") == files.read("checkpoint") == b"ten  bytes"


def test_an_unfinished_replacement_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(5, "input/output error")

    files = ShardFiles(tmp_path)
    files.put("checkpoint", b"old", durable=True)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="input/output"):
            files.put("checkpoint", b"new", durable=True)
    assert files.read("checkpoint") == b"old"
    assert files.names("") == ["checkpoint"]


def test_a_lock_that_cannot_be_had_is_not_left_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    plain_open = os.open

    def keep(*arguments: object) -> int:
        opened.append(plain_open(*arguments))  # type: ignore[arg-type]
        return opened[-1]

    def refuse(_descriptor: int, _how: int) -> None:
        raise OSError(37, "no locks available")

    monkeypatch.setattr(os, "open", keep)
    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(OSError, match="no locks"):
        LogFiles(tmp_path).claim("shard-0000")
    assert len(opened) == 1
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened[0])
