"""From a token classifier's scores to spans of tokens: the best path that its tagging scheme allows.

Understands BIO, BIOES and BILOU tags and plain labels (Ramshaw and Marcus, "Text Chunking using
Transformation-Based Learning", 1995). The path is Viterbi's: taking the best tag of each token by itself would
give sequences the scheme does not have, such as a name that continues but never began.

Must never: see the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]

OUTSIDE: Final = "O"
_PREFIXES: Final = {"B": "B", "I": "I", "E": "E", "L": "E", "S": "S", "U": "S"}
"""BILOU's last and unit are BIOES's end and single."""

_SELDOM: Final = np.float32(-1e9)


class Tagged(NamedTuple):
    """Tokens `first` to `last`, inclusive, are a `label`; `score` is the mean probability of their tags."""

    first: int
    last: int
    label: str
    score: float


class TagScheme:
    """What the columns of a model's output mean, read off the names of its tags."""

    def __init__(self, tags: Sequence[str]) -> None:
        parts = [_parts(tag) for tag in tags]
        self._prefix = [prefix for prefix, _ in parts]
        self._label = [label for _, label in parts]
        self.labels: tuple[str, ...] = tuple(sorted({label for label in self._label if label}))
        begun = {label for prefix, label in parts if prefix in ("B", "S")}
        ended = {label for prefix, label in parts if prefix == "E"}
        count = len(tags)
        self._may_follow = np.full((count, count), _SELDOM, dtype=np.float32)
        self._may_start = np.full(count, _SELDOM, dtype=np.float32)
        self._may_stop = np.full(count, _SELDOM, dtype=np.float32)
        for there in range(count):
            opens = self._prefix[there] in ("", "B", "S") or self._label[there] not in begun
            self._may_start[there] = 0 if opens else _SELDOM
            # where a scheme marks ends, what has begun has to reach one
            closed = self._prefix[there] not in ("B", "I") or self._label[there] not in ended
            self._may_stop[there] = 0 if closed else _SELDOM
        for here in range(count):
            inside = self._prefix[here] in ("B", "I")
            closed = self._may_stop[here] == 0
            for there in range(count):
                goes_on = inside and self._prefix[there] in ("I", "E") and self._label[there] == self._label[here]
                if goes_on or (closed and self._may_start[there] == 0):
                    self._may_follow[here, there] = 0

    def decode(self, logits: Scores) -> list[Tagged]:
        """The spans on the best allowed path; `logits` has a row per token and a column per tag."""
        if not len(logits):
            return []
        shifted = logits - logits.max(axis=1, keepdims=True)
        chances: Scores = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        path = self._path(chances)
        found: list[Tagged] = []
        for token, tag in enumerate(path):
            label = self._label[tag]
            if not label:
                continue
            chance = float(np.exp(chances[token, tag]))
            before = found[-1] if found else None
            same = before is not None and before.last == token - 1 and before.label == label
            if same and before is not None and not self._opens(path[token - 1], tag):
                length = token - before.first
                score = (before.score * length + chance) / (length + 1)
                found[-1] = Tagged(before.first, token, label, score)
            else:
                found.append(Tagged(token, token, label, chance))
        return found

    def _opens(self, before: int, tag: int) -> bool:
        return self._prefix[tag] in ("B", "S") or self._prefix[before] in ("E", "S")

    def _path(self, chances: Scores) -> list[int]:
        best = chances[0] + self._may_start
        came_from = np.zeros(chances.shape, dtype=np.int32)
        for token in range(1, len(chances)):
            reached = best[:, None] + self._may_follow
            came_from[token] = reached.argmax(axis=0)
            best = reached.max(axis=0) + chances[token]
        tag = int((best + self._may_stop).argmax())
        path = [tag]
        for token in range(len(chances) - 1, 0, -1):
            tag = int(came_from[token, tag])
            path.append(tag)
        return path[::-1]


def _parts(tag: str) -> tuple[str, str]:
    """``B-PER`` is a beginning of PER; ``PER`` alone is a PER; ``O`` is nothing."""
    if tag in (OUTSIDE, ""):
        return "", ""
    prefix, dash, label = tag.partition("-")
    if dash and prefix in _PREFIXES and label:
        return _PREFIXES[prefix], label
    return "I", tag
