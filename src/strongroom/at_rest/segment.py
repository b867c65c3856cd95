"""One segment of embeddings as bytes: a header of rows, then the vectors. Pure, no keys, no I/O.

Layout: ``SRE1``, u32 header length, canonical JSON header ``{dim, rows: [[id, subject, text] …]}``, then the
float32 little-endian matrix, rows by dim. Everything is inside a sealed object, so lengths are trusted only
after the seal opened; they are checked all the same.

Must never: use pickle, or accept a matrix whose size does not match its header.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import orjson

from strongroom.canonical import json_bytes
from strongroom.errors import FormatError

MAGIC = b"SRE1"
ROWS_MAX = 50_000
"""A segment is opened whole; beyond this one search would open more than it needs."""
DIM_MAX = 8192

Matrix = npt.NDArray[np.float32]
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class EmbeddingRow:
    """One embedded text. `vector` is 1-d float32; `subject` whose data it is."""

    id: str
    vector: npt.NDArray[np.float32]
    text: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows and their normalized vectors, float32, shape (rows, dim)."""

    ids: tuple[str, ...]
    subjects: tuple[str, ...]
    texts: tuple[str, ...]
    vectors: Matrix

    def without(self, subject: str) -> Segment:
        """The same segment without the rows of `subject`."""
        keep = [place for place, about in enumerate(self.subjects) if about != subject]
        return Segment(
            tuple(self.ids[place] for place in keep),
            tuple(self.subjects[place] for place in keep),
            tuple(self.texts[place] for place in keep),
            self.vectors[keep],
        )


def build(rows: Sequence[EmbeddingRow]) -> Segment:
    """A segment of `rows`, vectors scaled to unit length. Raises `FormatError` on mixed or absurd shapes."""
    if not 0 < len(rows) <= ROWS_MAX:
        msg = f"embeddings: a segment has 1 to {ROWS_MAX} rows"
        raise FormatError(msg)
    dims = {row.vector.shape for row in rows}
    if len(dims) != 1 or len(shape := dims.pop()) != 1 or not 0 < shape[0] <= DIM_MAX:
        msg = "embeddings: all vectors of a segment have one length"
        raise FormatError(msg)
    matrix = np.stack([row.vector for row in rows]).astype(np.float32)
    if not np.isfinite(matrix).all():
        msg = "embeddings: a vector is not finite"
        raise FormatError(msg)
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return Segment(
        tuple(row.id for row in rows),
        tuple(row.subject for row in rows),
        tuple(row.text for row in rows),
        (matrix / np.where(norms == 0, 1, norms)).astype(np.float32),
    )


def pack(segment: Segment) -> bytes:
    """The bytes of `segment`."""
    header = json_bytes(
        {
            "dim": int(segment.vectors.shape[1]),
            "rows": [list(row) for row in zip(segment.ids, segment.subjects, segment.texts, strict=True)],
        }
    )
    return MAGIC + _LENGTH.pack(len(header)) + header + segment.vectors.astype("<f4").tobytes()


def parse(raw: bytes) -> Segment:
    """The segment in `raw`; raises `FormatError`."""
    if raw[:4] != MAGIC or len(raw) < 8:  # noqa: PLR2004 - magic and length
        msg = "embeddings: not a segment"
        raise FormatError(msg)
    (length,) = _LENGTH.unpack_from(raw, 4)
    try:
        header = orjson.loads(raw[8 : 8 + length])
        rows, dim = header["rows"], header["dim"]
        ids, subjects, texts = (tuple(column) for column in zip(*rows, strict=True)) if rows else ((), (), ())
        vectors = np.frombuffer(raw, dtype="<f4", offset=8 + length).reshape(len(rows), dim)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        msg = "embeddings: header and matrix do not fit"
        raise FormatError(msg) from None
    return Segment(ids, subjects, texts, vectors.astype(np.float32, copy=False))


def nearest(segment: Segment, query: Matrix, k: int) -> list[tuple[float, int]]:
    """The `k` best rows by cosine similarity, exactly: (score, row), best first. `query` is unit length."""
    if segment.vectors.shape[0] == 0:
        return []
    if query.shape != (segment.vectors.shape[1],):
        msg = "embeddings: the query has another length than the vectors"
        raise FormatError(msg)
    scores = segment.vectors @ query
    best = np.argpartition(-scores, min(k, len(scores)) - 1)[:k] if k < len(scores) else np.arange(len(scores))
    ordered = best[np.argsort(-scores[best], kind="stable")]
    return [(float(scores[row]), int(row)) for row in ordered]
