"""Where an agent keeps what it needs between steps: the part of a room's session that the demo's agent uses.

`strongroom.room.session.RoomSession` is such a desk, and seals everything. `clear_desk.ClearDesk` is one that does
not; the disk scan has to notice it.

Must never: promise more than both can give; an agent that runs on one must run on the other.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from strongroom.at_rest.embeddings import Hit
from strongroom.at_rest.history import Message
from strongroom.at_rest.segment import EmbeddingRow
from strongroom.demo.embed import Vector


class HistoryDesk(Protocol):
    """One conversation."""

    def append(self, role: str, content: str, *, subject: str | None = None) -> int:
        """Keep a message; returns its place."""
        ...

    def messages(self) -> list[Message]:
        """All messages in order."""
        ...


class FilesDesk(Protocol):
    """Files by name."""

    def write(self, name: str, content: bytes, *, subject: str = "") -> None:
        """Keep `content`, replacing what was there."""
        ...

    def read(self, name: str) -> bytes:
        """What was kept."""
        ...

    def names(self) -> list[str]:
        """All names, sorted."""
        ...


class ScratchDesk(Protocol):
    """A temporary file: write, then read everything back."""

    def write(self, content: bytes) -> None:
        """Append."""
        ...

    def read(self) -> bytes:
        """Everything written so far."""
        ...


class EmbeddingsDesk(Protocol):
    """A vector store."""

    def add(self, rows: Sequence[EmbeddingRow]) -> int:
        """Keep rows."""
        ...

    def search(self, vector: Vector, k: int = 5) -> list[Hit]:
        """The nearest rows, best first."""
        ...


class Desk(Protocol):
    """Everything an agent keeps."""

    @property
    def files(self) -> FilesDesk:
        """The files."""
        ...

    def history(self, conversation: str, *, subject: str = "") -> HistoryDesk:
        """One conversation."""
        ...

    def temporary(self, *, subject: str = "") -> AbstractContextManager[ScratchDesk]:
        """A scratch file that is gone afterwards."""
        ...

    def embeddings(self, collection: str) -> EmbeddingsDesk:
        """One collection."""
        ...

    def log_handler(self, name: str) -> logging.Handler:
        """Where the agent's log goes."""
        ...

    def read_log(self, name: str, *, subject: str | None = None) -> list[str]:
        """The lines of a log, all or about one subject."""
        ...
