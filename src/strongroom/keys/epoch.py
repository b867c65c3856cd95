"""The port to the shared epoch: how every process learns of a revocation on its next operation.

Theory: a sequence lock. The number is even while nothing changes. A change makes it odd, commits, and makes it
even again; so whoever reads the same even number as before knows that no key state changed in between, and
whoever reads an odd one must look into the store. A process that dies inside a change leaves the number odd,
which is slow and right, never fast and wrong.

Must never: be cached, or be moved by anything that is not followed by its effect in the store.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Epoch(Protocol):
    """A counter all processes of one store share; reading it costs a fraction of a microsecond."""

    def value(self) -> int:
        """The number now. Odd: a change is under way and nothing read now may be kept."""
        ...

    def changing(self) -> AbstractContextManager[None]:
        """Hold the number odd while the store changes; one holder at a time across processes."""
        ...

    def bump(self) -> int:
        """Make every process drop its cached keys; returns the new, even number."""
        ...
