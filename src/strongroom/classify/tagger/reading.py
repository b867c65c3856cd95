"""From probabilities to spans: the recall dial, how tokens become one name, and consistency within a text.

Must never: report a span without a letter in it, or one that begins or ends in white space.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from strongroom.classify.tagger.features import shape
from strongroom.classify.tagger.marginals import Floats

THRESHOLDS: Final[Mapping[str, float]] = {"precision": 0.584, "balanced": 0.406, "recall": 0.086}
"""How likely a token must be part of some name before it counts, by the setting of the dial.

`python -m training.calibrate` says which."""
SURE: Final = 0.9
"""A word this likely to be a name is looked for in the rest of its text."""
LIKELY: Final = 0.04
"""And taken there for a name from this probability on, written with a capital."""
REPEATED_MIN: Final = 3
"""Letters below which a word is not looked for."""
_JOINING: Final = frozenset("-'\u2019")
"""Signs that join two words of one name."""
IMPOSSIBLE: Final = -1e4
"""The score of a label that cannot be."""
_NAMED: Final = frozenset({"Xx", "XX", "XxX", "X0"})


class Found(NamedTuple):
    """Tokens `first` up to, not including, `behind` are of one kind."""

    first: int
    behind: int
    kind: str
    score: float


class Reader:
    """Reads spans off marginals and scores; `labels` are those of the weights, the first one meaning no name.

    The dial decides which words are of a name. Where among them a name begins, and of which kind it is, is the
    likeliest reading of those words together (Viterbi's algorithm over the labels of names alone).
    """

    def __init__(self, labels: Sequence[str], transitions: Floats) -> None:
        self.kinds = tuple(sorted({label[2:] for label in labels[1:]}))
        self._kind_of = np.array([self.kinds.index(label[2:]) for label in labels[1:]])
        self._begins = np.array([label.startswith("B-") for label in labels[1:]])
        self._first, self._last, self._step = transitions[0, 1:], transitions[1:, 0], transitions[1:, 1:]

    def read(self, words: Sequence[str], marginals: Floats, scores: Floats, threshold: float) -> list[Found]:
        """Spans of tokens, ascending and apart."""
        named = 1.0 - marginals[:, 0]
        if not len(words) or float(named.max()) < min(threshold, LIKELY):
            return []
        likely = named.tolist()
        chosen = (named >= threshold).tolist()
        self._repeat(words, likely, chosen)
        found: list[Found] = []
        for first, behind in _runs(words, chosen):
            path = self._path(self._of_names(scores[first:behind, 1:], chosen[first:behind]))
            found += self._names(words, first, path, likely)
        return found

    @staticmethod
    def _repeat(words: Sequence[str], named: list[float], chosen: list[bool]) -> None:
        """A word that surely is a name in one place is one in others too, if anything speaks for it there."""
        sure = {
            words[at]
            for at, probability in enumerate(named)
            if probability >= SURE and len(words[at]) >= REPEATED_MIN and shape(words[at]) in _NAMED
        }
        for at, word in enumerate(words if sure else ()):
            if not chosen[at] and named[at] >= LIKELY and word in sure:
                chosen[at] = True

    def _of_names(self, scores: Floats, chosen: Sequence[bool]) -> Floats:
        """The scores of a run of words; a sign in it that only joins two of them begins no name."""
        if all(chosen):
            return scores
        signs = ~np.array(chosen)
        return np.where(signs[:, None] & self._begins, np.float32(IMPOSSIBLE), scores)

    def _path(self, scores: Floats) -> list[int]:
        """The likeliest labels of a run of words that are all of names, counted without the first label."""
        best = self._first + scores[0]
        came: list[npt.NDArray[np.intp]] = []
        for row in scores[1:]:
            reached = best[:, None] + self._step
            before = reached.argmax(axis=0)
            came.append(before)
            best = reached[before, np.arange(len(before))] + row
        path = [int((best + self._last).argmax())]
        for before in reversed(came):
            path.append(int(before[path[-1]]))
        return path[::-1]

    def _names(self, words: Sequence[str], first: int, path: list[int], named: list[float]) -> Iterator[Found]:
        """The names of one run: a new one where a label says so or the kind changes."""
        kinds, begins = self._kind_of[path].tolist(), self._begins[path].tolist()
        at, count = 0, len(path)
        while at < count:
            behind = at + 1
            while behind < count and kinds[behind] == kinds[at] and not begins[behind]:
                behind += 1
            start, end = _trimmed(words, first + at, first + behind)
            if any(not word[0].isdigit() and word[0].isalnum() for word in words[start:end]):
                yield Found(start, end, self.kinds[kinds[at]], max(named[start:end]))
            at = behind


def _runs(words: Sequence[str], chosen: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where words are chosen one after the other, with the unlikely signs that join two of them."""
    at, count = 0, len(words)
    while at < count:
        behind = at
        while behind < count and (chosen[behind] or (behind > at and _joins(words, chosen, behind))):
            behind += 1
        if behind > at:
            yield at, behind
        at = behind + 1


def _trimmed(words: Sequence[str], first: int, behind: int) -> tuple[int, int]:
    """`first` and `behind` without signs at either end, save those that may end a name."""
    while first < behind and not words[first][0].isalnum():
        first += 1
    while behind > first and not words[behind - 1][0].isalnum() and words[behind - 1] not in {".", ")"}:
        behind -= 1
    if behind > first and words[behind - 1] == ")" and "(" not in words[first:behind]:
        behind -= 1
    return first, behind


def _joins(words: Sequence[str], chosen: Sequence[bool], at: int) -> bool:
    """Whether an unlikely sign stands between two words of names, as in *Müller-Lüdenscheidt*."""
    return words[at] in _JOINING and at + 1 < len(words) and chosen[at + 1]
