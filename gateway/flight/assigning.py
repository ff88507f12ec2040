"""Arrow columns of clients assigned to columns of tables: exactly, or with PostgreSQL's error.

The types between which PostgreSQL assigns are those of its casts on assignment; where its own would round or cut (a
float into an integer, a time's nanoseconds), the value is refused here. Texts become uuid and json too, since many
clients have no other form of them. Nothing is rendered as text on the way but what goes into a text or json column.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import DatatypeMismatch, DatetimeFieldOverflow, NumericValueOutOfRange
from catalog.model import Column
from catalog.types import (
    BOOL,
    BYTEA,
    DATE,
    FLOAT4,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    JSON,
    JSONB,
    NUMERIC,
    OID,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    UUID,
    PgType,
    array_of,
    element,
    format_type,
    from_arrow,
    storage_type,
)
from engine.delta.rows import map_list
from engine.values.lists import is_list
from engine.values.scalars import check_json, parse_uuid
from gateway.flight.layout import plain, plain_type
from gateway.pgwire.render.style import Style
from gateway.pgwire.render.table import renderer

Convert = Callable[[pa.Array], pa.Array]
_kind = pa.types
_TEXTS = frozenset((18, 19, TEXT.oid, 1042, 1043))
_INTEGERS = frozenset((INT2.oid, INT4.oid, INT8.oid, OID.oid))
_JSONS = frozenset((JSON.oid, JSONB.oid))
_OID_MAX = (1 << 32) - 1
_FIRST_DAY = -2_440_588
"""4714-11-24 BC, the first day of PostgreSQL's dates and timestamps, in days from 1970."""
_DAY_US = 86_400_000_000
_HINT = "Values are stored as they are or not at all: convert the column before it is sent."


def type_for(arrow: pa.DataType) -> PgType:
    """The type that a new table has for such a column."""
    if isinstance(arrow, pa.BaseExtensionType) and arrow.extension_name == "arrow.json":
        return JSON
    if isinstance(arrow, pa.BaseExtensionType):
        return UUID if arrow.extension_name == "arrow.uuid" else type_for(arrow.storage_type)
    if _kind.is_fixed_size_binary(arrow):
        return BYTEA  # only clients that say so mean a uuid by 16 bytes
    if is_list(arrow):
        inner = type_for(arrow.value_type)
        return JSON if inner.oid in _JSONS or element(inner) is not None else array_of(inner)
    return from_arrow(plain_type(arrow))


def assignment(
    arrow: pa.DataType, column: Column, style: Style, stored: pa.DataType | None = None
) -> tuple[pa.DataType, Convert]:
    """What a column of a client becomes for this column of a table: the type it is stored as, and how it gets there.
    `stored`: how the Delta table has it, where others have made it.

    Raises DatatypeMismatch (42804) where PostgreSQL has no assignment; the conversion raises NumericValueOutOfRange
    (22003), DatetimeFieldOverflow (22008), InvalidTextRepresentation (22P02).
    """
    incoming, pg = plain_type(arrow), column.type
    try:
        if stored is not None and pg.oid in _JSONS and _kind.is_nested(stored):
            return stored, _to_nested(incoming, stored, pg)
        step = _step(incoming, pg, style)
    except _NoAssignment:
        given = format_type(type_for(arrow))
        raise DatatypeMismatch(
            f'column "{column.name}" is of type {format_type(pg)} but expression is of type {given}',
            detail=f"The client sends it as {arrow}.",
        ) from None
    target = _target(incoming, pg)
    if step is None:
        return target, plain
    return target, lambda array: step(plain(array))


def date_like(array: pa.Array, oid: int, time_zone: str) -> pa.Array:
    """Dates and timestamps (in plain layout) as date, timestamp or timestamptz: exactly, by PostgreSQL's casts.

    Raises DatatypeMismatch (42804), DatetimeFieldOverflow (22008).
    """
    try:
        step = _step(array.type, PgType(oid), Style(time_zone=time_zone))
    except _NoAssignment:
        raise DatatypeMismatch(
            f"parameter is of type {format_type(PgType(oid))} but {format_type(type_for(array.type))} was bound"
        ) from None
    return array if step is None else step(array)


class _NoAssignment(Exception):
    """PostgreSQL has no cast on assignment between the types."""


def _target(incoming: pa.DataType, pg: PgType) -> pa.DataType:
    """uuid comes as its bytes where the client has them; all else in its storage type."""
    if pg.oid == UUID.oid and _kind.is_fixed_size_binary(incoming):
        return incoming
    inner = element(pg)
    if inner is not None and _kind.is_list(incoming):
        return pa.list_(_target(incoming.value_type, inner))
    return storage_type(pg)


