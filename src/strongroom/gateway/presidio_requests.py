"""What clients of Presidio send, read and bounded: the bodies of /analyze, /anonymize and /deanonymize.

The shapes are those of Presidio's API (https://microsoft.github.io/presidio/api-docs/api-docs.html) and of
presidio-analyzer and presidio-anonymizer 2.2.366. Fields that change nothing here (`correlation_id`, `trace`,
`recognition_metadata`) are read over.

Must never: let a message repeat what a field held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from strongroom.classify import ad_hoc
from strongroom.classify.ad_hoc import AdHoc
from strongroom.errors import FormatError, LimitExceededError
from strongroom.gateway.problems import ParameterError

TEXTS_MAX: Final = 512
"""Texts in one /analyze request."""

RESULTS_MAX: Final = 100_000
"""Places in one /anonymize request."""

NAMES_MAX: Final = 1024
"""Entities, allowed words and context words in one request."""

DEFAULT: Final = "DEFAULT"
"""The operator of every entity that names none."""


@dataclass(frozen=True, slots=True)
class AnalyzeRequest:
    """`texts` to look through; `batch` says that the client sent a list and wants one back."""

    texts: tuple[str, ...]
    batch: bool
    entities: tuple[str, ...] = ()
    threshold: float = 0.0
    explain: bool = False
    recognizers: tuple[AdHoc, ...] = ()
    allowed: tuple[str, ...] = ()
    allowed_are_patterns: bool = False
    flags: int = ad_hoc.FLAGS


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text that an analyzer, or an anonymizer before, reported."""

    start: int
    end: int
    entity: str
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """`text` with the `places` to change, and by entity (or `DEFAULT`) the operator with its parameters.

    `places` is None when the client left them out.
    """

    text: str
    places: tuple[Place, ...] | None
    operators: Mapping[str, Mapping[str, Any]]


def read_analyze(raw: bytes) -> AnalyzeRequest:
    """The body of /analyze. Raises `FormatError`, or for a field `ParameterError` or `LimitExceededError`."""
    body = _object(raw)
    text = body.get("text")
    batch = isinstance(text, list)
    texts = tuple(text) if isinstance(text, list) else (text,)
    if not text or not all(isinstance(one, str) for one in texts):
        msg = "No text provided: text is a string, or a list of strings"
        raise ParameterError(msg)
    if len(texts) > TEXTS_MAX:
        msg = f"at most {TEXTS_MAX} texts in one request"
        raise LimitExceededError(msg)
    _of(body, "language", str)
    threshold = body.get("score_threshold")
    if threshold is not None and (isinstance(threshold, bool) or not isinstance(threshold, int | float)):
        msg = "score_threshold is a number"
        raise ParameterError(msg)
    match = _of(body, "allow_list_match", str) or "exact"
    if match not in ("exact", "regex"):
        msg = 'allow_list_match is "exact" or "regex"'
        raise ParameterError(msg)
    flags = _of(body, "regex_flags", int)
    shared = _names(body, "context")
    return AnalyzeRequest(
        texts=texts,
        batch=batch,
        entities=_names(body, "entities"),
        threshold=float(threshold or 0.0),
        explain=bool(body.get("return_decision_process")),
        recognizers=tuple(
            _recognizer(one, shared) for one in _list(body, "ad_hoc_recognizers", ad_hoc.PATTERNS_MAX)
        ),
        allowed=_names(body, "allow_list"),
        allowed_are_patterns=match == "regex",
        flags=ad_hoc.FLAGS if flags is None else flags,
    )


def read_change(raw: bytes, *, places: str, operators: str) -> ChangeRequest:
    """The body of /anonymize or /deanonymize; `places` and `operators` are the names of its two fields.

    Raises `FormatError`, `ParameterError` or `LimitExceededError`.
    """
    body = _object(raw)
    text = body.get("text")
    if not isinstance(text, str) or not text:
        msg = "Invalid input, text can not be empty"
        raise ParameterError(msg)
    found = None
    if body.get(places) is not None:
        found = tuple(_place(one, len(text), places) for one in _list(body, places, RESULTS_MAX))
    configured = body.get(operators)
    if configured is not None and not (
        isinstance(configured, dict) and all(isinstance(one, dict) for one in configured.values())
    ):
        msg = f"{operators} maps an entity, or {DEFAULT}, to an operator"
        raise ParameterError(msg)
    return ChangeRequest(text, found, configured or {})


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        msg = "Invalid request json"
        raise FormatError(msg) from None
    if not isinstance(body, dict):
        msg = "Invalid request json: the body is an object"
        raise FormatError(msg)
    return body


def _of(body: Mapping[str, Any], name: str, kind: type) -> Any:
    value = body.get(name)
    if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is int)):
        msg = f"{name} has the wrong type"
        raise ParameterError(msg)
    return value


def _list(body: Mapping[str, Any], name: str, most: int) -> list[Any]:
    value = _of(body, name, list) or []
    if len(value) > most:
        msg = f"{name} holds more than {most} items"
        raise LimitExceededError(msg)
    return list(value)


def _names(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = _list(body, name, NAMES_MAX)
    if not all(isinstance(one, str) and one for one in value):
        msg = f"{name} is a list of strings"
        raise ParameterError(msg)
    return tuple(value)


def _recognizer(told: Any, shared: Sequence[str]) -> AdHoc:
    """A pattern recognizer as Presidio's `PatternRecognizer.from_dict` takes it."""
    if not isinstance(told, dict):
        msg = "each of ad_hoc_recognizers is an object"
        raise ParameterError(msg)
    entity = _of(told, "supported_entity", str)
    if not entity:
        msg = "each of ad_hoc_recognizers names a supported_entity"
        raise ParameterError(msg)
    patterns: list[tuple[str, float]] = []
    for one in _list(told, "patterns", ad_hoc.PATTERNS_MAX):
        regex, score = (one.get("regex"), one.get("score")) if isinstance(one, dict) else (None, None)
        if not isinstance(regex, str) or isinstance(score, bool) or not isinstance(score, int | float):
            msg = "each pattern of ad_hoc_recognizers has a regex and a score"
            raise ParameterError(msg)
        patterns.append((regex, min(max(float(score), 0.0), 1.0)))
    words = _names(told, "deny_list")
    if not patterns and not words:
        msg = "each of ad_hoc_recognizers has patterns or a deny_list"
        raise ParameterError(msg)
    context = (*_names(told, "context"), *shared)
    return AdHoc(_of(told, "name", str) or entity, entity, tuple(patterns), words, context)


def _place(told: Any, length: int, name: str) -> Place:
    start, end, entity, score = (
        (told.get("start"), told.get("end"), told.get("entity_type"), told.get("score"))
        if isinstance(told, dict)
        else (None, None, None, None)
    )
    if not (type(start) is int and type(end) is int and isinstance(entity, str) and entity):
        msg = f"each of {name} has start, end and entity_type"
        raise ParameterError(msg)
    if not 0 <= start < end <= length:
        msg = f"Invalid {name}: start has to be before end, and both inside the text of {length} characters"
        raise ParameterError(msg)
    return Place(start, end, entity, float(score) if isinstance(score, int | float) else 0.0)
