"""How much is in progress at once: requests, and bytes of bodies that are held whole.

A request holds its body until its answer has passed, and an answer that is restored whole holds that too;
everything else about a request is small and bounded. What does not fit is refused at once: waiting would hold it.

Must never: let a count stay behind; who enters leaves.
"""

from __future__ import annotations

from strongroom.gateway.problems import OverloadedError

RETRY_S = 1


class Occupancy:
    """One per process. `bytes_max` and `requests_max` are bounds on everything in progress together."""

    __slots__ = ("bytes", "bytes_max", "requests", "requests_max")

    def __init__(self, bytes_max: int = 512 << 20, requests_max: int = 4096) -> None:
        self.bytes_max = bytes_max
        self.requests_max = requests_max
        self.bytes = 0
        self.requests = 0

    def enter(self) -> None:
        """One more request; raises `OverloadedError` when there are too many."""
        if self.requests >= self.requests_max:
            msg = f"more than {self.requests_max} requests are in progress"
            raise OverloadedError(msg, retry_after_s=RETRY_S)
        self.requests += 1

    def leave(self) -> None:
        """One less."""
        self.requests -= 1

    def hold(self, size: int) -> None:
        """`size` more bytes; raises `OverloadedError` when they do not fit, and holds none of them then."""
        if self.bytes + size > self.bytes_max:
            msg = f"bodies in progress hold more than {self.bytes_max} bytes"
            raise OverloadedError(msg, retry_after_s=RETRY_S)
        self.bytes += size

    def release(self, size: int) -> None:
        """`size` less."""
        self.bytes -= size
