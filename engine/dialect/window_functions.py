"""Window functions that both engines have by the same names: what they give, for the rows of the function tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from catalog.types import FLOAT8, INT8, NUMERIC, PgType
from engine.dialect import comparisons
from engine.dialect.functions import Call, Emit
from engine.dialect.value import Value, value

Offset = Callable[[Call, Value], str]
"""How an engine writes the number of rows that an argument tells."""


def numbering(name: str) -> Emit:
    """row_number and its kin."""
    return lambda c: value(f"CAST({name}(){c.over} AS BIGINT)", INT8)


def fraction(name: str) -> Emit:
    """percent_rank and cume_dist."""
    return lambda c: value(f"{name}(){c.over}", FLOAT8)


def same(name: str, offset: Offset) -> Emit:
    """first_value and its kin: the value of another row, in the same inner form."""

    def emit(call: Call) -> Value:
        v = call.arguments[0]
        if v.oid == NUMERIC.oid:
            v = call.context.target.numbers.fixed(v)
        rest = "".join(f", {offset(call, a)}" for a in call.arguments[1:])
        return replace(v.with_sql(f"{name}({v.sql}{rest}){call.over}"), type=PgType(v.oid), is_null=False)

    return emit


def shifted(name: str, offset: Offset) -> Emit:
    """lag and lead with a default."""

    def emit(call: Call) -> Value:
        own, rows, other = call.arguments
        v, default = comparisons.unify(call.context, [own, other], own.type)
        if v.oid == NUMERIC.oid and (v.scale_sql or default.scale_sql):
            v, default = (call.context.target.numbers.to_exact(x) for x in (v, default))
        return replace(
            v.with_sql(f"{name}({v.sql}, {offset(call, rows)}, {default.sql}){call.over}"), type=PgType(v.oid)
        )

    return emit
