"""A classifier that is made when it is first asked: most commands open a room and never read a text.

Must never: stand in for one whose making can fail. What a person configured is made, and refused, at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from strongroom.classify.catalogue import Catalogue
from strongroom.classify.classifier import Classifier


class LateClassifier(Classifier):
    """What `make` gives, from the first question on. Safe to share between threads."""

    def __init__(self, catalogue: Catalogue, make: Callable[[], Classifier]) -> None:
        self.catalogue = catalogue
        self._make = make
        self._making = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        """Called for what is not there yet: everything but the catalogue, until it was made."""
        if name.startswith("__"):
            raise AttributeError(name)
        with self._making:
            if name not in self.__dict__:
                self.__dict__.update(self._make().__dict__)
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    def ready(self) -> None:
        """Make it now: a server's first request must not wait for it."""
        self.spans("")
