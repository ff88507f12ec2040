"""Casts between types in their inner forms, with PostgreSQL's rounding, truncation and errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from catalog.types import (
    BOOL,
    BPCHAR,
    BYTEA,
    DATE,
    FLOAT4,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    INTERVAL,
    JSON,
    JSONB,
    NUMERIC,
    OID,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    UNKNOWN,
    UUID,
    VARCHAR,
    PgType,
    char_length,
    element,
    format_type,
    precision_scale,
)
from engine.dialect import literals, numbers
from engine.dialect.duckdb.forms import FORMS
from engine.dialect.duckdb.numbers import NUMBERS
from engine.dialect.duckdb.syntax import duck_type
from engine.dialect.lattice import FLOATS, INTEGERS, TEXTS
from engine.dialect.session import SessionConstants
from engine.dialect.value import Value, refuse, value

_INT_NAMES = {INT2.oid: "smallint", INT4.oid: "integer", INT8.oid: "bigint", OID.oid: "oid"}


def cast(v: Value, to: PgType, session: SessionConstants, *, explicit: bool = False) -> Value:
    """`v` as type `to`, typmod included. An explicit cast to varchar(n) truncates, any other raises 22001."""
    if v.row is not None:
        raise refuse("a row value as an operand")
    if v.type == to and to.oid not in (NUMERIC.oid, BPCHAR.oid):
        return v
    if v.oid == UNKNOWN.oid:
        return _from_unknown(v, to, session, explicit=explicit)
    moved = v if v.oid == to.oid else _convert(v, to, session)
    return _apply_typmod(moved, to, explicit=explicit)


def null(to: PgType) -> Value:
    """A typed NULL."""
    shape = None
    if to.oid == NUMERIC.oid:
        shape = precision_scale(to) or (1, 0)
        if shape[0] > numbers.PRECISION_MAX or not 0 <= shape[1] <= shape[0]:
            shape = None
    return Value(f"CAST(NULL AS {duck_type(to, shape)})", to, shape=shape, is_null=True)


def _from_unknown(v: Value, to: PgType, session: SessionConstants, *, explicit: bool) -> Value:
    if to.oid == UNKNOWN.oid:
        return v
    if v.is_null:
        return null(to)
    if v.literal is None:
        return cast(Value(v.sql, TEXT), to, session, explicit=explicit)
    return _apply_typmod(literals.read(v.literal, to, session, FORMS), to, explicit=True)


def _apply_typmod(v: Value, to: PgType, *, explicit: bool) -> Value:
    if to.oid == NUMERIC.oid:
        shape = precision_scale(to)
        if shape is None:
            return numbers.bare(v) if v.type.typmod != -1 else v
        if shape[0] > numbers.PRECISION_MAX or not 0 <= shape[1] <= shape[0]:
            raise refuse(f"type {format_type(to)}")
        return numbers.typed(v, *shape)
    if to.typmod < 0:
        if v.type.typmod >= 0 and to.oid != BPCHAR.oid:
            return replace(v, type=to)
        return v
    length = char_length(to)
    if length is not None:
        return _limit_text(v, to, length, explicit=explicit)
    if to.oid in (TIMESTAMP.oid, TIMESTAMPTZ.oid, TIME.oid, INTERVAL.oid) and to.typmod < 6:
        if v.type.typmod == to.typmod:
            return v
        step = 10 ** (6 - to.typmod)
        return Value(f"pg_round_{_STEPPED[to.oid]}({v.sql}, {step})", to)
    return replace(v, type=to)


_STEPPED = {TIMESTAMP.oid: "timestamp", TIMESTAMPTZ.oid: "timestamptz", TIME.oid: "time", INTERVAL.oid: "interval"}


def _limit_text(v: Value, to: PgType, length: int, *, explicit: bool) -> Value:
    if to.oid == BPCHAR.oid:
        if v.type == to and v.width == length:
            return v
        sql = f"rtrim(left({v.sql}, {length}), ' ')" if explicit else f"pg_fit_bpchar({v.sql}, {length})"
        return Value(sql, to, width=length)
    if v.type == to:
        return v
    limit = char_length(v.type)
    if limit is not None and v.oid == VARCHAR.oid and limit <= length:
        return replace(v, type=to)
    sql = f"left({v.sql}, {length})" if explicit else f"pg_fit_varchar({v.sql}, {length})"
    return Value(sql, to)


def _convert(v: Value, to: PgType, session: SessionConstants) -> Value:
    """Between different types, to `to` without its typmod."""
    target = to.oid
    if v.is_null:
        return null(PgType(target))
    if target in TEXTS:
        return _to_text(v, to)
    if (inner := element(to)) is not None:
        return _to_array(v, inner, to, session)
    if v.oid in TEXTS:
        return _from_text(v, to)
    convert = _PAIRS.get((v.oid, target))
    if convert is None:
        raise refuse(f"the cast from {format_type(PgType(v.oid))} to {format_type(PgType(target))}")
    return convert(v)


def _to_text(v: Value, to: PgType) -> Value:
    sql = text_sql(v)
    width = v.width if to.oid == BPCHAR.oid else None
    if to.oid == BPCHAR.oid and v.oid != BPCHAR.oid:
        sql = f"rtrim({sql}, ' ')"
    if to.oid == 18:
        raise refuse('type "char"')
    return Value(sql, PgType(to.oid), width=width)


def text_sql(v: Value) -> str:
    """What the type's output function prints, as a DuckDB expression of type VARCHAR."""
    if v.oid in TEXTS or v.oid == UNKNOWN.oid:
        return v.sql
    if v.oid == NUMERIC.oid:
        return NUMBERS.text_of(v)
    if v.oid in _INT_NAMES or v.oid in (BOOL.oid, UUID.oid, JSON.oid, JSONB.oid, TIME.oid):
        return f"CAST({v.sql} AS VARCHAR)"
    if v.oid in _OUTPUT:
        return f"{_OUTPUT[v.oid]}({v.sql})"
    inner = element(v.type)
    if inner is not None:
        item = Value("pg_e", PgType(inner.oid), shape=v.shape)
        return f"pg_array_text(list_transform({v.sql}, lambda pg_e: {text_sql(item)}))"
    raise refuse(f"the text form of {format_type(v.type)}")


