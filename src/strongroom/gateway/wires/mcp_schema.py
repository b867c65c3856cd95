"""The JSON Schema of a tool's output, loosened just enough for surrogates.

A client validates a structured result against the schema its server declared, and a surrogate is a string of its
own form: it stands where a number stood, and matches no pattern. So in output schemas (and nowhere else) a number
may be a string too, and what strings have to look like is not said. Everything else of a schema stays.

Must never: loosen a schema of arguments; a server checks those itself, and gets values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strongroom.gateway.wires.json_schema import SCHEMA
from strongroom.gateway.wires.table import Arr, Either, Field, Kind, LinkedPath, Node, Obj, Place, Walk

LOOSENED = Field(Kind.STRUCTURAL, why="loosened, so that a surrogate satisfies it")

_NUMBERS = {"integer": b'"integer","string"', "number": b'"number","string"'}
_ANY_PATTERN = b'""'
_ANY_FORMAT = b'"text"'


class _Loosened(Node):
    """The keyword `type`, `pattern` or `format`: a string, or a list of them."""

    __slots__ = ()

    def walk(self, node: Any, walk: Walk, path: LinkedPath, parent: Mapping[str, Any]) -> None:
        """Note where each string stands."""
        if isinstance(node, str):
            walk.places.append(Place(LOOSENED, walk.met, node, path, parent))
            walk.met += 1
        elif isinstance(node, list):
            for index, item in enumerate(node):
                self.walk(item, walk, (path, index), parent)
        elif node is not None:
            walk.refuse(path, node, "another JSON type was expected")


def loosened(place: Place) -> bytes | None:
    """What stands in the place of the string literal at `place`, quotes included; None if it stays."""
    keyword = place.path[1]
    if keyword == "pattern":
        return _ANY_PATTERN
    if keyword == "format":
        return _ANY_FORMAT
    types = place.parent.get("type")
    both = _NUMBERS.get(place.value)
    if both is None or (isinstance(types, list) and "string" in types):
        return None
    if isinstance(types, list):  # the first number in the list brings the string with it
        return both if place.value == next(item for item in types if item in _NUMBERS) else None
    return b"[" + both + b"]"


def _copy(node: Node, made: dict[int, Node]) -> Node:
    """A schema's table with its own keywords for what is loosened; tables refer to themselves."""
    if id(node) in made:
        return made[id(node)]
    if isinstance(node, Obj):
        copy = made[id(node)] = Obj({}, extra=node.extra if node.extra is None else _copy(node.extra, made))
        copy.fields.update({name: _copy(child, made) for name, child in node.fields.items()})
        if node is SCHEMA:
            copy.fields.update(dict.fromkeys(("type", "pattern", "format"), _Loosened()))
        return copy
    if isinstance(node, Arr):
        return Arr(_copy(node.item, made))
    if isinstance(node, Either):
        either = made[id(node)] = Either()
        for case in ("string", "arr", "obj", "scalar"):
            below = getattr(node, case)
            setattr(either, case, None if below is None else _copy(below, made))
        return either
    return node


OUTPUT_SCHEMA = _copy(SCHEMA, {})