def _step(incoming: pa.DataType, pg: PgType, style: Style) -> Convert | None:
    """From the plain layout to `_target`; None: it is there."""
    target = _target(incoming, pg)
    if _kind.is_null(incoming):
        return lambda array: pa.nulls(len(array), target)
    inner = element(pg)
    if inner is not None:
        if not _kind.is_list(incoming):
            raise _NoAssignment
        values = _step(incoming.value_type, inner, style)
        return lambda array: map_list(array, target, values)
    if pg.oid in _TEXTS:
        return _to_text(incoming, style)
    if pg.oid in _JSONS:
        return _to_json(incoming, style)
    if pg.oid == UUID.oid and _kind.is_string(incoming):
        return _to_uuid
    for oids, takes, made in _ASSIGNMENTS:
        if pg.oid in oids and takes(incoming):
            return made(incoming, target, pg, style)
    raise _NoAssignment


def _same(incoming: pa.DataType, target: pa.DataType, pg: PgType, style: Style) -> Convert | None:
    """Another size of the same thing: Arrow's safe cast loses nothing."""
    if incoming.equals(target) and pg.oid != OID.oid:
        return None
    return lambda array: _cast(array, target, pg)


def _to_integer(incoming: pa.DataType, target: pa.DataType, pg: PgType, style: Style) -> Convert | None:
    if pg.oid != OID.oid:
        return _same(incoming, target, pg, style)

    def cast(array: pa.Array) -> pa.Array:
        whole = _cast(array, target, pg)
        if pc.any(pc.or_(pc.less(whole, 0), pc.greater(whole, _OID_MAX))).as_py():
            raise _out_of_range(pg)
        return whole

    return cast


def _to_float(incoming: pa.DataType, target: pa.DataType, pg: PgType, style: Style) -> Convert | None:
    if incoming.equals(target) or (_kind.is_float32(incoming) and _kind.is_float64(target)):
        return _same(incoming, target, pg, style)
    return lambda array: _there_and_back(array, target, pg)


def _to_numeric(incoming: pa.DataType, target: pa.DataType, pg: PgType, style: Style) -> Convert | None:
    if _kind.is_integer(incoming):
        whole = pa.decimal128(20, 0)  # Arrow wants room for every integer
        return lambda array: _cast(array.cast(whole), target, pg)
    if _kind.is_floating(incoming):
        return lambda array: _there_and_back(array, target, pg)
    return _same(incoming, target, pg, style)


def _to_bytes(incoming: pa.DataType, target: pa.DataType, pg: PgType, style: Style) -> Convert | None:
    return _same(incoming, target, pg, style)


def _to_date(incoming: pa.DataType, target: pa.DataType, pg: PgType, style: Style) -> Convert | None:
    def cast(array: pa.Array) -> pa.Array:
        days = _cast(array, target, pg)
        if _kind.is_timestamp(incoming) and pc.any(pc.not_equal(_cast(days, incoming, pg), array)).as_py():
            raise _out_of_range(pg, "A time of day other than midnight does not fit.")
        return _in_calendar(days, pa.int32(), _FIRST_DAY, pg)

    return cast


def _to_timestamp(incoming: pa.DataType, target: pa.DataType, pg: PgType, style: Style) -> Convert | None:
    """Between those with and without time zone by the session's TimeZone, as PostgreSQL does it."""
    aware, zone = pg.oid == TIMESTAMPTZ.oid, style.time_zone

    def cast(array: pa.Array) -> pa.Array:
        local = _kind.is_date(array.type) or array.type.tz is None
        exact = _cast(array, pa.timestamp("us", None if local else array.type.tz), pg)
        if local and aware:
            exact = _cast(_zoned(exact, zone), target, pg)
        elif not local and not aware:
            exact = pc.local_timestamp(exact.cast(pa.timestamp("us", zone)))
        return _in_calendar(exact.cast(target), pa.int64(), _FIRST_DAY * _DAY_US, pg)

    return cast


def _number(arrow: pa.DataType) -> bool:
    return bool(_kind.is_integer(arrow) or _kind.is_floating(arrow) or _kind.is_decimal(arrow))


def _binary(arrow: pa.DataType) -> bool:
    return bool(_kind.is_binary(arrow) or _kind.is_fixed_size_binary(arrow))


def _sixteen(arrow: pa.DataType) -> bool:
    return bool(_kind.is_fixed_size_binary(arrow)) and arrow.byte_width == 16


def _day(arrow: pa.DataType) -> bool:
    return bool(_kind.is_date(arrow) or (_kind.is_timestamp(arrow) and arrow.tz is None))


def _moment(arrow: pa.DataType) -> bool:
    return bool(_kind.is_date(arrow) or _kind.is_timestamp(arrow))


Made = Callable[[pa.DataType, pa.DataType, PgType, Style], Convert | None]
_ASSIGNMENTS: tuple[tuple[frozenset[int], Callable[[pa.DataType], bool], Made], ...] = (
    (frozenset({BOOL.oid}), _kind.is_boolean, _same),
    (_INTEGERS, _number, _to_integer),
    (frozenset({FLOAT4.oid, FLOAT8.oid}), _number, _to_float),
    (frozenset({NUMERIC.oid}), _number, _to_numeric),
    (frozenset({BYTEA.oid}), _binary, _to_bytes),
    (frozenset({UUID.oid}), _sixteen, _same),
    (frozenset({DATE.oid}), _day, _to_date),
    (frozenset({TIMESTAMP.oid, TIMESTAMPTZ.oid}), _moment, _to_timestamp),
)
"""What PostgreSQL assigns to a type, as Arrow types in plain layout, and how."""


