"""Columns and values from PostgreSQL's text format: vectorised where a pattern proves it safe, else value by value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import FeatureNotSupported
from catalog.types import BY_OID, NUMERIC, PgType, arrow_type, char_length, element, format_type, precision_scale
from engine.values import arrays, scalars
from engine.values import datetimes as dates
from engine.values.build import build
from engine.values.intervals import parse_interval

_INT = {20: r"^-?[0-9]{1,18}$", 23: r"^-?[0-9]{1,9}$", 21: r"^-?[0-9]{1,4}$", 26: r"^[1-9][0-9]{0,8}$|^0$"}
_FLOAT = r"^-?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_STAMP = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
_ZONE = r"(?:[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)$"
_BOOLS = pa.array(["t", "f", "true", "false", "1", "0"])
_BOOL_VALUES = pa.array([True, False, True, False, True, False])
_TEXTS = frozenset((25, 705))
_YEAR_1 = -719162


def arrow_from_text(
    values: Sequence[bytes | None] | pa.Array, pg: PgType, *, arrow: pa.DataType | None = None, time_zone: str = "UTC"
) -> pa.Array:
    """PostgreSQL's text forms as an array of the canonical type (or of `arrow`: a decimal for bare numeric).

    `values` may be a binary array. Raises what PostgreSQL's input function would (22P02, 22003, 22007, 22021, ...).
    """
    array = values if isinstance(values, pa.Array) else pa.array(values, pa.binary())
    wanted = arrow if arrow is not None else arrow_type(pg)
    quick = _quickly(array, pg, wanted)
    if quick is not None:
        return quick
    return build(
        [None if value is None else parse_text(value, pg, time_zone) for value in array.to_pylist()], pg, wanted
    )


def parse_text(value: bytes, pg: PgType, time_zone: str = "UTC") -> Any:
    """One value, as `build` describes parsed values. Raises SqlError as PostgreSQL's input function does."""
    return parse_string(scalars.decoded(value), pg, time_zone)


def parse_string(text: str, pg: PgType, time_zone: str = "UTC") -> Any:
    """As `parse_text`, for text already decoded."""
    oid = pg.oid
    if (inner := element(pg)) is not None:
        return _elements(arrays.parse_array(text), inner, time_zone)
    if oid in scalars.INTEGERS:
        return scalars.parse_integer(text, oid)
    if oid in _PARSERS:
        return _PARSERS[oid](text)
    if oid == NUMERIC.oid:
        return scalars.parse_numeric(text, precision_scale(pg))
    if oid == 1184:
        return dates.parse_timestamptz(text, time_zone, pg.typmod)
    if oid == 1266:
        return dates.parse_timetz(text, time_zone, pg.typmod)
    if oid == 1114:
        return dates.parse_timestamp(text, pg.typmod)
    if oid == 1083:
        return dates.parse_time(text, pg.typmod)
    if (length := char_length(pg)) is not None:
        return scalars.fit(text, length, blank_padded=oid == 1042)
    if oid in BY_OID:
        return text
    raise FeatureNotSupported(f"values of {format_type(pg)} cannot be read here")


_PARSERS = {
    16: scalars.parse_bool,
    17: scalars.parse_bytea,
    18: scalars.parse_char,
    19: scalars.fit_name,
    26: scalars.parse_oid,
    114: scalars.check_json,
    700: lambda text: scalars.parse_float(text, single=True),
    701: lambda text: scalars.parse_float(text, single=False),
    1082: dates.parse_date,
    1186: parse_interval,
    2950: lambda text: scalars.parse_uuid(text).bytes,
    3802: scalars.check_json,
}


def _elements(nested: arrays.Nested, inner: PgType, time_zone: str) -> list[Any]:
    return [
        None
        if each is None
        else _elements(each, inner, time_zone)
        if isinstance(each, list)
        else parse_string(each, inner, time_zone)
        for each in nested
    ]


def _quickly(array: pa.Array, pg: PgType, wanted: pa.DataType) -> pa.Array | None:
    """The column if every value has the plain form that Arrow and PostgreSQL read alike; else None."""
    try:
        text = pc.cast(array, pa.string())
    except pa.ArrowInvalid:
        return None
    oid = pg.oid
    try:
        if oid in _TEXTS or oid in (1042, 1043):
            return None if pc.any(pc.match_substring(text, "\0")).as_py() else _fitting(text, pg)
        if oid == 16:
            return _bools(text)
        if (pattern := _pattern(pg, wanted)) is None or not _all(text, pattern):
            return None
        return _cast(text, pg, wanted)
    except pa.ArrowInvalid:
        return None  # such as 2020-02-30: the careful parser finds the error to report


def _fitting(text: pa.Array, pg: PgType) -> pa.Array | None:
    """The texts, padded if the type is; None if one is too long."""
    length = char_length(pg)
    if length is None:
        return text
    for measure in (pc.binary_length, pc.utf8_length):  # bytes are quick to count, and no fewer than characters
        if (pc.max(measure(text)).as_py() or 0) <= length:
            return pc.utf8_rpad(text, length, " ") if pg.oid == 1042 else text
    return None


def _pattern(pg: PgType, wanted: pa.DataType) -> str | None:
    oid = pg.oid
    if oid in _INT:
        return _INT[oid]
    if oid in (700, 701):
        return _FLOAT
    if oid == 1082:
        return _DATE
    if oid == 1114 and pg.typmod < 0:
        return _STAMP + "$"
    if oid == 1184 and pg.typmod < 0:
        return _STAMP + _ZONE
    if oid == NUMERIC.oid and pa.types.is_decimal128(wanted):
        whole, scale = wanted.precision - wanted.scale, wanted.scale
        if whole <= 0 or scale < 0 or (precision_scale(pg) or (0, scale))[1] != scale:
            return None
        fraction = rf"(?:\.[0-9]{{1,{scale}}})?" if scale else ""
        return rf"^-?[0-9]{{1,{whole}}}{fraction}$"
    return None


def _all(text: pa.Array, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(text, pattern), skip_nulls=True).as_py() is not False


def _bools(text: pa.Array) -> pa.Array | None:
    index = pc.index_in(text, _BOOLS)
    if index.null_count != text.null_count:
        return None
    return _BOOL_VALUES.take(index)


def _cast(text: pa.Array, pg: PgType, wanted: pa.DataType) -> pa.Array | None:
    result = pc.cast(text, wanted)
    if pg.oid in (700, 701):
        # Overflow and underflow are errors in PostgreSQL.
        zero = pc.and_(pc.equal(result, 0), pc.match_substring_regex(text, "^[^eE]*[1-9]"))
        if pc.any(pc.or_(pc.is_inf(result), zero)).as_py():
            return None
    elif pa.types.is_date32(wanted) or pa.types.is_timestamp(wanted):
        days = result if pa.types.is_date32(wanted) else pc.cast(pc.floor_temporal(result, unit="day"), pa.date32())
        first = pc.min(days.cast(pa.int32())).as_py()
        if first is not None and first <= _YEAR_1:
            return None  # year 0 is no year; the careful parser knows
    return result
