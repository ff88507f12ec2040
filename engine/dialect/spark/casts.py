"""Casts between types in their inner forms on Spark, with PostgreSQL's rounding, truncation and errors."""

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
from engine.dialect.lattice import FLOATS, INTEGERS, TEXTS
from engine.dialect.scope import is_column
from engine.dialect.session import SessionConstants
from engine.dialect.spark.forms import FORMS
from engine.dialect.spark.numbers import NUMBERS
from engine.dialect.spark.syntax import spark_type, string
from engine.dialect.value import Value, refuse, value

_INT_NAMES = {INT2.oid: "int2", INT4.oid: "int4", INT8.oid: "int8", OID.oid: "oid"}
Convert = Callable[[Value, SessionConstants], Value]


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
    if to.oid == INTERVAL.oid:
        return Value("pg_interval_in(CAST(NULL AS STRING))", to, is_null=True)
    return Value(f"CAST(NULL AS {spark_type(to, shape)})", to, shape=shape, is_null=True)


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
    if to.oid in _ROUNDED and to.typmod < 6:
        if v.type.typmod == to.typmod:
            return v
        return Value(f"{_ROUNDED[to.oid]}({v.sql}, CAST({10 ** (6 - to.typmod)} AS BIGINT))", to)
    return replace(v, type=to)


_ROUNDED = {
    TIMESTAMP.oid: "pg_round_timestamp",
    TIMESTAMPTZ.oid: "pg_round_timestamptz",
    INTERVAL.oid: "pg_round_interval",
}


def _limit_text(v: Value, to: PgType, length: int, *, explicit: bool) -> Value:
    if to.oid == BPCHAR.oid:
        if v.type == to and v.width == length:
            return v
        sql = f"rtrim(left({v.sql}, {length}))" if explicit else f"pg_fit_bpchar({v.sql}, {length})"
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
        return _to_text(v, to, session)
    if (inner := element(to)) is not None:
        return _to_array(v, inner, to, session)
    if v.oid in TEXTS:
        return _from_text(v, to, session)
    convert = _PAIRS.get((v.oid, target))
    if convert is None:
        raise refuse(f"the cast from {format_type(PgType(v.oid))} to {format_type(PgType(target))}")
    return convert(v, session)


def _to_text(v: Value, to: PgType, session: SessionConstants) -> Value:
    sql = text_sql(v, session)
    width = v.width if to.oid == BPCHAR.oid else None
    if to.oid == BPCHAR.oid and v.oid != BPCHAR.oid:
        sql = f"rtrim({sql})"
    if to.oid == 18:
        raise refuse('type "char"')
    return Value(sql, PgType(to.oid), width=width, text=v.text if v.oid in TEXTS and v.oid != BPCHAR.oid else None)


def text_sql(v: Value, session: SessionConstants) -> str:
    """What the type's output function prints, as an expression of type STRING."""
    if v.oid in TEXTS or v.oid in (UNKNOWN.oid, UUID.oid, JSON.oid, JSONB.oid):
        return v.sql
    if v.oid == NUMERIC.oid:
        return NUMBERS.text_of(v)
    if v.oid in _INT_NAMES or v.oid == BOOL.oid:
        return f"CAST({v.sql} AS STRING)"
    _check_style(v.oid, session)
    if v.oid == TIMESTAMPTZ.oid:
        return f"pg_timestamptz_text({v.sql}, {string(session.time_zone)})"
    if v.oid == BYTEA.oid:
        return f"concat('\\\\x', lower(hex({v.sql})))"
    if v.oid in _OUTPUT:
        return f"{_OUTPUT[v.oid]}({v.sql})"
    inner = element(v.type)
    if inner is not None:
        item = Value("pg_e", PgType(inner.oid), shape=v.shape)
        return f"pg_array_text(transform({v.sql}, pg_e -> {text_sql(item, session)}))"
    raise refuse(f"the text form of {format_type(v.type)}")


_OUTPUT = {
    FLOAT4.oid: "pg_float4_text",
    FLOAT8.oid: "pg_float8_text",
    DATE.oid: "pg_date_text",
    TIMESTAMP.oid: "pg_timestamp_text",
    INTERVAL.oid: "pg_interval_text",
}


