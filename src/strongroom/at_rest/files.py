"""Files and temporary files: sealed objects in one directory, with names that say nothing.

A file is written to the side, synced and renamed, so that a crash leaves the old version or the new one.
Its version is part of what it is bound to, so an older copy put back does not open.

Must never: put plaintext on disk, or return bytes that were not verified to the last chunk.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from strongroom.at_rest.custody import Custody
from strongroom.errors import FormatError, StoreError, StoreFullError

CATEGORY = "pii"
NAME_LEN_MAX = 255


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file as the index keeps it. `object_id` is the concealed name, `name` the sealed one."""

    tenant: str
    environment: str
    object_id: str
    category: str
    subject: str
    version: int
    name: bytes


class FileIndex(Protocol):
    """What files there are."""

    def get(self, tenant: str, environment: str, object_id: str) -> FileRow | None:
        """One row, or None."""
        ...

    def put(self, row: FileRow) -> None:
        """Keep `row`, replacing an older version."""
        ...

    def rows(self, tenant: str, environment: str) -> list[FileRow]:
        """All rows of a tenant's environment."""
        ...


class Files:
    """One caller's files."""

    def __init__(self, custody: Custody, index: FileIndex, directory: Path) -> None:
        self._custody = custody
        self._index = index
        self._directory = directory

    def write(self, name: str, content: bytes, *, subject: str = "", category: str = CATEGORY) -> None:
        """Keep `content` under `name`, replacing what was there."""
        if not 0 < len(name) <= NAME_LEN_MAX:
            msg = f"a file name has 1 to {NAME_LEN_MAX} characters"
            raise FormatError(msg)
        caller = self._custody.caller
        object_id = self._custody.concealed(f"file/{name}")
        old = self._index.get(caller.tenant, caller.environment, object_id)
        version = old.version + 1 if old else 1
        path = self._path(object_id, version)
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        binding = self._custody.binding("file", object_id, category=category, subject=subject, version=version)
        name_binding = self._custody.binding(
            "file_name", object_id, category=category, subject=subject, version=version
        )
        with self._custody.sealing(category, subject=subject, resource=object_id) as permit:
            sealed_name = self._custody.envelope.seal(name.encode(), name_binding, permit)
            with replacing(path) as target:
                self._custody.envelope.seal_object(io.BytesIO(content), target, binding, permit)
        self._index.put(
            FileRow(caller.tenant, caller.environment, object_id, category, subject, version, sealed_name)
        )
        if old is not None:
            self._path(object_id, old.version).unlink(missing_ok=True)

    def read(self, name: str) -> bytes:
        """The content kept under `name`. Raises `StoreError` when there is none."""
        row = self._row(name)
        binding = self._custody.binding(
            "file", row.object_id, category=row.category, subject=row.subject, version=row.version
        )
        opened = io.BytesIO()
        with (
            self._custody.opening(row.category, subject=row.subject, resource=row.object_id) as permit,
            self._path(row.object_id, row.version).open("rb") as source,
        ):
            self._custody.envelope.open_object(source, opened, binding, permit)
        return opened.getvalue()

    def names(self) -> list[str]:
        """The names of all files that still open, sorted."""
        caller = self._custody.caller
        names: list[str] = []
        for row in self._index.rows(caller.tenant, caller.environment):
            binding = self._custody.binding(
                "file_name", row.object_id, category=row.category, subject=row.subject, version=row.version
            )
            with self._custody.opening(row.category, subject=row.subject, resource=row.object_id) as permit:
                names.append(self._custody.envelope.open(row.name, binding, permit).decode())
        return sorted(names)

    def path_of(self, name: str) -> Path:
        """Where the sealed bytes of `name` are, for those who copy or scan them."""
        row = self._row(name)
        return self._path(row.object_id, row.version)

    def _row(self, name: str) -> FileRow:
        caller = self._custody.caller
        object_id = self._custody.concealed(f"file/{name}")
        row = self._index.get(caller.tenant, caller.environment, object_id)
        if row is None:
            msg = "no such file is kept here"
            raise StoreError(msg)
        return row

    def _path(self, object_id: str, version: int) -> Path:
        return self._directory / f"{object_id}.{version}.sealed"


@contextmanager
def replacing(path: Path) -> Iterator[io.BufferedWriter]:
    """Write a file beside `path`, and put it in its place only when all of it is on disk.

    Raises `StoreFullError` when the disk is full; the old file is then untouched.
    """
    beside = path.with_suffix(".partial")
    try:
        with beside.open("wb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        msg = "the file could not be written"
        raise StoreFullError(msg) from error
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
