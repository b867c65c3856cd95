"""How text is classified here: the engine and the recognizers the settings name, put together once per process.

Must never: replace an engine or a recognizer that was asked for and is not there by another one.
"""

from __future__ import annotations

from strongroom.classify.catalogue import Catalogue
from strongroom.classify.classifier import Classifier
from strongroom.classify.recognizer import Recognizer
from strongroom.settings import Settings
from strongroom.wiring.detection_plugins import build_plugins


def build_classifier(settings: Settings, catalogue: Catalogue) -> Classifier:
    """The classifier for `settings`; raises `ConfigurationError` or `PolicyInvalidError` saying what to do."""
    return Classifier(catalogue, recognizers=_recognizers(settings))


def _recognizers(settings: Settings) -> list[Recognizer]:
    return [*build_plugins(settings.detection.plugins)]
