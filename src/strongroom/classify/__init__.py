"""What is it? The catalogue of entity types, and the tiers that find their values in text and in fields.

Order of trust: fields first (a column or JSON key says what its value is), then values already known from
fields, then patterns with validators. There is no statistical tagger: a name or an address that came
through no field and matches no known value is not found (docs/explanation/detection.md).

Must never: decide who may see a value, keep text it was given, or write a value into a message.
"""

from strongroom.classify.catalogue import Catalogue, EntityType, PatternRule
from strongroom.classify.classifier import Classifier
from strongroom.classify.engine import PatternEngine, RE2Engine
from strongroom.classify.fields import FieldClassifier
from strongroom.classify.known import KnownValues
from strongroom.classify.span import Span

__all__ = [
    "Catalogue",
    "Classifier",
    "EntityType",
    "FieldClassifier",
    "KnownValues",
    "PatternEngine",
    "PatternRule",
    "RE2Engine",
    "Span",
]
