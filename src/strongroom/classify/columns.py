"""Columns judged: by name, by declared type and by the values that were sampled; and tables by their columns.

Must never: believe a name against the values and the type, or call a column free of personal data. What a sample
does not show can still be in the rest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from strongroom.classify.aggregation import aggregate
from strongroom.classify.catalogue import Catalogue
from strongroom.classify.classifier import Classifier
from strongroom.classify.fields import SAMPLES_MAX, FieldClassifier, words_of
from strongroom.classify.leaves import opened
from strongroom.classify.survey import (
    CELL_CHARS,
    ROWS,
    Column,
    ColumnFinding,
    Passage,
    Table,
    TableFinding,
    TextFinding,
)
from strongroom.label import Level

INSIDE_VALUES: Final = 200
"""Values of a column that are read as text when the column is no one thing."""

HOLDS_MIN: Final = 0.005
"""A kind met in fewer of the values than this is left to the scan of the text itself."""

_NO_TEXT: Final = re.compile(
    r"bool|bit$|date|time|interval|float|double|real|numeric|decimal|money|serial|uuid|enum|int(?!erval)",
    re.IGNORECASE,
)
_NO_KIND: Final = re.compile(r"^(?:bool|boolean|bit)\b", re.IGNORECASE)
_ID: Final = frozenset({"id", "nr", "no", "number", "key", "code", "uuid"})
_WHOSE: Final = frozenset(
    {"customer", "client", "patient", "user", "person", "employee", "member", "subject", "account", "contact"}
    | {"kunde", "kunden", "patienten", "mitarbeiter"}
)


class ColumnClassifier:
    """Judges tables and texts with what the process classifies by. Shared between threads."""

    def __init__(self, catalogue: Catalogue, classifier: Classifier, fields: FieldClassifier) -> None:
        self._catalogue = catalogue
        self._classifier = classifier
        self._fields = fields

    def table(self, table: Table) -> TableFinding:
        """Every column of `table`, and what they are together."""
        columns = [part for column in table.columns for part in opened(column, ROWS, CELL_CHARS)]
        found = tuple(self.column(column) for column in columns)
        kinds = [column.kind for column in found if column.kind]
        kinds += [kind for column in found for kind in column.holds]
        whole = aggregate(((kind, "") for kind in dict.fromkeys(kinds)), self._level)
        return TableFinding(
            table.place, table.name, found, table.sampled, table.total, whole.level if kinds else Level.PUBLIC,
            whole.reasons, _subject(table.name, columns), table.note,
        )  # fmt: skip

    def text(self, passages: Iterable[Passage]) -> TextFinding:
        """The passages of one place as one finding."""
        kinds: Counter[str] = Counter()
        place = note = ""
        chars = 0
        for passage in passages:
            place, note, chars = passage.place, passage.note, chars + len(passage.text)
            kinds.update(span.kind for span in self._classifier.spans(passage.text))
        whole = aggregate(((kind, "") for kind in kinds), self._level)
        return TextFinding(place, chars, dict(kinds.most_common()), whole.level if kinds else Level.PUBLIC, note)

    def column(self, column: Column) -> ColumnFinding:
        """What one column holds."""
        values = [value for value in column.values if value.strip()]
        kind = None if _NO_KIND.match(column.declared) else self._kind(column.name, values)
        if kind is None:
            return self._inside(column, values)
        entity = self._catalogue.type_of(kind)
        share = self._agreement(kind, values) if entity.patterns and values else None
        named = self._fields.kind_of(_own_name(column.name)) == kind
        basis = "values" if not named else "name and values" if share else "name"
        return ColumnFinding(
            column.name, column.declared, kind, entity.category, entity.level, basis, share, len(values)
        )

    def _kind(self, name: str, values: Sequence[str]) -> str | None:
        return self._fields.kind_of(_own_name(name), _spread(values, SAMPLES_MAX))

    def _inside(self, column: Column, values: Sequence[str]) -> ColumnFinding:
        holds: Counter[str] = Counter()
        taken = [] if _NO_TEXT.search(column.declared) else _spread(values, INSIDE_VALUES)
        for value in taken:
            holds.update({span.kind for span in self._classifier.spans(value)})
        least = HOLDS_MIN * len(taken)
        shares = {kind: count / len(taken) for kind, count in holds.most_common() if count >= least}
        level = max((self._level(kind) for kind in shares), default=Level.PUBLIC)
        basis = "text" if shares else ""
        return ColumnFinding(
            column.name, column.declared, level=level, basis=basis, values=len(values), holds=shares
        )

    def _agreement(self, kind: str, values: Sequence[str]) -> float:
        taken = _spread(values, SAMPLES_MAX)
        return sum(kind in self._classifier.whole(value) for value in taken) / len(taken)

    def _level(self, kind: str) -> Level:
        return self._catalogue.type_of(kind).level


def _own_name(name: str) -> str:
    """The last part of a dotted path: what the value itself is called."""
    return name.replace("[]", "").rpartition(".")[2] or name


def _spread(values: Sequence[str], count: int) -> list[str]:
    """At most `count` of `values`, evenly spread."""
    step = max(1, -(-len(values) // count))
    return list(values[::step])


def _subject(table: str, columns: Sequence[Column]) -> str:
    """The column that says whose row it is, as far as names and values can tell; empty when none does."""
    best, best_score = "", 0
    own = {word.rstrip("s") for word in words_of(table)}
    for column in columns:
        words = words_of(_own_name(column.name))
        if not words or words[-1] not in _ID or not column.values or "[]" in column.name:
            continue
        score = 1 + 4 * bool(_WHOSE & set(words)) + 2 * bool(own & {word.rstrip("s") for word in words[:-1]})
        score += len(set(column.values)) == len(column.values)
        if score > best_score:
            best, best_score = column.name, score
    return best
