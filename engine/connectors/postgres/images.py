"""What the driver gives, made into the canonical Arrow types; values without an image become NULL and are counted."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from engine.connectors.postgres.select_list import NO_DATE, NO_LIST, NO_NUMBER

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, since 1970
_DAY_US = 86_400_000_000
_NO_NUMBERS = pa.array(["NaN"])  # with a precision, PostgreSQL has no infinite numbers


class Losses:
    """How many values of which column became NULL. `warnings` is kept up to date."""

    def __init__(self, warnings: list[str]) -> None:
        self._warnings = warnings
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, column: str, count: int, why: str) -> None:
        if count:
            self._counts[column, why] = self._counts.get((column, why), 0) + count
            self._warnings[:] = [
                f'{n} {"value" if n == 1 else "values"} of column "{name}" became NULL, having no image in Delta: {why}'
                for (name, why), n in self._counts.items()
            ]


def canonical(batch: pa.RecordBatch, schema: pa.Schema, losses: Losses) -> pa.RecordBatch:
    """`batch` as the source gave it, its columns in the order of `schema`; one more, if it is there, lists the columns
    (their numbers here) whose array had several dimensions, row by row.
    """
    columns = [
        _converted(_stored(batch.column(index)), field.type, field.name, losses) for index, field in enumerate(schema)
    ]
    if batch.num_columns > len(schema):
        _count_lists(batch.column(len(schema)), schema.names, losses)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _converted(values: pa.Array, wanted: pa.DataType, column: str, losses: Losses) -> pa.Array:
    if pa.types.is_list(wanted):
        inner = _converted(_stored(values.values), wanted.value_type, column, losses)
        return pa.ListArray.from_arrays(values.offsets, inner, type=wanted, mask=values.is_null())
    if pa.types.is_date32(wanted):
        return _within(values, pa.int32(), _FIRST_DAY, _LAST_DAY, column, losses)
    if pa.types.is_timestamp(wanted):
        return _within(values, pa.int64(), _FIRST_DAY * _DAY_US, (_LAST_DAY + 1) * _DAY_US - 1, column, losses)
    if pa.types.is_decimal(wanted):
        return _decimals(values, wanted, column, losses)
    return values if values.type == wanted else values.cast(wanted)


def _within(values: pa.Array, raw: pa.DataType, low: int, high: int, column: str, losses: Losses) -> pa.Array:
    """The driver lets infinity, which PostgreSQL has as the last and first number, wrap around: out of range too."""
    numbers = values.view(raw)
    ends = pc.min_max(numbers).as_py()
    if ends["min"] is None or (ends["min"] >= low and ends["max"] <= high):
        return values
    bad = pc.or_(pc.less(numbers, low), pc.greater(numbers, high))
    losses.add(column, pc.sum(bad).as_py(), NO_DATE)
    return pc.if_else(bad, pa.scalar(None, values.type), values)


def _decimals(texts: pa.Array, wanted: pa.DataType, column: str, losses: Losses) -> pa.Array:
    try:
        return texts.cast(wanted)
    except pa.ArrowInvalid:
        bad = pc.is_in(texts, value_set=_NO_NUMBERS)
        losses.add(column, pc.sum(bad).as_py() or 0, NO_NUMBER)
        return pc.if_else(bad, pa.scalar(None, texts.type), texts).cast(wanted)


def _count_lists(lost: pa.Array, names: Sequence[str], losses: Losses) -> None:
    for entry in pc.value_counts(lost.flatten()).to_pylist():
        losses.add(names[entry["values"]], entry["counts"], NO_LIST)


def _stored(values: pa.Array) -> pa.Array:
    return values.storage if isinstance(values, pa.ExtensionArray) else values
