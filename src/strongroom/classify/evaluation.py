"""How good spans are, against texts whose spans are known: counts per kind, recall, precision and F, purely.

Three questions are kept apart, because each alone flatters somebody. *Exact*: same kind, same place. *Partial*:
same kind, and the two places share at least half of what they cover together. *Any label*: of the words (or
characters) that must not leave, how many lie in any finding, whatever it was called; replacing them needs no more.

Must never: score a text it was not given the truth of, or hide a kind that nothing was found of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

PARTIAL: Final = 0.5
"""The intersection over the union from which two places are the same in part."""
BETA: Final = 2.0
"""F2 counts a miss four times as heavily as a false alarm: what was missed has left."""
SAME: Final[Mapping[str, str]] = {
    "CITY": "LOCATION", "BIRTH_PLACE": "LOCATION", "COUNTRY": "LOCATION", "REGION": "LOCATION",
    "FACILITY": "LOCATION",
}  # fmt: skip
"""Kinds that corpora do not tell apart, and are counted as one."""
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, order=True)
class Gold:
    """What is truly at a place: `start` and `end` are character offsets, `end` exclusive."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Example:
    """A text and every span in it, ascending. `template` says what it was made from, empty when nobody made it."""

    text: str
    spans: tuple[Gold, ...]
    language: str = ""
    template: str = ""


class Found(Protocol):
    """What a finding needs to be counted; `Span` and `Gold` have it."""

    @property
    def start(self) -> int:
        """The first character."""
        ...

    @property
    def end(self) -> int:
        """Behind the last character."""
        ...

    @property
    def kind(self) -> str:
        """What it is said to be."""
        ...


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one question: `total` true places, `found` findings, and how many of each are right."""

    total: int
    hit: int
    found: int
    right: int

    @property
    def recall(self) -> float | None:
        """The share of true places that were found; None when there are none."""
        return self.hit / self.total if self.total else None

    @property
    def precision(self) -> float | None:
        """The share of findings that are right; None when there are none."""
        return self.right / self.found if self.found else None

    def f(self, beta: float = BETA) -> float | None:
        """The weighted harmonic mean of both; None when nothing could be found, 0 when nothing was."""
        recall, precision = self.recall, self.precision
        if recall is None:
            return None
        if not precision or not recall:
            return 0.0
        return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)

    def __add__(self, other: Score) -> Score:
        return Score(
            self.total + other.total, self.hit + other.hit, self.found + other.found, self.right + other.right
        )


ZERO: Final = Score(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class KindScores:
    """One kind: exact and partial matches of it, and how many of its words lie in any finding."""

    exact: Score
    partial: Score
    covered: Score


@dataclass(frozen=True, slots=True)
class Report:
    """What `evaluate` counted. `words` and `characters` answer the any-label question over all kinds counted."""

    texts: int
    kinds: Mapping[str, KindScores]
    words: Score
    characters: Score
    missed_texts: int
    """Texts with at least one word that no finding covers."""

    @property
    def exact(self) -> Score:
        """Exact matches over all kinds."""
        return sum((scores.exact for scores in self.kinds.values()), ZERO)

    @property
    def partial(self) -> Score:
        """Partial matches over all kinds."""
        return sum((scores.partial for scores in self.kinds.values()), ZERO)


def canonical(kind: str) -> str:
    """The name under which a kind is counted."""
    return SAME.get(kind, kind)


def kinds_of(examples: Iterable[Example]) -> frozenset[str]:
    """Every kind that the truth of `examples` knows, as it is counted."""
    return frozenset(canonical(span.kind) for example in examples for span in example.spans)


@dataclass(slots=True)
class _Tally:
    """Running counts; one per kind, and one for the any-label questions."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, name: str, **amounts: int) -> None:
        self.counts.setdefault(name, Counter()).update(amounts)

    def score(self, name: str) -> Score:
        count = self.counts.get(name, Counter())
        return Score(count["total"], count["hit"], count["found"], count["right"])


