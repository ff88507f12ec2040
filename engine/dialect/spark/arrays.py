"""One-dimensional arrays on Spark: constructors, subscripts, slices, operators."""

from __future__ import annotations

from catalog.types import BOOL, JSONB, NUMERIC, TEXT, UNKNOWN, PgType, array_of, element, format_type
from engine.dialect import comparisons
from engine.dialect.context import Context
from engine.dialect.functions import exact_elements
from engine.dialect.lattice import array_oid, common_type
from engine.dialect.spark.numbers import NUMBERS
from engine.dialect.spark.syntax import spark_type
from engine.dialect.value import Value, refuse, value


def empty(pg: PgType) -> Value:
    """ARRAY[]::type[]"""
    shape = (1, 0) if (element(pg) or pg).oid == NUMERIC.oid else None
    return Value(f"CAST(array() AS {spark_type(PgType(pg.oid), shape)})", PgType(pg.oid), shape=shape)


def constructor(context: Context, items: list[Value]) -> Value:
    """ARRAY[...]"""
    if not items:
        raise refuse("an empty ARRAY without a cast")
    inner = common_type([i.type for i in items])
    if inner is None or any(i.row is not None for i in items):
        raise refuse("ARRAY of different types")
    return literal_as(context, items, PgType(array_oid(inner.oid)))


def literal_as(context: Context, items: list[Value], pg: PgType) -> Value:
    """An array of `items` as the array type `pg`."""
    inner = element(pg)
    if inner is None or any(element(i.type) is not None for i in items):
        raise refuse("an array of more than one dimension")
    inner = PgType(inner.oid)
    unified = comparisons.unify(context, items, inner)
    if any(v.scale_sql for v in unified):
        unified = [NUMBERS.to_exact(v) if not v.is_null else Value("NULL", NUMERIC, is_null=True) for v in unified]
    shape = next((v.shape for v in unified if not v.is_null), unified[0].shape if unified else None)
    texts = ", ".join(v.sql for v in unified)
    found = PgType(pg.oid)
    return Value(f"CAST(array({texts}) AS {spark_type(found, shape)})", found, shape=shape)


def _element(v: Value) -> PgType:
    inner = element(v.type)
    if inner is None:
        raise refuse(f"a subscript of type {format_type(v.type)}")
    return PgType(inner.oid)


def item(context: Context, array: Value, index: Value) -> Value:
    """array[index]: NULL outside the bounds, never counted from the end. jsonb[key]: one step of a path."""
    if array.oid == JSONB.oid:
        step = context.cast(index, TEXT)
        return value(f"pg_json_path({array.sql}, array({step.sql}))", JSONB)
    inner = _element(array)
    at = context.cast(index, PgType(23))
    # get() counts from 0 and is NULL outside; the smallest integer would overflow here.
    return Value(f"get({array.sql}, greatest({at.sql}, 0) - 1)" if at.constant is None else _at(array, at), inner,
                 shape=array.shape)  # fmt: skip


def _at(array: Value, at: Value) -> str:
    return f"get({array.sql}, {max(int(at.constant or 0), 0) - 1})"


def slice_of(context: Context, array: Value, low: Value | None, high: Value | None) -> Value:
    """array[low:high]"""
    _element(array)
    first = "1" if low is None else context.cast(low, PgType(23)).sql
    last = f"size({array.sql})" if high is None else context.cast(high, PgType(23)).sql
    kept = f"filter({array.sql}, (pg_x, pg_i) -> pg_i >= {first} - 1 AND pg_i < {last})"
    return array.with_sql(f"(CASE WHEN {first} IS NOT NULL AND {last} IS NOT NULL THEN {kept} END)")


def concatenate(context: Context, left: Value, right: Value) -> Value:
    """array || array, array || element, element || array."""
    a, b = element(left.type), element(right.type)
    if left.oid == UNKNOWN.oid:
        left, a = context.cast(left, right.type), b
    elif right.oid == UNKNOWN.oid:
        right, b = context.cast(right, left.type), a
    inners = [t for t in (a, b) if t is not None] + [v.type for v, t in ((left, a), (right, b)) if t is None]
    inner = common_type([PgType(t.oid) for t in inners])
    if inner is None:
        raise refuse("operator || of these types")
    whole = PgType(array_oid(inner.oid))
    left = context.cast(left, whole if a else inner)
    right = context.cast(right, whole if b else inner)
    if left.shape != right.shape or left.scale_sql or right.scale_sql:
        left, right = exact_elements(context, left), exact_elements(context, right)
    parts = [v.sql if is_array else f"array({v.sql})" for v, is_array in ((left, a), (right, b))]
    return Value(joined(*parts), whole, shape=left.shape)


def joined(left: str, right: str) -> str:
    """Two arrays as one, where NULL stands for no array."""
    return f"coalesce(concat({left}, {right}), {left}, {right})"


def operator(context: Context, symbol: str, left: Value, right: Value) -> Value:
    """`@>`, `<@` and `&&`. NULL elements never match."""
    if symbol not in ("@>", "<@", "&&"):
        raise refuse(f"operator {symbol} of arrays")
    if left.oid == UNKNOWN.oid:
        left = context.cast(left, right.type)
    if right.oid == UNKNOWN.oid:
        right = context.cast(right, left.type)
    if left.oid != right.oid:
        inner = common_type([PgType((element(v.type) or v.type).oid) for v in (left, right)])
        if inner is None:
            raise refuse(f"operator {symbol} of arrays of different types")
        left, right = (context.cast(v, array_of(PgType(inner.oid))) for v in (left, right))
    if (element(left.type) or left.type).oid == NUMERIC.oid:
        a, b = (comparisons.array_key(context, exact_elements(context, v)) for v in (left, right))
    else:
        a, b = left.sql, right.sql
    if symbol == "&&":
        known = [f"filter({x}, pg_x -> pg_x IS NOT NULL)" for x in (a, b)]
        return value(f"arrays_overlap({known[0]}, {known[1]})", BOOL)
    whole, part = (b, a) if symbol == "<@" else (a, b)
    every = f"forall({part}, pg_x -> coalesce(array_contains({whole}, pg_x), false))"
    return value(f"(CASE WHEN {whole} IS NOT NULL AND {part} IS NOT NULL THEN {every} END)", BOOL)


def collected(context: Context, item: Value, source: str) -> Value:
    """ARRAY(SELECT ...): Spark's aggregates do not keep the order of their input."""
    raise refuse("ARRAY(subquery)")
