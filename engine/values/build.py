"""Parsed values of one column into an Arrow array of a given type.

A parsed value is: bool, int, float, Decimal, str, bytes; int days (date) or microseconds (time, timestamps) as in
`datetimes`; `Interval`; a list of these for an array; None for NULL.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from catalog.errors import DatetimeFieldOverflow, FeatureNotSupported, NumericValueOutOfRange
from catalog.types import NUMERIC, PgType, element, format_type
from engine.values.scalars import numeric_text


def build(values: Sequence[Any], pg: PgType, arrow: pa.DataType) -> pa.Array:
    """`arrow` is the canonical type, or a decimal for bare numeric (then 22003 for what does not fit exactly)."""
    kind = pa.types
    if (inner := element(pg)) is not None:
        return _lists(values, inner, arrow)
    if pg.oid == NUMERIC.oid:
        if kind.is_decimal(arrow):
            return _decimals(values, pg, arrow)
        return pa.array([None if value is None else numeric_text(value) for value in values], arrow)
    if kind.is_date32(arrow):
        return pa.array(values, pa.int32()).view(arrow)
    if kind.is_timestamp(arrow) or kind.is_time64(arrow):
        return pa.array(values, pa.int64()).view(arrow)
    if kind.is_interval(arrow):
        return _intervals(values, arrow)
    if kind.is_float32(arrow):
        return pa.array(values, pa.float64()).cast(pa.float32(), safe=False)
    return pa.array(values, arrow)


def _lists(values: Sequence[Any], inner: PgType, arrow: pa.DataType) -> pa.Array:
    offsets, items = [0], []
    for value in values:
        if value is not None:
            if any(isinstance(each, list) for each in value):
                raise FeatureNotSupported("arrays of more than one dimension are not supported here")
            items.extend(value)
        offsets.append(len(items))
    mask = pa.array([value is None for value in values], pa.bool_())
    flat = build(items, inner, arrow.value_type)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat, type=arrow, mask=mask)


def _decimals(values: Sequence[Decimal | None], pg: PgType, arrow: pa.DataType) -> pa.Array:
    for value in values:
        if value is not None and not value.is_finite():
            raise FeatureNotSupported(f"{numeric_text(value)} cannot be stored in a column of type {format_type(pg)}")
    try:
        return pa.array(values, arrow)
    except pa.ArrowInvalid:
        raise NumericValueOutOfRange(
            "numeric field overflow",
            detail=f"The value must fit in numeric({arrow.precision},{arrow.scale}) without rounding.",
        ) from None


def _intervals(values: Sequence[Any], arrow: pa.DataType) -> pa.Array:
    try:
        return pa.array(
            [None if v is None else pa.MonthDayNano([v.months, v.days, v.us * 1000]) for v in values], arrow
        )
    except OverflowError:
        raise DatetimeFieldOverflow("interval out of range") from None
