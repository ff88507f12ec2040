"""Operators on Spark: arithmetic by operand types, with PostgreSQL's result types and range checks."""

from __future__ import annotations

from catalog.types import (
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
    PgType,
)
from engine.dialect import numbers
from engine.dialect.context import Context
from engine.dialect.lattice import common_number
from engine.dialect.operators import Emit, template
from engine.dialect.spark.casts import CASTS
from engine.dialect.spark.numbers import NUMBERS
from engine.dialect.spark.syntax import spark_type, string
from engine.dialect.spark.tables import OPERATORS
from engine.dialect.value import Value, value

_FLOAT_NAMES = {"+": "add", "-": "sub", "*": "mul", "/": "div"}


def concatenate(context: Context, left: Value, right: Value) -> Value:
    """text || text, and text || anything else by its text. Arrays are handled before."""
    texts = ", ".join(CASTS.text_sql(v, context.session) for v in (left, right))
    return value(f"concat({texts})", TEXT)


def _integers() -> None:
    add = OPERATORS.add
    for a in (INT2, INT4, INT8):
        for b in (INT2, INT4, INT8):
            result = PgType(common_number(a.oid, b.oid))
            for symbol in "+-*":
                add(symbol, a, b, _integer(f"({{0}} {symbol} {{1}})", result))
            add("/", a, b, _integer(f"CAST(({{0}} div {{1}}) AS {spark_type(result)})", result))
            if a == b:
                add("%", a, b, _integer("({0} % {1})", result))
        for symbol, text in (("&", "({0} & {1})"), ("|", "({0} | {1})"), ("#", "({0} ^ {1})")):
            add(symbol, a, a, _integer(text, a))
        bits = 64 if a == INT8 else 32
        for symbol, name in (("<<", "pg_shift_left"), (">>", "pg_shift_right")):
            shifted = f"{name}(CAST({{0}} AS BIGINT), {{1}}, {bits})"
            add(symbol, a, INT4, template(f"CAST({shifted} AS {spark_type(a)})", a))


def _integer(text: str, result: PgType) -> Emit:
    wanted = spark_type(result)

    def emit(_: Context, a: Value, b: Value) -> Value:
        left = a.sql if a.oid == result.oid else f"CAST({a.sql} AS {wanted})"
        right = b.sql if b.oid == result.oid else f"CAST({b.sql} AS {wanted})"
        return value(text.format(left, right), result)

    return emit


def _floats() -> None:
    for a in (FLOAT4, FLOAT8):
        for b in (FLOAT4, FLOAT8):
            result = FLOAT4 if a == b == FLOAT4 else FLOAT8
            size = 4 if result == FLOAT4 else 8
            for symbol, name in _FLOAT_NAMES.items():
                OPERATORS.add(symbol, a, b, _integer(f"pg_float{size}_{name}({{0}}, {{1}})", result))
    OPERATORS.add("^", FLOAT8, FLOAT8, template("pg_power({0}, {1})", FLOAT8))


def _numerics() -> None:
    def arithmetic(symbol: str) -> Emit:
        def emit(context: Context, a: Value, b: Value) -> Value:
            if symbol == "*":
                return NUMBERS.multiply(a, b, wide=True)
            return NUMBERS.add(a, b, symbol, wide=True)

        return emit

    for symbol in "+-*":
        OPERATORS.add(symbol, NUMERIC, NUMERIC, arithmetic(symbol))
    OPERATORS.add("/", NUMERIC, NUMERIC, lambda _, a, b: NUMBERS.divide(a, b))
    OPERATORS.add("%", NUMERIC, NUMERIC, lambda _, a, b: NUMBERS.modulo(a, b))
    OPERATORS.add("^", NUMERIC, NUMERIC, _power)


def _power(_: Context, a: Value, b: Value) -> Value:
    return numbers.exact(f"pg_numeric_power({NUMBERS.text_of(a)}, {NUMBERS.text_of(b)})")


def _zoned(name: str) -> Emit:
    """timestamptz and interval, by the session's clocks."""

    def emit(context: Context, a: Value, b: Value) -> Value:
        return value(f"{name}({a.sql}, {b.sql}, {string(context.session.time_zone)})", TIMESTAMPTZ)

    return emit


def _turned(emit: Emit) -> Emit:
    return lambda context, a, b: emit(context, b, a)


def _moments() -> None:
    add = OPERATORS.add
    add("+", DATE, INT4, template("pg_date_add({0}, {1})", DATE))
    add("+", INT4, DATE, template("pg_date_add({1}, {0})", DATE))
    add("-", DATE, INT4, template("pg_date_add({0}, (- {1}))", DATE))
    add("-", DATE, DATE, template("datediff({0}, {1})", INT4))
    add("+", DATE, INTERVAL, template("pg_stamp_add(CAST({0} AS TIMESTAMP_NTZ), {1})", TIMESTAMP))
    add("+", INTERVAL, DATE, template("pg_stamp_add(CAST({1} AS TIMESTAMP_NTZ), {0})", TIMESTAMP))
    add("-", DATE, INTERVAL, template("pg_stamp_sub(CAST({0} AS TIMESTAMP_NTZ), {1})", TIMESTAMP))
    add("+", TIMESTAMP, INTERVAL, template("pg_stamp_add({0}, {1})", TIMESTAMP))
    add("+", INTERVAL, TIMESTAMP, template("pg_stamp_add({1}, {0})", TIMESTAMP))
    add("-", TIMESTAMP, INTERVAL, template("pg_stamp_sub({0}, {1})", TIMESTAMP))
    add("-", TIMESTAMP, TIMESTAMP, template("pg_stamp_diff({0}, {1})", INTERVAL))
    add("+", TIMESTAMPTZ, INTERVAL, _zoned("pg_stamptz_add"))
    add("+", INTERVAL, TIMESTAMPTZ, _turned(_zoned("pg_stamptz_add")))
    add("-", TIMESTAMPTZ, INTERVAL, _zoned("pg_stamptz_sub"))
    add("-", TIMESTAMPTZ, TIMESTAMPTZ, template("pg_stamptz_diff({0}, {1})", INTERVAL))
    add("+", INTERVAL, INTERVAL, template("pg_interval_add({0}, {1})", INTERVAL))
    add("-", INTERVAL, INTERVAL, template("pg_interval_sub({0}, {1})", INTERVAL))
    add("*", INTERVAL, FLOAT8, template("pg_interval_mul({0}, {1})", INTERVAL))
    add("*", FLOAT8, INTERVAL, template("pg_interval_mul({1}, {0})", INTERVAL))
    add("/", INTERVAL, FLOAT8, template("pg_interval_div({0}, {1})", INTERVAL))


_integers()
_floats()
_numerics()
_moments()