def _to_text(incoming: pa.DataType, style: Style) -> Convert | None:
    if _kind.is_string(incoming):
        return None
    if _kind.is_boolean(incoming):
        return lambda array: array.cast(pa.string())
    rendered = renderer(from_arrow(incoming), incoming, style, binary=False)
    return lambda array: pa.array(rendered.cells(array), pa.binary()).cast(pa.string())


def _to_json(incoming: pa.DataType, style: Style) -> Convert | None:
    if _kind.is_string(incoming):
        return _checked_json
    if not _kind.is_nested(incoming):
        raise _NoAssignment
    rendered = renderer(JSON, incoming, style, binary=False)
    return lambda array: pa.array(rendered.cells(array), pa.binary()).cast(pa.string())


def _to_nested(incoming: pa.DataType, stored: pa.DataType, pg: PgType) -> Convert:
    """Structs, maps and lists that other writers have made a table with, which PostgreSQL's side shows as json."""
    if not _fits(incoming, stored):
        raise _NoAssignment
    return lambda array: _cast(plain(array), stored, pg)


def _fits(incoming: pa.DataType, stored: pa.DataType) -> bool:
    """Whether Arrow's safe cast between nested types loses nothing: it would leave out fields it does not find."""
    if _kind.is_null(incoming) or incoming.equals(stored):
        return True
    if _kind.is_struct(incoming) and _kind.is_struct(stored):
        names = {field.name for field in stored}
        return all(field.name in names and _fits(field.type, stored.field(field.name).type) for field in incoming)
    if _kind.is_list(incoming) and _kind.is_list(stored):
        return _fits(incoming.value_type, stored.value_type)
    if _kind.is_map(incoming) and _kind.is_map(stored):
        return _fits(incoming.key_type, stored.key_type) and _fits(incoming.item_type, stored.item_type)
    if _kind.is_timestamp(incoming) and _kind.is_timestamp(stored):
        return (incoming.tz is None) == (stored.tz is None)
    widened = _kind.is_float32(incoming) and _kind.is_float64(stored)
    exact = (_kind.is_integer, _kind.is_decimal)
    return widened or (any(test(incoming) for test in exact) and any(test(stored) for test in exact))


def _checked_json(array: pa.Array) -> pa.Array:
    for text in array.to_pylist():
        if text is not None:
            check_json(text)
    return array


def _to_uuid(array: pa.Array) -> pa.Array:
    canonical = pc.match_substring_regex(array, r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\z")
    if pc.all(canonical).as_py() in (True, None):
        return array
    return pa.array([None if text is None else str(parse_uuid(text)) for text in array.to_pylist()], pa.string())


def _cast(array: pa.Array, target: pa.DataType, pg: PgType) -> pa.Array:
    """Arrow's safe cast, which raises where a value does not fit."""
    try:
        return array if array.type.equals(target) else array.cast(target)
    except pa.ArrowInvalid as error:
        raise _out_of_range(pg) from error


def _there_and_back(array: pa.Array, target: pa.DataType, pg: PgType) -> pa.Array:
    """A cast between binary and decimal numbers, or to fewer bits: good if the way back gives the same value."""
    try:
        found = array.cast(target, safe=False) if _kind.is_floating(target) else array.cast(target)
        back = found.cast(array.type)
    except pa.ArrowInvalid as error:
        raise _out_of_range(pg) from error
    same = pc.equal(array, back)
    if _kind.is_floating(array.type):
        same = pc.or_(same, pc.is_nan(array))
    if not pc.all(same).as_py() and len(same) > same.null_count:
        raise _out_of_range(pg)
    return found


def _zoned(array: pa.Array, zone: str) -> pa.Array:
    """Local times as moments. Raises DatetimeFieldOverflow for one that a change of the clocks skips or repeats."""
    try:
        return pc.assume_timezone(array, zone, ambiguous="raise", nonexistent="raise")
    except pa.ArrowInvalid as error:
        raise DatetimeFieldOverflow(
            f'a local time does not name one moment in time zone "{zone}"', hint="Send it with its time zone."
        ) from error


def _in_calendar(array: pa.Array, whole: pa.DataType, first: int, pg: PgType) -> pa.Array:
    low = pc.min(array.view(whole)).as_py()
    if low is not None and low < first and low > np.iinfo(whole.to_pandas_dtype()).min + 1:  # those mean infinity
        raise _out_of_range(pg)
    return array


def _out_of_range(pg: PgType, detail: str | None = None) -> NumericValueOutOfRange | DatetimeFieldOverflow:
    if pg.oid in (DATE.oid, TIMESTAMP.oid, TIMESTAMPTZ.oid):
        name = "date" if pg.oid == DATE.oid else "timestamp"
        return DatetimeFieldOverflow(f"{name} out of range", detail=detail, hint=_HINT)
    what = "numeric field overflow" if pg.oid == NUMERIC.oid else f"{format_type(pg)} out of range"
    return NumericValueOutOfRange(what, detail=detail, hint=_HINT)
