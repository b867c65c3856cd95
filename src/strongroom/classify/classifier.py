"""The classifier: from candidates to spans. Patterns propose, validators confirm, context tips the scale.

Must never: return overlapping spans, depend on the order in which engines report, or keep the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from strongroom.classify import context as surroundings
from strongroom.classify.catalogue import CATEGORY_THRESHOLDS, Catalogue, EntityType, PatternRule
from strongroom.classify.engine import Expression, PatternEngine, RE2Engine
from strongroom.classify.engine_port import TEXT_CHARS_MAX
from strongroom.classify.known import KnownValues
from strongroom.classify.plain import NotInspected, Reason, merged, readings
from strongroom.classify.plain.merge import placed
from strongroom.classify.recognizer import Recognizer
from strongroom.classify.span import PATTERN, TAGGER, Span, resolve
from strongroom.classify.validators import Validator, validator
from strongroom.errors import LimitExceededError, PolicyInvalidError

SCORE_MAX: Final = 0.99
"""Patterns never reach the certainty of a known value."""

_JOINERS: Final = frozenset("-./")
_JOINERS_BEHIND: Final = frozenset("-.")


@dataclass(frozen=True, slots=True)
class _Rule:
    """A pattern rule ready to be applied. `because` holds the reasons: as it is, with context, against, both."""

    kind: str
    score: float
    threshold: float
    accept: Validator | None
    context: surroundings.Words | None
    against: surroundings.Words | None
    reach: int
    because: tuple[tuple[str, ...], ...]


def _expression(rule: PatternRule, threshold: float) -> Expression:
    if rule.score < threshold:
        gate = surroundings.gate(rule.context, case=rule.context_case)
        return Expression(rule.regex, gate, near=rule.reach, digits=rule.digits, origin=rule.origin)
    return Expression(rule.regex, rule.gate, multiline=rule.multiline, digits=rule.digits, origin=rule.origin)


def _ready(entity: EntityType, rule: PatternRule, threshold: float) -> _Rule:
    if rule.score < threshold and (not rule.context or rule.gate or rule.multiline):
        msg = (
            f"{entity.kind}: a rule scored below {threshold} needs context words, and their gate is made from them"
        )
        raise PolicyInvalidError(msg)
    if rule.multiline and not rule.gate:
        msg = f"{entity.kind}: a multiline rule needs a gate that stands on one line"
        raise PolicyInvalidError(msg)
    return _Rule(
        kind=entity.kind,
        score=rule.score,
        threshold=threshold,
        accept=validator(rule.validator) if rule.validator else None,
        context=surroundings.Words(rule.context, case=rule.context_case) if rule.context else None,
        against=surroundings.Words(rule.against) if rule.against else None,
        reach=rule.reach,
        because=_because(entity, rule, threshold),
    )


def _because(entity: EntityType, rule: PatternRule, threshold: float) -> tuple[tuple[str, ...], ...]:
    place = entity.patterns.index(rule) + 1
    first = [f"pattern {place} of {entity.kind}: {rule.score}"]
    if rule.validator:
        first.append(f"check passed: {rule.validator}")
    near, against = f"a context word near: +{surroundings.RAISE}", f"a word against it near: -{surroundings.LOWER}"
    last = f"{entity.category} asks for {threshold}"
    return tuple((*first, *found, last) for found in ((), (near,), (against,), (near, against)))


def _reachable(rule: PatternRule, threshold: float) -> bool:
    return rule.score + (surroundings.RAISE if rule.context else 0) >= threshold


def expressions(catalogue: Catalogue) -> list[Expression]:
    """What an engine for `catalogue` must match, in the order `Classifier` expects."""
    return list(_plan(catalogue))


def _plan(catalogue: Catalogue) -> dict[Expression, list[_Rule]]:
    """Each expression once, with its rules; those that a raised threshold puts out of reach are left out."""
    plan: dict[Expression, list[_Rule]] = {}
    for entity in catalogue.types.values():
        usual, threshold = CATEGORY_THRESHOLDS[entity.category], catalogue.thresholds[entity.category]
        for rule in entity.patterns:
            ready = _ready(entity, rule, min(usual, threshold))
            if not _reachable(rule, threshold):
                continue
            if threshold != ready.threshold:
                ready = replace(ready, threshold=threshold, because=_because(entity, rule, threshold))
            plan.setdefault(_expression(rule, min(usual, threshold)), []).append(ready)
    return plan


class Inspection(NamedTuple):
    """What was found in a text, and what of it was not inspected."""

    spans: list[Span]
    gaps: tuple[NotInspected, ...]


class Classifier:
    """Finds spans in text. Built once per process; safe to share between threads.

    `engine`, when given, must have been built from `expressions(catalogue)`. `recognizers` are asked beside it.
    Raises `PolicyInvalidError` for a pattern, validator or rule that cannot work, or a recognizer of a kind the
    catalogue does not have.
    """

    def __init__(
        self, catalogue: Catalogue, engine: PatternEngine | None = None, recognizers: Sequence[Recognizer] = ()
    ) -> None:
        for recognizer in recognizers:
            for kind in recognizer.kinds:
                if kind not in catalogue.types:
                    msg = f"the recognizer {recognizer.name} reports {kind}, which the catalogue does not have"
                    raise PolicyInvalidError(msg)
        plan = _plan(catalogue)
        self._rules = tuple(tuple(rules) for rules in plan.values())
        self._engine = engine if engine is not None else RE2Engine(list(plan))
        self._recognizers = tuple(recognizers)
        self.catalogue = catalogue
        # RE2 builds its automata as it meets text, and numbering plans compile on first use: pay for that here
        self.spans("\n".join(e for entity in catalogue.types.values() for e in entity.examples))

    def ready(self) -> None:
        """Wait until questions are answered at full speed. Here that was so when it was made."""

    def spans(self, text: str, *known: KnownValues) -> list[Span]:
        """Everything found in `text`, non-overlapping and ascending (see `span.resolve` for who wins).

        Raises `LimitExceededError` when `text` is longer than `engine.TEXT_CHARS_MAX`.
        """
        found, gaps = self.inspect(text, *known)
        if gaps and gaps[0].reason is Reason.TOO_LONG:
            msg = f"text of {len(text)} characters; at most {TEXT_CHARS_MAX} are inspected at once"
            raise LimitExceededError(msg)
        return found

    def inspect(self, text: str, *known: KnownValues) -> Inspection:
        """What `spans` gives, and what of `text` could not be inspected: never silence about either.

        The text is inspected as it is and in every reading it has without its disguises (`plain.readings`).
        """
        if len(text) > TEXT_CHARS_MAX:
            return Inspection([], (NotInspected(0, len(text), Reason.TOO_LONG),))
        found = self.surface(text, *known)
        plain, gaps = readings(text)
        if plain:
            beneath = [span for reading in plain for span in placed(reading, self.surface(reading.text, *known))]
            found = merged(found, beneath, self._level)
        return Inspection(found, gaps)

    def _level(self, kind: str) -> int:
        return self.catalogue.types[kind].level

    def surface(self, text: str, *known: KnownValues) -> list[Span]:
        """What `spans` gives when nothing is undone: for measuring what undoing adds."""
        found: list[Span] = []
        for start, end, index in self._engine.candidates(text):
            if _joined(text, start, end):
                continue
            for rule in self._rules[index]:
                span = _judge(rule, text, start, end)
                if span is not None:
                    found.append(span)
        for recognizer in self._recognizers:
            found += recognizer.spans(text)
        for values in known:
            found += values.spans(text)
        return resolve(found, text)

    def whole(self, value: str) -> Sequence[str]:
        """The kinds `value` is as a whole, surrounding space aside: for sampling a column.

        The tagger has no say: it reads sentences, and a value alone is none.
        """
        text = value.strip()
        return [s.kind for s in self.spans(text) if s.start == 0 and s.end == len(text) and s.source != TAGGER]


def _judge(rule: _Rule, text: str, start: int, end: int) -> Span | None:
    """Cheap questions first: context, then the validator."""
    score, why = rule.score, 0
    if rule.context is not None and rule.context.beside(text, start, end, rule.reach):
        score, why = min(SCORE_MAX, score + surroundings.RAISE), 1
    elif score < rule.threshold:
        return None
    if rule.against is not None and rule.against.beside(text, start, end, rule.reach, 0):
        score, why = score - surroundings.LOWER, why + 2
    if score < rule.threshold:
        return None
    if rule.accept is not None:
        accepted = rule.accept(text[start:end])
        if accepted is None:
            return None
        end = start + accepted[1]
        start += accepted[0]
    return Span(start, end, rule.kind, score, PATTERN, reasons=rule.because[why])


def _joined(text: str, start: int, end: int) -> bool:
    """Whether a number continues beyond the candidate: a piece of a longer number, version or date is no value."""
    if start > 1 and text[start].isdigit() and text[start - 1] in _JOINERS and text[start - 2].isdigit():
        return True
    behind = end + 1
    return (
        behind < len(text) and text[end - 1].isdigit() and text[end] in _JOINERS_BEHIND and text[behind].isdigit()
    )
