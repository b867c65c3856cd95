"""The words a wire table is written in, and the walk that reads a message by such a table.

Every field is one of these: **text** is for people or models and is inspected and changed; **arguments** and
**tree** are JSON that stands for a tool call's input (as a string, or in place); **opaque** must stay identical
to the bit (signatures, encrypted state, reasoning); **structural** steers the protocol; an **offset** counts
characters of a text and moves with them; **binary** cannot be inspected. What a table does not name is unknown.

The walk is pre-order and meets every string literal, keys included, so that the n-th string met is the n-th
literal of the text (`formats.json_spans`). A path is a linked pair ``(parent path, key or index)``: cheap to
make, unrolled only when somebody needs its name.

Must never: put a value, or a field name a client made up, into an error; names are shown only when they look
like names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from strongroom.errors import RequestRefusedError
from strongroom.guard.session import Origin

STRUCTURAL_LEN_MAX = 1024
"""Identifiers and enum words are short; what is longer is content in the wrong place."""

_NAME_LIKE = re.compile(r"[a-z][a-z0-9_.-]{0,47}", re.ASCII)

LinkedPath = tuple[Any, ...]
"""``()`` at the root, else ``(parent path, key or index)``."""

ROOT: LinkedPath = ()


class Kind(Enum):
    """What a field is. The value is the word the reference uses."""

    TEXT = "text"
    ARGUMENTS = "arguments"
    TREE = "tree"
    TOOL_TEXT = "tool text"
    OPAQUE = "opaque"
    STRUCTURAL = "structural"
    OFFSET = "offset"
    TOOL_NAME = "tool name"
    BINARY = "binary"


class Target(NamedTuple):
    """The text an offset counts in: `name`, `up` objects and arrays above it; 0: the document it cites.

    `end`: the offset is where a stretch of it ends.
    """

    up: int
    name: str
    end: bool


class Place(NamedTuple):
    """One field to be changed: where it is and what it holds.

    `met` is the number of the literal: of the string itself, or, for a tree, of the key it stands under.
    """

    field: Field
    met: int
    value: Any
    path: LinkedPath
    parent: Mapping[str, Any]


class Walk:
    """One reading of one message: the places found, the literals met, what was unknown.

    `strict` refuses unknown and binary fields by raising; otherwise they are only reported. `judge` says of a
    binary field why it is refused, or ``""``: then it is one of `files`.
    """

    __slots__ = ("files", "judge", "met", "names", "offsets", "places", "reports", "strict")

    def __init__(self, *, strict: bool, judge: Judge | None = None) -> None:
        self.strict = strict
        self.judge = judge
        self.files: list[Place] = []
        self.met = 0
        self.places: list[Place] = []
        self.reports: list[str] = []
        self.names: list[tuple[LinkedPath, str]] = []
        self.offsets: list[Place] = []

    def refuse(self, path: LinkedPath, node: object, why: str) -> None:
        """Raise `RequestRefusedError` naming the field, or report it and step over it."""
        name = f"{dotted(path)}: {why}"
        if self.strict:
            raise RequestRefusedError(name)
        self.reports.append(name)
        self.met += strings_in(node)


def strings_in(node: object) -> int:
    """How many string literals, keys included, a parsed value was written with."""
    if isinstance(node, str):
        return 1
    if isinstance(node, dict):
        return len(node) + sum(strings_in(item) for item in node.values() if isinstance(item, str | dict | list))
    if isinstance(node, list):
        return sum(strings_in(item) for item in node if isinstance(item, str | dict | list))
    return 0


def flat(path: LinkedPath) -> tuple[str | int, ...]:
    """A linked path unrolled, root first."""
    parts: list[str | int] = []
    while path:
        path, part = path
        parts.append(part)
    return tuple(reversed(parts))


def dotted(path: LinkedPath) -> str:
    """A path for people: ``messages[2].content``. A part that does not look like a field's name shows as ``?``."""
    out = ""
    for part in flat(path):
        if isinstance(part, int):
            out += f"[{part}]"
        else:
            out += f".{part}" if _NAME_LIKE.fullmatch(part) else ".?"
    return out.lstrip(".") or "body"


