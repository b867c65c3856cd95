"""A spaCy pipeline from a local directory as a recognizer: the entities it finds, by the labels configured.

Texts are processed in a memory zone, so that the words of one do not stay in the pipeline's vocabulary; a pipeline
works on one text at a time.

Must never: load a pipeline by name, which would find whatever is installed, or one that sends text elsewhere.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import spacy
from spacy.language import Language

from strongroom.classify.foreign_names import MODEL_LABELS, kinds_by_label
from strongroom.classify.pieces import pieces
from strongroom.classify.span import PLUGIN, Span
from strongroom.errors import ModelRefusedError

SCORE: Final = 0.75
"""spaCy's entities carry no probability; this is below a validated pattern and above a weak one."""

PIECE_CHARS: Final = 50_000
"""Memory grows with the text: spaCy speaks of 1 GB per 100,000 characters for its larger components."""

_ENTITY_PIPES: Final = ("ner", "entity_ruler", "span_ruler", "beam_ner")
_NEEDLESS: Final = (
    "tagger", "morphologizer", "parser", "senter", "sentencizer", "lemmatizer", "trainable_lemmatizer",
    "attribute_ruler", "textcat", "textcat_multilabel", "entity_linker",
)  # fmt: skip
"""Components that no entity depends on when a trained component alone finds them."""


class SpacyRecognizer:
    """See the module. Raises `ModelRefusedError` for a directory that is no pipeline, or finds no entities."""

    def __init__(self, directory: Path, *, name: str, labels: Mapping[str, str]) -> None:
        self.name = f"{PLUGIN}:{name}"
        self._nlp = _loaded(directory, name)
        found = [
            label
            for pipe, kinds in self._nlp.pipe_labels.items()
            if self._nlp.get_pipe_meta(pipe).factory in _ENTITY_PIPES
            for label in kinds
        ]
        if not found:
            msg = f"plug-in {name}: the pipeline has no component that finds entities"
            raise ModelRefusedError(msg)
        self._kinds = kinds_by_label(found, labels, MODEL_LABELS, name=name)
        self._turn = threading.Lock()
        self.kinds: Sequence[str] = sorted(set(self._kinds.values()))

    def spans(self, text: str) -> list[Span]:
        """The entities in `text` whose label has a kind."""
        return [span for start, piece in pieces(text, PIECE_CHARS) for span in self._entities(start, piece)]

    def _entities(self, start: int, piece: str) -> list[Span]:
        with self._turn, self._nlp.memory_zone():
            return [
                Span(
                    start + entity.start_char,
                    start + entity.end_char,
                    self._kinds[entity.label_],
                    SCORE,
                    self.name,
                    reasons=(f"a spaCy pipeline labelled it {entity.label_}",),
                )
                for entity in self._nlp(piece).ents
                if entity.label_ in self._kinds
            ]


def _loaded(directory: Path, name: str) -> Language:
    try:
        # by a path with a separator in it: spacy.load tries a bare word as the name of a package first
        config = spacy.util.load_config(directory / "config.cfg", interpolate=False)
        factories = [str(block.get("factory", "")) for block in config.get("components", {}).values()]
        if any("llm" in factory for factory in factories):
            msg = f"plug-in {name}: the pipeline has a component that asks a language model elsewhere"
            raise ModelRefusedError(msg)
        rules = any("ruler" in factory and factory != "attribute_ruler" for factory in factories)
        return spacy.util.load_model_from_path(directory.resolve(), exclude=() if rules else _NEEDLESS)
    except (OSError, ValueError, KeyError, ImportError) as error:  # its messages quote configuration, not text
        reason = str(error).splitlines()[0][:200]
        msg = f"plug-in {name}: {directory} is not a spaCy pipeline that can be loaded here: {reason}"
        raise ModelRefusedError(msg) from error
