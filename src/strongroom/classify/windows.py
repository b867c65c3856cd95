"""Windows: how a text is cut so that only the patterns a place needs are run there.

A window ends at a line end when one is near; otherwise at a character that stands inside no key, number or
address token, and the next window then begins `OVERLAP_BYTES` earlier, so that every match no longer than that
lies whole in some window.

Must never: cut inside a run of token characters, whatever its length, or lose a byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

WINDOW_BYTES: Final = 1024
"""Large enough that the fixed cost per window is small, small enough that a hit costs little to follow up."""

OVERLAP_BYTES: Final = 192
"""Longer than any match that has a break character inside it (a quoted password, a street with its city)."""

BREAK: Final = re.compile(rb"[^0-9A-Za-z_\-.+/=~%:@\x80-\xff]")
"""A byte that stands inside no key, number or address token."""


def windows(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield (start, end) byte offsets that cover `data`, ascending."""
    start, length = 0, len(data)
    while length - start > WINDOW_BYTES:
        goal = start + WINDOW_BYTES
        line_end = data.rfind(b"\n", start + OVERLAP_BYTES, goal) + 1
        if line_end:
            yield start, line_end
            start = line_end
            continue
        found = BREAK.search(data, goal)
        end = found.end() if found else length
        yield start, end
        if end == length:
            return
        start = _whole_character(data, end - OVERLAP_BYTES)
    if start < length:
        yield start, length


def _whole_character(data: bytes, at: int) -> int:
    """`at`, or up to three bytes earlier where a character begins."""
    while data[at] & 0xC0 == 0x80:  # noqa: PLR2004 - a continuation byte of UTF-8 (RFC 3629)
        at -= 1
    return at