_OUTPUT = {
    FLOAT4.oid: "pg_float4_text",
    FLOAT8.oid: "pg_float8_text",
    DATE.oid: "pg_date_text",
    TIMESTAMP.oid: "pg_timestamp_text",
    TIMESTAMPTZ.oid: "pg_timestamptz_text",
    INTERVAL.oid: "pg_interval_text",
    BYTEA.oid: "pg_bytea_text",
}


def _to_array(v: Value, inner: PgType, to: PgType, session: SessionConstants) -> Value:
    source = element(v.type)
    if source is None:
        raise refuse(f"the cast from {format_type(PgType(v.oid))} to {format_type(to)}")
    item = cast(Value("pg_e", PgType(source.oid), shape=v.shape), inner, session, explicit=True)
    return Value(f"list_transform({v.sql}, lambda pg_e: {item.sql})", PgType(to.oid), shape=item.shape)


def _from_text(v: Value, to: PgType) -> Value:
    if to.oid in _INT_NAMES:
        name = _INT_NAMES[to.oid]
        return value(f"CAST(pg_int_in({v.sql}, '{name}') AS {duck_type(to)})", PgType(to.oid))
    if to.oid == NUMERIC.oid:
        return numbers.exact(f"pg_numeric_in({v.sql})")
    reader = _INPUT.get(to.oid)
    if reader is None:
        raise refuse(f"the cast from {format_type(PgType(v.oid))} to {format_type(PgType(to.oid))}")
    return value(f"{reader}({v.sql})", PgType(to.oid))


_INPUT = {
    BOOL.oid: "pg_bool_in",
    FLOAT4.oid: "pg_float4_in",
    FLOAT8.oid: "pg_float8_in",
    DATE.oid: "pg_date_in",
    TIMESTAMP.oid: "pg_timestamp_in",
    TIMESTAMPTZ.oid: "pg_timestamptz_in",
    TIME.oid: "pg_time_in",
    INTERVAL.oid: "pg_interval_in",
    UUID.oid: "pg_uuid_in",
    JSON.oid: "pg_json_in",
    JSONB.oid: "pg_jsonb_in",
    BYTEA.oid: "pg_bytea_in",
}


def _plain(to: PgType) -> Callable[[Value], Value]:
    def convert(v: Value) -> Value:
        constant = v.constant if v.oid in INTEGERS else None
        return replace(value(f"CAST({v.sql} AS {duck_type(to)})", to), constant=constant)

    return convert


def _call(template: str, to: PgType) -> Callable[[Value], Value]:
    return lambda v: value(template.format(v.sql), to)


def _numeric_to_integer(to: PgType) -> Callable[[Value], Value]:
    def convert(v: Value) -> Value:
        source = v.sql if v.shape is not None else f"pg_numeric_round({v.sql}, 0)"
        return value(f"CAST({source} AS {duck_type(to)})", to)

    return convert


