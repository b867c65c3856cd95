"""A small local embedder: hashed words and letter groups, projected to 384 dimensions, no download, no training.

Must never: send a text anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import HashingVectorizer

DIMENSIONS = 384
LETTER_GROUPS = (3, 5)  # shares word stems between German compounds

Vector = npt.NDArray[np.float32]


class Embedder:
    """Texts to unit vectors, float32."""

    def __init__(self) -> None:
        self._vectorizer = HashingVectorizer(
            n_features=DIMENSIONS, analyzer="char_wb", ngram_range=LETTER_GROUPS, norm="l2", alternate_sign=True
        )

    def embed(self, texts: Sequence[str]) -> Vector:
        """One row per text, shape (texts, 384), each of length one (or zero for an empty text)."""
        dense: Vector = self._vectorizer.transform(list(texts)).toarray().astype(np.float32)
        return dense

    def embed_one(self, text: str) -> Vector:
        """The vector of one text, shape (384,)."""
        one: Vector = self.embed([text])[0]
        return one
