"""Surveys: what a file, a directory, a database or rows in memory hold, column by column.

Must never: keep or print a value; a survey says kinds, shares and places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from strongroom.classify.columns import ColumnClassifier
from strongroom.classify.leaves import Leaves, spread_out
from strongroom.classify.proposal import confirmed, proposal
from strongroom.classify.survey import (
    Limits,
    Passage,
    Skipped,
    Survey,
    Table,
    TableFinding,
    TextFinding,
    without_password,
)
from strongroom.errors import InputError
from strongroom.guard.sources import SourceRow
from strongroom.room.operator import operator
from strongroom.wiring.house import House
from strongroom.wiring.surveys import survey_items, whole_table

Progress = Callable[[str], None]
"""Told the place that is being judged."""


class SurveysView:
    """Judges data by what the room classifies by."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._columns = ColumnClassifier(house.catalogue, house.engine.classifier, house.engine.fields)

    def run(self, target: str, *, limits: Limits | None = None, progress: Progress | None = None) -> Survey:
        """Survey `target`: a path, ``sqlite:PATH`` or ``postgresql://user@host/database``.

        Raises `InputError` when it is not there, `ConfigurationError` or `ExtraMissingError` saying what to do.
        """
        tell = progress or (lambda _: None)
        tables: list[TableFinding] = []
        texts: list[TextFinding] = []
        skipped: list[Skipped] = []
        running: list[Passage] = []
        for item in survey_items(target, limits or Limits()):
            tell(item.place)
            if running and not (isinstance(item, Passage) and item.place == running[0].place):
                texts.append(self._columns.text(running))
                running = []
            if isinstance(item, Passage):
                running.append(item)
            elif isinstance(item, Table):
                tables.append(self._columns.table(item))
            else:
                skipped.append(item)
        if running:
            texts.append(self._columns.text(running))
        return Survey(without_password(target), tuple(tables), tuple(texts), tuple(skipped))

    def rows(self, rows: Iterable[object], *, name: str = "rows", limits: Limits | None = None) -> TableFinding:
        """Survey rows in memory: mappings, dataclasses, or anything nested of them."""
        bounds = limits or Limits()
        leaves = Leaves(bounds.rows, bounds.cell_chars)
        for row in rows:
            leaves.add(row)
        return self._columns.table(Table("memory", name, leaves.columns(), leaves.rows, leaves.rows))

    def propose(self, survey: Survey, path: Path) -> None:
        """Write what `survey` found to `path` as declarations to confirm; a file that is there is not overwritten.

        Raises `InputError` when there is one.
        """
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(proposal(survey, self._house.catalogue))
        except FileExistsError:
            msg = f"{path}: there is such a file already"
            raise InputError(msg) from None

    def confirm(
        self, path: Path, *, tenant: str, environment: str, password: str | None = None
    ) -> list[SourceRow]:
        """Declare the tables of the proposal in `path` as sources, with the kinds that stand in it.

        Raises `InputError` for a file that is no proposal, names an unknown kind, or whose data is not there;
        `ConfigurationError` when a table lacks its subject column.
        """
        target, tables = confirmed(path.read_text(encoding="utf-8"), self._house.catalogue)
        added = []
        for table in tables:
            columns, rows = whole_table(target, table.place, table.table, password=password)
            try:
                spread, kinds = spread_out(rows, columns, table.columns)
            except KeyError as error:
                msg = f"table {table.table} has no column {error.args[0]}"
                raise InputError(msg) from None
            caller = operator(tenant, environment)
            added.append(
                self._house.sources.add(
                    caller, table.name, columns, spread, subject_column=table.subject_column, kinds=kinds
                )
            )
        return added
