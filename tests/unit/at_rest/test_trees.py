"""Directories: sealed file by file, opened whole or refused, continued where a run was cut off."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strongroom import Strongroom
from strongroom.at_rest.objects import Objects
from strongroom.at_rest.trees import INDEX, open_tree, seal_tree
from strongroom.errors import DecryptionError, InputError, IntegrityError

SCOPE: dict[str, Any] = {"tenant": "acme", "environment": "prod"}
FILES = {"a.txt": b"one", "sub/b.txt": b"two", "sub/deep/c": b"", "big": bytes(100_000)}


@pytest.fixture
def objects(room: Strongroom) -> Objects:
    return room.session("bot", **SCOPE).objects(category="pii", object_id="tree")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        path = tmp_path / "plain" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "plain"


def _content(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_there_and_back_and_each_file_alone(objects: Objects, plain: Path, tmp_path: Path) -> None:
    (plain / "link").symlink_to("a.txt")
    counts: list[int] = []
    report = seal_tree(objects, plain, tmp_path / "sealed", counts.append)
    assert (report.done, report.kept, report.skipped) == (4, 0, ["link"])
    assert counts[-1] == report.bytes == sum(map(len, FILES.values()))
    assert sorted(counts) == counts
    open_tree(objects, tmp_path / "sealed", tmp_path / "back")
    assert _content(tmp_path / "back") == FILES
    assert (tmp_path / "back" / "a.txt").stat().st_mtime_ns == (plain / "a.txt").stat().st_mtime_ns
    objects.open_file(tmp_path / "sealed" / "sub" / "b.txt.sealed", tmp_path / "alone")
    assert (tmp_path / "alone").read_bytes() == b"two"


def test_a_second_run_does_what_is_left(objects: Objects, plain: Path, tmp_path: Path) -> None:
    sealed = tmp_path / "sealed"
    seal_tree(objects, plain, sealed)
    (plain / "a.txt").write_bytes(b"one, changed")
    (plain / "sub" / "b.txt").unlink()
    (plain / "new").write_bytes(b"new")
    (sealed / "mine.sealed").write_bytes(b"not from here")
    report = seal_tree(objects, plain, sealed)
    assert (report.done, report.kept) == (2, 2)
    assert not (sealed / "sub" / "b.txt.sealed").exists()
    assert (sealed / "mine.sealed").exists(), "only what the index named is removed"
    back = open_tree(objects, sealed, tmp_path / "back")
    assert (back.done, back.kept) == (4, 0)
    assert open_tree(objects, sealed, tmp_path / "back").kept == 4
    assert _content(tmp_path / "back")["a.txt"] == b"one, changed"


class _Killed(BaseException):
    pass


def _killing(calls: int) -> Callable[[int], None]:
    """A progress bar that is the end of the process at its n-th call."""
    left = iter(range(calls, 0, -1))

    def progress(_: int) -> None:
        if next(left) == 1:
            raise _Killed

    return progress


def test_a_run_that_was_cut_off_is_continued(objects: Objects, plain: Path, tmp_path: Path) -> None:
    sealed = tmp_path / "sealed"

    for files in range(1, 5):
        shutil.rmtree(sealed, ignore_errors=True)
        with pytest.raises(_Killed):
            seal_tree(objects, plain, sealed, _killing(files))
        with pytest.raises(IntegrityError, match="never sealed to the end"):
            open_tree(objects, sealed, tmp_path / "no")
        assert list(sealed.rglob("*.partial")) == []
        done = len(list(sealed.rglob("*.sealed")))
        report = seal_tree(objects, plain, sealed)
        assert (report.kept, report.done) == (done, 4 - done)
    shutil.rmtree(tmp_path / "back", ignore_errors=True)
    with pytest.raises(_Killed):
        open_tree(objects, sealed, tmp_path / "back", _killing(3))
    open_tree(objects, sealed, tmp_path / "back")
    assert _content(tmp_path / "back") == FILES


def test_what_is_missing_exchanged_or_put_back_is_noticed(objects: Objects, plain: Path, tmp_path: Path) -> None:
    sealed = tmp_path / "sealed"
    seal_tree(objects, plain, sealed)
    old = (sealed / "a.txt.sealed").read_bytes()
    a, b = sealed / "a.txt.sealed", sealed / "sub" / "b.txt.sealed"
    swapped = a.read_bytes(), b.read_bytes()
    a.write_bytes(swapped[1])
    b.write_bytes(swapped[0])
    with pytest.raises(IntegrityError, match=r"a\.txt: missing, or not the file"):
        open_tree(objects, sealed, tmp_path / "back")
    a.write_bytes(swapped[0])
    b.unlink()
    with pytest.raises(IntegrityError, match=r"sub/b\.txt"):
        open_tree(objects, sealed, tmp_path / "back2")
    (plain / "a.txt").write_bytes(b"newer")
    seal_tree(objects, plain, sealed)
    a.write_bytes(old)
    with pytest.raises(IntegrityError, match=r"a\.txt"):
        open_tree(objects, sealed, tmp_path / "back3")
    (sealed / INDEX).write_bytes((sealed / INDEX).read_bytes()[:-1])
    with pytest.raises(DecryptionError):
        open_tree(objects, sealed, tmp_path / "back4")


def test_a_stranger_s_file_is_not_written_over(objects: Objects, plain: Path, tmp_path: Path) -> None:
    seal_tree(objects, plain, tmp_path / "sealed")
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "a.txt").write_bytes(b"mine")
    with pytest.raises(InputError, match="not from here"):
        open_tree(objects, tmp_path / "sealed", tmp_path / "back")
    assert (tmp_path / "back" / "a.txt").read_bytes() == b"mine"


@pytest.mark.parametrize("target", ["plain", "plain/inner", "."])
def test_directories_that_lie_in_each_other(objects: Objects, plain: Path, tmp_path: Path, target: str) -> None:
    with pytest.raises(InputError, match="lie in each other"):
        seal_tree(objects, plain, (tmp_path / target).resolve())


def test_an_empty_directory(objects: Objects, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    seal_tree(objects, tmp_path / "empty", tmp_path / "sealed")
    assert open_tree(objects, tmp_path / "sealed", tmp_path / "back").done == 0
    assert (tmp_path / "back").is_dir()
