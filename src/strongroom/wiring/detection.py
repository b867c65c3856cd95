"""How text is classified here: the engine and the recognizers the settings name, put together once per process.

Must never: replace an engine or a recognizer that was asked for and is not there by another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from strongroom.adapters.engine_hyperscan import HyperscanEngine
from strongroom.classify.address import AddressRecognizer
from strongroom.classify.catalogue import Catalogue
from strongroom.classify.classifier import Classifier, expressions
from strongroom.classify.engine import Expression, PatternEngine, RE2Engine
from strongroom.classify.engine_stdlib import StdlibEngine
from strongroom.classify.late import LateClassifier
from strongroom.classify.recognizer import Recognizer
from strongroom.settings import Settings
from strongroom.wiring.detection_plugins import build_plugins

SHIPPED_ENGINE = "re2"
ENGINES_SHARED = 2
"""An engine never changes, holds no text and takes a quarter of a second to make and warm up."""


def classifier_for(settings: Settings, catalogue: Catalogue) -> Classifier:
    """The classifier for `settings`, made on its first question if all of it is as shipped.

    Raises as `build_classifier` for what a person configured.
    """
    detection = settings.detection
    if settings.catalogue or detection.engine != SHIPPED_ENGINE or detection.plugins:
        return build_classifier(settings, catalogue)
    return LateClassifier(catalogue, lambda: build_classifier(settings, catalogue))


def build_classifier(settings: Settings, catalogue: Catalogue) -> Classifier:
    """The classifier for `settings`; raises `ConfigurationError` or `PolicyInvalidError` saying what to do."""
    engine = build_engine(settings, expressions(catalogue))
    return Classifier(catalogue, engine, recognizers=_recognizers(settings))


def build_engine(settings: Settings, wanted: Sequence[Expression]) -> PatternEngine:
    """The pattern engine that `settings` name, over `wanted`; rooms of one process with the same ones share it.

    Raises `ConfigurationError` when it is not installed, `PolicyInvalidError` for an expression it cannot hold.
    """
    return _engine(settings.detection.engine, tuple(wanted))


@lru_cache(maxsize=ENGINES_SHARED)
def _engine(name: str, wanted: tuple[Expression, ...]) -> PatternEngine:
    if name == "hyperscan":
        return HyperscanEngine(wanted)
    if name == "stdlib":
        return StdlibEngine(wanted)
    return RE2Engine(wanted)


def _recognizers(settings: Settings) -> list[Recognizer]:
    return [AddressRecognizer(), *_tagger(settings), *build_plugins(settings.detection.plugins)]


def _tagger(settings: Settings) -> list[Recognizer]:
    dial = settings.detection.names
    if dial == "off":
        return []
    from strongroom.classify.tagger import NameTagger  # its arrays cost what nobody asked for otherwise

    return [NameTagger(dial)]
