"""Nested values as columns: every leaf of JSON, a dataclass or a mapping under its dotted path.

`{"customer": {"emails": ["a@x.org"]}}` has the column ``customer.emails[]``.

Must never: follow an object deeper than a fixed depth, or drop a leaf that lies deeper without saying so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final

from strongroom.classify.survey import Column

DEPTH_MAX: Final = 12
COLUMNS_MAX: Final = 2000
"""Different paths of one document; a mapping keyed by data (ids as keys) would grow without end."""

CELLS_MAX: Final = 16
"""Values of one list that become cells of their own."""

REST: Final = "(further keys)"
"""The column that takes the leaves beyond either limit, so that their values are still looked at."""


class Leaves:
    """Gathers rows; gives columns. At most `limit` values of `chars` characters are kept per column."""

    def __init__(self, limit: int, chars: int) -> None:
        self._limit = limit
        self._chars = chars
        self._values: dict[str, list[str]] = {}
        self.rows = 0

    def add(self, row: object) -> None:
        """One record: a mapping, a dataclass, a list or a single value."""
        self.rows += 1
        self._walk("", row, 0)

    def columns(self) -> tuple[Column, ...]:
        """The columns met so far, in the order in which they were met."""
        return tuple(Column(name, tuple(values)) for name, values in self._values.items())

    def _walk(self, path: str, value: Any, depth: int) -> None:
        if is_dataclass(value) and not isinstance(value, type):
            value = {item.name: getattr(value, item.name) for item in fields(value)}
        if depth >= DEPTH_MAX and isinstance(value, Mapping | Sequence) and not isinstance(value, str | bytes):
            self._leaf(REST, json.dumps(value, default=str, ensure_ascii=False))
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                self._walk(f"{path}.{key}" if path else str(key), inner, depth + 1)
        elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
            for inner in value:
                self._walk(f"{path}[]", inner, depth + 1)
        elif value is not None and not isinstance(value, bool):
            self._leaf(
                path or "value", value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
            )

    def _leaf(self, path: str, value: str) -> None:
        if path not in self._values and len(self._values) >= COLUMNS_MAX:
            path = REST
        values = self._values.setdefault(path, [])
        if value.strip() and len(values) < self._limit:
            values.append(value[: self._chars])


def opened(column: Column, limit: int, chars: int) -> tuple[Column, ...]:
    """A column of JSON documents as the columns of their leaves; any other column as it is."""
    documents = []
    for value in column.values:
        if value.lstrip()[:1] not in {"{", "["}:
            return (column,)
        try:
            documents.append(json.loads(value))
        except (ValueError, RecursionError):
            return (column,)
    if not documents:
        return (column,)
    leaves = Leaves(limit, chars)
    for document in documents:
        leaves.add({column.name: document})
    return leaves.columns()


def spread_out(
    rows: Sequence[Mapping[str, str]], columns: Sequence[str], wanted: Mapping[str, str]
) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Rows with the leaves that `wanted` (column to kind) names as cells of their own, and the kinds of the cells.

    A list of values becomes one cell each, up to `CELLS_MAX`. Raises `KeyError` with a name that no column has.
    """
    parents: dict[str, str] = {}
    for name in wanted:
        begins = (column for column in columns if name == column or name.startswith((f"{column}.", f"{column}[]")))
        parent = next(begins, None)
        if parent is None:
            raise KeyError(name)
        parents[name] = parent
    kinds: dict[str, str] = {}
    out = [dict(row) for row in rows]
    for name, parent in parents.items():
        if name == parent:
            kinds[name] = wanted[name]
            continue
        for row in out:
            for at, value in enumerate(_leaves_of(parent, row.get(parent, ""), name)):
                cell = f"{name} ({at + 1})" if at else name
                row[cell] = value
                kinds[cell] = wanted[name]
    return out, kinds


def _leaves_of(parent: str, text: str, name: str) -> tuple[str, ...]:
    found = opened(Column(parent, (text,)), CELLS_MAX, len(text))
    return next((column.values for column in found if column.name == name), ())
