"""A tagger of names that comes with its weights: a linear-chain CRF over spelling, word lists and neighbours.

Must never: be needed by patterns, fields or known values; it only ever adds to what they find.
"""

from __future__ import annotations

from strongroom.classify.tagger.recognizer import Dial, NameTagger

__all__ = ["Dial", "NameTagger"]
