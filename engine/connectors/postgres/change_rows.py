"""Changes of one table as `engine.connectors.changes` has them, from the messages that pgoutput sent of it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from catalog.types import arrow_type
from engine.connectors import changes
from engine.connectors.model import SourceTable
from engine.connectors.postgres.pgoutput import DELETE, INSERT, TRUNCATE, UPDATE, Bytes, Cells, Flags, Places, cut_rows
from engine.connectors.postgres.relations import Streamed
from engine.connectors.postgres.streamed_values import decoded

_OPS = pa.array([changes.INSERT, changes.UPDATE, changes.DELETE, changes.TRUNCATE])
_OP_NUMBERS = np.zeros(256, np.int8)
_OP_NUMBERS[[INSERT, UPDATE, DELETE, TRUNCATE]] = range(4)
SEQS_PER_MESSAGE = 2
"""A message gives at most two rows, each with a number of its own."""


def rows_schema(table: SourceTable) -> pa.Schema:
    """Of `TableChanges.rows`."""
    key = [pa.field(column.name, arrow_type(column.type)) for column in table.columns if column.name in table.key]
    return pa.schema(
        [
            (changes.SEQ, pa.int64()),
            (changes.OP, pa.string()),
            *[(column.name, arrow_type(column.type)) for column in table.columns],
            (changes.UNCHANGED, pa.list_(pa.int16())),
            (changes.FROM_KEY, pa.struct(key)),
        ]
    )


def change_rows(streamed: Streamed, data: Bytes, base: Places, seqs: Places) -> pa.RecordBatch:
    """The messages of a table that begin at `base`, in order; `seqs`: their numbers, SEQS_PER_MESSAGE apart."""
    kinds = data[base]
    emptied = kinds == TRUNCATE
    if not emptied.any():
        return _changed(streamed, data, base, seqs)
    parts, start = [], 0
    for at in [*np.flatnonzero(emptied).tolist(), len(base)]:
        if at > start:
            parts.append(_changed(streamed, data, base[start:at], seqs[start:at]))
        if at < len(base):
            parts.append(_truncated(streamed.table, int(seqs[at])))
        start = at + 1
    return pa.concat_batches(parts)


def _truncated(table: SourceTable, seq: int) -> pa.RecordBatch:
    schema = rows_schema(table)
    columns = [pa.array([seq], pa.int64()), pa.array([changes.TRUNCATE])]
    return pa.RecordBatch.from_arrays(
        [*columns, *[pa.nulls(1, field.type) for field in list(schema)[2:]]], schema=schema
    )


def _changed(streamed: Streamed, data: Bytes, base: Places, seqs: Places) -> pa.RecordBatch:
    table = streamed.table
    key = [at for at, column in enumerate(table.columns) if column.name in table.key]
    rows = cut_rows(data, base, len(table.columns), key)
    deleted = rows.ops == DELETE
    seq = seqs[rows.message] + (rows.old >= 0)
    columns = [pa.array(seq), _OPS.take(pa.array(_OP_NUMBERS[rows.ops]))]
    for at, column in enumerate(table.columns):
        told = None if not key or at in key else ~deleted
        columns.append(decoded(rows.cells.column(at, told), column, streamed.delimiters[at]))
    unchanged = rows.cells.unchanged() & ~deleted
    columns += [_lists(unchanged), _old_keys(streamed, key, rows.cells, rows.old, unchanged.any(axis=0))]
    return pa.RecordBatch.from_arrays(columns, schema=rows_schema(table))


def _lists(flags: Flags) -> pa.Array:
    """Of each row (a column of `flags`) the indexes that are set; null if none is."""
    wanted = pa.list_(pa.int16())
    if not flags.any():
        return pa.nulls(flags.shape[1], wanted)
    rows, columns = np.nonzero(flags.T)
    counts = np.bincount(rows, minlength=flags.shape[1])
    offsets = np.concatenate([np.zeros(1, np.int32), np.cumsum(counts, dtype=np.int32)])
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(columns.astype(np.int16)), type=wanted, mask=pa.array(counts == 0)
    )


def _old_keys(streamed: Streamed, key: list[int], cells: Cells, old: Places, wanted: Flags) -> pa.Array:
    """The key before, of `wanted` rows which have an old one; null for others."""
    columns = streamed.table.columns
    fields = [pa.field(columns[at].name, arrow_type(columns[at].type)) for at in key]
    told = (old >= 0) & wanted
    if not key or not told.any():
        return pa.nulls(len(old), pa.struct(fields))
    before = cells.take(np.where(told, old, 0))
    values = [decoded(before.column(at, told), columns[at], streamed.delimiters[at]) for at in key]
    return pa.StructArray.from_arrays(values, fields=fields, mask=pa.array(~told))
