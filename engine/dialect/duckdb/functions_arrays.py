"""Rows of the function table: arrays and set-returning functions."""

from __future__ import annotations

from dataclasses import replace

from catalog.types import INT4, INT8, INTERVAL, NUMERIC, TEXT, TIMESTAMP, TIMESTAMPTZ, PgType, element
from engine.dialect import comparisons
from engine.dialect.duckdb.casts import CASTS
from engine.dialect.duckdb.numbers import NUMBERS
from engine.dialect.duckdb.tables import SCALARS
from engine.dialect.functions import Call, Emit, exact_elements
from engine.dialect.lattice import ANYARRAY, ANYELEMENT
from engine.dialect.value import Value, refuse, value


def _length(call: Call) -> Value:
    return value(f"pg_array_length({call.sql(0)}, {call.sql(1)})", INT4)


def _unnest(call: Call) -> Value:
    array = call.arguments[0]
    inner = element(array.type)
    if inner is None:
        raise refuse("unnest of something else than an array")
    return Value(f"unnest({array.sql})", PgType(inner.oid), shape=array.shape, srf=True)


def _series(pg: PgType) -> Emit:
    def emit(call: Call) -> Value:
        start, stop = call.sql(0), call.sql(1)
        step = call.sql(2) if len(call.arguments) > 2 else "1"
        name = "pg_series_int" if pg in (INT4, INT8) else "pg_series_stamp"
        sql = f"unnest({name}({start}, {stop}, {step}))"
        if pg == INT4:
            sql = f"CAST({sql} AS INTEGER)"
        return replace(value(sql, pg), srf=True)

    return emit


def _array_to_string(call: Call) -> Value:
    array = call.arguments[0]
    inner = element(array.type)
    if inner is None:
        raise refuse("array_to_string of something else than an array")
    item = CASTS.text_sql(Value("pg_e", PgType(inner.oid), shape=array.shape), call.context.session)
    if inner.oid == 16:
        item = "(CASE WHEN pg_e THEN 't' WHEN NOT pg_e THEN 'f' END)"
    null = call.sql(2) if len(call.arguments) > 2 else "CAST(NULL AS VARCHAR)"
    return value(f"pg_array_to_string(list_transform({array.sql}, lambda pg_e: {item}), {call.sql(1)}, {null})", TEXT)


def _string_to_array(call: Call) -> Value:
    if len(call.arguments) > 2:
        raise refuse("string_to_array with a null string")
    return Value(f"pg_string_to_array({call.sql(0)}, {call.sql(1)})", PgType(1009))


def _append(call: Call) -> Value:
    array, item = call.arguments
    return array.with_sql(f"list_append(coalesce({array.sql}, []), {item.sql})")


def _prepend(call: Call) -> Value:
    item, array = call.arguments
    return array.with_sql(f"list_prepend({item.sql}, coalesce({array.sql}, []))")


def _cat(call: Call) -> Value:
    return call.arguments[0].with_sql(f"pg_array_cat({call.sql(0)}, {call.sql(1)})")


def _position(call: Call) -> Value:
    array, item = _keys(call)
    return value(f"pg_array_position({array}, {item})", INT4)


def _positions(call: Call) -> Value:
    array, item = _keys(call)
    return Value(f"pg_array_positions({array}, {item})", PgType(1007))


def _keys(call: Call) -> tuple[str, str]:
    array, item = call.arguments[0], call.arguments[1]
    if (element(array.type) or array.type).oid == NUMERIC.oid:
        return comparisons.array_key(
            call.context, exact_elements(call.context, array)
        ), f"pg_numeric_key({NUMBERS.text_of(item)})"
    return array.sql, comparisons.key(call.context, item)


def _remove(call: Call) -> Value:
    array, item = call.arguments
    if (element(array.type) or array.type).oid == NUMERIC.oid and array.shape is None:
        raise refuse("array_remove of this numeric array")
    return array.with_sql(f"list_filter({array.sql}, lambda pg_e: pg_e IS DISTINCT FROM {item.sql})")


def _replace(call: Call) -> Value:
    array, old, new = call.arguments
    if (element(array.type) or array.type).oid == NUMERIC.oid:
        raise refuse("array_replace of a numeric array")
    test = f"CASE WHEN pg_e IS NOT DISTINCT FROM {old.sql} THEN {new.sql} ELSE pg_e END"
    return array.with_sql(f"list_transform({array.sql}, lambda pg_e: {test})")


def _cardinality(call: Call) -> Value:
    return value(f"CAST(len({call.sql(0)}) AS INTEGER)", INT4)


def _register() -> None:
    s = SCALARS
    for name in ("array_length", "array_upper"):
        s.add(name, [ANYARRAY, INT4], _length)
    s.add("array_lower", [ANYARRAY, INT4], lambda c: value(f"pg_array_lower({c.sql(0)}, {c.sql(1)})", INT4))
    s.add("array_ndims", [ANYARRAY], lambda c: value(f"(CASE WHEN len({c.sql(0)}) > 0 THEN 1 END)", INT4))
    s.add("cardinality", [ANYARRAY], _cardinality)
    s.add("unnest", [ANYARRAY], _unnest)
    for pg in (INT4, INT8):
        s.add("generate_series", [pg, pg], _series(pg))
        s.add("generate_series", [pg, pg, pg], _series(pg))
    s.add("generate_series", [TIMESTAMP, TIMESTAMP, INTERVAL], _series(TIMESTAMP))
    s.add("generate_series", [TIMESTAMPTZ, TIMESTAMPTZ, INTERVAL], _series(TIMESTAMPTZ))
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