def _check_style(oid: int, session: SessionConstants) -> None:
    """Texts are written in the default styles only."""
    styles = (
        ("DateStyle", session.date_style.upper().startswith("ISO"), (DATE.oid, TIMESTAMP.oid, TIMESTAMPTZ.oid)),
        ("IntervalStyle", session.interval_style == "postgres", (INTERVAL.oid,)),
        ("bytea_output", session.bytea_output == "hex", (BYTEA.oid,)),
        ("extra_float_digits", session.extra_float_digits > 0, (FLOAT4.oid, FLOAT8.oid)),
    )
    for setting, default, oids in styles:
        if not default and oid in oids:
            raise refuse(f"a cast to text under this {setting}")


def _to_array(v: Value, inner: PgType, to: PgType, session: SessionConstants) -> Value:
    source = element(v.type)
    if source is None:
        raise refuse(f"the cast from {format_type(PgType(v.oid))} to {format_type(to)}")
    item = cast(Value("pg_e", PgType(source.oid), shape=v.shape), inner, session, explicit=True)
    return Value(f"transform({v.sql}, pg_e -> {item.sql})", PgType(to.oid), shape=item.shape)


def _from_text(v: Value, to: PgType, session: SessionConstants) -> Value:
    pg = PgType(to.oid)
    if to.oid in _INT_NAMES:
        return value(f"pg_{_INT_NAMES[to.oid]}_in({v.sql})", pg)
    if to.oid == NUMERIC.oid:
        return numbers.exact(f"pg_numeric_in({v.sql})")
    if to.oid == TIMESTAMPTZ.oid:
        return value(f"pg_timestamptz_in({v.sql}, {string(session.time_zone)})", pg)
    reader = _INPUT.get(to.oid)
    if reader is None:
        raise refuse(f"the cast from {format_type(PgType(v.oid))} to {format_type(pg)}")
    return value(f"{reader}({v.sql})", pg)


_INPUT = {
    BOOL.oid: "pg_bool_in",
    FLOAT4.oid: "pg_float4_in",
    FLOAT8.oid: "pg_float8_in",
    DATE.oid: "pg_date_in",
    TIMESTAMP.oid: "pg_timestamp_in",
    INTERVAL.oid: "pg_interval_in",
    UUID.oid: "pg_uuid_in",
    JSON.oid: "pg_json_in",
    JSONB.oid: "pg_jsonb_in",
    BYTEA.oid: "pg_bytea_in",
}


def _plain(to: PgType) -> Convert:
    def convert(v: Value, session: SessionConstants) -> Value:
        constant = v.constant if v.oid in INTEGERS else None
        return replace(value(f"CAST({v.sql} AS {spark_type(to)})", to), constant=constant)

    return convert


def _call(template: str, to: PgType) -> Convert:
    return lambda v, session: value(template.format(v.sql, zone=string(session.time_zone)), to)


def _numeric_to_integer(to: PgType) -> Convert:
    def convert(v: Value, session: SessionConstants) -> Value:
        if v.shape is None:
            return value(f"pg_numeric_{_INT_NAMES[to.oid]}({v.sql})", to)
        rounded = v.sql if v.scale == 0 else f"round({v.sql}, 0)"
        return value(f"CAST({rounded} AS {spark_type(to)})", to)

    return convert


def _float_to_numeric(v: Value, session: SessionConstants) -> Value:
    return numbers.exact(f"pg_float{4 if v.oid == FLOAT4.oid else 8}_numeric({v.sql})")


def _float_to_integer(to: PgType) -> Convert:
    def convert(v: Value, session: SessionConstants) -> Value:
        source = f"CAST({v.sql} AS DOUBLE)" if v.oid == FLOAT4.oid else v.sql
        return value(f"pg_float8_{_INT_NAMES[to.oid]}({source})", to)

    return convert


def _numeric_to_float8(v: Value, session: SessionConstants) -> Value:
    return replace(value(NUMBERS.to_float(v), FLOAT8), constant=v.constant)


