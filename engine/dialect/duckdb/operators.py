"""Operators in DuckDB: arithmetic by operand types, with PostgreSQL's result types and range checks."""

from __future__ import annotations

import re
from dataclasses import replace

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
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    PgType,
)
from engine.dialect import numbers
from engine.dialect.context import Context
from engine.dialect.duckdb.casts import CASTS
from engine.dialect.duckdb.numbers import NUMBERS
from engine.dialect.duckdb.syntax import duck_type
from engine.dialect.lattice import common_number
from engine.dialect.operators import Emit, OperatorEmissions, template
from engine.dialect.value import Value, refuse, value

CHECKS_MAX = 12
OPERATORS = OperatorEmissions()
add_operator = OPERATORS.add


def _integers() -> None:
    for a in (INT2, INT4, INT8):
        for b in (INT2, INT4, INT8):
            result = PgType(common_number(a.oid, b.oid))
            for symbol, text in (("+", "({0} + {1})"), ("-", "({0} - {1})"), ("*", "({0} * {1})")):
                add_operator(symbol, a, b, _integer(text, result))
            add_operator("/", a, b, _integer("({0} // {1})", result))
            if a == b:
                add_operator("%", a, b, _modulo(result))
        for symbol, text in (("&", "({0} & {1})"), ("|", "({0} | {1})"), ("#", "xor({0}, {1})")):
            add_operator(symbol, a, a, _integer(text, a))
        add_operator("<<", a, INT4, _shift("<<", a))
        add_operator(">>", a, INT4, _shift(">>", a))


def _integer(text: str, result: PgType) -> Emit:
    duck = duck_type(result)

    def emit(_: Context, a: Value, b: Value) -> Value:
        left = a.sql if a.oid == result.oid else f"CAST({a.sql} AS {duck})"
        right = b.sql if b.oid == result.oid else f"CAST({b.sql} AS {duck})"
        return value(text.format(left, right), result)

    return emit


def _modulo(result: PgType) -> Emit:
    return lambda _, a, b: value(f"pg_mod_int({a.sql}, {b.sql})", result)


def _shift(symbol: str, result: PgType) -> Emit:
    bits = {INT2.oid: 32, INT4.oid: 32, INT8.oid: 64}[result.oid]
    name = "pg_shift_left" if symbol == "<<" else "pg_shift_right"
    return lambda _, a, b: value(f"CAST({name}({a.sql}, {b.sql}, {bits}) AS {duck_type(result)})", result)


def _floats() -> None:
    for a in (FLOAT4, FLOAT8):
        for b in (FLOAT4, FLOAT8):
            result = FLOAT4 if a == b == FLOAT4 else FLOAT8
            for symbol in "+-*/":
                add_operator(symbol, a, b, _float(symbol, result))
    add_operator("^", FLOAT8, FLOAT8, lambda _, a, b: value(f"pg_power({a.sql}, {b.sql})", FLOAT8))


def _float(symbol: str, result: PgType) -> Emit:
    duck = duck_type(result)

    def emit(_: Context, a: Value, b: Value) -> Value:
        if symbol == "/":
            left, right = a.sql, b.sql
            checks: tuple[str, ...] = ()
        else:
            left, right = a.raw or a.sql, b.raw or b.sql
            checks = a.checks + b.checks
        if a.oid != result.oid:
            left = f"CAST({left} AS {duck})"
        if b.oid != result.oid:
            right = f"CAST({right} AS {duck})"
        raw = f"({left} {symbol} {right})"
        if symbol == "/":
            return value(f"pg_float_div({left}, {right})", result)
        own = f"isinf({raw}) AND NOT isinf({left}) AND NOT isinf({right})"
        if symbol == "*":
            own = f"({own}) OR ({raw} = 0 AND {left} <> 0 AND {right} <> 0)"
        checks = (*checks, f"({own})")
        if len(checks) > CHECKS_MAX:
            raise refuse("a floating-point expression of this length")
        sql = f"CASE WHEN {' OR '.join(checks)} THEN pg_float_range({raw}) ELSE {raw} END"
        return replace(value(f"({sql})", result), raw=raw, checks=checks)

    return emit


