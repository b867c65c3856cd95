"""The demo's input: records and tickets out of a directory, generated or the user's own.

The records are the table with the most private columns; the tickets are every other table with a text column, and
text files. Which column is private is asked of the same field classifier the product uses; a ledger
`planted.jsonl` may name further values that must not be met outside.

Must never: change the directory, or go on with input that has no records or no tickets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from strongroom.adapters.tables import Row, Table, read_tables
from strongroom.classify.catalogue import Catalogue
from strongroom.classify.classifier import Classifier
from strongroom.classify.fields import FieldClassifier
from strongroom.classify.known import KnownValues
from strongroom.demo.planted import Planted
from strongroom.errors import InputError
from strongroom.label import Level

LEDGER = "planted"
SAMPLES = 200
PRIVATE_COLUMNS_MIN = 2
TEXT_COLUMNS = ("text", "body", "message", "description", "content", "nachricht", "beschreibung", "inhalt")
TITLE_COLUMNS = ("subject", "title", "betreff")
ID_COLUMNS = ("id", "customer_id", "customerid", "customer_number", "kundennummer", "kunden_id")


@dataclass(frozen=True, slots=True)
class Records:
    """The customers: their table, the kind of each classified column, and the column that says whose row it is."""

    table: Table
    kinds: Mapping[str, str]
    private: frozenset[str]
    id_column: str

    def subject_of(self, row: Row) -> str:
        """Whose row it is, as a name for keys and erasure."""
        return row[self.id_column].strip().lower()


@dataclass(frozen=True, slots=True)
class Ticket:
    """One letter to support; `subject` is the customer it is from, empty when that could not be told."""

    id: str
    title: str
    text: str
    subject: str
    intent: str = ""

    @property
    def letter(self) -> str:
        """Title and text, as an agent reads it."""
        return f"{self.title}\n\n{self.text}" if self.title else self.text


@dataclass(frozen=True, slots=True)
class DemoInput:
    """Everything read, and everything planted in it."""

    directory: Path
    records: Records
    tickets: tuple[Ticket, ...]
    planted: tuple[Planted, ...]


def read_input(directory: Path) -> DemoInput:
    """Read `directory`. Raises `InputError` saying what is missing or which file cannot be read."""
    if not directory.is_dir():
        msg = f"no such directory: {directory}"
        raise InputError(msg)
    catalogue = Catalogue.load()
    classifier = Classifier(catalogue)
    fields = FieldClassifier(catalogue, classifier)
    tables = [table for table in read_tables(directory) if table.rows]
    ledger = [table for table in tables if table.name == LEDGER and {"value", "where"} <= set(table.columns)]
    tables = [table for table in tables if table not in ledger]
    records = _records(tables, fields, catalogue)
    known = _known(records, catalogue)
    tickets = tuple(_tickets(tables, records, classifier, known))
    if not tickets:
        msg = f"{directory}: no tickets; expected a table with a column such as text, or text files"
        raise InputError(msg)
    planted = [
        *_in_columns(records),
        *_in_tickets(tickets, classifier, known, catalogue),
        *(Planted(row["value"], row["where"], row.get("subject", "")) for table in ledger for row in table.rows),
    ]
    return DemoInput(directory, records, tickets, tuple(planted))


def _records(tables: Sequence[Table], fields: FieldClassifier, catalogue: Catalogue) -> Records:
    found: list[Records] = []
    for table in tables:
        kinds = {
            column: kind
            for column in table.columns
            if (kind := fields.kind_of(column, [row[column] for row in table.rows[:SAMPLES] if row.get(column)]))
        }
        private = frozenset(
            column for column, kind in kinds.items() if catalogue.label(kind).level >= Level.CONFIDENTIAL
        )
        if len(private) >= PRIVATE_COLUMNS_MIN:
            found.append(Records(table, kinds, private, _id_column(table)))
    if not found:
        msg = "no table of records: none has two columns such as name and email"
        raise InputError(msg)
    return max(found, key=lambda records: (len(records.private), len(records.table.rows)))


def _id_column(table: Table) -> str:
    by_name = [column for column in table.columns if column.strip().lower().replace(" ", "_") in ID_COLUMNS]
    for column in (*by_name, *table.columns):
        cells = [row.get(column, "").strip().lower() for row in table.rows]
        if all(cells) and len(set(cells)) == len(cells):
            return column
    msg = f"{table.name}: no column tells the records apart (unique and never empty)"
    raise InputError(msg)


def _known(records: Records, catalogue: Catalogue) -> KnownValues:
    known = KnownValues(catalogue)
    for row in records.table.rows:
        for column in records.private:
            if row.get(column, "").strip():
                known.add(records.kinds[column], row[column], records.subject_of(row))
    return known


def _tickets(
    tables: Sequence[Table], records: Records, classifier: Classifier, known: KnownValues
) -> Iterator[Ticket]:
    subjects = {records.subject_of(row) for row in records.table.rows}
    for table in tables:
        columns = {column.strip().lower(): column for column in table.columns}
        text = next((columns[name] for name in TEXT_COLUMNS if name in columns), None)
        if table is records.table or text is None:
            continue
        title = next((columns[name] for name in TITLE_COLUMNS if name in columns), "")
        owner = next((columns[name] for name in ID_COLUMNS[1:] if name in columns), "")
        for number, row in enumerate(table.rows, start=1):
            if not row.get(text, "").strip():
                continue
            subject = row.get(owner, "").strip().lower()
            if subject not in subjects:
                subject = _mentioned(row[text], classifier, known)
            yield Ticket(
                row.get("id") or f"{table.name}-{number}",
                row.get(title, ""),
                row[text],
                subject,
                row.get("intent", ""),
            )


def _mentioned(text: str, classifier: Classifier, known: KnownValues) -> str:
    """The customer most of the known values in `text` belong to."""
    subjects = Counter(span.subject for span in classifier.spans(text, known) if span.subject)
    return subjects.most_common(1)[0][0] if subjects else ""


def _in_columns(records: Records) -> Iterator[Planted]:
    for row in records.table.rows:
        subject = records.subject_of(row)
        for column in sorted(records.private):
            if row.get(column, "").strip():
                yield Planted(row[column], f"{records.table.name}.{column}", subject)


def _in_tickets(
    tickets: Sequence[Ticket], classifier: Classifier, known: KnownValues, catalogue: Catalogue
) -> Iterator[Planted]:
    for ticket in tickets:
        for span in classifier.spans(ticket.letter, known):
            if catalogue.label(span.kind).level >= Level.CONFIDENTIAL:
                yield Planted(ticket.letter[span.start : span.end], f"ticket {ticket.id}", ticket.subject)
