"""The embedded tagger as a recognizer: names of people, organizations and places, and addresses, in running text.

Its scores stay below those of patterns with a passed check: an e-mail address inside a name is an e-mail address.

Must never: load weights other than those whose hash stands in this package, or reach for a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Final, Literal

from strongroom.classify.span import TAGGER, Span
from strongroom.classify.tagger.features import Words, features
from strongroom.classify.tagger.marginals import marginals
from strongroom.classify.tagger.pinned import SHA256
from strongroom.classify.tagger.reading import THRESHOLDS, Found, Reader
from strongroom.classify.tagger.separators import pieces
from strongroom.classify.tagger.tokens import tokens
from strongroom.classify.tagger.weights import Emissions, Lists, Weights, decode

Dial = Literal["precision", "balanced", "recall"]

WEIGHTS_FILE: Final = "names.weights"
PIECE: Final = 1 << 13
"""Tokens that are worked on at once; longer texts in turn, so that memory stays bounded."""
SCORE_MAX: Final = 0.49
"""Below every pattern; the address grammar may say more."""
WARM_UP: Final = (
    "Hello, this is Maria Kowalski-Brandt of Northwind Traders GmbH, 12 Elm Street, Springfield.\n"
    '{"name": "J. Smith", "city": "Lyon"}\nmy name is anna and i live in porto\n'
)


def shipped() -> Weights:
    """The weights in this package. Raises `IntegrityError` when they are not those of this version."""
    raw = resources.files("strongroom.classify.tagger").joinpath(WEIGHTS_FILE).read_bytes()
    return decode(raw, SHA256)


class NameTagger:
    """A recognizer of names. Built once per process and warm then; shared between threads."""

    def __init__(
        self, dial: Dial = "balanced", weights: Weights | None = None, *, threshold: float | None = None
    ) -> None:
        learned = weights if weights is not None else shipped()
        self._threshold = THRESHOLDS[dial] if threshold is None else threshold
        self._words = Words(Lists(learned.entries, learned.masks))
        self._emissions = Emissions(learned)
        self._transitions = learned.transitions
        self._reader = Reader(learned.labels, learned.transitions)
        self._reasons = (f"the names tagger at {dial}: at least {self._threshold}",)
        self.spans(WARM_UP)

    @property
    def name(self) -> str:
        """What its spans carry as their source."""
        return TAGGER

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds it was trained for."""
        return self._reader.kinds

    def _named(self, words: Sequence[str]) -> list[Found]:
        scores = self._emissions.scores(features(self._words.columns(words), words))
        return self._reader.read(words, marginals(scores, self._transitions), scores, self._threshold)

    def spans(self, text: str) -> list[Span]:
        """What reads like a name in `text`; scores are probabilities scaled to `SCORE_MAX`."""
        words, starts, ends = tokens(text)
        out: list[Span] = []
        for at in range(0, len(words), PIECE):
            named = self._named(words[at : at + PIECE])
            for found in named:
                start, end = starts[at + found.first], ends[at + found.behind - 1]
                out += [self._span(found, *place) for place in pieces(text, start, end, found.kind)]
        return out

    def _span(self, found: Found, start: int, end: int) -> Span:
        return Span(start, end, found.kind, round(found.score * SCORE_MAX, 3), TAGGER, reasons=self._reasons)
