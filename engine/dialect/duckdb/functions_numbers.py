"""Rows of the function table: mathematics."""

from __future__ import annotations

from dataclasses import replace

from catalog.types import BOOL, FLOAT4, FLOAT8, INT2, INT4, INT8, NUMERIC, PgType
from engine.dialect import numbers
from engine.dialect.duckdb.numbers import NUMBERS
from engine.dialect.duckdb.syntax import duck_type
from engine.dialect.duckdb.tables import SCALARS
from engine.dialect.functions import Call, Emit, on_exact_text
from engine.dialect.value import Value, refuse, value


def _abs_integer(pg: PgType) -> Emit:
    return lambda c: value(f"CAST(abs({c.sql(0)}) AS {duck_type(pg)})", pg)


def _whole(name: str) -> Emit:
    """ceil, floor, round, trunc to an integer, scale 0."""

    def emit(call: Call) -> Value:
        v = call.arguments[0]
        if v.shape is None:
            places = ", 0" if name in ("round", "trunc") else ""
            return replace(numbers.exact(f"pg_numeric_{name}({v.sql}{places})"), uniform=True)
        whole = max(v.shape[0] - v.scale, 0) + 1
        precision = min(whole, numbers.PRECISION_MAX)
        return numbers.decimal(f"CAST({name}({v.sql}) AS DECIMAL({precision},0))", precision, 0)

    return emit


def _digits(name: str) -> Emit:
    """round(numeric, int) and trunc(numeric, int)."""

    def emit(call: Call) -> Value:
        v, places = call.arguments
        constant = int(places.constant) if places.constant is not None else None
        if constant is None or constant < 0 or (v.shape is None and constant > 18):
            return numbers.exact(f"pg_numeric_{name}({NUMBERS.text_of(v)}, {places.sql})")
        if v.shape is None:
            return _rounded_text(name, v, constant)
        if constant >= v.scale:
            precision = v.shape[0] - v.scale + constant
            if precision > numbers.PRECISION_MAX:
                return numbers.exact(f"pg_numeric_{name}({NUMBERS.text_of(v)}, {constant})")
            return numbers.decimal(numbers.rescale(v, precision, constant), precision, constant)
        precision = min(max(v.shape[0] - v.scale, 0) + 1 + constant, numbers.PRECISION_MAX)
        return numbers.decimal(
            f"CAST({name}({v.sql}, {constant}) AS DECIMAL({precision},{constant}))", precision, constant
        )

    return emit


def _rounded_text(name: str, v: Value, places: int) -> Value:
    return numbers.exact(f"pg_numeric_{name}({v.sql}, {places})")


def _mod_integer(pg: PgType) -> Emit:
    return lambda c: value(f"pg_mod_int({c.sql(0)}, {c.sql(1)})", pg)


def _div(call: Call) -> Value:
    texts = ", ".join(NUMBERS.text_of(a) for a in call.arguments)
    return numbers.exact(f"pg_numeric_div_trunc({texts})")


def _mod_numeric(call: Call) -> Value:
    return NUMBERS.modulo(*call.arguments)


def _power(call: Call) -> Value:
    return on_exact_text("pg_numeric_power")(call)


def _random(call: Call) -> Value:
    return value("random()", FLOAT8)


def _refuse_seed(call: Call) -> Value:
    raise refuse("function setseed")


def _scale(call: Call) -> Value:
    v = call.arguments[0]
    if v.scale_sql is not None:
        return value(f"CAST({v.scale_sql} AS INTEGER)", INT4)
    if v.shape is None:
        return value(f"pg_numeric_scale({v.sql})", INT4)
    return value(f"(CASE WHEN {v.sql} IS NULL THEN NULL ELSE {v.scale} END)", INT4)


def _register() -> None:
    s = SCALARS
    for pg in (INT2, INT4, INT8):
        s.add("abs", [pg], _abs_integer(pg))
        s.add("mod", [pg, pg], _mod_integer(pg))
    for pg in (FLOAT4, FLOAT8):
        s.plain("abs", [pg], pg, "abs({0})")
    s.add("abs", [NUMERIC], lambda c: numbers.absolute(c.arguments[0]))
    s.add("mod", [NUMERIC, NUMERIC], _mod_numeric)
    s.add("sign", [NUMERIC], lambda c: numbers.sign(c.arguments[0]))
    s.plain("sign", [FLOAT8], FLOAT8, "pg_float_sign({0})")
    for name, duck in (
        ("ceil", "ceil"),
        ("ceiling", "ceil"),
        ("floor", "floor"),
        ("trunc", "trunc"),
        ("round", "round"),
    ):
        s.add(name, [NUMERIC], _whole(duck))
        s.plain(name, [FLOAT8], FLOAT8, f"{duck}({{0}})" if duck != "round" else "pg_rint({0})")
    s.add("round", [NUMERIC, INT4], _digits("round"))
    s.add("trunc", [NUMERIC, INT4], _digits("trunc"))
    s.add("div", [NUMERIC, NUMERIC], _div)
    s.add("power", [NUMERIC, NUMERIC], _power)
    s.add("pow", [NUMERIC, NUMERIC], _power)
    for name in ("power", "pow"):
        s.plain(name, [FLOAT8, FLOAT8], FLOAT8, "pg_power({0}, {1})")
    for name in ("sqrt", "exp", "ln"):
        s.add(name, [NUMERIC], on_exact_text(f"pg_numeric_{name}"))
        s.plain(name, [FLOAT8], FLOAT8, f"pg_float_{name}({{0}})")
    for name in ("log", "log10"):
        s.add(name, [NUMERIC], on_exact_text("pg_numeric_log10"))
        s.plain(name, [FLOAT8], FLOAT8, "pg_float_log10({0})")
    s.add("log", [NUMERIC, NUMERIC], on_exact_text("pg_numeric_log"))
    s.plain("cbrt", [FLOAT8], FLOAT8, "cbrt({0})")
    for name in ("sin", "cos", "tan", "asin", "acos", "atan", "degrees", "radians", "sinh", "cosh", "tanh"):
        s.plain(name, [FLOAT8], FLOAT8, f"pg_{name}({{0}})")
    s.plain("atan2", [FLOAT8, FLOAT8], FLOAT8, "pg_float_atan2({0}, {1})")
    s.plain("pi", [], FLOAT8, "pi()")
    s.add("random", [], _random)
    s.add("setseed", [FLOAT8], _refuse_seed)
    s.plain("gcd", [INT4, INT4], INT4, "CAST(gcd(CAST({0} AS BIGINT), CAST({1} AS BIGINT)) AS INTEGER)")
    s.plain("gcd", [INT8, INT8], INT8, "CAST(gcd(CAST({0} AS HUGEINT), CAST({1} AS HUGEINT)) AS BIGINT)")
    s.plain("lcm", [INT4, INT4], INT4, "CAST(lcm(CAST({0} AS BIGINT), CAST({1} AS BIGINT)) AS INTEGER)")
    s.add("scale", [NUMERIC], _scale)
    s.add("trim_scale", [NUMERIC], on_exact_text("pg_numeric_trim_scale"))
    s.plain("isfinite", [PgType(1082)], BOOL, "isfinite({0})")
    s.plain("isfinite", [PgType(1114)], BOOL, "isfinite({0})")
    s.plain("isfinite", [PgType(1184)], BOOL, "isfinite({0})")
    s.plain("isfinite", [PgType(1186)], BOOL, "({0} IS NOT NULL)")


_register()
