"""Spark's rows of the function table: aggregates and window functions."""

from __future__ import annotations

from dataclasses import replace

from catalog.types import (
    BOOL,
    BPCHAR,
    DATE,
    FLOAT4,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    INTERVAL,
    NUMERIC,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    UNKNOWN,
    PgType,
    element,
)
from engine.dialect import comparisons, numbers
from engine.dialect.functions import Call, Emit, SortKey
from engine.dialect.lattice import ANY, ANYARRAY, ANYELEMENT, array_oid
from engine.dialect.spark.numbers import NUMBERS
from engine.dialect.spark.syntax import spark_type
from engine.dialect.spark.tables import AGGREGATES, WINDOWS
from engine.dialect.value import Value, refuse, value
from engine.dialect.window_functions import fraction, numbering, same, shifted

_ROWS_DIGITS = 10
"""Spark's sum of DECIMAL(p, s) is a DECIMAL(p + 10, s), up to 38 digits."""


def _count(call: Call) -> Value:
    if not call.arguments:
        return value(call.aggregate("count", "*"), INT8)
    v = call.arguments[0]
    if v.row is not None:
        keys = [comparisons.key(call.context, i) for i in v.row]
        return value(call.aggregate("count", f"struct({', '.join(keys)})"), INT8)
    key = comparisons.key(call.context, v) if call.distinct and v.oid != UNKNOWN.oid else v.sql
    return value(call.aggregate("count", key), INT8)


def _sum_integer(call: Call) -> Value:
    if call.arguments[0].oid == INT8.oid:
        return _sum_decimal(call, f"CAST({call.sql(0)} AS DECIMAL(19,0))", 19, 0, None)
    return value(call.aggregate("sum", call.sql(0)), INT8)


def _sum_decimal(call: Call, sql: str, precision: int, scale: int, scale_sql: str | None) -> Value:
    digits = min(precision + _ROWS_DIGITS, numbers.PRECISION_MAX)
    shown = None if scale_sql is None else call.aggregate("max", scale_sql)
    return numbers.decimal(f"CAST({call.aggregate('sum', sql)} AS DECIMAL({digits},{scale}))", digits, scale, shown)


def _sum_numeric(call: Call) -> Value:
    v = call.arguments[0]
    if v.shape is None:
        return numbers.exact(call.aggregate("pg_sum", v.sql))
    return _sum_decimal(call, v.sql, *v.shape, v.scale_sql)


def _sum_interval(call: Call) -> Value:
    parts = [call.aggregate("sum", f"pg_interval_{part}({call.sql(0)})") for part in ("months", "days", "us")]
    return value(f"pg_interval_of(CAST({parts[0]} AS INT), CAST({parts[1]} AS INT), {parts[2]})", INTERVAL)


def _avg_exact(call: Call) -> Value:
    """avg of integers and numeric: the exact sum divided as numeric."""
    v = call.arguments[0]
    if v.oid == NUMERIC.oid:
        total = _sum_numeric(call)
    else:
        total = _sum_decimal(call, f"CAST({v.sql} AS DECIMAL(19,0))", 19, 0, None)
    return numbers.exact(f"pg_numeric_avg({NUMBERS.text_of(total)}, {call.aggregate('count', v.sql)})")


def _avg_interval(call: Call) -> Value:
    count = f"CAST({call.aggregate('count', call.sql(0))} AS DOUBLE)"
    return value(f"pg_interval_div({_sum_interval(call).sql}, nullif({count}, 0D))", INTERVAL)


def _float(name: str, pg: PgType) -> Emit:
    """An aggregate of our library over floats."""

    def emit(call: Call) -> Value:
        texts = [a.sql if a.oid == pg.oid else f"CAST({a.sql} AS {spark_type(pg)})" for a in call.arguments]
        return value(call.aggregate(name, *texts), pg)

    return emit


def _extreme(name: str) -> Emit:
    def emit(call: Call) -> Value:
        v = call.arguments[0]
        plain = replace(call, distinct=False, order="") if call.distinct else call
        if v.oid == NUMERIC.oid and (v.shape is None or v.scale_sql is not None):
            return numbers.exact(plain.aggregate(f"pg_{name}", NUMBERS.text_of(v)))
        inner = element(v.type)
        if inner is not None:
            raise refuse(f"{name} of arrays")
        key = comparisons.key(call.context, v)
        found = plain.aggregate(name, key) if key == v.sql else plain.aggregate(f"{name}_by", v.sql, key)
        return replace(v.with_sql(found), type=PgType(v.oid), is_null=False)

    return emit


