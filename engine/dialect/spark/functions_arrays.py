"""Spark's rows of the function table: arrays and set-returning functions."""

from __future__ import annotations

from dataclasses import replace

from catalog.types import BOOL, INT4, INT8, INTERVAL, NUMERIC, TEXT, TIMESTAMP, TIMESTAMPTZ, PgType, element
from engine.dialect import comparisons
from engine.dialect.functions import Call, Emit, exact_elements
from engine.dialect.lattice import ANYARRAY, ANYELEMENT
from engine.dialect.spark.arrays import joined
from engine.dialect.spark.casts import CASTS
from engine.dialect.spark.numbers import NUMBERS
from engine.dialect.spark.syntax import string
from engine.dialect.spark.tables import SCALARS
from engine.dialect.value import Value, refuse, value

_TEXTS, _INTS = PgType(1009), PgType(1007)


def _element(array: Value) -> PgType:
    inner = element(array.type)
    if inner is None:
        raise refuse("an array function of something else than an array")
    return PgType(inner.oid)


def _length(call: Call) -> Value:
    return value(f"(CASE WHEN {call.sql(1)} = 1 AND size({call.sql(0)}) > 0 THEN size({call.sql(0)}) END)", INT4)


def _lower(call: Call) -> Value:
    return value(f"(CASE WHEN {call.sql(1)} = 1 AND size({call.sql(0)}) > 0 THEN 1 END)", INT4)


def _unnest(call: Call) -> Value:
    array = call.arguments[0]
    return Value(f"explode({array.sql})", _element(array), shape=array.shape, srf=True)


def _series(pg: PgType) -> Emit:
    """generate_series of integers or timestamps."""

    def emit(call: Call) -> Value:
        texts = [a.sql for a in call.arguments]
        if pg in (INT4, INT8):
            wide = ", ".join(f"CAST({t} AS BIGINT)" for t in [*texts, "1"][:3])
            kind = "INT" if pg == INT4 else "BIGINT"
            sql = f"CAST(pg_series_int({wide}) AS ARRAY<{kind}>)"
        elif pg == TIMESTAMP:
            sql = f"pg_series_stamp({', '.join(texts)})"
        else:
            sql = f"pg_series_stamptz({', '.join(texts)}, {string(call.context.session.time_zone)})"
        return replace(value(f"explode({sql})", pg), srf=True)

    return emit


def _array_to_string(call: Call) -> Value:
    array = call.arguments[0]
    inner = _element(array)
    item = CASTS.text_sql(Value("pg_e", inner, shape=array.shape), call.context.session)
    if inner == BOOL:
        item = "(CASE WHEN pg_e THEN 't' WHEN NOT pg_e THEN 'f' END)"
    missing = call.sql(2) if len(call.arguments) > 2 else "CAST(NULL AS STRING)"
    texts = array.sql if inner == TEXT else f"transform({array.sql}, pg_e -> {item})"
    return value(f"pg_array_to_string({texts}, {call.sql(1)}, {missing})", TEXT)


def _string_to_array(call: Call) -> Value:
    missing = call.sql(2) if len(call.arguments) > 2 else "CAST(NULL AS STRING)"
    return Value(f"pg_string_to_array({call.sql(0)}, {call.sql(1)}, {missing})", _TEXTS)


def _append(call: Call) -> Value:
    array, item = call.arguments
    return array.with_sql(joined(array.sql, f"array({item.sql})"))


def _prepend(call: Call) -> Value:
    item, array = call.arguments
    return array.with_sql(joined(f"array({item.sql})", array.sql))


def _cat(call: Call) -> Value:
    return call.arguments[0].with_sql(joined(call.sql(0), call.sql(1)))


def _keys(call: Call) -> tuple[str, str]:
    """The array and an item as what compares like them."""
    array, item = call.arguments[0], call.arguments[1]
    if _element(array) == PgType(NUMERIC.oid):
        keys = comparisons.array_key(call.context, exact_elements(call.context, array))
        return keys, f"pg_numeric_key({NUMBERS.text_of(item)})"
    return array.sql, comparisons.key(call.context, item)


def _numbered(call: Call) -> str:
    """The positions of an item, from 1."""
    array, item = _keys(call)
    found = f"transform({array}, (pg_e, pg_i) -> CASE WHEN pg_e <=> {item} THEN pg_i + 1 END)"
    return f"filter({found}, pg_e -> pg_e IS NOT NULL)"


def _position(call: Call) -> Value:
    return value(f"get({_numbered(call)}, 0)", INT4)


def _positions(call: Call) -> Value:
    return Value(_numbered(call), _INTS)


def _remove(call: Call) -> Value:
    array, item = call.arguments
    if _element(array).oid == NUMERIC.oid and array.shape is None:
        raise refuse("array_remove of this numeric array")
    return array.with_sql(f"filter({array.sql}, pg_e -> NOT (pg_e <=> {item.sql}))")


def _replace(call: Call) -> Value:
    array, old, new = call.arguments
    if _element(array).oid == NUMERIC.oid:
        raise refuse("array_replace of a numeric array")
    test = f"CASE WHEN pg_e <=> {old.sql} THEN {new.sql} ELSE pg_e END"
    return array.with_sql(f"transform({array.sql}, pg_e -> {test})")


def _register() -> None:
    s = SCALARS
    for name in ("array_length", "array_upper"):
        s.add(name, [ANYARRAY, INT4], _length)
    s.add("array_lower", [ANYARRAY, INT4], _lower)
    s.add("array_ndims", [ANYARRAY], lambda c: value(f"(CASE WHEN size({c.sql(0)}) > 0 THEN 1 END)", INT4))
    s.add("cardinality", [ANYARRAY], lambda c: value(f"size({c.sql(0)})", INT4))
    s.add("unnest", [ANYARRAY], _unnest)
    for pg in (INT4, INT8):
        s.add("generate_series", [pg, pg], _series(pg))
        s.add("generate_series", [pg, pg, pg], _series(pg))
    for pg in (TIMESTAMP, TIMESTAMPTZ):
        s.add("generate_series", [pg, pg, INTERVAL], _series(pg))
    s.add("array_to_string", [ANYARRAY, TEXT], _array_to_string)
    s.add("array_to_string", [ANYARRAY, TEXT, TEXT], _array_to_string)
    s.add("string_to_array", [TEXT, TEXT], _string_to_array)
    s.add("string_to_array", [TEXT, TEXT, TEXT], _string_to_array)
    s.add("array_append", [ANYARRAY, ANYELEMENT], _append)
    s.add("array_prepend", [ANYELEMENT, ANYARRAY], _prepend)
    s.add("array_cat", [ANYARRAY, ANYARRAY], _cat)
    s.add("array_position", [ANYARRAY, ANYELEMENT], _position)
    s.add("array_positions", [ANYARRAY, ANYELEMENT], _positions)
    s.add("array_remove", [ANYARRAY, ANYELEMENT], _remove)
    s.add("array_replace", [ANYARRAY, ANYELEMENT, ANYELEMENT], _replace)


_register()
