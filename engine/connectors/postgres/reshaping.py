"""Changes that a transaction made to a table before it altered the table's columns, as rows of the altered table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import ObjectNotInPrerequisiteState
from engine.connectors.changes import FROM_KEY, OP, SEQ, UNCHANGED
from engine.connectors.model import SourceTable
from engine.connectors.postgres.change_rows import rows_schema
from engine.connectors.postgres.replication import RESYNC


def reshaped(rows: pa.Table, before: SourceTable, after: SourceTable) -> pa.Table:
    """`rows` of `before` as rows of `after`: columns by number, NULL where there was none.

    Raises 55000 where a value has no image in the new type, or the key is another.
    """
    schema = rows_schema(after)
    old = {column.number: (at, column) for at, column in enumerate(before.columns)}
    places = {old[column.number][0]: at for at, column in enumerate(after.columns) if column.number in old}
    columns = [rows.column(SEQ), rows.column(OP)]
    try:
        for column in after.columns:
            wanted = schema.field(column.name).type
            found = old.get(column.number)
            columns.append(_nulls(rows, wanted) if found is None else rows.column(found[1].name).cast(wanted))
        columns += [_unchanged(rows, places), _old_keys(rows, before, after, schema.field(FROM_KEY).type)]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise _unable(after) from error
    return pa.Table.from_arrays(columns, schema=schema)


def _nulls(rows: pa.Table, wanted: pa.DataType) -> pa.ChunkedArray:
    return pa.chunked_array([pa.nulls(rows.num_rows, wanted)])


def _unchanged(rows: pa.Table, places: dict[int, int]) -> pa.ChunkedArray:
    lists = rows.column(UNCHANGED)
    if lists.null_count == len(lists):
        return lists
    kept = [None if one is None else [places[at] for at in one if at in places] or None for one in lists.to_pylist()]
    return pa.chunked_array([pa.array(kept, lists.type)])


def _old_keys(rows: pa.Table, before: SourceTable, after: SourceTable, wanted: pa.DataType) -> pa.ChunkedArray:
    keys = rows.column(FROM_KEY)
    if keys.null_count == len(keys):
        return _nulls(rows, wanted)
    if _key_numbers(before) != _key_numbers(after):
        raise _unable(after)
    structs = keys.combine_chunks()
    fields = [pc.struct_field(structs, [at]).cast(field.type) for at, field in enumerate(wanted)]
    mask = pa.array(~np.asarray(structs.is_valid()))
    return pa.chunked_array([pa.StructArray.from_arrays(fields, fields=list(wanted), mask=mask)])


def _key_numbers(table: SourceTable) -> list[int]:
    return [column.number for column in table.columns if column.name in table.key]


def _unable(table: SourceTable) -> ObjectNotInPrerequisiteState:
    return ObjectNotInPrerequisiteState(
        f'a transaction changed rows of table "{table.name}" and then its columns: those changes have no image',
        hint=RESYNC,
    )
