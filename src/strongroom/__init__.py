"""Strongroom: protects the data AI agents handle, in transit, at rest and in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strongroom.room import Strongroom

__all__ = ["Strongroom"]


def __getattr__(name: str) -> object:
    """Load the room on first use, so that importing one low room does not import the house."""
    if name == "Strongroom":
        from strongroom.room import Strongroom

        return Strongroom
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
