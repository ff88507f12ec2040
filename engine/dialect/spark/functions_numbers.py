"""Spark's rows of the function table: mathematics."""

from __future__ import annotations

from dataclasses import replace

from catalog.types import (
    BOOL,
    DATE,
    FLOAT4,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    INTERVAL,
    NUMERIC,
    TIMESTAMP,
    TIMESTAMPTZ,
    PgType,
)
from engine.dialect import numbers
from engine.dialect.functions import Call, Emit, on_exact_text
from engine.dialect.spark.numbers import NUMBERS
from engine.dialect.spark.syntax import spark_type
from engine.dialect.spark.tables import SCALARS
from engine.dialect.value import Value, value


def _abs_integer(pg: PgType) -> Emit:
    """(A small integer is computed as a larger one, and must fit again.)"""
    if pg == INT2:
        return lambda c: value(f"CAST(abs(CAST({c.sql(0)} AS INT)) AS SMALLINT)", INT2)
    return lambda c: value(f"abs({c.sql(0)})", pg)


def _whole(name: str) -> Emit:
    """ceil, floor, round to an integer, scale 0."""

    def emit(call: Call) -> Value:
        v = call.arguments[0]
        if v.shape is None:
            places = ", 0" if name == "round" else ""
            return replace(numbers.exact(f"pg_numeric_{name}({v.sql}{places})"), uniform=True)
        precision = min(max(v.shape[0] - v.scale, 0) + 1, numbers.PRECISION_MAX)
        return numbers.decimal(f"CAST({name}({v.sql}) AS DECIMAL({precision},0))", precision, 0)

    return emit


def _trunc_whole(call: Call) -> Value:
    return replace(numbers.exact(f"pg_numeric_trunc({NUMBERS.text_of(call.arguments[0])}, 0)"), uniform=True)


def _round(call: Call) -> Value:
    """round(numeric, int): a DECIMAL where the digits are a constant."""
    v, places = call.arguments
    constant = int(places.constant) if places.constant is not None else None
    if constant is None or constant < 0 or v.shape is None:
        return numbers.exact(f"pg_numeric_round({NUMBERS.text_of(v)}, {places.sql})")
    if constant >= v.scale:
        precision = v.shape[0] - v.scale + constant
        if precision > numbers.PRECISION_MAX:
            return numbers.exact(f"pg_numeric_round({NUMBERS.text_of(v)}, {constant})")
        return numbers.decimal(numbers.rescale(v, precision, constant), precision, constant)
    precision = min(max(v.shape[0] - v.scale, 0) + 1 + constant, numbers.PRECISION_MAX)
    return numbers.decimal(f"CAST(round({v.sql}, {constant}) AS DECIMAL({precision},{constant}))", precision, constant)


def _trunc(call: Call) -> Value:
    v, places = call.arguments
    return numbers.exact(f"pg_numeric_trunc({NUMBERS.text_of(v)}, {places.sql})")


def _scale(call: Call) -> Value:
    v = call.arguments[0]
    if v.scale_sql is not None:
        return value(f"CAST({v.scale_sql} AS INT)", INT4)
    if v.shape is None:
        return value(f"pg_numeric_scale({v.sql})", INT4)
    return value(f"(CASE WHEN {v.sql} IS NULL THEN NULL ELSE {v.scale} END)", INT4)


# cbrt is refused: of whole cubes PostgreSQL's C library gives 3.0000000000000004, Java 3.
_FLOAT_FUNCTIONS = {
    "ceil": "pg_float_ceil", "ceiling": "pg_float_ceil", "floor": "pg_float_floor", "trunc": "pg_float_trunc",
    "round": "pg_rint", "sign": "pg_float_sign", "sqrt": "pg_float_sqrt", "exp": "pg_float_exp", "ln": "pg_float_ln",
    "log": "pg_float_log10", "log10": "pg_float_log10", "sin": "pg_sin", "cos": "pg_cos",
    "tan": "pg_tan", "asin": "pg_asin", "acos": "pg_acos", "atan": "atan", "degrees": "pg_degrees",
    "radians": "pg_radians", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh",
}  # fmt: skip


def _register() -> None:
    s = SCALARS
    for pg in (INT2, INT4, INT8):
        s.add("abs", [pg], _abs_integer(pg))
        s.plain("mod", [pg, pg], pg, f"CAST(pg_mod_int({{0}}, {{1}}) AS {spark_type(pg)})")
    for pg in (FLOAT4, FLOAT8):
        s.plain("abs", [pg], pg, "abs({0})")
    s.add("abs", [NUMERIC], lambda c: numbers.absolute(c.arguments[0]))
    s.add("mod", [NUMERIC, NUMERIC], lambda c: NUMBERS.modulo(*c.arguments))
    s.add("sign", [NUMERIC], lambda c: numbers.sign(c.arguments[0]))
    for name, spark in (("ceil", "ceil"), ("ceiling", "ceil"), ("floor", "floor"), ("round", "round")):
        s.add(name, [NUMERIC], _whole(spark))
    s.add("trunc", [NUMERIC], _trunc_whole)
    s.add("round", [NUMERIC, INT4], _round)
    s.add("trunc", [NUMERIC, INT4], _trunc)
    s.add("div", [NUMERIC, NUMERIC], on_exact_text("pg_numeric_div_trunc"))
    for name in ("power", "pow"):
        s.add(name, [NUMERIC, NUMERIC], on_exact_text("pg_numeric_power"))
        s.plain(name, [FLOAT8, FLOAT8], FLOAT8, "pg_power({0}, {1})")
    for name in ("sqrt", "exp", "ln", "log10"):
        s.add(name, [NUMERIC], on_exact_text(f"pg_numeric_{name}"))
    s.add("log", [NUMERIC], on_exact_text("pg_numeric_log10"))
    s.add("log", [NUMERIC, NUMERIC], on_exact_text("pg_numeric_log"))
    for name, spark in _FLOAT_FUNCTIONS.items():
        s.plain(name, [FLOAT8], FLOAT8, f"{spark}({{0}})")
    s.plain("atan2", [FLOAT8, FLOAT8], FLOAT8, "atan2({0}, {1})")
    s.plain("pi", [], FLOAT8, "pi()")
    s.plain("random", [], FLOAT8, "random()")
    for name in ("gcd", "lcm"):
        for pg in (INT4, INT8):
            s.plain(name, [pg, pg], pg, f"pg_{name}({{0}}, {{1}})")
    s.add("scale", [NUMERIC], _scale)
    s.add("trim_scale", [NUMERIC], on_exact_text("pg_numeric_trim_scale"))
    for pg in (DATE, TIMESTAMP, TIMESTAMPTZ):
        s.plain("isfinite", [pg], BOOL, "pg_isfinite({0})")
    s.plain("isfinite", [INTERVAL], BOOL, "({0} IS NOT NULL)")


_register()
