"""Operators: PostgreSQL's symbols and operand types, which all targets share, and how one is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from catalog.types import FLOAT4, FLOAT8, INTERVAL, NUMERIC, UNKNOWN, PgType, format_type
from engine.dialect import numbers
from engine.dialect.context import Context
from engine.dialect.lattice import INTEGERS, choose
from engine.dialect.value import Value, refuse, value

Emit = Callable[[Context, Value, Value], Value]


@dataclass(frozen=True, slots=True)
class Operator:
    """The operand types of one operator."""

    arguments: tuple[int, ...]


OPERATORS: dict[str, list[Operator]] = {}
"""By symbol: what any target knows. One that a target has no row for is refused there."""


@dataclass(slots=True)
class OperatorEmissions:
    """What one target writes for operators."""

    rows: dict[tuple[str, Operator], Emit] = field(default_factory=dict)

    def add(self, symbol: str, left: PgType | int, right: PgType | int, emit: Emit) -> None:
        operator = Operator(tuple(t.oid if isinstance(t, PgType) else t for t in (left, right)))
        known = OPERATORS.setdefault(symbol, [])
        if operator not in known:
            known.append(operator)
        self.rows[symbol, operator] = emit


def template(text: str, result: PgType) -> Emit:
    """An operator that is one expression of its two operands."""
    return lambda _, a, b: value(text.format(a.sql, b.sql), result)


def apply(context: Context, symbol: str, left: Value, right: Value) -> Value:
    """left `symbol` right, as PostgreSQL resolves it. Refused if no row of the target's table fits."""
    types = [left.oid, right.oid]
    if types.count(UNKNOWN.oid) == 1:
        known = types[0] if types[1] == UNKNOWN.oid else types[1]
        found = next((o for o in OPERATORS.get(symbol, ()) if o.arguments == (known, known)), None)
    else:
        found = None
    found = found or choose(OPERATORS.get(symbol, ()), types)
    emit = None if found is None else context.target.operators.rows.get((symbol, found))
    if found is None or emit is None:
        shown = " ".join((format_type(left.type), symbol, format_type(right.type)))
        raise refuse(f"operator {shown}")
    operands = [
        v if v.oid == oid else context.cast(v, PgType(oid))
        for v, oid in zip((left, right), found.arguments, strict=True)
    ]
    return context.once(operands, lambda v: emit(context, *v))


def negate(context: Context, v: Value) -> Value:
    """-v"""
    if v.oid == UNKNOWN.oid:
        v = context.cast(v, FLOAT8)
    if v.oid == NUMERIC.oid:
        return numbers.bare(numbers.negate(v))
    if v.oid == INTERVAL.oid:
        return value(f"pg_interval_neg({v.sql})", INTERVAL)
    if v.oid not in (*INTEGERS, FLOAT4.oid, FLOAT8.oid):
        raise refuse(f"operator - {format_type(v.type)}")
    constant = None if v.constant is None or v.oid not in INTEGERS else ("-" + v.constant).replace("--", "")
    return replace(value(context.target.syntax.negative(v.sql), v.type), constant=constant)