class Node:
    """Something a table says about a place. `null` is accepted everywhere: it carries nothing.

    `skipped` are the JSON types of values that need no look.
    """

    __slots__ = ()
    skipped: frozenset[type] = frozenset({type(None)})

    def walk(self, node: Any, walk: Walk, path: LinkedPath, parent: Mapping[str, Any]) -> None:
        """Read `node`, which stands at `path` in the object `parent`."""
        raise NotImplementedError  # pragma: no cover - every kind of node has its own


_SCALARS = frozenset({type(None), int, float, bool})
_WITHOUT_CONTENT = frozenset({Kind.STRUCTURAL, Kind.TOOL_NAME, Kind.OPAQUE})


Judge = Callable[[Place], str]


class Instead(NamedTuple):
    """What takes the place of a file whose text is sent: the `up`-th object around becomes `made` of the text."""

    up: int
    made: Callable[[str], object]


class Field(Node):
    """A field of one kind.

    `origin` says who wrote a text on its way to the model; `fragment`, that it is a piece of a streamed text;
    `why` is a remark for the reference. `tool` and `parameter` name where a tool call's input goes when the
    message does not; `target` is the text an offset counts in. `media` is what a binary field holds (image, audio,
    video, document, address, or any: its neighbours say), and `instead` how a text takes its place.
    """

    __slots__ = (
        "fragment", "instead", "kind", "media", "origin", "parameter", "skipped", "target", "tool", "visit", "why",
    )  # fmt: skip

    def __init__(
        self, kind: Kind, origin: Origin = Origin.TYPED, *, fragment: bool = False, why: str = "",
        tool: str = "", parameter: str = "input", target: Target | None = None, media: str = "",
        instead: Instead | None = None,
    ) -> None:  # fmt: skip
        self.kind = kind
        self.origin = origin
        self.fragment = fragment
        self.why = why
        self.tool = tool
        self.parameter = parameter
        self.target = target
        self.media = media
        self.instead = instead
        self.skipped = _SCALARS if kind in _WITHOUT_CONTENT else Node.skipped
        self.visit: Callable[[Field, Any, Walk, LinkedPath, Mapping[str, Any]], None] = _VISITS[kind]

    def walk(self, node: Any, walk: Walk, path: LinkedPath, parent: Mapping[str, Any]) -> None:
        """Read the field by its kind."""
        self.visit(self, node, walk, path, parent)


def _visit_text(field: Field, node: Any, walk: Walk, path: LinkedPath, parent: Mapping[str, Any]) -> None:
    if isinstance(node, str):
        if node:
            walk.places.append(Place(field, walk.met, node, path, parent))
        walk.met += 1
    elif node is not None:
        walk.refuse(path, node, "text was expected")


def _visit_tree(field: Field, node: Any, walk: Walk, path: LinkedPath, parent: Mapping[str, Any]) -> None:
    if isinstance(node, str):
        _visit_text(field, node, walk, path, parent)
        return
    if node and isinstance(node, dict | list):
        walk.places.append(Place(field, walk.met - 1, node, path, parent))
    walk.met += strings_in(node)


def _visit_opaque(_field: Field, node: Any, walk: Walk, _path: LinkedPath, _parent: Mapping[str, Any]) -> None:
    walk.met += strings_in(node)


def _visit_structural(field: Field, node: Any, walk: Walk, path: LinkedPath, _parent: Mapping[str, Any]) -> None:
    if isinstance(node, str):
        if len(node) > STRUCTURAL_LEN_MAX:
            walk.refuse(path, node, f"longer than {STRUCTURAL_LEN_MAX} characters")
            return
        walk.met += 1
        if field.kind is Kind.TOOL_NAME:
            walk.names.append((path, node))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            _visit_structural(field, item, walk, (path, index), _parent)
    elif isinstance(node, dict):
        walk.refuse(path, node, "an object was not expected")


