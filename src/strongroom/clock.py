"""Time and randomness as things that are passed in, so that a test can hold them still.

Must never: be bypassed; no other module reads the wall clock or the system's randomness itself.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Protocol

Entropy = Callable[[int], bytes]
"""Returns that many uniformly random bytes."""

system_entropy: Entropy = os.urandom  # noqa: TID251 - its one home


class Clock(Protocol):
    """A source of time."""

    def now(self) -> float:
        """Seconds since the Unix epoch, wall clock: for records that people read."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back: for expiry inside one process."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        """Wall-clock seconds since the Unix epoch."""
        return time.time()  # noqa: TID251 - its one home

    def monotonic(self) -> float:
        """Monotonic seconds with an arbitrary origin."""
        return time.monotonic()