def evaluate(pairs: Iterable[tuple[Example, Sequence[Found]]], kinds: Collection[str]) -> Report:
    """Count `pairs` of a labelled text and what was found in it.

    `kinds` are those the truth is complete for (see `kinds_of`): true places of other kinds need not be found, and
    findings of other kinds are no error. A finding of any kind covers. A finding over a true place of a kind
    outside `kinds` is no false alarm of the any-label question.
    """
    counted = {canonical(kind) for kind in kinds}
    tally = _Tally()
    texts = missed = 0
    for example, found in pairs:
        texts += 1
        missed += _count(tally, example, found, counted)
    return Report(
        texts,
        {
            kind: KindScores(
                tally.score(f"exact {kind}"), tally.score(f"partial {kind}"), tally.score(f"covered {kind}")
            )
            for kind in sorted(counted)
        },
        tally.score("words"),
        tally.score("characters"),
        missed,
    )


def _count(tally: _Tally, example: Example, found: Sequence[Found], counted: set[str]) -> bool:
    """Count one text; whether a word that should have been covered is not."""
    gold = [span for span in example.spans if canonical(span.kind) in counted]
    named = [span for span in found if canonical(span.kind) in counted]
    for kind in counted:
        mine = [span for span in gold if canonical(span.kind) == kind]
        theirs = [span for span in named if canonical(span.kind) == kind]
        places = {(span.start, span.end) for span in mine} & {(span.start, span.end) for span in theirs}
        tally.add(f"exact {kind}", total=len(mine), found=len(theirs), hit=len(places), right=len(places))
        pairs = _matched(mine, theirs)
        tally.add(f"partial {kind}", total=len(mine), found=len(theirs), hit=pairs, right=pairs)
    anything, truth = _places(found), _places(example.spans)
    wanted, claimed = _places(gold), _places(named)
    tally.add(
        "characters",
        total=_solid(example.text, wanted), hit=_solid(example.text, wanted & anything),
        found=_solid(example.text, claimed), right=_solid(example.text, claimed & truth),
    )  # fmt: skip
    return _count_words(tally, example.text, gold, (wanted, anything, claimed, truth))


def _count_words(
    tally: _Tally, text: str, gold: Sequence[Gold], places: tuple[set[int], set[int], set[int], set[int]]
) -> bool:
    """The any-label question by words; a word is covered when all of its characters that matter are."""
    wanted, anything, claimed, truth = places
    kind_at = {position: canonical(span.kind) for span in gold for position in range(span.start, span.end)}
    missed = False
    for match in _WORD.finditer(text):
        word = set(range(*match.span()))
        if inside := word & wanted:
            covered = inside <= anything
            missed = missed or not covered
            tally.add("words", total=1, hit=covered)
            tally.add(f"covered {kind_at[min(inside)]}", total=1, hit=covered)
        if word & claimed:
            tally.add("words", found=1, right=bool(word & claimed & truth))
    return missed


def _matched(gold: Sequence[Gold], found: Sequence[Found]) -> int:
    """How many of `gold` and `found` pair up one to one, the best overlaps first."""
    overlaps = sorted(
        (
            (share, i, j)
            for i, mine in enumerate(gold)
            for j, theirs in enumerate(found)
            if (share := overlap(mine, theirs)) >= PARTIAL
        ),
        reverse=True,
    )
    left: set[int] = set()
    right: set[int] = set()
    for _, i, j in overlaps:
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
    return len(left)


def overlap(one: Found, other: Found) -> float:
    """Intersection over union of two places."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared / (max(one.end, other.end) - min(one.start, other.start)) if shared > 0 else 0.0


def _places(spans: Iterable[Found]) -> set[int]:
    return {position for span in spans for position in range(span.start, span.end)}


def _solid(text: str, places: set[int]) -> int:
    """How many of `places` are no white space."""
    return sum(not text[position].isspace() for position in places)
