"""PostgreSQL's encoded rows as Arrow batches: for rows it computed that are to be stored or read by an engine."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from catalog.types import arrow_type
from engine.base import ArrowRows, WireRows
from engine.values import arrow_from_binary, arrow_from_text

BLOCK_ROWS = 8192


def to_arrow(rows: WireRows) -> ArrowRows:
    """The same rows, decoded as they are read. Bare numeric becomes string with PostgreSQL's digits."""
    schema = pa.schema([pa.field(field.name, arrow_type(field.type)) for field in rows.fields])
    return ArrowRows(rows.fields, pa.RecordBatchReader.from_batches(schema, _batches(rows, schema)))


def _batches(rows: WireRows, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while (block := rows.blocks.next_block(BLOCK_ROWS)) is not None:
        columns = [
            (arrow_from_binary if binary else arrow_from_text)([row[index] for row in block], field.type)
            for index, (field, binary) in enumerate(zip(rows.fields, rows.binary, strict=True))
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
