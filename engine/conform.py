"""An engine's Arrow batches made into the declared PostgreSQL types' canonical Arrow types, a column at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import FeatureNotSupported, InternalError, NumericValueOutOfRange
from catalog.types import FLOAT4, NUMERIC, UUID, PgType, arrow_type, element, format_type, precision_scale
from engine.base import Field
from engine.delta.rows import map_list

Conform = Callable[[pa.Array], pa.Array]

_UUID_TEXT_LENGTH = 36
_DASHES = (8, 13, 18, 23)
_HEX = np.full(256, 0xFF, np.uint8)
for _digit, _value in zip(b"0123456789abcdefABCDEF", [*range(16), *range(10, 16)], strict=True):
    _HEX[_digit] = _value


class Conformer:
    """Turns batches of `delivered` into batches of `schema`; raises NumericValueOutOfRange for what does not fit."""

    def __init__(self, delivered: pa.Schema, fields: Sequence[Field]) -> None:
        if len(delivered) != len(fields):
            raise InternalError(f"the query gives {len(delivered)} columns, not {len(fields)} as described")
        pairs = [_plan(column.type, item.type) for column, item in zip(delivered, fields, strict=True)]
        self.schema = pa.schema([pa.field(f.name, target) for f, (target, _) in zip(fields, pairs, strict=True)])
        self._steps = [step for _, step in pairs]

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        arrays = [
            column if step is None else step(column) for column, step in zip(batch.columns, self._steps, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _plan(delivered: pa.DataType, pg: PgType) -> tuple[pa.DataType, Conform | None]:
    """The Arrow type a column will have, and how to get there (None: it is there already)."""
    target = arrow_type(pg)
    if pg.oid == NUMERIC.oid and precision_scale(pg) is None:
        return _plan_numeric(delivered)
    if delivered.equals(target):
        return target, None
    of = element(pg)
    if of is not None and pa.types.is_list(delivered):
        inner_type, inner = _plan(delivered.value_type, of)
        listed = pa.list_(inner_type)
        return listed, lambda array: map_list(array, listed, inner)
    if pa.types.is_dictionary(delivered):
        value_type, inner = _plan(delivered.value_type, pg)
        return value_type, lambda array: _then(array.dictionary_decode(), inner)
    if pa.types.is_null(delivered):
        return target, lambda array: pa.nulls(len(array), target)
    if pg.oid == UUID.oid and pa.types.is_string(delivered):
        return target, uuid_bytes
    if not _convertible(delivered, target):
        raise _mismatch(delivered, pg)
    if pg.oid == FLOAT4.oid and pa.types.is_float64(delivered):
        return target, _to_float4
    exact = not pa.types.is_floating(target)
    return target, lambda array: _cast(array, target, pg, exact)


def _plan_numeric(delivered: pa.DataType) -> tuple[pa.DataType, Conform | None]:
    """Bare numeric stays decimal or text as delivered; whole numbers become decimals; floats would be inexact."""
    if pa.types.is_decimal(delivered) or pa.types.is_string(delivered):
        return delivered, None
    if pa.types.is_integer(delivered):
        whole = pa.decimal128(20, 0)
        return whole, lambda array: array.cast(whole)
    if pa.types.is_null(delivered):
        return pa.string(), lambda array: pa.nulls(len(array), pa.string())
    raise _mismatch(delivered, NUMERIC)


def _convertible(delivered: pa.DataType, target: pa.DataType) -> bool:
    t = pa.types
    numbers = t.is_integer(delivered) or t.is_decimal(delivered)
    if t.is_integer(target) or t.is_decimal(target):
        return bool(numbers or (t.is_decimal(target) and t.is_string(delivered)))
    if t.is_floating(target):
        return bool(numbers or t.is_floating(delivered))
    if t.is_timestamp(target):
        return bool(t.is_timestamp(delivered)) and (delivered.tz is None) == (target.tz is None)
    texts = (t.is_string, t.is_large_string, t.is_string_view)
    blobs = (t.is_binary, t.is_large_binary, t.is_binary_view)
    return any(
        any(test(delivered) for test in family) and any(test(target) for test in family) for family in (texts, blobs)
    )


def _cast(array: pa.Array, target: pa.DataType, pg: PgType, exact: bool) -> pa.Array:
    try:
        return array.cast(target, safe=exact)
    except pa.ArrowInvalid as error:
        what = "numeric field overflow" if pg.oid == NUMERIC.oid else f"{format_type(pg)} out of range"
        raise NumericValueOutOfRange(what) from error


def _to_float4(array: pa.Array) -> pa.Array:
    narrow = array.cast(pa.float32(), safe=False)
    if pc.any(pc.and_(pc.is_inf(narrow), pc.invert(pc.is_inf(array)))).as_py():
        raise NumericValueOutOfRange("value out of range: overflow")
    return narrow


def uuid_bytes(array: pa.Array) -> pa.Array:
    """Canonical UUID text as 16 bytes each."""
    filled = array.fill_null("0" * 8 + "-0000" * 3 + "-" + "0" * 12)
    offsets = np.frombuffer(filled.buffers()[1], np.int32)[filled.offset : filled.offset + len(filled) + 1]
    if len(filled) and not (np.diff(offsets) == _UUID_TEXT_LENGTH).all():
        raise InternalError("a uuid was not delivered in its canonical form")
    data = np.frombuffer(filled.buffers()[2] or b"", np.uint8)
    text = data[int(offsets[0]) : int(offsets[-1])].reshape(len(filled), _UUID_TEXT_LENGTH)
    digits: npt.NDArray[np.uint8] = _HEX[np.delete(text, _DASHES, axis=1)]
    if (digits == 0xFF).any():
        raise InternalError("a uuid was not delivered in its canonical form")
    packed = np.ascontiguousarray((digits[:, 0::2] << 4) | digits[:, 1::2])
    validity = array.is_valid().buffers()[1] if array.null_count else None
    return pa.Array.from_buffers(pa.binary(16), len(filled), [validity, pa.py_buffer(packed)])


def _then(array: pa.Array, step: Conform | None) -> pa.Array:
    return array if step is None else step(array)


def _mismatch(delivered: pa.DataType, pg: PgType) -> FeatureNotSupported:
    return FeatureNotSupported(
        f"the engine cannot give this expression as type {format_type(pg)}",
        detail=f"It is computed as {delivered}.",
    )
