"""A proposal: what a survey found, as declarations a person confirms before any of them counts.

The file is YAML made to be read and edited: what is wrong is deleted or changed, and what is left is declared.

Must never: be in force by being written, or hold a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import yaml

from strongroom.classify.catalogue import Catalogue
from strongroom.classify.survey import ColumnFinding, Survey, TableFinding
from strongroom.errors import InputError

FORM: Final = 1
"""The form of the file; a later one gets another number."""

_HEAD: Final = """\
# What a survey of this data proposes. Nothing here is in force until it is confirmed:
#   1. Delete the columns that are wrong, change a kind if need be (strongroom classify explain KIND).
#   2. Say in subject_column whose row it is.
#   3. strongroom classify confirm THIS-FILE
"""


@dataclass(frozen=True, slots=True)
class Declared:
    """One table as a person confirmed it: column name to kind."""

    place: str
    table: str
    name: str
    subject_column: str
    columns: dict[str, str]


def proposal(survey: Survey, catalogue: Catalogue) -> str:
    """The proposal for `survey` as YAML text."""
    document: dict[str, Any] = {
        "form": FORM,
        "target": survey.target,
        "catalogue": catalogue.version,
        "tables": [
            _table(found, catalogue) for found in survey.tables if any(c.kind or c.holds for c in found.columns)
        ],
    }
    texts = [{"place": text.place, "kinds": dict(text.kinds)} for text in survey.texts if text.kinds]
    if texts:
        document["free_text"] = texts
    if survey.skipped:
        document["not_inspected"] = [{"place": one.place, "reason": one.reason} for one in survey.skipped]
    return _HEAD + str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110))


def _table(found: TableFinding, catalogue: Catalogue) -> dict[str, Any]:
    told: dict[str, Any] = {
        "place": found.place,
        "table": found.name,
        "source": _source_name(found.name),
        "subject_column": found.subject_column,
        "level": found.level.name.lower(),
    }
    if found.reasons:
        told["because"] = list(found.reasons)
    told["columns"] = {column.name: _column(column, catalogue) for column in found.columns if column.kind}
    inside = {
        column.name: {kind: f"{share:.0%}" for kind, share in column.holds.items()}
        for column in found.columns
        if column.holds
    }
    if inside:
        told["free_text_columns"] = inside
    return told


def _column(column: ColumnFinding, catalogue: Catalogue) -> dict[str, Any]:
    entity = catalogue.type_of(column.kind)
    agree = "" if column.share is None else f", {column.share:.0%} of {column.values} values agree"
    return {
        "kind": column.kind,
        "category": entity.category,
        "level": entity.level.name.lower(),
        "sinks": sorted(entity.sinks),
        "because": f"{column.basis}{agree}",
    }


def _source_name(table: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in table.lower()).strip("-") or "source"


def confirmed(text: str, catalogue: Catalogue) -> tuple[str, list[Declared]]:
    """The target and the tables that a proposal's `text` declares after a person went over it.

    Raises `InputError` naming the table for what is missing or not known.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError:
        document = None
    if (
        not isinstance(document, dict)
        or document.get("form") != FORM
        or not isinstance(document.get("target"), str)
    ):
        msg = "not a proposal: strongroom classify data TARGET --propose FILE writes one"
        raise InputError(msg)
    tables = document.get("tables")
    return document["target"], [_declared(table, catalogue) for table in tables or () if table.get("columns")]


def _declared(told: dict[str, Any], catalogue: Catalogue) -> Declared:
    name = str(told.get("table", ""))
    subject = told.get("subject_column")
    if not subject:
        msg = f"table {name}: subject_column is empty; say which column tells whose row it is, or delete the table"
        raise InputError(msg)
    columns: dict[str, str] = {}
    for column, entry in told["columns"].items():
        kind = entry.get("kind") if isinstance(entry, dict) else entry
        if kind not in catalogue.types:
            msg = f"table {name}, column {column}: the catalogue has no such kind"
            raise InputError(msg)
        columns[str(column)] = str(kind)
    return Declared(
        str(told.get("place", "")), name, str(told.get("source") or _source_name(name)), str(subject), columns
    )