def _integers() -> dict[tuple[int, int], Convert]:
    pairs: dict[tuple[int, int], Convert] = {}
    for source in (INT2, INT4, INT8):
        for target in (INT2, INT4, INT8, FLOAT4, FLOAT8):
            pairs[source.oid, target.oid] = _plain(target)
        pairs[source.oid, NUMERIC.oid] = lambda v, session: numbers.from_integer(v)
        pairs[source.oid, OID.oid] = _plain(OID)
        pairs[NUMERIC.oid, source.oid] = _numeric_to_integer(source)
        for oid in FLOATS:
            pairs[oid, source.oid] = _float_to_integer(source)
    pairs[OID.oid, INT8.oid] = _plain(INT8)
    pairs[OID.oid, INT4.oid] = _plain(INT4)
    pairs[INT4.oid, BOOL.oid] = _call("({} <> 0)", BOOL)
    pairs[BOOL.oid, INT4.oid] = _plain(INT4)
    return pairs


_PAIRS: dict[tuple[int, int], Convert] = {
    **_integers(),
    (FLOAT4.oid, NUMERIC.oid): _float_to_numeric,
    (FLOAT8.oid, NUMERIC.oid): _float_to_numeric,
    (FLOAT4.oid, FLOAT8.oid): _plain(FLOAT8),
    (FLOAT8.oid, FLOAT4.oid): _call("pg_float8_float4({})", FLOAT4),
    (NUMERIC.oid, FLOAT8.oid): _numeric_to_float8,
    (NUMERIC.oid, FLOAT4.oid): lambda v, session: value(f"pg_float4_in({NUMBERS.text_of(v)})", FLOAT4),
    (DATE.oid, TIMESTAMP.oid): _plain(TIMESTAMP),
    (DATE.oid, TIMESTAMPTZ.oid): _call("pg_instant(CAST({} AS TIMESTAMP_NTZ), {zone})", TIMESTAMPTZ),
    (TIMESTAMP.oid, DATE.oid): _plain(DATE),
    (TIMESTAMPTZ.oid, DATE.oid): _call("CAST(pg_local({}, {zone}) AS DATE)", DATE),
    (TIMESTAMP.oid, TIMESTAMPTZ.oid): _call("pg_instant({}, {zone})", TIMESTAMPTZ),
    (TIMESTAMPTZ.oid, TIMESTAMP.oid): _call("pg_local({}, {zone})", TIMESTAMP),
    (JSON.oid, JSONB.oid): _call("pg_jsonb_in({})", JSONB),
    (JSONB.oid, JSON.oid): lambda v, session: replace(v, type=JSON),
}


def deliver(v: Value, to: PgType, session: SessionConstants) -> str:
    """`v` in the outer form of a result column: the canonical Spark type, char(n) padded, numeric by its scale."""
    if v.oid == UNKNOWN.oid:
        v = cast(v, to if to.oid != UNKNOWN.oid else TEXT, session)
    if v.oid == NUMERIC.oid:
        return _deliver_numeric(v, to)
    if v.oid == BPCHAR.oid:
        if v.width is None:
            raise refuse("a result of type character with values of different lengths")
        return f"rpad({v.sql}, {v.width}, ' ')"
    if v.oid == INTERVAL.oid:
        return f"pg_interval_out({v.sql})"
    if v.oid == TIME.oid or ((inner := element(v.type)) is not None and inner.oid == INTERVAL.oid):
        raise refuse(f"a result of type {format_type(v.type)}")
    return v.sql if v.srf else _shown(v)


def _shown(v: Value) -> str:
    """Columns have their types already; the cast of an expression fixes what an answer's column is."""
    wanted = spark_type(v.type, v.shape)
    return v.sql if is_column(v) else f"CAST({v.sql} AS {wanted})"


def _deliver_numeric(v: Value, to: PgType) -> str:
    shape = precision_scale(to)
    if shape is not None:
        if v.shape is None or v.scale_sql is not None or v.scale != shape[1]:
            raise refuse(f"a result of type {format_type(to)} computed this way")
        return f"CAST({v.sql} AS DECIMAL({shape[0]},{shape[1]}))"
    if v.shape is None or v.scale_sql is not None:
        return NUMBERS.text_of(v)
    return _shown(v)