def _numerics() -> None:
    def arithmetic(symbol: str) -> Emit:
        def emit(c: Context, a: Value, b: Value) -> Value:
            if symbol == "*":
                return NUMBERS.multiply(a, b, wide=c.wide)
            return NUMBERS.add(a, b, symbol, wide=c.wide)

        return emit

    for symbol in "+-*":
        add_operator(symbol, NUMERIC, NUMERIC, arithmetic(symbol))
    add_operator("/", NUMERIC, NUMERIC, lambda _, a, b: NUMBERS.divide(a, b))
    add_operator("%", NUMERIC, NUMERIC, lambda _, a, b: NUMBERS.modulo(a, b))
    add_operator(
        "^",
        NUMERIC,
        NUMERIC,
        lambda _, a, b: numbers.exact(f"pg_numeric_power({NUMBERS.text_of(a)}, {NUMBERS.text_of(b)})"),
    )


def _moments() -> None:
    add_operator("+", DATE, INT4, template("pg_date_add({0}, {1})", DATE))
    add_operator("+", INT4, DATE, template("pg_date_add({1}, {0})", DATE))
    add_operator("-", DATE, INT4, template("pg_date_add({0}, -{1})", DATE))
    add_operator("-", DATE, DATE, template("CAST(pg_date_diff({0}, {1}) AS INTEGER)", INT4))
    add_operator("+", DATE, INTERVAL, template("(CAST({0} AS TIMESTAMP) + {1})", TIMESTAMP))
    add_operator("+", INTERVAL, DATE, template("(CAST({1} AS TIMESTAMP) + {0})", TIMESTAMP))
    add_operator("-", DATE, INTERVAL, template("(CAST({0} AS TIMESTAMP) - {1})", TIMESTAMP))
    add_operator("+", DATE, TIME, template("pg_date_time({0}, {1})", TIMESTAMP))
    add_operator("+", TIME, DATE, template("pg_date_time({1}, {0})", TIMESTAMP))
    for stamp in (TIMESTAMP, TIMESTAMPTZ):
        add_operator("+", stamp, INTERVAL, lambda _, a, b: _shifted(a, b, "+"))
        add_operator("+", INTERVAL, stamp, lambda _, a, b: _shifted(b, a, "+"))
        add_operator("-", stamp, INTERVAL, lambda _, a, b: _shifted(a, b, "-"))
        # An elapsed time: the session's time zone and its clock changes play no part.
        utc = "{0}, {1}" if stamp == TIMESTAMP else "timezone('UTC', {0}), timezone('UTC', {1})"
        add_operator("-", stamp, stamp, template(f"pg_stamp_diff({utc})", INTERVAL))
    add_operator("+", TIME, INTERVAL, template("pg_time_add({0}, {1})", TIME))
    add_operator("+", INTERVAL, TIME, template("pg_time_add({1}, {0})", TIME))
    add_operator("-", TIME, INTERVAL, template("pg_time_add({0}, pg_interval_neg({1}))", TIME))
    add_operator("-", TIME, TIME, template("pg_time_diff({0}, {1})", INTERVAL))
    add_operator("+", INTERVAL, INTERVAL, template("({0} + {1})", INTERVAL))
    add_operator("-", INTERVAL, INTERVAL, template("({0} - {1})", INTERVAL))
    add_operator("*", INTERVAL, FLOAT8, template("pg_interval_mul({0}, {1})", INTERVAL))
    add_operator("*", FLOAT8, INTERVAL, template("pg_interval_mul({1}, {0})", INTERVAL))
    add_operator("/", INTERVAL, FLOAT8, template("pg_interval_div({0}, {1})", INTERVAL))


_ONE_PART = re.compile(r"\(to_(?:months|days|microseconds)\(-?\d+\)\)")


def _shifted(stamp: Value, interval: Value, symbol: str) -> Value:
    """timestamp plus interval: months first, then days, then time. DuckDB turns that round for negative intervals
    and timestamps with time zone."""
    pg = PgType(stamp.oid)
    if pg == TIMESTAMP or _ONE_PART.fullmatch(interval.sql):
        return value(f"({stamp.sql} {symbol} {interval.sql})", pg)
    name = "pg_stamptz_add" if symbol == "+" else "pg_stamptz_sub"
    return value(f"{name}({stamp.sql}, {interval.sql})", pg)


def concatenate(context: Context, left: Value, right: Value) -> Value:
    """text || text, and text || anything else by its text. Arrays are handled before."""
    texts = " || ".join(CASTS.text_sql(v, context.session) for v in (left, right))
    return value(f"({texts})", TEXT)


_integers()
_floats()
_numerics()
_moments()
