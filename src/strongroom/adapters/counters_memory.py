"""Counters of this process for rate limits and budgets: a sliding window per key, two numbers each.

`limits` has a storage for this, but it walks over all its keys at every count; here a count costs the same however
many keys there are.

Must never: grow without bound; beyond `KEYS_MAX` the key that was not used for longest starts anew.
"""

from __future__ import annotations

from collections import OrderedDict

from strongroom.clock import Clock

KEYS_MAX = 100_000
"""About 30 MB: a few counters for each of ten thousand principals."""


class _Window:
    """What was counted in the window that began at `start`, and in the one before."""

    __slots__ = ("current", "previous", "start")

    def __init__(self, start: float) -> None:
        self.start = start
        self.current = 0
        self.previous = 0

    def roll(self, now: float, seconds: int) -> float:
        """Move on to the window of `now`; how much of it is over, 0 to 1."""
        past = now - self.start
        if past >= seconds:
            self.previous = self.current if past < 2 * seconds else 0
            self.current = 0
            self.start = self.start + seconds if past < 2 * seconds else now
        return (now - self.start) / seconds


class MemoryCounters:
    """See the module; the gateway's port `Counters`. For one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    async def take(self, key: str, *, limit: int, seconds: int, amount: int) -> tuple[bool, float, float, float]:
        """Count `amount` unless more than `limit` would be in the last `seconds`.

        Returns whether it was counted, the counts of the window before and of this one, and how much of it is
        over.
        """
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = _Window(self._clock.monotonic())
            if len(self._windows) > KEYS_MAX:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(key)
        over = window.roll(self._clock.monotonic(), seconds)
        counted = window.previous * (1 - over) + window.current + amount <= limit
        if counted:
            window.current += amount
        return counted, window.previous, window.current, over

    async def correct(self, key: str, *, seconds: int, amount: int) -> None:
        """Add `amount`, which may be negative, to what was counted."""
        window = self._windows.get(key)
        if window is not None:
            window.roll(self._clock.monotonic(), seconds)
            window.current = max(window.current + amount, 0)

    async def close(self) -> None:
        """Nothing is held."""
