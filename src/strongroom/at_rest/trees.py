"""A directory sealed file by file into another one, and opened again: resumable, and complete or refused.

    letters/a.txt   ->   letters.sealed/a.txt.sealed, ... , letters.sealed/.strongroom-tree

Every file is an object/1 that opens alone as well. Beside them stands an index, itself sealed: which files there
are, how long, and the start of each body, which no other object shares. Opening the tree holds the files against
it, so that one that is missing, exchanged for another of the same labels, or put back from earlier is noticed.

File names and lengths stay visible. A file keeps its time of change, by which a run that was cut off knows what
it did; the index is written last.

Must never: follow a symbolic link, or open a tree whose index is missing.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from strongroom.at_rest.objects import Objects, Progress, appearing
from strongroom.canonical import json_bytes
from strongroom.errors import FormatError, InputError, IntegrityError
from strongroom.formats.object import OBJECT_HEADER_LEN
from strongroom.primitives.chunked import BODY_PREFIX_LEN, sealed_len

SUFFIX = ".sealed"
INDEX = ".strongroom-tree"
FORM = "strongroom/tree/1"


@dataclass(slots=True)
class TreeReport:
    """What was done: files worked on, files that were done before, bytes of plaintext, and what was left out."""

    done: int = 0
    kept: int = 0
    bytes: int = 0
    skipped: list[str] = field(default_factory=list)


def seal_tree(objects: Objects, source: Path, target: Path, progress: Progress | None = None) -> TreeReport:
    """Seal every regular file under `source` into `target`; what an earlier run sealed and nobody changed stays.

    Symbolic links, sockets and the like are left out and named in the report. A file that is gone from `source`
    goes from `target` too, once the new index stands. Raises `InputError` if one directory lies in the other.
    """
    source, target = source.absolute(), target.absolute()
    if source == target or source in target.parents or target in source.parents:
        msg = f"{target} and {source} lie in each other"
        raise InputError(msg)
    report = TreeReport()
    entries = []
    before_names = [name for name, _ in _index(objects, target)] if (target / INDEX).exists() else []
    for path in _files(source, report):
        name = path.relative_to(source).as_posix()
        sealed = target / f"{name}{SUFFIX}"
        about = path.stat()
        before = report.bytes
        if _same(sealed, OBJECT_HEADER_LEN + sealed_len(about.st_size), about.st_mtime_ns):
            report.kept += 1
        else:
            sealed.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            objects.seal_file(path, sealed, _after(progress, before))
            os.utime(sealed, ns=(about.st_mtime_ns, about.st_mtime_ns))
            report.done += 1
        report.bytes += about.st_size
        entries.append([name, _body_start(sealed)])
        if progress is not None:
            progress(report.bytes)
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    with appearing(target / INDEX) as file:
        objects.seal(io.BytesIO(json_bytes({"form": FORM, "files": entries})), file)
    for gone in set(before_names) - {name for name, _ in entries}:
        (target / f"{gone}{SUFFIX}").unlink(missing_ok=True)
    return report


def open_tree(objects: Objects, source: Path, target: Path, progress: Progress | None = None) -> TreeReport:
    """Open a sealed tree into `target`; what an earlier run opened there stays.

    Raises `IntegrityError` naming a file that is missing or is not the one that was sealed there, and one of the
    index itself; `InputError` for a file at `target` that is not what an earlier run opened.
    """
    source, target = source.absolute(), target.absolute()
    report = TreeReport()
    for name, start in _index(objects, source):
        sealed, plain = source / f"{name}{SUFFIX}", target / name
        if not sealed.is_file() or _body_start(sealed) != start:
            msg = f"{name}: missing, or not the file that was sealed here"
            raise IntegrityError(msg)
        about = sealed.stat()
        if plain.exists():
            with sealed.open("rb", buffering=0) as file:
                objects.read_range(file, 0, 0)
            if OBJECT_HEADER_LEN + sealed_len(plain.stat().st_size) != about.st_size or (
                plain.stat().st_mtime_ns != about.st_mtime_ns
            ):
                msg = f"{plain} is there already, and not from here"
                raise InputError(msg)
            report.kept += 1
        else:
            plain.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            objects.open_file(sealed, plain, _after(progress, report.bytes))
            os.utime(plain, ns=(about.st_mtime_ns, about.st_mtime_ns))
            report.done += 1
        report.bytes += plain.stat().st_size
        if progress is not None:
            progress(report.bytes)
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    return report


def _index(objects: Objects, source: Path) -> list[tuple[str, str]]:
    opened = io.BytesIO()
    try:
        with (source / INDEX).open("rb") as file:
            objects.open(file, opened)
    except FileNotFoundError:
        msg = f"{source} has no index: it was never sealed to the end; run seal again"
        raise IntegrityError(msg) from None
    try:
        given = orjson.loads(opened.getvalue())
        files = [(str(name), str(start)) for name, start in given["files"]]
    except (ValueError, KeyError, TypeError):
        files, given = [], {}
    if given.get("form") != FORM or any(".." in Path(name).parts or Path(name).is_absolute() for name, _ in files):
        msg = "the index of the tree has a form that this program does not know"
        raise FormatError(msg)
    return files


def _files(source: Path, report: TreeReport) -> Iterator[Path]:
    """Every regular file, in a fixed order."""
    for path in sorted(source.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode):
            yield path
        elif not stat.S_ISDIR(mode):
            report.skipped.append(path.relative_to(source).as_posix())


def _body_start(sealed: Path) -> str:
    """Salt and commitment of the body, which a rewrap of the header leaves alone."""
    with sealed.open("rb") as file:
        file.seek(OBJECT_HEADER_LEN)
        return file.read(BODY_PREFIX_LEN).hex()


def _same(path: Path, length: int, changed_ns: int) -> bool:
    try:
        about = path.stat()
    except FileNotFoundError:
        return False
    return (about.st_size, about.st_mtime_ns) == (length, changed_ns)


def _after(progress: Progress | None, before: int) -> Callable[[int], None] | None:
    return None if progress is None else lambda count: progress(before + count)
