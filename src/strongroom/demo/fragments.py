"""Awkward fragments: the worst places to cut text, events and bytes at, in a fixed rhythm.

Must never: change what is cut; the pieces joined are the whole again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import TypeVar

CHARACTER_RHYTHM = (1, 3, 2, 6, 1, 4, 11)
"""Characters per delta: an eleven-character surrogate is met whole, halved, and in single letters."""
BYTE_RHYTHM = (1, 7, 40, 2, 3, 130, 5, 19, 400)
"""Bytes per write: cuts fall inside multi-byte characters, escapes, field names and line ends."""

Sliceable = TypeVar("Sliceable", str, bytes)


def in_rhythm(whole: Sliceable, rhythm: Sequence[int]) -> Iterator[Sliceable]:
    """`whole` in pieces whose lengths follow `rhythm` over and over."""
    position = 0
    for length in cycle(rhythm):
        if position >= len(whole):
            return
        yield whole[position : position + length]
        position += length


def text_pieces(text: str) -> Iterator[str]:
    """Text as a model streams it at its worst."""
    return in_rhythm(text, CHARACTER_RHYTHM)


def byte_pieces(raw: bytes) -> Iterator[bytes]:
    """Bytes as a network delivers them at its worst."""
    return in_rhythm(raw, BYTE_RHYTHM)


def event(payload: bytes, *, name: str = "", number: int = 0) -> bytes:
    """One server-sent event; line ends and keep-alive comments vary with its `number`."""
    end = b"\r\n" if number % 3 == 1 else b"\n"
    head = f"event: {name}".encode() + end if name else b""
    comment = b": keep-alive" + end + end if number % 5 == 4 else b""  # noqa: PLR2004 - every fifth event
    return comment + head + b"data: " + payload + end + end