def _float_to_numeric(v: Value) -> Value:
    return numbers.exact(f"pg_float{4 if v.oid == FLOAT4.oid else 8}_numeric({v.sql})")


def _numeric_to_float4(v: Value) -> Value:
    return value(f"pg_float4_in({NUMBERS.text_of(v)})", FLOAT4)


def _pairs() -> dict[tuple[int, int], Callable[[Value], Value]]:
    integers = (INT2, INT4, INT8)
    pairs: dict[tuple[int, int], Callable[[Value], Value]] = {}
    for source in integers:
        for target in (*integers, FLOAT4, FLOAT8):
            pairs[source.oid, target.oid] = _plain(target)
        pairs[source.oid, NUMERIC.oid] = numbers.from_integer
        pairs[source.oid, OID.oid] = _plain(OID)
        pairs[NUMERIC.oid, source.oid] = _numeric_to_integer(source)
        for oid in FLOATS:
            pairs[oid, source.oid] = _plain(source)
    for oid in FLOATS:
        pairs[oid, NUMERIC.oid] = _float_to_numeric
    pairs[OID.oid, INT8.oid] = _plain(INT8)
    pairs[OID.oid, INT4.oid] = _plain(INT4)
    pairs[FLOAT4.oid, FLOAT8.oid] = _plain(FLOAT8)
    pairs[FLOAT8.oid, FLOAT4.oid] = _call("pg_float8_float4({})", FLOAT4)
    pairs[NUMERIC.oid, FLOAT8.oid] = lambda v: replace(value(NUMBERS.to_float(v), FLOAT8), constant=v.constant)
    pairs[NUMERIC.oid, FLOAT4.oid] = _numeric_to_float4
    pairs[INT4.oid, BOOL.oid] = _call("({} <> 0)", BOOL)
    pairs[BOOL.oid, INT4.oid] = _plain(INT4)
    for target in (TIMESTAMP, TIMESTAMPTZ):
        pairs[DATE.oid, target.oid] = _plain(target)
        pairs[target.oid, DATE.oid] = _plain(DATE)
    pairs[TIMESTAMP.oid, TIMESTAMPTZ.oid] = _plain(TIMESTAMPTZ)
    pairs[TIMESTAMPTZ.oid, TIMESTAMP.oid] = _plain(TIMESTAMP)
    pairs[TIMESTAMP.oid, TIME.oid] = _plain(TIME)
    pairs[TIMESTAMPTZ.oid, TIME.oid] = _call("CAST(CAST({} AS TIMESTAMP) AS TIME)", TIME)
    pairs[TIME.oid, INTERVAL.oid] = _call("pg_time_interval({})", INTERVAL)
    pairs[INTERVAL.oid, TIME.oid] = _call("pg_interval_time({})", TIME)
    pairs[JSON.oid, JSONB.oid] = _call("pg_jsonb_in(CAST({} AS VARCHAR))", JSONB)
    pairs[JSONB.oid, JSON.oid] = lambda v: replace(v, type=JSON)
    return pairs


_PAIRS = _pairs()


def deliver(v: Value, to: PgType, session: SessionConstants) -> str:
    """`v` in the outer form of a result column: the canonical DuckDB type, char(n) padded, numeric by its scale."""
    if v.oid == UNKNOWN.oid:
        v = cast(v, to if to.oid != UNKNOWN.oid else TEXT, session)
    if v.oid == NUMERIC.oid:
        return _deliver_numeric(v, to)
    if v.oid == BPCHAR.oid:
        if v.width is None:
            raise refuse("a result of type character with values of different lengths")
        return f"CAST(rpad({v.sql}, {v.width}, ' ') AS VARCHAR)"
    if v.oid in (JSON.oid, JSONB.oid):
        return f"CAST({v.sql} AS VARCHAR)"
    if v.oid in (TIMESTAMP.oid, TIMESTAMPTZ.oid) and "(" in v.sql:
        return f"pg_in_range(CAST({v.sql} AS {duck_type(v.type)}))"
    return f"CAST({v.sql} AS {duck_type(v.type, v.shape)})"


def _deliver_numeric(v: Value, to: PgType) -> str:
    shape = precision_scale(to)
    if shape is not None:
        if v.shape is None or v.scale_sql is not None or v.scale != shape[1]:
            raise refuse(f"a result of type {format_type(to)} computed this way")
        return f"CAST({v.sql} AS DECIMAL({shape[0]},{shape[1]}))"
    if v.shape is None or v.scale_sql is not None:
        return f"CAST({NUMBERS.text_of(v)} AS VARCHAR)"
    return f"CAST({v.sql} AS DECIMAL({v.shape[0]},{v.shape[1]}))"
