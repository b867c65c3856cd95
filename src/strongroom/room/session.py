"""A session as programs use it: tokenize and restore text, seal values, keep history, files and embeddings.

Must never: do anything the guard was not asked for; every method below ends in it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from strongroom.at_rest.custody import Custody
from strongroom.at_rest.embeddings import Embeddings
from strongroom.at_rest.files import Files
from strongroom.at_rest.history import History
from strongroom.at_rest.logs import SealedLogHandler, read_log
from strongroom.at_rest.objects import Objects
from strongroom.at_rest.temporary import TemporaryFile, temporary
from strongroom.guard.scope_state import Replacement
from strongroom.guard.session import Origin, Session
from strongroom.guard.sinks import USER, Sink
from strongroom.identity import Caller
from strongroom.wiring.house import House

CATEGORY = "pii"


class RoomSession:
    """One caller at work in one conversation. A context manager; see `Strongroom.session`."""

    def __init__(self, house: House, caller: Caller) -> None:
        self._house = house
        self._caller = caller
        self._custody = custody_of(house, caller)
        self._last: Session | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._house.sessions.flush()

    # --- in use -----------------------------------------------------------------------------------

    def replacements(self, text: str, *, origin: Origin = Origin.TYPED) -> list[Replacement]:
        """What `tokenize` would put where."""
        session = self._open()
        try:
            return session.protect(text, origin=origin)
        finally:
            session.finish()
            self._last = session

    def _open(self) -> Session:
        session = self._house.sessions.open(self._caller, conversation=self._caller.session)
        if self._last is not None:
            session.follow(self._last)
        return session

    def tokenize(self, text: str) -> str:
        """`text` as the model may see it: labelled values replaced by surrogates of this conversation."""
        out: list[str] = []
        position = 0
        for change in self.replacements(text):
            out += (text[position : change.start], change.text)
            position = change.end
        return "".join(out) + text[position:]

    def detokenize(self, text: str, *, sink: str = USER) -> str:
        """`text` with every surrogate restored that policy lets out at `sink`.

        `sink` is ``user``, a sink kind such as ``message.recipient``, or ``tool.parameter`` of a declared tool.
        """
        session = self._open()
        try:
            return session.restore(text, self._sink(sink))
        finally:
            session.finish()

    def _sink(self, name: str) -> Sink:
        tool, _, parameter = name.partition(".")
        declared = self._house.engine.tools.sink(tool, parameter)
        return declared if parameter and self._house.engine.tools.is_declared(tool, parameter) else Sink(name)

    # --- at rest ----------------------------------------------------------------------------------

    def seal(
        self, plaintext: bytes, *, category: str, subject: str = "", object_id: str = "value", version: int = 0
    ) -> bytes:
        """Seal one value under its category's key, or its subject's."""
        return self._custody.seal(
            plaintext, "value", object_id, category=category, subject=subject, version=version
        )

    def open(
        self, sealed: bytes, *, category: str, subject: str = "", object_id: str = "value", version: int = 0
    ) -> bytes:
        """Open what `seal` sealed with the same names; raises `DecryptionError` or `KeyStateError`."""
        return self._custody.open(sealed, "value", object_id, category=category, subject=subject, version=version)

    def objects(self, *, category: str, subject: str = "", object_id: str = "file") -> Objects:
        """Large things as files and streams of your own: sealed, opened, written bit by bit, read in part.

        The same names open what they sealed. `object_id` tells things of the same labels apart.
        """
        return Objects(self._custody, category=category, subject=subject, object_id=object_id)

    def seal_file(
        self, source: Path, target: Path, *, category: str, subject: str = "", object_id: str = "file",
        progress: Callable[[int], None] | None = None,
    ) -> int:  # fmt: skip
        """Seal a file of any size into another, which appears when all of it is on disk; returns its bytes."""
        objects = self.objects(category=category, subject=subject, object_id=object_id)
        return objects.seal_file(source, target, progress)

    def open_file(
        self, source: Path, target: Path, *, category: str, subject: str = "", object_id: str = "file",
        progress: Callable[[int], None] | None = None,
    ) -> int:  # fmt: skip
        """Open what `seal_file` made; `target` appears when all of it was verified. Returns its bytes."""
        objects = self.objects(category=category, subject=subject, object_id=object_id)
        return objects.open_file(source, target, progress)

    def seal_stream(
        self, source: BinaryIO, target: BinaryIO, *, category: str, subject: str = "", object_id: str,
        progress: Callable[[int], None] | None = None,
    ) -> int:  # fmt: skip
        """Seal all of `source` into `target` in chunks, whatever its size; returns the bytes written."""
        return self.objects(category=category, subject=subject, object_id=object_id).seal(source, target, progress)

    def open_stream(
        self, source: BinaryIO, target: BinaryIO, *, category: str, subject: str = "", object_id: str,
        progress: Callable[[int], None] | None = None,
    ) -> int:  # fmt: skip
        """Open what `seal_stream` sealed; after an error `target` holds a beginning that must be thrown away."""
        return self.objects(category=category, subject=subject, object_id=object_id).open(source, target, progress)

    def history(self, conversation: str, *, subject: str = "") -> History:
        """The sealed messages of one conversation."""
        return History(self._custody, self._house.history, conversation, subject=subject)

    @property
    def files(self) -> Files:
        """This caller's sealed files."""
        return Files(self._custody, self._house.files, self._house.home / "files")

    def temporary(self, *, category: str = CATEGORY, subject: str = "") -> AbstractContextManager[TemporaryFile]:
        """A sealed scratch file, gone when the block ends."""
        return temporary(self._custody, self._house.home / "tmp", category=category, subject=subject)

    def embeddings(self, collection: str, *, category: str = CATEGORY) -> Embeddings:
        """A sealed collection of embedded texts with exact search."""
        return Embeddings(
            self._custody, self._house.segments, self._house.home / "embeddings", collection,
            epoch=self._house.epoch, category=category,
        )  # fmt: skip

    def log_handler(self, name: str, *, category: str = CATEGORY) -> logging.Handler:
        """A `logging.Handler` that seals every line into the log `name`."""
        return SealedLogHandler(self._custody, self._log_path(name), category=category)

    def read_log(self, name: str, *, subject: str | None = None) -> list[str]:
        """The lines of a sealed log, all of them or those about one subject."""
        return read_log(self._custody, self._log_path(name), subject=subject)

    def _log_path(self, name: str) -> Path:
        return self._house.home / "logs" / f"{self._custody.concealed(f'log/{name}')}.sealed"


def custody_of(house: House, caller: Caller) -> Custody:
    """What the stores at rest need to work in `caller`'s name."""
    return Custody(caller, house.guard, house.envelope, house.catalogue.category_level, house.conceal)
