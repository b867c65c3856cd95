"""presidio-analyzer with its default recognizers and a blank spaCy model: patterns only, no statistics."""

from __future__ import annotations

import atexit
import logging
import shutil
import statistics
import tempfile
import time

import spacy
from answer import answer
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider

logging.disable(logging.CRITICAL)


def engine() -> AnalyzerEngine:
    path = tempfile.mkdtemp(prefix="strongroom-bench-")  # presidio takes a model by name or path only
    atexit.register(shutil.rmtree, path)
    spacy.blank("en").to_disk(path)
    provider = NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": path}]}
    )
    return AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])


ANALYZER = engine()


def scan(texts: list[str]) -> float:
    """Median processor seconds for one of the texts."""
    costs = []
    for text in texts:
        started = time.process_time()
        ANALYZER.analyze(text, language="en")
        costs.append(time.process_time() - started)
    return statistics.median(costs)


def covered(texts: list[str], places: list[list[list[int]]], threshold: float) -> float:
    """Of the places given, the share that findings cover whole."""
    hit = total = 0
    for text, wanted in zip(texts, places, strict=True):
        found = [(r.start, r.end) for r in ANALYZER.analyze(text, language="en", score_threshold=threshold)]
        for start, end in wanted:
            total += 1
            hit += any(a <= start and end <= b for a, b in found)
    return hit / total


def raised(texts: list[str], threshold: float, kinds: list[str]) -> float:
    """The share of texts in which one of `kinds` is found."""
    found = sum(
        bool(ANALYZER.analyze(text, language="en", score_threshold=threshold, entities=kinds)) for text in texts
    )
    return found / len(texts)


answer({"scan": scan, "covered": covered, "raised": raised}, "presidio-analyzer", "spacy")
