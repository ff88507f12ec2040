"""Rows of the function table: aggregates and window functions."""

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
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    PgType,
    element,
)
from engine.dialect import comparisons, numbers
from engine.dialect.duckdb.numbers import NUMBERS
from engine.dialect.duckdb.syntax import duck_type
from engine.dialect.duckdb.tables import AGGREGATES, WINDOWS
from engine.dialect.functions import Call, Emit
from engine.dialect.lattice import ANY, ANYARRAY, ANYELEMENT, array_oid
from engine.dialect.value import Value, refuse, value
from engine.dialect.window_functions import fraction, numbering, same, shifted


def _count(call: Call) -> Value:
    if not call.arguments:
        return value(call.aggregate("count", "*"), INT8)
    v = call.arguments[0]
    if v.row is not None:
        return value(call.aggregate("count", f"({', '.join(comparisons.key(call.context, i) for i in v.row)})"), INT8)
    key = comparisons.key(call.context, v) if call.distinct and v.oid != 705 else v.sql
    return value(call.aggregate("count", key), INT8)


def _sum_integer(call: Call) -> Value:
    total = call.aggregate("sum", call.sql(0))
    if call.arguments[0].oid == INT8.oid:
        return numbers.decimal(f"CAST({total} AS DECIMAL(38,0))", 38, 0)
    return value(f"CAST({total} AS BIGINT)", INT8)


_ROWS_DIGITS = 13
"""A sum has this many digits more than its terms: enough for 10^13 rows, and it leaves room to compute with it."""


def _scale_max(call: Call, v: Value) -> str | None:
    return None if v.scale_sql is None else call.aggregate("max", v.scale_sql)


def _sum_numeric(call: Call) -> Value:
    v = call.arguments[0]
    if v.shape is None:
        return numbers.exact(f"pg_numeric_sum({call.aggregate('list', v.sql)})")
    precision = min(v.shape[0] + _ROWS_DIGITS, numbers.PRECISION_MAX)
    total = f"CAST({call.aggregate('sum', v.sql)} AS DECIMAL({precision},{v.scale}))"
    return numbers.decimal(total, precision, v.scale, _scale_max(call, v))


def _sum_float(pg: PgType) -> Emit:
    def emit(call: Call) -> Value:
        total = call.aggregate("sum", call.sql(0))
        infinite = call.aggregate("bool_or", f"isinf({call.sql(0)})")
        return value(f"CAST(pg_sum_checked({total}, {infinite}) AS {duck_type(pg)})", pg)

    return emit


def _sum_interval(call: Call) -> Value:
    x = call.sql(0)
    months, days, micros = (call.aggregate("sum", f"pg_interval_{part}({x})") for part in ("months", "days", "us"))
    return value(f"pg_interval_of([{months}, {days}, {micros}])", INTERVAL)


def _avg_exact(call: Call) -> Value:
    """avg of integers and numeric: the exact sum divided as numeric."""
    v = call.arguments[0]
    if v.oid == NUMERIC.oid:
        total = _sum_numeric(call)
    else:
        total = numbers.decimal(f"CAST({call.aggregate('sum', v.sql)} AS DECIMAL(38,0))", 38, 0)
    count = call.aggregate("count", v.sql)
    return numbers.exact(f"pg_numeric_avg({NUMBERS.text_of(total)}, {count})")


def _avg_float(call: Call) -> Value:
    return value(call.aggregate("avg", f"CAST({call.sql(0)} AS DOUBLE)"), FLOAT8)


def _avg_interval(call: Call) -> Value:
    total = _sum_interval(call).sql
    return value(f"pg_interval_div({total}, CAST({call.aggregate('count', call.sql(0))} AS DOUBLE))", INTERVAL)


def _extreme(name: str) -> Emit:
    def emit(call: Call) -> Value:
        v = call.arguments[0]
        plain = replace(call, distinct=False, order="") if call.distinct else call
        if v.oid == NUMERIC.oid and (v.shape is None or v.scale_sql is not None):
            return numbers.exact(f"pg_numeric_{name}({plain.aggregate('list', NUMBERS.text_of(v))})")
        inner = element(v.type)
        if inner is not None and inner.oid in (NUMERIC.oid, BPCHAR.oid):
            raise refuse(f"{name} of this array")
        return replace(v.with_sql(plain.aggregate(name, comparisons.key(call.context, v))), type=_untyped(v.type))

    return emit


def _untyped(pg: PgType) -> PgType:
    return PgType(pg.oid)


def _string_agg(call: Call) -> Value:
    return value(call.aggregate("string_agg", call.sql(0), call.sql(1)), TEXT)


