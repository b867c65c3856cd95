"""What upstream received, byte for byte: request lines, headers and bodies.

Must never: be written to disk; it is scanned in memory and forgotten.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived."""

    line: bytes
    headers: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        """All of it, in the order it came."""
        return b"\r\n".join((self.line, self.headers, b"", self.body))


@dataclass(slots=True)
class Recording:
    """Everything received, and what the model noticed about its own words coming back."""

    received: list[Received] = field(default_factory=list)
    echoes: int = 0
    echoes_altered: int = 0
    thoughts: int = 0
    thoughts_altered: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, line: str, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
        """Keep one request."""
        joined = b"\r\n".join(name + b": " + value for name, value in headers)
        with self._lock:
            self.received.append(Received(line.encode(), joined, body))

    def add_echoes(self, *, seen: int, altered: int) -> None:
        """Count tool calls of the model that came back, and those that came back changed."""
        with self._lock:
            self.echoes += seen
            self.echoes_altered += altered

    def add_thoughts(self, *, seen: int, altered: int) -> None:
        """Count signed thoughts that came back, and those that came back changed."""
        with self._lock:
            self.thoughts += seen
            self.thoughts_altered += altered

    def snapshot(self) -> tuple[Received, ...]:
        """What was received so far."""
        with self._lock:
            return tuple(self.received)
