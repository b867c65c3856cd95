"""A Parquet file as survey items, by pyarrow: the schema, and rows from row groups spread over the file.

Must never: read a whole file of any size into memory, or drop a column whose type has no text form.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from strongroom.classify.leaves import Leaves
from strongroom.classify.survey import Column, Item, Limits, Skipped, Table

GROUPS_MAX = 16
"""Row groups that are opened, spread over the file."""


def parquet_items(path: Path, place: str, limits: Limits) -> Iterator[Item]:
    """The one table of a Parquet file; nested columns become one column per leaf."""
    try:
        with parquet.ParquetFile(path) as file:
            yield from _table(file, path.stem, place, limits)
    except (pa.ArrowException, OSError) as error:
        yield Skipped(place, f"not a readable Parquet file ({type(error).__name__})")


def _table(file: parquet.ParquetFile, name: str, place: str, limits: Limits) -> Iterator[Item]:
    schema = file.schema_arrow
    binary = [field.name for field in schema if _is_binary(field.type)]
    readable = [field.name for field in schema if field.name not in binary]
    yield from (Skipped(f"{place}: {column}", "a column of binary values") for column in binary)
    groups = list(range(file.metadata.num_row_groups))
    groups = groups[:: max(1, -(-len(groups) // GROUPS_MAX))]
    each = max(1, -(-limits.rows // max(1, len(groups))))
    leaves = Leaves(limits.rows, limits.cell_chars)
    for group in groups:
        for batch in file.iter_batches(batch_size=each, row_groups=[group], columns=readable):
            for row in batch.to_pylist():
                leaves.add(row)
            break
    declared = {field.name: str(field.type) for field in schema}
    met = {column.name: column for column in leaves.columns()}
    names = dict.fromkeys([*met, *(column for column in readable if not _is_nested(schema.field(column).type))])
    columns = tuple(
        Column(column, met[column].values if column in met else (), declared.get(column, "")) for column in names
    )
    yield Table(place, name, columns, leaves.rows, file.metadata.num_rows)


def _is_binary(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


def _is_nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind))