def _string_agg_varying(call: Call) -> Value:
    """With a delimiter that is no constant, each value brings its own, except the first."""
    raise refuse("string_agg with a delimiter that is not a literal")


def _string_agg_checked(call: Call) -> Value:
    delimiter = call.arguments[1]
    if delimiter.is_null:
        return value(call.aggregate("string_agg", call.sql(0), "''"), TEXT)
    if not delimiter.sql.startswith("'"):
        return _string_agg_varying(call)
    return _string_agg(call)


def _array_agg(call: Call) -> Value:
    v = call.arguments[0]
    if element(v.type) is not None:
        raise refuse("array_agg of arrays")
    if v.oid == NUMERIC.oid:
        v = NUMBERS.fixed(v)
    if v.oid == 705:
        v = call.context.cast(v, TEXT)
    return Value(call.aggregate("list", v.sql), PgType(array_oid(v.oid)), shape=v.shape)


def _bool(name: str) -> Emit:
    return lambda c: value(c.aggregate(name, c.sql(0)), BOOL)


def _bits(name: str) -> Emit:
    def emit(call: Call) -> Value:
        return value(call.aggregate(name, call.sql(0)), _untyped(call.arguments[0].type))

    return emit


_MOMENTS = {
    "variance": ("var_samp", True), "var_samp": ("var_samp", True), "var_pop": ("var_pop", True),
    "stddev": ("stddev_samp", False), "stddev_samp": ("stddev_samp", False), "stddev_pop": ("stddev_pop", False),
}  # fmt: skip


def _variance_exact(call: Call) -> Value:
    """Variance of integers and numeric, from exact sums as numeric.c computes it."""
    v = call.arguments[0]
    if v.oid != NUMERIC.oid:
        v = numbers.from_integer(v)
    if v.shape is None or v.scale_sql is not None:
        listed = call.aggregate("list", NUMBERS.text_of(v))
        return numbers.exact(f"pg_numeric_variance_list({listed}, '{_MOMENTS[call.name][0]}')")
    wide = f"CAST({v.sql} AS DECIMAL(38,{v.scale}))" if 2 * v.scale <= 38 else v.sql
    if 2 * v.scale > 30:
        listed = call.aggregate("list", NUMBERS.text_of(v))
        return numbers.exact(f"pg_numeric_variance_list({listed}, '{_MOMENTS[call.name][0]}')")
    square = f"CAST({wide} * {v.sql} AS DECIMAL(38,{2 * v.scale}))"
    total = f"CAST({call.aggregate('sum', v.sql)} AS VARCHAR)"
    squares = f"CAST({call.aggregate('sum', square)} AS VARCHAR)"
    count = call.aggregate("count", v.sql)
    return numbers.exact(f"pg_numeric_variance({count}, {total}, {squares}, '{_MOMENTS[call.name][0]}')")


def _variance_float(call: Call) -> Value:
    duck = _MOMENTS[call.name][0]
    return value(call.aggregate(duck, f"CAST({call.sql(0)} AS DOUBLE)"), FLOAT8)


def _two(name: str) -> Emit:
    def emit(call: Call) -> Value:
        found = call.aggregate(name, call.sql(0), call.sql(1))
        if name == "regr_count":
            return value(f"CAST({found} AS BIGINT)", INT8)
        return value(found, FLOAT8)

    return emit


def _corr(call: Call) -> Value:
    found = call.aggregate("corr", call.sql(0), call.sql(1))
    a, b = call.sql(0), call.sql(1)
    special = call.aggregate("bool_or", f"NOT isfinite({a}) OR NOT isfinite({b})")
    return value(f"pg_corr_checked({found}, {special})", FLOAT8)


def _percentile(name: str) -> Emit:
    """percentile_cont, percentile_disc: arguments are the fraction and the sorted value."""

    def emit(call: Call) -> Value:
        fraction, v = call.arguments
        if call.over:
            raise refuse(f"{name} as a window function")
        constant = fraction.constant if fraction.constant is not None else _number(fraction.sql)
        if constant is None:
            raise refuse(f"{name} with a fraction that is not a constant")
        if " DESC " in call.order:
            raise refuse(f"{name} WITHIN GROUP (ORDER BY ... DESC)")
        if name == "percentile_cont":
            if v.oid == INTERVAL.oid:
                raise refuse("percentile_cont of intervals")
            return value(f"quantile_cont(CAST({v.sql} AS DOUBLE), {constant}){call.filter}", FLOAT8)
        if v.oid == NUMERIC.oid and (v.shape is None or v.scale_sql is not None):
            raise refuse("percentile_disc of this numeric")
        return replace(
            v.with_sql(f"quantile_disc({comparisons.key(call.context, v)}, {constant}){call.filter}"),
            type=_untyped(v.type),
        )

    return emit


