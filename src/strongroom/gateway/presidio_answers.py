"""What the endpoints for Presidio's clients answer, from what a session finds, puts away and restores.

Must never: show a value that the request did not hold unless policy restores it, or pretend to have looked for an
entity that nothing here finds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from strongroom.classify.ad_hoc import AdHocPatterns, compiled
from strongroom.classify.foreign_names import ENTITY_OF, ONLY_IN_PART, PRESIDIO, entity_kinds
from strongroom.classify.span import Span, resolve
from strongroom.clock import Entropy
from strongroom.formats.surrogate import find
from strongroom.gateway.parts import AnalysisParts
from strongroom.gateway.ports import AnalysisPort
from strongroom.gateway.presidio_operators import (
    ANONYMIZERS,
    DEANONYMIZERS,
    REPLACE,
    SURROGATE,
    apart,
    changed,
    operator_for,
)
from strongroom.gateway.presidio_requests import AnalyzeRequest, ChangeRequest, Place
from strongroom.gateway.problems import ParameterError
from strongroom.guard.analysis import Evidence
from strongroom.guard.detect import Finding
from strongroom.guard.sinks import Sink

NOT_INSPECTED: Final = b"strongroom-not-inspected"
"""The header that names the entities asked for that nothing here finds, or not all of them."""

Answer = tuple[Any, list[tuple[bytes, bytes]]]
"""What to answer as JSON, and further headers."""


def analyze(request: AnalyzeRequest, session: AnalysisPort, analysis: AnalysisParts) -> Answer:
    """What /analyze says. Raises `ParameterError` when nothing that was asked for can be found here."""
    names = dict(ENTITY_OF)
    wanted: set[str] = set()
    unknown: list[str] = []
    brought = {one.entity for one in request.recognizers}
    for entity in request.entities:
        kinds = kinds_of(entity, analysis.kinds)
        wanted.update(kinds)
        names.update(dict.fromkeys(kinds, entity))  # a client is told by the name it asked by
        if entity in brought:
            wanted.add(entity)
        elif not kinds or entity in ONLY_IN_PART:
            unknown.append(entity)
    if request.entities and not wanted:
        msg = "none of the entities asked for is found here; GET /supportedentities names those that are"
        raise ParameterError(msg)
    patterns = AdHocPatterns(request.recognizers, flags=request.flags)
    allowed = _Allowed(request)
    out = []
    for text in request.texts:
        spans = [_span(one, names) for one in session.evidence(text) if not wanted or one.finding.kind in wanted]
        spans += [span for span in patterns.spans(text) if not wanted or span.kind in wanted]
        spans = resolve(
            span
            for span in spans
            if span.score >= request.threshold and text[span.start : span.end] not in allowed
        )
        out.append([_result(span, explain=request.explain) for span in spans])
    headers = [(NOT_INSPECTED, ",".join(map(_shown, unknown)).encode())] if unknown else []
    return (out if request.batch else out[0]), headers


def anonymize(
    request: ChangeRequest, session: AnalysisPort, analysis: AnalysisParts, entropy: Entropy
) -> dict[str, Any]:
    """What /anonymize says. Raises `ParameterError` for operators or entities that cannot be."""
    if request.places is None:
        msg = "Invalid input, analyzer_results can not be empty"
        raise ParameterError(msg)
    operators = {
        # what nobody asked for by name must not fail: an entity without a kind has no surrogate
        entity: operator_for(
            entity,
            request.operators,
            default=analysis.operator if kinds_of(entity, analysis.kinds) else REPLACE,
            entropy=entropy,
        )
        for entity in {place.entity for place in request.places}
    }
    whole = {entity for entity, (name, _) in operators.items() if name == SURROGATE}
    away = _Away(request.text, session, analysis) if whole else None
    edits = []
    for place in apart(request.places, request.text, whole=whole):
        name, operate = operators[place.entity]
        if operate is not None:
            edits.append((place, operate(place, request.text[place.start : place.end]), name))
        elif away is not None:
            edits.append((place, away.surrogate(place), name))
    return _told(changed(request.text, edits))


class _Away:
    """Puts away what stands in places that the client reports; what was found there here as well counts more."""

    def __init__(self, text: str, session: AnalysisPort, analysis: AnalysisParts) -> None:
        self._text = text
        self._session = session
        self._kinds = analysis.kinds
        self._own = {(one.finding.start, one.finding.end): one.finding for one in session.evidence(text)}

    def surrogate(self, place: Place) -> str:
        found = self._own.get((place.start, place.end))
        kinds = kinds_of(place.entity, self._kinds)
        if found is None or (kinds and found.kind not in kinds):
            if not kinds:
                msg = f"surrogate: no kind of the catalogue goes by the entity {_shown(place.entity)}"
                raise ParameterError(msg)
            found = Finding(place.start, place.end, kinds[0], self._text[place.start : place.end])
        return self._session.put_away(found)


def deanonymize(request: ChangeRequest, session: AnalysisPort) -> dict[str, Any]:
    """What /deanonymize says: each surrogate in the places, or in all of the text, as policy lets it out."""
    for told in request.operators.values():
        if told.get("type") not in DEANONYMIZERS:
            msg = f"deanonymizers: {', '.join(DEANONYMIZERS)} is the one that is offered here"
            raise ParameterError(msg)
    text = request.text
    places: Iterable[Place] | None = request.places
    if places is None:
        places = [Place(f.start, f.end, f.surrogate.rpartition("_")[0]) for f in find(text) if not f.marks]
    edits = []
    for place in apart(list(places), text, whole={place.entity for place in places}):
        restorer = session.restorer(Sink.user())
        value = restorer.feed(text[place.start : place.end]) + restorer.flush()
        edits.append((place, value, DEANONYMIZERS[0]))
    return _told(changed(text, edits))


def kinds_of(entity: str, known: frozenset[str]) -> tuple[str, ...]:
    """The kinds of the catalogue that `entity` stands for: Presidio's name for them, or their own."""
    kinds = entity_kinds(entity)
    return tuple(kind for kind in (kinds if kinds is not None else (entity,)) if kind in known)