def _variance_exact(name: str) -> Emit:
    """Variance of integers and numeric, as numeric.c computes it from exact sums."""

    def emit(call: Call) -> Value:
        v = call.arguments[0]
        text = NUMBERS.text_of(v) if v.oid == NUMERIC.oid else f"CAST({v.sql} AS STRING)"
        return numbers.exact(call.aggregate(f"pg_{name}", text))

    return emit


def _sorted(call: Call, v: Value) -> str:
    """An ARRAY<STRUCT<..., v>> of the call's rows in its ORDER BY, NULLs of `v` among them."""
    name = "collect_set" if call.distinct else "collect_list"
    plain = replace(call, distinct=False, order="")
    if not call.keys:
        return plain.aggregate(name, f"named_struct('v', {v.sql})")
    fields: list[str] = []
    for i, key in enumerate(call.keys):
        fields += [f"'n{i}'", _null_rank(call, key), f"'k{i}'", comparisons.sort_key(call.context, key.value)]
    directions = {key.descending for key in call.keys}
    if len(directions) > 1:
        raise refuse(f"{call.name}(... ORDER BY) in both directions")
    struct = f"named_struct({', '.join(fields)}, 'v', {v.sql})"
    ascending = "false" if directions.pop() else "true"
    return f"sort_array({plain.aggregate(name, struct)}, {ascending})"


def _null_rank(call: Call, key: SortKey) -> str:
    """Sorts before the key itself, so that NULLs come where they belong."""
    last = key.nulls_first == key.descending
    return f"({comparisons.key(call.context, key.value)} IS {'' if last else 'NOT '}NULL)"


def _string_agg(call: Call) -> Value:
    v, delimiter = call.arguments
    if delimiter.text is None and not delimiter.is_null:
        raise refuse("string_agg with a delimiter that is not a literal")
    separator = "''" if delimiter.is_null else delimiter.sql
    return value(f"pg_string_agg(transform({_sorted(call, v)}, pg_s -> pg_s.v), {separator})", TEXT)


def _array_agg(call: Call) -> Value:
    v = call.arguments[0]
    if element(v.type) is not None:
        raise refuse("array_agg of arrays")
    if v.oid == NUMERIC.oid:
        v = NUMBERS.fixed(v)
    if v.oid == UNKNOWN.oid:
        v = call.context.cast(v, TEXT)
    kept = "CASE WHEN size(pg_a) > 0 THEN transform(pg_a, pg_s -> pg_s.v) END"
    return Value(f"transform(array({_sorted(call, v)}), pg_a -> {kept})[0]", PgType(array_oid(v.oid)), shape=v.shape)


def _same_type(name: str) -> Emit:
    """A native aggregate whose result is of its argument's type."""
    return lambda c: value(c.aggregate(name, c.sql(0)), PgType(c.arguments[0].oid))


def _ordered(call: Call) -> Value:
    """Check of WITHIN GROUP: the value that is sorted."""
    if call.over or any(key.descending for key in call.keys):
        raise refuse(f"this form of {call.name}")
    v = call.arguments[-1]
    if v.oid == NUMERIC.oid and (v.shape is None or v.scale_sql is not None):
        raise refuse(f"{call.name} of this numeric")
    return v


def _fraction(call: Call) -> str:
    """The constant fraction of a percentile, between 0 and 1."""
    constant = call.arguments[0].constant
    if constant is None or not 0 <= float(constant) <= 1:
        raise refuse(f"{call.name} with a fraction that is not a constant between 0 and 1")
    return f"CAST('{constant}' AS DOUBLE)"


def _percentile_cont(call: Call) -> Value:
    fraction, v = _fraction(call), _ordered(call)
    plain = replace(call, order="")
    return value(plain.aggregate("pg_percentile_cont", f"CAST({v.sql} AS DOUBLE)", fraction), FLOAT8)


def _percentile_disc(call: Call) -> Value:
    fraction, v = _fraction(call), _ordered(call)
    key = comparisons.key(call.context, v)
    if key != v.sql:
        raise refuse("percentile_disc of this type")
    listed = f"sort_array({replace(call, order='').aggregate('collect_list', key)})"
    at = f"greatest(CAST(ceil(size(pg_a) * {fraction}) AS INT), 1) - 1"
    return replace(
        v.with_sql(f"transform(array({listed}), pg_a -> get(pg_a, {at}))[0]"), type=PgType(v.oid), is_null=False
    )


