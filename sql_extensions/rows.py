"""PostgreSQL's encoded rows as Arrow batches: for rows it computed that are stored or read by an engine."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from catalog.errors import FeatureNotSupported
from catalog.types import arrow_type
from engine.base import ArrowRows, WireRows
from engine.spark.relations import SENT_BYTES_MAX
from engine.values import arrow_from_binary, arrow_from_text

BLOCK_ROWS = 8192


def to_arrow(rows: WireRows) -> ArrowRows:
    """The same rows, decoded as they are read. Bare numeric becomes string with PostgreSQL's digits."""
    schema = pa.schema([pa.field(field.name, arrow_type(field.type)) for field in rows.fields])
    return ArrowRows(rows.fields, pa.RecordBatchReader.from_batches(schema, _batches(rows, schema)))


def at_hand(reader: pa.RecordBatchReader) -> pa.Table:
    """All rows, to be sent to a cluster along with a statement. Raises FeatureNotSupported beyond SENT_BYTES_MAX."""
    batches: list[pa.RecordBatch] = []
    size = 0
    for batch in reader:
        size += batch.nbytes
        if size > SENT_BYTES_MAX:
            raise FeatureNotSupported(
                f"a statement on a cluster takes no more than {SENT_BYTES_MAX >> 20} MB of rows that read no table",
                hint="Use COPY ... FROM STDIN, or put the rows into a table first.",
            )
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)


def _batches(rows: WireRows, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while (block := rows.blocks.next_block(BLOCK_ROWS)) is not None:
        columns = [
            (arrow_from_binary if binary else arrow_from_text)([row[index] for row in block], field.type)
            for index, (field, binary) in enumerate(zip(rows.fields, rows.binary, strict=True))
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