class _Allowed:
    """The words a client wants left alone."""

    def __init__(self, request: AnalyzeRequest) -> None:
        self._exact = frozenset() if request.allowed_are_patterns else frozenset(request.allowed)
        self._patterns = (
            [compiled(regex, request.flags, "allow_list") for regex in request.allowed]
            if request.allowed_are_patterns
            else []
        )

    def __contains__(self, value: str) -> bool:
        return value in self._exact or any(pattern.search(value) for pattern in self._patterns)


def _span(one: Evidence, names: dict[str, str]) -> Span:
    finding = one.finding
    kind = names.get(finding.kind, finding.kind)
    return Span(finding.start, finding.end, kind, one.score, one.source, reasons=one.reasons)


def _result(span: Span, *, explain: bool) -> dict[str, Any]:
    score = round(span.score, 4)
    told = None
    if explain:
        told = {
            "recognizer": span.source,
            "pattern_name": None,
            "pattern": None,
            "original_score": score,
            "score": score,
            "textual_explanation": "; ".join(span.reasons) or None,
            "score_context_improvement": 0,
            "supportive_context_word": "",
            "validation_result": None,
        }
    return {
        "entity_type": span.kind,
        "start": span.start,
        "end": span.end,
        "score": score,
        "analysis_explanation": told,
    }


def _told(change: tuple[str, list[Any]]) -> dict[str, Any]:
    """As presidio-anonymizer answers: the items from the last to the first."""
    text, items = change
    told = [asdict(item) for item in reversed(items)]
    return {
        "text": text,
        "items": [{"entity_type" if k == "entity" else k: v for k, v in i.items()} for i in told],
    }


def listed(path: str, analysis: AnalysisParts) -> object:
    """What the endpoints without a body say."""
    if path == "/supportedentities":
        own = {ENTITY_OF.get(kind, kind) for kind in analysis.kinds}
        return sorted(own | {entity for entity in PRESIDIO if kinds_of(entity, analysis.kinds)})
    if path == "/recognizers":
        return list(analysis.recognizers)
    return list(ANONYMIZERS if path == "/anonymizers" else DEANONYMIZERS)


def _shown(entity: str) -> str:
    """An entity's name as a header and a message may carry it."""
    return entity if entity.isascii() and entity.replace("_", "").isalnum() and len(entity) <= 64 else "?"  # noqa: PLR2004 - longer is no name
