"""What presidio-analyzer finds: default recognizers of seven languages, blank spaCy models, so patterns only.

The statistical recognizers for names and places need a language model that does not come with the package.
"""

from __future__ import annotations

import atexit
import logging
import shutil
import tempfile
from pathlib import Path

import spacy
from answer import answer
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpEngineProvider

logging.disable(logging.CRITICAL)
LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pt"]


def engine() -> AnalyzerEngine:
    home = Path(tempfile.mkdtemp(prefix="strongroom-bench-"))  # presidio takes a model by name or path only
    atexit.register(shutil.rmtree, home)
    for language in LANGUAGES:
        spacy.blank(language).to_disk(home / language)
    models = [{"lang_code": language, "model_name": str(home / language)} for language in LANGUAGES]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    registry = RecognizerRegistry(supported_languages=LANGUAGES)
    registry.load_predefined_recognizers(languages=LANGUAGES)
    return AnalyzerEngine(
        nlp_engine=provider.create_engine(), registry=registry, supported_languages=LANGUAGES
    )  # fmt: skip


ANALYZER = engine()


def spans(texts: list[str], languages: list[str], threshold: float) -> list[list[tuple[int, int, str]]]:
    """For each text what was found: start, end and entity type."""
    return [
        [
            (found.start, found.end, found.entity_type)
            for found in ANALYZER.analyze(text, language=language, score_threshold=threshold)
        ]
        for text, language in zip(texts, languages, strict=True)
    ]


answer({"spans": spans}, "presidio-analyzer", "spacy")
