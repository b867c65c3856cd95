"""The recipes: what most users import. `Strongroom.open()` gives a room; a room gives sessions."""

from strongroom.room.strongroom import Strongroom

__all__ = ["Strongroom"]
