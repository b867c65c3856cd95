"""Every position of every wire, made from the tables of the endpoints that the gateway serves.

An example is the smallest message in which one field holds a mark. Whoever adds an endpoint or a field adds its
examples by that alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from strongroom.gateway.routes import ENDPOINTS, Route, route_of
from strongroom.gateway.wires.table import Arr, Either, Field, Kind, Node, Obj, Tagged

CHANGED = frozenset({Kind.TEXT, Kind.ARGUMENTS, Kind.TREE, Kind.TOOL_TEXT})
UNCHANGED = frozenset({Kind.OPAQUE, Kind.STRUCTURAL})
TOOL = "send_email"
INSPECTED = "inspected, forwarded, restored"


class Endpoint(NamedTuple):
    """An endpoint whose bodies are read by tables, and the path a client asks."""

    path: str
    route: Route


class Example(NamedTuple):
    """A message in which one field holds the mark."""

    value: Any
    field: Field
    place: str


def endpoints() -> list[Endpoint]:
    """Every endpoint that is inspected, as the reference lists them."""
    paths = [
        path.replace("NAME", "m-1") for method, path, fate in ENDPOINTS if (method, fate) == ("POST", INSPECTED)
    ]
    return [Endpoint(path, route_of("POST", path, strict=True)) for path in paths]


def examples(node: Node | None, mark: str, kinds: frozenset[Kind]) -> list[Example]:
    """The examples of `kinds` in a table."""
    return [found for found in _Reader(mark).examples(node, (), "") if found.field.kind in kinds]


class _Reader:
    """Walks a table. What stands in several places of it is walked through once and touched in the others."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._walked: dict[int, dict[Kind, Example]] = {}

    def examples(self, node: Node | None, seen: tuple[int, ...], place: str) -> Iterator[Example]:
        if node is None or id(node) in seen:
            return
        if isinstance(node, Field):
            yield Example(_content(node, self._mark), node, place)
            return
        if id(node) in self._walked:
            for touched in self._walked[id(node)].values():
                yield touched._replace(place=place + touched.place)
            return
        firsts: dict[Kind, Example] = {}
        for found in self._below(node, (*seen, id(node)), place):
            firsts.setdefault(found.field.kind, found._replace(place=found.place[len(place) :]))
            yield found
        self._walked[id(node)] = firsts

    def _below(self, node: Node, seen: tuple[int, ...], place: str) -> Iterator[Example]:
        if isinstance(node, Arr):
            for below in self.examples(node.item, seen, f"{place}[]"):
                yield below._replace(value=[below.value])
        elif isinstance(node, Either):
            for case in (node.string, node.arr, node.obj):
                yield from self.examples(case, seen, place)
        elif isinstance(node, Tagged):
            for tag, case in node.cases.items():
                for below in self.examples(case, seen, f"{place}<{tag}>"):
                    if isinstance(below.value, dict):
                        yield below._replace(value={node.by: tag, **below.value, node.by: tag})
        elif isinstance(node, Obj):
            yield from self._members(node, seen, place)

    def _members(self, node: Obj, seen: tuple[int, ...], place: str) -> Iterator[Example]:
        children = dict(node.fields) | ({"some_key": node.extra} if node.extra else {})
        for key, child in children.items():
            for below in self.examples(child, seen, f"{place}.{key}"):
                value = {key: below.value}
                if below.field.kind in CHANGED and "name" in node.fields:
                    value.setdefault("name", TOOL)
                for number in node.keyed:
                    if number in node.fields and not isinstance(node.fields[number], Obj):
                        value.setdefault(number, 0)
                yield below._replace(value=value)


def _content(field: Field, mark: str) -> Any:
    if field.kind is Kind.ARGUMENTS:
        return json.dumps({"to": mark})
    if field.kind in (Kind.TREE, Kind.OPAQUE):
        return {"to": [mark, 1.10]}
    if field.kind is Kind.TOOL_NAME:
        return TOOL
    return mark if field.kind in CHANGED else 3 if field.kind is Kind.OFFSET else "x"


def declared_tools() -> dict[str, dict[str, str]]:
    """A declaration of every tool the examples call, so that an address may come out at each of its parameters."""
    tools = {TOOL: {"to": "message.recipient", "input": "message.recipient"}}
    for _, route in endpoints():
        for table in (route.answer, route.wire.response, route.wire.event):
            for found in examples(table, "x", CHANGED):
                if found.field.tool:
                    parameters = tools.setdefault(found.field.tool, {"to": "message.recipient"})
                    parameters[found.field.parameter] = "message.recipient"
    return tools