def _number(sql: str) -> str | None:
    """The number in CAST('0.5' AS ...)."""
    parts = sql.split("'")
    if len(parts) == 3 and parts[0] in ("CAST(", "CAST(CAST("):
        return parts[1]
    return None


def _mode(call: Call) -> Value:
    """mode() WITHIN GROUP: the first of the most frequent values in the sort order."""
    if call.over or " DESC " in call.order:
        raise refuse("this form of mode()")
    v = call.arguments[-1]
    if v.oid == NUMERIC.oid and (v.shape is None or v.scale_sql is not None):
        raise refuse("mode() of this numeric")
    key = comparisons.key(call.context, v)
    return replace(
        v.with_sql(f"pg_mode(list({key} ORDER BY {key} ASC NULLS LAST){call.filter})"), type=_untyped(v.type)
    )


def _register_aggregates() -> None:
    a = AGGREGATES
    a.add("count", [], _count)
    a.add("count", [ANY], _count)
    for pg in (INT2, INT4, INT8):
        a.add("sum", [pg], _sum_integer)
        a.add("avg", [pg], _avg_exact)
        for name in ("bit_and", "bit_or", "bit_xor"):
            a.add(name, [pg], _bits(name))
        for name in _MOMENTS:
            a.add(name, [pg], _variance_exact)
    for pg in (FLOAT4, FLOAT8):
        a.add("sum", [pg], _sum_float(pg))
        a.add("avg", [pg], _avg_float)
        for name in _MOMENTS:
            a.add(name, [pg], _variance_float)
    a.add("sum", [NUMERIC], _sum_numeric)
    a.add("avg", [NUMERIC], _avg_exact)
    for name in _MOMENTS:
        a.add(name, [NUMERIC], _variance_exact)
    a.add("sum", [INTERVAL], _sum_interval)
    a.add("avg", [INTERVAL], _avg_interval)
    for name in ("min", "max"):
        for ordered in (
            INT2,
            INT4,
            INT8,
            FLOAT4,
            FLOAT8,
            NUMERIC,
            TEXT,
            BPCHAR,
            DATE,
            TIME,
            TIMESTAMP,
            TIMESTAMPTZ,
            INTERVAL,
        ):
            a.add(name, [ordered], _extreme(name))
        a.add(name, [ANYARRAY], _extreme(name))
    a.add("string_agg", [TEXT, TEXT], _string_agg_checked)
    a.add("array_agg", [ANYELEMENT], _array_agg)
    for name, duck in (("bool_and", "bool_and"), ("bool_or", "bool_or"), ("every", "bool_and")):
        a.add(name, [BOOL], _bool(duck))
    for name in ("covar_pop", "covar_samp", "regr_slope", "regr_intercept", "regr_r2", "regr_avgx", "regr_avgy",
                 "regr_sxx", "regr_syy", "regr_sxy", "regr_count"):  # fmt: skip
        a.add(name, [FLOAT8, FLOAT8], _two(name))
    a.add("corr", [FLOAT8, FLOAT8], _corr)
    a.add("percentile_cont", [FLOAT8, FLOAT8], _percentile("percentile_cont"))
    a.add("percentile_cont", [FLOAT8, INTERVAL], _percentile("percentile_cont"))
    a.add("percentile_disc", [FLOAT8, ANYELEMENT], _percentile("percentile_disc"))
    a.add("mode", [ANYELEMENT], _mode)


def _ntile(call: Call) -> Value:
    return value(f"CAST(ntile(pg_ntile_count({call.sql(0)})){call.over} AS INTEGER)", INT4)


def _offset(call: Call, v: Value) -> str:
    return v.sql


def _register_windows() -> None:
    w = WINDOWS
    for name in ("row_number", "rank", "dense_rank"):
        w.add(name, [], numbering(name))
    for name in ("percent_rank", "cume_dist"):
        w.add(name, [], fraction(name))
    w.add("ntile", [INT4], _ntile)
    w.add("first_value", [ANYELEMENT], same("first_value", _offset))
    w.add("last_value", [ANYELEMENT], same("last_value", _offset))
    w.add("nth_value", [ANYELEMENT, INT4], same("nth_value", _offset))
    for name in ("lag", "lead"):
        w.add(name, [ANYELEMENT], same(name, _offset))
        w.add(name, [ANYELEMENT, INT4], same(name, _offset))
        w.add(name, [ANYELEMENT, INT4, ANYELEMENT], shifted(name, _offset))


_register_aggregates()
_register_windows()
