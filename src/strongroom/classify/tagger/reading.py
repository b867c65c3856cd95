"""From probabilities to spans: the recall dial, how tokens become one name, and consistency within a text.

Must never: report a span without a letter in it, or one that begins or ends in white space.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from strongroom.classify.tagger.features import shape
from strongroom.classify.tagger.marginals import Floats

THRESHOLDS: Final[Mapping[str, float]] = {"precision": 0.75, "balanced": 0.4, "recall": 0.085}
"""How likely a token must be part of some name before it counts, by the setting of the dial."""
SURE: Final = 0.9
"""A word this likely to be a name is looked for in the rest of its text."""
LIKELY: Final = 0.04
"""And taken there for a name from this probability on, written with a capital."""
REPEATED_MIN: Final = 3
"""Letters below which a word is not looked for."""
_INSIDE: Final = frozenset("-'\u2019.&,/°º")
"""Signs that may stand between two words of one name."""
_NAMED: Final = frozenset({"Xx", "XX", "XxX", "X0"})


class Found(NamedTuple):
    """Tokens `first` up to, not including, `behind` are of one kind."""

    first: int
    behind: int
    kind: str
    score: float


class Reader:
    """Reads spans off marginals; `labels` are those of the weights, the first one meaning no name."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.kinds = tuple(sorted({label[2:] for label in labels[1:]}))
        self._begins = np.array([labels.index(f"B-{kind}") for kind in self.kinds])
        self._goes_on = np.array([labels.index(f"I-{kind}") for kind in self.kinds])

    def read(self, words: Sequence[str], marginals: Floats, threshold: float) -> list[Found]:
        """Spans of tokens, ascending and apart."""
        named = 1.0 - marginals[:, 0]
        if not len(words) or float(named.max()) < min(threshold, LIKELY):
            return []
        begins, goes_on = marginals[:, self._begins], marginals[:, self._goes_on]
        both = begins + goes_on
        chosen = (named >= threshold).tolist()
        best = both.argmax(axis=1).tolist()
        self._repeat(words, named.tolist(), chosen, best)
        starts = (begins > goes_on)[np.arange(len(best)), best].tolist()
        return list(self._joined(words, chosen, best, starts, named.tolist()))

    @staticmethod
    def _repeat(words: Sequence[str], named: list[float], chosen: list[bool], best: list[int]) -> None:
        """A word that surely is a name in one place is one in others too, if anything speaks for it there."""
        sure = {
            words[at]: best[at]
            for at, probability in enumerate(named)
            if probability >= SURE and len(words[at]) >= REPEATED_MIN and shape(words[at]) in _NAMED
        }
        if not sure:
            return
        for at, word in enumerate(words):
            if not chosen[at] and named[at] >= LIKELY and word in sure:
                chosen[at], best[at] = True, sure[word]

    def _joined(
        self, words: Sequence[str], chosen: list[bool], best: list[int], starts: list[bool], named: list[float]
    ) -> list[Found]:
        found: list[Found] = []
        at, count = 0, len(words)
        while at < count:
            if not chosen[at] or not words[at][0].isalnum():
                at += 1
                continue
            behind, kind = at + 1, best[at]
            while behind < count:
                if chosen[behind] and best[behind] == kind and not (starts[behind] and words[behind - 1] != "-"):
                    behind += 1
                elif _bridged(words, chosen, best, behind, kind):
                    behind += 2
                else:
                    break
            last = behind
            while last > at and not words[last - 1][0].isalnum() and words[last - 1] not in {".", ")"}:
                last -= 1
            if words[last - 1] == ")" and "(" not in words[at:last]:
                last -= 1
            if any(not word[0].isdigit() and word[0].isalnum() for word in words[at:last]):
                score = max(named[at:last])
                found.append(Found(at, last, self.kinds[kind], score))
            at = behind
        return found


def _bridged(words: Sequence[str], chosen: list[bool], best: list[int], at: int, kind: int) -> bool:
    """Whether one unlikely joining sign stands between two words of one kind, as in *Müller-Lüdenscheidt*."""
    return (
        words[at] in _INSIDE
        and words[at] in {"-", "'", "\u2019", "&"}
        and at + 1 < len(words)
        and chosen[at + 1]
        and best[at + 1] == kind
    )
