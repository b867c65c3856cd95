"""Embeddings: sealed segments, opened only for what the caller may read, searched exactly in memory.

Vectors give away the text they were made from, so they are sealed like it. A segment's key stands in the key
store as a subject of its own, ``segment.<id>``: to erase somebody, the segments that hold rows about them are
written anew without those rows under new keys, and the old keys are destroyed; a copy of an old segment,
wherever it lies, stays shut.

Must never: search what was not opened for this caller, or keep opened vectors past a change of any key.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from strongroom.at_rest.custody import Custody
from strongroom.at_rest.files import replacing
from strongroom.at_rest.segment import EmbeddingRow, Matrix, Segment, build, nearest, pack, parse
from strongroom.clock import Entropy, system_entropy
from strongroom.formats.aad import Binding

CATEGORY = "pii"
SEGMENT_ROWS = 1024
"""Small enough that rewriting one for an erasure is quick, large enough that opening costs little a row."""


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A segment as the index keeps it. `collection` and `subjects` are concealed."""

    tenant: str
    environment: str
    collection: str
    id: str
    category: str
    rows: int
    subjects: frozenset[str]


class SegmentIndex(Protocol):
    """What segments there are, and whose rows they hold."""

    def add(self, rows: Sequence[SegmentRow]) -> None:
        """Keep new segments, all or none."""
        ...

    def of_collection(self, tenant: str, environment: str, collection: str) -> list[SegmentRow]:
        """The segments of one collection, oldest first."""
        ...

    def of_subject(self, tenant: str, environment: str, subject: str) -> list[SegmentRow]:
        """The segments that hold rows about one (concealed) subject."""
        ...

    def replace(self, old: SegmentRow, new: SegmentRow | None) -> None:
        """Put `new` in the place of `old` in one step."""
        ...


class EpochReader(Protocol):
    """The shared counter that every change of a key's state bumps."""

    def value(self) -> int:
        """The current epoch."""
        ...


@dataclass(frozen=True, slots=True)
class Hit:
    """A row found: cosine similarity between -1 and 1, best first."""

    id: str
    score: float
    text: str
    subject: str


class Embeddings:
    """One collection of one caller. `custody` is whose."""

    def __init__(
        self, custody: Custody, index: SegmentIndex, directory: Path, collection: str, *, epoch: EpochReader,
        category: str = CATEGORY, entropy: Entropy = system_entropy,
    ) -> None:  # fmt: skip
        self.custody = custody
        self._index = index
        self._directory = directory
        self._collection = custody.concealed(f"embeddings/{collection}")
        self._category = category
        self._epoch = epoch
        self._entropy = entropy
        self._opened: dict[str, Segment] = {}
        self._opened_at = epoch.value()

    def add(self, rows: Sequence[EmbeddingRow]) -> int:
        """Seal `rows` in new segments; returns how many segments. Raises `FormatError` for bad vectors."""
        made = [
            self._write(build(rows[start : start + SEGMENT_ROWS]), self._collection, self._category)
            for start in range(0, len(rows), SEGMENT_ROWS)
        ]
        self._index.add(made)
        return len(made)

    def search(self, vector: Matrix, k: int = 5) -> list[Hit]:
        """The `k` nearest rows by cosine similarity, exactly.

        Raises `KeyStateError` when a segment's key is disabled, `DecryptionError` when one was altered.
        """
        norm = float(np.linalg.norm(vector))
        query = (vector / (norm or 1.0)).astype(np.float32)
        found: list[Hit] = []
        for segment in self._segments():
            found += [
                Hit(segment.ids[row], score, segment.texts[row], segment.subjects[row])
                for score, row in nearest(segment, query, k)
            ]
        return sorted(found, key=lambda hit: -hit.score)[:k]

    def _segments(self) -> list[Segment]:
        if self._opened_at != (now := self._epoch.value()):
            self._opened.clear()
            self._opened_at = now
        caller = self.custody.caller
        rows = self._index.of_collection(caller.tenant, caller.environment, self._collection)
        missing = [row for row in rows if row.id not in self._opened]
        if missing:
            with self.custody.opening(
                self._category, resource=self._collection, count=sum(row.rows for row in missing)
            ) as permit:
                for row in missing:
                    opened = io.BytesIO()
                    binding = self._binding(row.collection, row.id, row.category)
                    with self._path(row.id).open("rb") as source:
                        self.custody.envelope.open_object(source, opened, binding, permit)
                    self._opened[row.id] = parse(opened.getvalue())
        return [self._opened[row.id] for row in rows]

    def _write(self, segment: Segment, collection: str, category: str) -> SegmentRow:
        caller = self.custody.caller
        segment_id = self._entropy(16).hex()
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (
            self.custody.sealing(category, resource=collection, count=len(segment.ids)) as permit,
            replacing(self._path(segment_id)) as target,
        ):
            binding = self._binding(collection, segment_id, category)
            self.custody.envelope.seal_object(io.BytesIO(pack(segment)), target, binding, permit)
        subjects = frozenset(subject_mark(self.custody, about) for about in segment.subjects if about)
        return SegmentRow(
            caller.tenant, caller.environment, collection, segment_id, category, len(segment.ids), subjects
        )

    def rewrite_without(self, old: SegmentRow, subject: str) -> SegmentRow | None:
        """Write `old` anew without the rows of `subject`; the caller destroys the old key. None: nothing left."""
        opened = io.BytesIO()
        with (
            self.custody.opening(old.category, resource=old.collection, count=old.rows) as permit,
            self._path(old.id).open("rb") as source,
        ):
            self.custody.envelope.open_object(
                source, opened, self._binding(old.collection, old.id, old.category), permit
            )
        rest = parse(opened.getvalue()).without(subject)
        new = self._write(rest, old.collection, old.category) if rest.ids else None
        self._index.replace(old, new)
        self._path(old.id).unlink(missing_ok=True)
        return new

    def _binding(self, collection: str, segment_id: str, category: str) -> Binding:
        return self.custody.binding(
            "embedding", f"{collection}/{segment_id}", category=category, subject=key_subject(segment_id)
        )

    def _path(self, segment_id: str) -> Path:
        return self._directory / f"{segment_id}.segment"


def key_subject(segment_id: str) -> str:
    """The subject under which a segment's key stands in the key hierarchy."""
    return f"segment.{segment_id}"


def subject_mark(custody: Custody, subject: str) -> str:
    """A subject's name as the segment index keeps it."""
    return custody.concealed(f"subject/{subject}")