def _mode(call: Call) -> Value:
    """mode() WITHIN GROUP: the first of the most frequent values in the sort order."""
    v = _ordered(call)
    key = comparisons.key(call.context, v)
    if key != v.sql:
        raise refuse("mode() of this type")
    return replace(v.with_sql(replace(call, order="").aggregate("mode", key, "true")), type=PgType(v.oid))


def _register_aggregates() -> None:
    a = AGGREGATES
    a.add("count", [], _count)
    a.add("count", [ANY], _count)
    spreads = {"variance": "var_samp", "stddev": "stddev_samp"}
    spreads |= {name: name for name in ("var_samp", "var_pop", "stddev_samp", "stddev_pop")}
    for pg in (INT2, INT4, INT8):
        a.add("sum", [pg], _sum_integer)
        a.add("avg", [pg], _avg_exact)
        for name in ("bit_and", "bit_or", "bit_xor"):
            a.add(name, [pg], _same_type(name))
        for name, spread in spreads.items():
            a.add(name, [pg], _variance_exact(spread))
    for pg in (FLOAT4, FLOAT8):
        a.add("sum", [pg], _float("pg_sum", pg))
        a.add("avg", [pg], _float("pg_avg", FLOAT8))
        for name, spread in spreads.items():
            a.add(name, [pg], _float(f"pg_{spread}", FLOAT8))
    a.add("sum", [NUMERIC], _sum_numeric)
    a.add("avg", [NUMERIC], _avg_exact)
    for name, spread in spreads.items():
        a.add(name, [NUMERIC], _variance_exact(spread))
    a.add("sum", [INTERVAL], _sum_interval)
    a.add("avg", [INTERVAL], _avg_interval)
    for name in ("min", "max"):
        for pg in (INT2, INT4, INT8, FLOAT4, FLOAT8, NUMERIC, TEXT, BPCHAR, DATE, TIMESTAMP, TIMESTAMPTZ, INTERVAL):
            a.add(name, [pg], _extreme(name))
        a.add(name, [ANYARRAY], _extreme(name))
    a.add("string_agg", [TEXT, TEXT], _string_agg)
    a.add("array_agg", [ANYELEMENT], _array_agg)
    for name, spark in (("bool_and", "bool_and"), ("bool_or", "bool_or"), ("every", "bool_and")):
        a.add(name, [BOOL], _same_type(spark))
    for name in ("covar_pop", "covar_samp", "corr", "regr_slope", "regr_intercept", "regr_r2", "regr_avgx", "regr_avgy",
                 "regr_sxx", "regr_syy", "regr_sxy"):  # fmt: skip
        a.add(name, [FLOAT8, FLOAT8], _float(f"pg_{name}", FLOAT8))
    a.add("regr_count", [FLOAT8, FLOAT8], lambda c: value(c.aggregate("regr_count", c.sql(0), c.sql(1)), INT8))
    a.add("percentile_cont", [FLOAT8, FLOAT8], _percentile_cont)
    a.add("percentile_disc", [FLOAT8, ANYELEMENT], _percentile_disc)
    a.add("mode", [ANYELEMENT], _mode)


def _ntile(call: Call) -> Value:
    count = call.arguments[0].constant
    if count is None or not count.isdigit() or int(count) == 0:
        raise refuse("ntile with a number that is not a positive constant")
    return value(f"CAST(ntile({count}){call.over} AS INT)", INT4)


def _offset(call: Call, v: Value) -> str:
    if v.constant is None:
        raise refuse(f"{call.name} with an offset that is not a constant")
    return v.constant


def _nth(call: Call) -> Value:
    if _offset(call, call.arguments[1]).lstrip("-") != call.arguments[1].constant or call.arguments[1].constant == "0":
        raise refuse("nth_value with a number that is not positive")
    return same("nth_value", _offset)(call)


def _register_windows() -> None:
    w = WINDOWS
    for name in ("row_number", "rank", "dense_rank"):
        w.add(name, [], numbering(name))
    for name in ("percent_rank", "cume_dist"):
        w.add(name, [], fraction(name))
    w.add("ntile", [INT4], _ntile)
    w.add("first_value", [ANYELEMENT], same("first_value", _offset))
    w.add("last_value", [ANYELEMENT], same("last_value", _offset))
    w.add("nth_value", [ANYELEMENT, INT4], _nth)
    for name in ("lag", "lead"):
        w.add(name, [ANYELEMENT], same(name, _offset))
        w.add(name, [ANYELEMENT, INT4], same(name, _offset))
        w.add(name, [ANYELEMENT, INT4, ANYELEMENT], shifted(name, _offset))


_register_aggregates()
_register_windows()
