"""A directory that holds a model, named by a digest of everything in it.

A model is code: its weights decide what is found, and some formats run what they hold when they are loaded. So a
model is used by the digest a person took of it (`strongroom classify pin`), and by no other.

The digest is SHA-256 over canonical tuples (docs/spec/aad.md): first ``strongroom/model/1`` alone, then one per
file in the order of their names: the relative path with ``/`` between its parts (bytes), the length in bytes, and
the file's SHA-256 in hexadecimal.

Must never: leave a file out, or follow a link to a directory; what is not digested may change unseen.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from strongroom.canonical import tuple_bytes
from strongroom.errors import ModelChangedError, ModelRefusedError
from strongroom.primitives.digest import Digest

DOMAIN: Final = "strongroom/model/1"
FILES_MAX: Final = 4096
"""A model is a few dozen files; a home directory given by mistake is many thousands."""

BLOCK_BYTES: Final = 1 << 20

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

Progress = Callable[[int], None]


def model_digest(directory: Path, progress: Progress | None = None) -> str:
    """The digest of `directory` in hexadecimal; `progress` hears how many bytes were read so far.

    Raises `ModelRefusedError` when it is no directory, is empty, has more than `FILES_MAX` files, or holds what
    has no content to digest: a link to a directory, a broken link, a device.
    """
    whole = Digest()
    whole.update(tuple_bytes(DOMAIN))
    done = 0
    for name, path in _files(directory):
        part = Digest()
        try:
            with path.open("rb") as file:
                while block := file.read(BLOCK_BYTES):
                    part.update(block)
                    done += len(block)
                    if progress is not None:
                        progress(done)
        except OSError as error:
            msg = f"{path}: cannot be read ({error.strerror})"
            raise ModelRefusedError(msg) from error
        whole.update(tuple_bytes(name, part.length, part.hex()))
    return whole.hex()


def require_model(directory: Path, digest: str) -> None:
    """Raise `ModelChangedError` unless `directory` is the one `digest` was taken of.

    Raises `ModelRefusedError` for a digest that is none, or a directory that has none.
    """
    wanted = digest.removeprefix("sha256:")
    if not _DIGEST.fullmatch(wanted):
        msg = f"{directory}: its sha256 is 64 hexadecimal digits, as strongroom classify pin prints them"
        raise ModelRefusedError(msg)
    found = model_digest(directory)
    if found != wanted:
        msg = f"{directory} is not the model that was pinned: it has {found[:12]}..., pinned is {wanted[:12]}..."
        raise ModelChangedError(msg)


def _files(directory: Path) -> list[tuple[bytes, Path]]:
    """Every file below `directory` by its relative name in UTF-8, in the order of the names' bytes."""
    if not directory.is_dir():
        msg = f"{directory}: no such directory; a model is a local directory, never a name on a hub"
        raise ModelRefusedError(msg)
    found: list[tuple[bytes, Path]] = []
    for parent, below, names in os.walk(directory, onerror=_refuse):
        here = Path(parent)
        for name in below:
            if (here / name).is_symlink():
                msg = f"{here / name}: a link to a directory; copy what it points to"
                raise ModelRefusedError(msg)
        for name in names:
            path = here / name
            if not path.is_file():  # a hub's cache links file by file, which is as good as the file
                msg = f"{path}: not a file with content"
                raise ModelRefusedError(msg)
            found.append((os.fsencode(path.relative_to(directory).as_posix()), path))
        if len(found) > FILES_MAX:
            msg = f"{directory}: more than {FILES_MAX} files, so it is hardly a model"
            raise ModelRefusedError(msg)
    if not found:
        msg = f"{directory}: holds no file"
        raise ModelRefusedError(msg)
    return sorted(found)


def _refuse(error: OSError) -> None:
    msg = f"{error.filename}: cannot be read ({error.strerror})"
    raise ModelRefusedError(msg)
