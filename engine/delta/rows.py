"""Rows made into exactly what a Delta table stores, a column at a time, with PostgreSQL's checks on the way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import (
    DatatypeMismatch,
    FeatureNotSupported,
    InternalError,
    NotNullViolation,
    NumericValueOutOfRange,
    StringDataRightTruncation,
)
from catalog.types import BPCHAR, UUID, PgType, char_length, element, format_type
from engine.delta.features import has_negative_fraction, negative_partition
from engine.delta.schema import DeltaField

Step = Callable[[pa.Array], pa.Array]

_HEX_DIGITS = np.frombuffer(b"0123456789abcdef", np.uint8)
_UUID_GROUPS = ((0, 8, 0), (8, 12, 9), (12, 16, 14), (16, 20, 19), (20, 32, 24))
"""From digit, to digit, place in the text."""
_INFINITE_US = (np.iinfo(np.int64).max, -np.iinfo(np.int64).max, np.iinfo(np.int64).min)
_INFINITE_DAYS = (np.iinfo(np.int32).max, -np.iinfo(np.int32).max, np.iinfo(np.int32).min)


class RowCaster:
    """Casts batches of `incoming` (one column for each field, by position) to the table's schema.

    Raises NotNullViolation, StringDataRightTruncation and NumericValueOutOfRange with PostgreSQL's wording.
    """

    def __init__(
        self, relation: str, fields: Sequence[DeltaField], partition_by: Collection[str], incoming: pa.Schema
    ) -> None:
        if len(incoming) != len(fields):
            raise InternalError(f"{len(incoming)} columns for a table of {len(fields)}")
        self._relation, self._fields, self._partition_by = relation, tuple(fields), frozenset(partition_by)
        self.schema = storage_schema(fields)
        self._steps = [_step(column.type, item) for column, item in zip(incoming, fields, strict=True)]

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = []
        for column, item, step in zip(batch.columns, self._fields, self._steps, strict=True):
            stored = column if step is None else step(column)
            self._check(stored, item)
            columns.append(stored)
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _check(self, column: pa.Array, item: DeltaField) -> None:
        if not item.nullable and column.null_count:
            raise NotNullViolation(
                f'null value in column "{item.name}" of relation "{self._relation}" violates not-null constraint'
            )
        texts = item.name in self._partition_by and pa.types.is_string(column.type)
        if texts and pc.any(pc.equal(column, "")).as_py():
            raise FeatureNotSupported(
                f'an empty string cannot be stored in partition column "{item.name}"',
                detail="Delta Lake cannot tell it from NULL.",
            )
        if item.name in self._partition_by and has_negative_fraction(column):
            raise negative_partition(item.name)
        if pa.types.is_temporal(column.type) and len(column):
            _check_finite(column, item)


def storage_schema(fields: Sequence[DeltaField]) -> pa.Schema:
    """The Arrow schema of a table's rows as deltalake takes them."""
    return pa.schema([pa.field(item.name, item.arrow, item.nullable) for item in fields])


def map_list(array: pa.ListArray, target: pa.DataType, inner: Step | None) -> pa.Array:
    """The same lists over changed elements: elements keep their place in the child array, slices included."""
    values = array.values if inner is None else inner(array.values)
    offsets = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + len(array) + 1]
    mask = array.is_null() if array.null_count else None
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=target, mask=mask)


def uuid_text(array: pa.Array) -> pa.Array:
    """16 bytes each as canonical lower-case text."""
    count = len(array)
    raw = np.frombuffer(array.buffers()[1] or b"", np.uint8)
    packed = raw[array.offset * 16 : (array.offset + count) * 16].reshape(count, 16)
    digits = np.empty((count, 32), np.uint8)
    digits[:, 0::2] = _HEX_DIGITS[packed >> 4]
    digits[:, 1::2] = _HEX_DIGITS[packed & 15]
    text = np.full((count, 36), ord("-"), np.uint8)
    for start, stop, place in _UUID_GROUPS:
        text[:, place : place + stop - start] = digits[:, start:stop]
    offsets = np.arange(0, (count + 1) * 36, 36, dtype=np.int32)
    validity = array.is_valid().buffers()[1] if array.null_count else None
    return pa.Array.from_buffers(pa.string(), count, [validity, pa.py_buffer(offsets), pa.py_buffer(text)])


def _step(incoming: pa.DataType, item: DeltaField) -> Step | None:
    return _plan(incoming, item.arrow, item.pg, item.name)


def _plan(incoming: pa.DataType, target: pa.DataType, pg: PgType, name: str) -> Step | None:
    """How a column gets to its storage type; None if it is there."""
    length = char_length(pg)
    if element(pg) is not None and pa.types.is_list(incoming) and pa.types.is_list(target):
        inner = _plan(incoming.value_type, target.value_type, element(pg) or pg, name)
        return lambda array: map_list(array, target, inner)
    if pa.types.is_nested(target) and not incoming.equals(target):
        if pa.types.is_null(incoming):
            return lambda array: pa.nulls(len(array), target)
        raise FeatureNotSupported(f'column "{name}" is nested in Delta and cannot be written here')
    if pg.oid == UUID.oid and pa.types.is_fixed_size_binary(incoming):
        return uuid_text
    if length is not None and pa.types.is_string(target):
        return lambda array: _limited(_cast(array, target, pg, name), length, pg)
    if incoming.equals(target):
        return None
    if pa.types.is_string(incoming) and not (pa.types.is_string(target) or pa.types.is_decimal(target)):
        raise DatatypeMismatch(f'column "{name}" is of type {format_type(pg)} but the rows hold text')
    return lambda array: _cast(array, target, pg, name)


def _cast(array: pa.Array, target: pa.DataType, pg: PgType, name: str) -> pa.Array:
    """A cast that loses nothing, or an error."""
    if array.type.equals(target):
        return array
    try:
        return array.cast(target)
    except pa.ArrowNotImplementedError as error:
        raise DatatypeMismatch(
            f'column "{name}" is of type {format_type(pg)} but the rows hold {array.type}'
        ) from error
    except pa.ArrowInvalid as error:
        if pa.types.is_decimal(target):
            raise NumericValueOutOfRange(
                "numeric field overflow", detail=f'Column "{name}" is stored as {target}.'
            ) from error
        raise NumericValueOutOfRange(f"{format_type(pg)} out of range") from error


def _limited(array: pa.Array, length: int, pg: PgType) -> pa.Array:
    """varchar(n) and char(n): blanks beyond the length are cut off, anything else there is an error; char is padded."""
    lengths = pc.utf8_length(array)
    if pc.any(pc.greater(lengths, length)).as_py():
        excess = pc.utf8_rtrim(pc.utf8_slice_codeunits(array, length), " ")
        if pc.any(pc.not_equal(excess, "")).as_py():
            raise StringDataRightTruncation(f"value too long for type {format_type(pg)}")
        array = pc.utf8_slice_codeunits(array, 0, length)
    if pg.oid == BPCHAR.oid:
        array = pc.utf8_rpad(array, length, " ")
    return array


def _check_finite(column: pa.Array, item: DeltaField) -> None:
    dates = pa.types.is_date32(column.type)
    if not (dates or pa.types.is_timestamp(column.type)):
        return
    whole = column.view(pa.int32() if dates else pa.int64())
    marks = pa.array(_INFINITE_DAYS if dates else _INFINITE_US, whole.type)
    if pc.any(pc.is_in(whole, value_set=marks)).as_py():
        raise FeatureNotSupported(f'infinity cannot be stored in column "{item.name}" of a Delta table')
