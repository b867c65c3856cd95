"""A desk that seals nothing: what an agent does without Strongroom, as the sabotage the disk scan must notice.

Must never: be used outside the sabotage of a demo.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from strongroom.at_rest.embeddings import Hit
from strongroom.at_rest.history import Message
from strongroom.at_rest.segment import EmbeddingRow
from strongroom.demo.embed import Vector


@dataclass(slots=True)
class ClearDesk:
    """An agent's desk on plain files in `directory`."""

    directory: Path
    _rows: dict[str, list[EmbeddingRow]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)

    @property
    def files(self) -> ClearFiles:
        """The files."""
        return ClearFiles(self.directory / "files")

    def history(self, conversation: str, *, subject: str = "") -> ClearHistory:
        """One conversation, one JSON line per message."""
        return ClearHistory(self.directory / f"{conversation}.jsonl", subject)

    @contextmanager
    def temporary(self, *, subject: str = "") -> Iterator[ClearScratch]:
        """A scratch file. A tool that forgets to remove it is the usual case, so it stays."""
        yield ClearScratch(self.directory / f"scratch-{subject or 'none'}")

    def embeddings(self, collection: str) -> ClearEmbeddings:
        """One collection, kept as text beside its vectors."""
        rows = self._rows.setdefault(collection, [])
        return ClearEmbeddings(self.directory / f"{collection}.vectors", rows)

    def log_handler(self, name: str) -> logging.Handler:
        """A plain log file."""
        return logging.FileHandler(self.directory / f"{name}.log", encoding="utf-8")

    def read_log(self, name: str, *, subject: str | None = None) -> list[str]:  # noqa: ARG002 - plain lines have no subject
        """The lines of the plain log file."""
        return (self.directory / f"{name}.log").read_text(encoding="utf-8").splitlines()


@dataclass(frozen=True, slots=True)
class ClearHistory:
    """Messages as JSON lines."""

    path: Path
    subject: str

    def append(self, role: str, content: str, *, subject: str | None = None) -> int:
        """Append a line."""
        with self.path.open("a", encoding="utf-8") as out:
            line = {"role": role, "content": content, "subject": self.subject if subject is None else subject}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
        return len(self.messages()) - 1

    def messages(self) -> list[Message]:
        """Read every line."""
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        return [Message(place, **json.loads(line)) for place, line in enumerate(lines)]


@dataclass(frozen=True, slots=True)
class ClearFiles:
    """Files under their own names."""

    directory: Path

    def write(self, name: str, content: bytes, *, subject: str = "") -> None:  # noqa: ARG002 - nothing is sealed
        """Write the file."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def read(self, name: str) -> bytes:
        """Read the file."""
        return (self.directory / name).read_bytes()

    def names(self) -> list[str]:
        """All names."""
        found = (path for path in self.directory.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.directory)) for path in found)


@dataclass(frozen=True, slots=True)
class ClearScratch:
    """A scratch file in clear."""

    path: Path

    def write(self, content: bytes) -> None:
        """Append."""
        with self.path.open("ab") as out:
            out.write(content)

    def read(self) -> bytes:
        """Read it."""
        return self.path.read_bytes()


@dataclass(frozen=True, slots=True)
class ClearEmbeddings:
    """Vectors beside their texts."""

    path: Path
    rows: list[EmbeddingRow]

    def add(self, rows: Sequence[EmbeddingRow]) -> int:
        """Append rows to the file."""
        self.rows.extend(rows)
        with self.path.open("ab") as out:
            for row in rows:
                out.write(f"{row.id}\t{row.subject}\t{row.text}\n".encode() + row.vector.tobytes())
        return 1

    def search(self, vector: Vector, k: int = 5) -> list[Hit]:
        """Exact search."""
        scored = [Hit(row.id, float(row.vector @ vector), row.text, row.subject) for row in self.rows]
        return sorted(scored, key=lambda hit: -hit.score)[:k]
