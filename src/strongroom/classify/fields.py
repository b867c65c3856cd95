"""Fields: what a column or a JSON key says its values are, in seven languages, and what samples say.

This is the tier to trust: most personal data reaches an agent in rows and tool results whose keys name it.

Must never: take a name's word for values that plainly are something else (a key `name` over `send_email`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

from strongroom.classify.catalogue import Catalogue, EntityType
from strongroom.classify.classifier import Classifier
from strongroom.classify.plain import plain_form
from strongroom.classify.span import FIELD, Span

NAME_CHARS_MAX: Final = 128
"""Longer keys are data themselves."""

SAMPLES_MAX: Final = 64
SAMPLE_CHARS_MAX: Final = 512
AGREEMENT: Final = 0.6
"""Share of the samples that must be one kind before values alone decide."""

FITTING: Final = 0.5
"""Share of the samples that must fit the shape of what the name announces."""

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+|\d+")
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
_PERSON: Final = re.compile(r"[^\W\d_](?:[^\W\d_]|[ .,'\u2019\-]){0,79}")
_SHAPES: Final[dict[str, Callable[[str], bool]]] = {
    "any": lambda value: bool(value.strip()),
    "name": lambda value: _PERSON.fullmatch(value.strip()) is not None and not value.strip().islower(),
    "text": lambda value: sum(char.isalpha() for char in value) > 1,
}


def words_of(name: str) -> tuple[str, ...]:
    """The words of a key: ``customerEmail`` and ``customer_email`` fall apart the same way, accents aside."""
    if not name.isascii():
        parts = unicodedata.normalize("NFD", unicodedata.normalize("NFC", name).translate(_UMLAUTS))
        name = "".join(char for char in parts if not unicodedata.combining(char))
    found = [word.casefold() for word in _WORD.findall(name)]
    while len(found) > 1 and found[-1].isdigit():
        found.pop()
    return tuple(found)


class FieldClassifier:
    """Answers what a field holds. Built once; safe to share between threads.

    Without a `classifier`, samples only confirm what a name announces; with one they can also decide alone.
    """

    def __init__(self, catalogue: Catalogue, classifier: Classifier | None = None) -> None:
        self._catalogue = catalogue
        self._classifier = classifier
        self._exact: dict[str, EntityType] = {}
        self._ending: dict[str, EntityType] = {}
        for entity in catalogue.types.values():
            for field in entity.fields:
                key = "".join(words_of(field))
                self._exact.setdefault(key, entity)
                if not field.startswith("="):
                    self._ending.setdefault(key, entity)

    def kind_of(self, name: str, samples: Sequence[str] = ()) -> str | None:
        """The kind of the field called `name`, or None when neither its name nor `samples` of its values say.

        At most `SAMPLES_MAX` samples of `SAMPLE_CHARS_MAX` characters are looked at.
        """
        taken = [plain_form(sample[:SAMPLE_CHARS_MAX]) for sample in samples[:SAMPLES_MAX] if sample.strip()]
        entity = self._named(name)
        if entity is not None and (not taken or _fits(entity, taken)):
            return entity.kind
        return self._sampled(taken)

    def span(self, name: str, value: str) -> Span | None:
        """The whole of `value` as a span when the field's name says what it is and the value fits."""
        entity = self._named(name)
        if entity is None or not value.strip() or not _fits(entity, (plain_form(value[:SAMPLE_CHARS_MAX]),)):
            return None
        return Span(0, len(value), entity.kind, 1.0, FIELD)

    def _named(self, name: str) -> EntityType | None:
        if len(name) > NAME_CHARS_MAX:
            return None
        words = words_of(name)
        found = self._exact.get("".join(words))
        for first in range(1, len(words)):
            found = found or self._ending.get("".join(words[first:]))
        return found

    def _sampled(self, samples: Sequence[str]) -> str | None:
        if self._classifier is None or not samples:
            return None
        counts: dict[str, int] = {}
        for sample in samples:
            for kind in self._classifier.whole(sample):
                counts[kind] = counts.get(kind, 0) + 1
        best = max(counts, key=lambda kind: (counts[kind], kind), default=None)
        return best if best is not None and counts[best] >= AGREEMENT * len(samples) else None


def _fits(entity: EntityType, samples: Sequence[str]) -> bool:
    fits = _SHAPES[entity.shape]
    return sum(fits(sample) for sample in samples) >= FITTING * len(samples)