def _visit_offset(field: Field, node: Any, walk: Walk, path: LinkedPath, parent: Mapping[str, Any]) -> None:
    if isinstance(node, int) and not isinstance(node, bool):
        walk.offsets.append(Place(field, walk.met - 1, node, path, parent))
    else:
        _visit_structural(field, node, walk, path, parent)


def _visit_binary(field: Field, node: Any, walk: Walk, path: LinkedPath, parent: Mapping[str, Any]) -> None:
    if node is None:
        return
    why = "content of this kind cannot be inspected"
    if walk.judge is not None and isinstance(node, str):
        place = Place(field, walk.met, node, path, parent)
        why = walk.judge(place)
        if not why:
            walk.files.append(place)
            walk.met += 1
            return
    walk.refuse(path, node, why)


_VISITS = {
    Kind.TEXT: _visit_text,
    Kind.ARGUMENTS: _visit_text,
    Kind.TOOL_TEXT: _visit_text,
    Kind.TREE: _visit_tree,
    Kind.OPAQUE: _visit_opaque,
    Kind.STRUCTURAL: _visit_structural,
    Kind.OFFSET: _visit_offset,
    Kind.TOOL_NAME: _visit_structural,
    Kind.BINARY: _visit_binary,
}


class Obj(Node):
    """An object with exactly these `fields`; `extra` says what every other key holds, if any is allowed.

    `keyed` names the fields that number this object among its like (``index``): the path then carries those
    numbers, so that pieces of one streamed block have one path. `aliases` are second names of fields.
    """

    __slots__ = ("aliases", "extra", "fields", "keyed")

    def __init__(
        self,
        fields: Mapping[str, Node],
        *,
        extra: Node | None = None,
        keyed: str | tuple[str, ...] | None = None,
        aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.fields = dict(fields)
        self.aliases = {alias: name for alias, name in (aliases or {}).items() if alias != name}
        self.fields.update({alias: fields[name] for alias, name in self.aliases.items()})
        self.extra = extra
        self.keyed = (keyed,) if isinstance(keyed, str) else keyed or ()

    def members(self) -> dict[str, Node]:
        """Every field once, by its first name."""
        return {name: node for name, node in self.fields.items() if name not in self.aliases}

    def walk(self, node: Any, walk: Walk, path: LinkedPath, parent: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Read each field by its name, in the order they were written."""
        if not isinstance(node, dict):
            if node is not None:
                walk.refuse(path, node, "an object was expected")
            return
        for name in self.keyed:
            if isinstance(number := node.get(name), int):
                path = (path, number)
        known = self.fields
        for key, item in node.items():
            walk.met += 1
            field = known.get(key, self.extra)
            if field is not None and item.__class__ in field.skipped:  # most of a message: numbers and switches
                continue
            if field is None:
                walk.refuse((path, key), item, "unknown field")
            else:
                field.walk(item, walk, (path, key), node)


class Arr(Node):
    """An array of one kind of item. `keyed` as in `Obj`, for arrays whose items carry their own number."""

    __slots__ = ("item", "keyed")

    def __init__(self, item: Node, *, keyed: str | None = None) -> None:
        self.item = item
        self.keyed = keyed

    def walk(self, node: Any, walk: Walk, path: LinkedPath, parent: Mapping[str, Any]) -> None:
        """Read each item."""
        if not isinstance(node, list):
            if node is not None:
                walk.refuse(path, node, "an array was expected")
            return
        for position, item in enumerate(node):
            number = position
            if self.keyed is not None and isinstance(item, dict):
                number = item.get(self.keyed, position)
                number = number if isinstance(number, int) else position
            self.item.walk(item, walk, (path, number), parent)


class Tagged(Node):
    """An object whose field `by` says which of `cases` it is; `missing` is the case when it has none."""

    __slots__ = ("by", "cases", "missing")

    def __init__(self, by: str, cases: Mapping[str, Node], *, missing: str | None = None) -> None:
        self.by = by
        self.cases = dict(cases)
        self.missing = missing

    def walk(self, node: Any, walk: Walk, path: LinkedPath, parent: Mapping[str, Any]) -> None:
        """Read the object as the case it says it is."""
        if not isinstance(node, dict):
            if node is not None:
                walk.refuse(path, node, "an object was expected")
            return
        tag = node.get(self.by)
        tag = self.missing if tag is None else tag
        case = self.cases.get(tag) if isinstance(tag, str) else None
        if case is None:
            shown = tag if isinstance(tag, str) and _NAME_LIKE.fullmatch(tag) else "?"
            walk.refuse(path, node, f"unknown {self.by} {shown}")
            return
        case.walk(node, walk, path, parent)


class Either(Node):
    """A place that holds a string, an array, an object or another scalar, each with its own meaning."""

    __slots__ = ("arr", "obj", "scalar", "string")

    def __init__(
        self,
        *,
        string: Node | None = None,
        arr: Node | None = None,
        obj: Node | None = None,
        scalar: Node | None = None,
    ) -> None:
        self.string = string
        self.arr = arr
        self.obj = obj
        self.scalar = scalar

    def walk(self, node: Any, walk: Walk, path: LinkedPath, parent: Mapping[str, Any]) -> None:
        """Read the value by its JSON type."""
        if isinstance(node, str):
            case = self.string
        elif isinstance(node, list):
            case = self.arr
        elif isinstance(node, dict):
            case = self.obj
        elif node is None:
            return
        else:
            case = self.scalar
        if case is None:
            walk.refuse(path, node, "another JSON type was expected")
        else:
            case.walk(node, walk, path, parent)


def text(origin: Origin = Origin.TYPED, *, fragment: bool = False, why: str = "") -> Field:
    """A text for people or models."""
    return Field(Kind.TEXT, origin, fragment=fragment, why=why)


def arguments(*, fragment: bool = False) -> Field:
    """A tool call's arguments as a string of JSON; the model wrote it."""
    return Field(Kind.ARGUMENTS, Origin.MODEL, fragment=fragment)


def tree(origin: Origin, *, why: str = "", tool: str = "") -> Field:
    """A JSON value in place whose strings are text; only ever the value of an object's field.

    `tool` is whose input it is when no name stands beside it.
    """
    return Field(Kind.TREE, origin, why=why, tool=tool)


def tool_text(*, fragment: bool = False, tool: str = "", parameter: str = "input") -> Field:
    """A custom tool's input: text that a tool gets, written by the model, as the one `parameter` it has."""
    return Field(Kind.TOOL_TEXT, Origin.MODEL, fragment=fragment, tool=tool, parameter=parameter)


def offset(up: int = 0, name: str = "", *, end: bool = False) -> Field:
    """A number that counts characters of a text that changes: it moves with them. See `Target`."""
    return Field(Kind.OFFSET, target=Target(up, name, end))


def opaque(why: str = "") -> Field:
    """Must stay identical to the bit."""
    return Field(Kind.OPAQUE, why=why)


def structural(why: str = "") -> Field:
    """A number, a switch, an enum word, an identifier, or a list of these."""
    return Field(Kind.STRUCTURAL, why=why)


def tool_name() -> Field:
    """Structural, and says which tool a call is for."""
    return Field(Kind.TOOL_NAME)


def binary(why: str = "", media: str = "", instead: Instead | None = None) -> Field:
    """Cannot be inspected: refused in enforce mode, unless the operator's rule for `media` says otherwise."""
    return Field(Kind.BINARY, why=why, media=media, instead=instead)
