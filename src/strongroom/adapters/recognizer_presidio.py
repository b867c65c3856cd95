"""A Presidio `AnalyzerEngine` as a recognizer, built from the YAML files of a local directory.

The directory holds `analyzer.yaml`, in the form Presidio's own `AnalyzerEngineProvider` reads, with everything in
it: `nlp_configuration` naming pipelines by a path inside the directory, and `recognizer_registry`.

Texts are processed in a memory zone of the pipeline, one at a time, as in the recognizer for spaCy alone.

Must never: let Presidio download a pipeline, ask a service elsewhere or fetch the list of public suffixes; it does
each of these by default when something is missing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import tldextract.tldextract
import yaml
from presidio_analyzer import AnalyzerEngine, RemoteRecognizer
from presidio_analyzer.nlp_engine import NlpEngineProvider
from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

from strongroom.classify.foreign_names import kinds_by_label, presidio_labels
from strongroom.classify.pieces import pieces
from strongroom.classify.span import PLUGIN, Span
from strongroom.errors import ModelRefusedError

FILE: Final = "analyzer.yaml"
SCORE_MAX: Final = 0.8
"""Its scores are settled per pattern and say 1.0 for many a check digit; ours were measured."""

PIECE_CHARS: Final = 50_000
"""Presidio's time grows faster than the text."""

_LOCAL_ENGINES: Final = ("spacy",)
_REMOTE_NAMES: Final = (
    "Azure",
    "LangExtract",
    "Gliner",
    "GLiNER",
    "HuggingFace",
    "Transformers",
    "Stanza",
    "MedicalNER",
)
"""Parts of the names of predefined recognizers that load from a hub or ask a service."""


class PresidioRecognizer:
    """See the module. Raises `ModelRefusedError` for a configuration that is incomplete or reaches outside."""

    def __init__(
        self, directory: Path, *, name: str, labels: Mapping[str, str], threshold: float, language: str
    ) -> None:
        self.name = f"{PLUGIN}:{name}"
        self._language = language
        self._threshold = threshold
        # its loggers tell about every text at level INFO, and name what was not found in it
        logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
        tldextract.tldextract.TLD_EXTRACTOR.suffix_list_urls = ()  # the list it brings along, no download
        try:
            self._engine = _engine(directory)
            entities = self._engine.get_supported_entities(language)
        except ModelRefusedError as error:
            msg = f"plug-in {name}: {error}"
            raise ModelRefusedError(msg) from error
        except Exception as error:  # Presidio raises bare Exceptions, and pydantic's and yaml's own
            why = (str(error).splitlines() or [type(error).__name__])[0][:200]
            msg = f"plug-in {name}: {directory / FILE} makes no analyzer for {language}: {why}"
            raise ModelRefusedError(msg) from error
        self._kinds = kinds_by_label(entities, labels, presidio_labels(), name=name)
        self._turn = threading.Lock()
        self._pipeline = self._engine.nlp_engine.nlp[language]
        self.kinds: Sequence[str] = sorted(set(self._kinds.values()))

    def spans(self, text: str) -> list[Span]:
        """What Presidio finds in `text` from the threshold on; overlaps are left to the classifier."""
        found: list[Span] = []
        for start, piece in pieces(text, PIECE_CHARS):
            with self._turn, self._pipeline.memory_zone():
                results = self._engine.analyze(
                    piece, self._language, entities=sorted(self._kinds), score_threshold=self._threshold
                )
            found += [
                Span(
                    start + result.start,
                    start + result.end,
                    self._kinds[result.entity_type],
                    min(result.score, SCORE_MAX),
                    self.name,
                    reasons=(f"Presidio found {result.entity_type} at {result.score:.2f}",),
                )
                for result in results
            ]
        return found


def _engine(directory: Path) -> AnalyzerEngine:
    try:
        configuration = yaml.safe_load((directory / FILE).read_bytes())
    except OSError as error:
        msg = f"{directory} has no {FILE} that can be read"
        raise ModelRefusedError(msg) from error
    if not isinstance(configuration, dict):
        msg = f"{FILE} is not a mapping"
        raise ModelRefusedError(msg)
    for part in ("nlp_configuration", "recognizer_registry"):
        if not isinstance(configuration.get(part), dict):
            msg = f"{FILE} has no {part}; without it Presidio would take its own default, which may download"
            raise ModelRefusedError(msg)
    languages = list(configuration.get("supported_languages", ["en"]))
    models = _local_models(directory, configuration["nlp_configuration"])
    registry_configuration = {**configuration["recognizer_registry"], "supported_languages": languages}
    _require_local(registry_configuration.get("recognizers"))
    nlp_engine = NlpEngineProvider(
        nlp_configuration={**configuration["nlp_configuration"], "models": models}
    ).create_engine()
    registry = RecognizerRegistryProvider(
        registry_configuration=registry_configuration, nlp_engine=nlp_engine
    ).create_recognizer_registry()
    for recognizer in registry.recognizers:
        if isinstance(recognizer, RemoteRecognizer):
            msg = f"its recognizer {type(recognizer).__name__} sends text to a service"
            raise ModelRefusedError(msg)
    return AnalyzerEngine(
        nlp_engine=nlp_engine,
        registry=registry,
        supported_languages=languages,
        default_score_threshold=configuration.get("default_score_threshold", 0),
    )


def _local_models(directory: Path, nlp: Mapping[str, Any]) -> list[dict[str, str]]:
    """The models with absolute paths; each has to stand inside the directory whose digest was checked."""
    engine = nlp.get("nlp_engine_name")
    if engine not in _LOCAL_ENGINES:
        msg = f"nlp_engine_name {engine!r}: only {', '.join(_LOCAL_ENGINES)} loads from a directory alone"
        raise ModelRefusedError(msg)
    models = []
    for model in nlp.get("models") or ():
        path = directory / str(model.get("model_name", ""))
        inside = path.resolve().is_relative_to(directory.resolve()) and path.resolve() != directory.resolve()
        if not inside or not (path / "config.cfg").is_file():
            msg = f"model_name {model.get('model_name')!r} is not a spaCy pipeline in the directory"
            raise ModelRefusedError(msg)
        models.append({**model, "model_name": str(path.resolve())})
    if not models:
        msg = "nlp_configuration names no models"
        raise ModelRefusedError(msg)
    return models


def _require_local(recognizers: Any) -> None:
    """Raise `ModelRefusedError` unless recognizers are named, and each works in this process alone."""
    if not isinstance(recognizers, list) or not recognizers:
        msg = "recognizer_registry names no recognizers; list those you want"
        raise ModelRefusedError(msg)
    for recognizer in recognizers:
        told = recognizer if isinstance(recognizer, dict) else {"name": recognizer}
        name = str(told.get("class_name") or told.get("name", ""))
        by_hand = told.get("patterns") or told.get("deny_list")
        if told.get("enabled", True) and not by_hand and any(part in name for part in _REMOTE_NAMES):
            msg = f"its recognizer {name} loads from a hub or asks a service; make a model of your own a plug-in"
            raise ModelRefusedError(msg)
