"""The recognizer port: whatever else finds spans in text beside patterns and known values.

The embedded tagger, the address grammar, a model loaded from a local path and a user's own code stand behind it.

Must never: be asked for more than spans. What a span means for policy is the catalogue's to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from strongroom.classify.span import Span


class Recognizer(Protocol):
    """Finds spans. Shared between threads; equal text gives equal spans, whatever was asked before."""

    @property
    def name(self) -> str:
        """What spans of this recognizer carry as their `source`."""
        ...

    @property
    def kinds(self) -> Sequence[str]:
        """Every kind it can report; each stands in the catalogue."""
        ...

    def spans(self, text: str) -> Sequence[Span]:
        """What it finds in `text`, in any order; overlaps are resolved by the classifier."""
        ...
