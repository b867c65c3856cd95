"""The tagger's weights as a file: what the training found out, and the check that it is that file and no other.

Layout: a magic line, a JSON header of one line (labels, counts), then little-endian arrays without padding:
transitions float32, scale float32, features uint32, weights int8 (one row per feature, one column per label), list
entries uint32, list masks uint8. A feature's row is found through a table of `TABLE` places; training sees to it
that no two share one.

Must never: run anything out of the file, or use one whose hash is not the expected one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from strongroom.classify.tagger.features import LISTS, Ids, fold, number
from strongroom.classify.tagger.marginals import Floats
from strongroom.errors import IntegrityError
from strongroom.primitives.digest import sha256

Masks = npt.NDArray[np.uint8]

MAGIC: Final = b"strongroom tagger 1\n"
TABLE: Final = 1 << 21
"""Places of features; a feature's place are the low bits of its number."""
HEADER_MAX: Final = 4096
_FLAGS: Final = tuple(tuple(bool(mask >> at & 1) for at in range(len(LISTS))) for mask in range(1 << len(LISTS)))


@dataclass(frozen=True, slots=True)
class Weights:
    """Everything the tagger learned. `labels[0]` is the label of what is no name."""

    labels: tuple[str, ...]
    transitions: Floats
    scale: Floats
    features: Ids
    weights: npt.NDArray[np.int8]
    entries: Ids
    masks: Masks

    def encode(self) -> bytes:
        """The file; equal weights give equal bytes."""
        header = {"labels": list(self.labels), "features": len(self.features), "entries": len(self.entries)}
        return b"".join(
            (
                MAGIC,
                json.dumps(header, sort_keys=True).encode() + b"\n",
                self.transitions.astype("<f4").tobytes(),
                self.scale.astype("<f4").tobytes(),
                self.features.astype("<u4").tobytes(),
                self.weights.astype("i1").tobytes(),
                self.entries.astype("<u4").tobytes(),
                self.masks.astype("u1").tobytes(),
            )
        )


def decode(raw: bytes, expected: str) -> Weights:
    """The weights in `raw`. Raises `IntegrityError` when its SHA-256 is not `expected` (hexadecimal)."""
    if sha256(raw).hex() != expected:
        msg = "the tagger's weights are not those this version was built with"
        raise IntegrityError(msg)
    end = raw.index(b"\n", len(MAGIC), len(MAGIC) + HEADER_MAX)
    header = json.loads(raw[len(MAGIC) : end])
    labels = tuple(header["labels"])
    wide, features, entries = len(labels), int(header["features"]), int(header["entries"])
    at = end + 1
    arrays = []
    for form, count in (
        ("<f4", wide * wide), ("<f4", wide), ("<u4", features), ("i1", features * wide), ("<u4", entries),
        ("u1", entries),
    ):  # fmt: skip
        arrays.append(np.frombuffer(raw, dtype=form, count=count, offset=at))
        at += arrays[-1].nbytes
    return Weights(
        labels, arrays[0].reshape(wide, wide), arrays[1], arrays[2], arrays[3].reshape(features, wide), arrays[4],
        arrays[5],
    )  # fmt: skip


def places(features: Ids) -> npt.NDArray[np.intp]:
    """Where each feature stands in the table."""
    return (features & np.uint32(TABLE - 1)).astype(np.intp)


class Emissions:
    """The weights ready for use: from features to scores of every label."""

    def __init__(self, weights: Weights) -> None:
        count = len(weights.features)
        self._rows = np.full(TABLE, count, dtype=np.int32)
        self._rows[places(weights.features)] = np.arange(count, dtype=np.int32)
        self._features = np.append(weights.features, np.uint32(0))
        width = len(weights.labels)
        self._weights = np.vstack((weights.weights, np.zeros((1, width), dtype=np.int8)))
        self._scale = weights.scale / 127
        self._none = count

    def scores(self, features: Ids) -> Floats:
        """One row per token, one column per label."""
        rows = self._rows[places(features)]
        rows[self._features[rows] != features] = self._none
        total = self._weights[rows].sum(axis=1, dtype=np.int32)
        found: Floats = total.astype(np.float32) * self._scale
        return found


class Lists:
    """Which word lists a word stands in; words are kept as hashes."""

    def __init__(self, entries: Ids, masks: Masks) -> None:
        self._masks: dict[int, int] = dict(zip(entries.tolist(), masks.tolist(), strict=True))

    def __call__(self, low: str) -> Sequence[bool]:
        """One flag per list of `LISTS`, for a folded word."""
        mask = self._masks.get(number(low), 0)
        return _FLAGS[mask]


def lists(words: Mapping[str, Iterable[str]]) -> tuple[Ids, Masks]:
    """Entries and masks for `Lists` from the words of each list."""
    return merged(np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.uint8), words)


def merged(entries: Ids, given: Masks, words: Mapping[str, Iterable[str]]) -> tuple[Ids, Masks]:
    """`entries` and the masks `given` for them, with `words` added to their lists."""
    masks: dict[int, int] = dict(zip(entries.tolist(), given.tolist(), strict=True))
    for at, name in enumerate(LISTS):
        for word in words.get(name, ()):
            entry = number(fold(word))
            masks[entry] = masks.get(entry, 0) | 1 << at
    ordered = sorted(masks)
    return np.array(ordered, dtype=np.uint32), np.array([masks[entry] for entry in ordered], dtype=np.uint8)
