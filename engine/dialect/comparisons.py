"""Comparison of two values under PostgreSQL's rules: the common type, row values, and what to order or group by."""

from __future__ import annotations

from dataclasses import replace

from catalog.types import (
    BPCHAR,
    DATE,
    INTERVAL,
    JSON,
    JSONB,
    NUMERIC,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    UNKNOWN,
    PgType,
    element,
    format_type,
)
from engine.dialect import numbers
from engine.dialect.context import Context
from engine.dialect.functions import exact_elements
from engine.dialect.lattice import NUMBERS, TEXTS, common_number
from engine.dialect.value import Value, refuse

_MOMENTS = {DATE.oid: 0, TIMESTAMP.oid: 1, TIMESTAMPTZ.oid: 2}


def align(context: Context, left: Value, right: Value) -> tuple[Value, Value]:
    """Both operands in the type PostgreSQL compares them in."""
    a, b = left.oid, right.oid
    if a == UNKNOWN.oid and b == UNKNOWN.oid:
        return context.cast(left, TEXT), context.cast(right, TEXT)
    if a == UNKNOWN.oid:
        return context.cast(left, PgType(_assumed(b))), right
    if b == UNKNOWN.oid:
        return left, context.cast(right, PgType(_assumed(a)))
    if a == b:
        return left, right
    if a in NUMBERS and b in NUMBERS:
        wanted = PgType(common_number(a, b))
        if wanted.oid not in (NUMERIC.oid,) and a not in (700, 701) and b not in (700, 701):
            return left, right
        return context.cast(left, wanted), context.cast(right, wanted)
    if a in TEXTS and b in TEXTS:
        return context.cast(left, TEXT), context.cast(right, TEXT)
    if a in _MOMENTS and b in _MOMENTS:
        wanted = PgType(max(a, b, key=_MOMENTS.__getitem__))
        return context.cast(left, wanted), context.cast(right, wanted)
    if {a, b} <= {TIME.oid, INTERVAL.oid}:
        return context.cast(left, INTERVAL), context.cast(right, INTERVAL)
    if {a, b} <= {20, 21, 23, 26}:
        return left, right
    raise refuse(f"the comparison of {format_type(left.type)} with {format_type(right.type)}")


def _assumed(oid: int) -> int:
    """The type an unknown operand takes beside one of this type."""
    return TEXT.oid if oid == 1043 else oid


def compare(context: Context, symbol: str, left: Value, right: Value) -> str:
    """A boolean expression for left `symbol` right; row values by PostgreSQL's rules."""
    if left.row is not None or right.row is not None:
        return _rows(context, symbol, left, right)
    left, right = align(context, left, right)
    if left.oid == NUMERIC.oid and (found := _by_threshold(symbol, left, right)) is not None:
        return found
    a, b = keys(context, left, right)
    if element(left.type) is not None and symbol not in ("=", "<>"):
        a, b = (context.target.syntax.sortable(sql) for sql in (a, b))
    return f"({a} {symbol} {b})"


_ROUNDED = {"<": "ceil", ">=": "ceil", "<=": "floor", ">": "floor"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _by_threshold(symbol: str, left: Value, right: Value) -> str | None:
    """DECIMAL against exact text without touching the DECIMAL: the text is rounded to its scale, up or down.

    Inside a subquery, so that it happens once for each row of that. None for operators and forms this does not fit.
    """
    if left.shape is None and right.shape is not None and symbol in _MIRRORED:
        left, right, symbol = right, left, _MIRRORED[symbol]
    if left.shape is None or right.shape is not None or symbol not in _ROUNDED:
        return None
    precision, scale = left.shape
    if precision >= numbers.PRECISION_MAX:
        return None

    def threshold(text: str) -> str:
        return f"CAST(pg_numeric_{_ROUNDED[symbol]}_at({text}, {scale}) AS DECIMAL({numbers.PRECISION_MAX},{scale}))"

    if right.inner is None:
        return f"({left.sql} {symbol} {threshold(right.sql)})"
    sql, column = right.inner
    return f"({left.sql} {symbol} (SELECT {threshold(f'pg_q.{column}')} FROM ({sql}) AS pg_q))"


def keys(context: Context, left: Value, right: Value) -> tuple[str, str]:
    """Two aligned values as expressions that compare like them."""
    if left.oid == NUMERIC.oid and right.oid == NUMERIC.oid:
        return context.target.numbers.comparable(left, right)
    inner = element(left.type)
    if inner is not None and inner.oid == NUMERIC.oid and left.shape != right.shape:
        return array_key(context, exact_elements(context, left)), array_key(context, exact_elements(context, right))
    return key(context, left), key(context, right)


def array_key(context: Context, v: Value) -> str:
    return context.target.syntax.mapped(v.sql, "pg_e", "pg_numeric_key(pg_e)") if v.shape is None else v.sql


def key(context: Context, v: Value) -> str:
    """What to compare, order, group and join by."""
    if v.oid == NUMERIC.oid:
        return v.sql if v.shape is not None else f"pg_numeric_key({v.sql})"
    if v.oid == JSON.oid:
        raise refuse("comparing values of type json")
    if v.oid == JSONB.oid:
        raise refuse("comparing values of type jsonb")
    inner = element(v.type)
    if inner is not None:
        if inner.oid == NUMERIC.oid:
            return array_key(context, v)
        if inner.oid in (JSON.oid, JSONB.oid, BPCHAR.oid):
            raise refuse(f"comparing arrays of type {format_type(inner)}")
    return context.target.syntax.key(v)


def sort_key(context: Context, v: Value, sql: str | None = None) -> str:
    """What to order by; `sql` is where the key of `v` stands already."""
    found = sql or key(context, v)
    return found if element(v.type) is None else context.target.syntax.sortable(found)


def distinct_from(context: Context, left: Value, right: Value, *, negated: bool) -> str:
    """IS [NOT] DISTINCT FROM."""
    word = "IS NOT DISTINCT FROM" if negated else "IS DISTINCT FROM"
    if left.row is not None and right.row is not None:
        _same_width(left, right)
        parts = [distinct_from(context, a, b, negated=negated) for a, b in zip(left.row, right.row, strict=True)]
        return "(" + (" AND " if negated else " OR ").join(parts) + ")"
    left, right = align(context, left, right)
    a, b = keys(context, left, right)
    return f"({a} {word} {b})"


def _same_width(left: Value, right: Value) -> None:
    if left.row is None or right.row is None or len(left.row) != len(right.row):
        raise refuse("a comparison of a row value with something else")


def _rows(context: Context, symbol: str, left: Value, right: Value) -> str:
    _same_width(left, right)
    pairs = list(zip(left.row or (), right.row or (), strict=True))
    if symbol in ("=", "<>"):
        joiner = " AND " if symbol == "=" else " OR "
        return "(" + joiner.join(compare(context, symbol, a, b) for a, b in pairs) + ")"
    strict = symbol[0]
    sql = compare(context, symbol, *pairs[-1])
    for a, b in reversed(pairs[:-1]):
        less = compare(context, strict, a, b)
        equal = compare(context, "=", a, b)
        sql = f"CASE WHEN {equal} THEN {sql} ELSE {less} END"
    return f"({sql})"


def unify(context: Context, values: list[Value], to: PgType) -> list[Value]:
    """Values of CASE, COALESCE, VALUES, UNION in one type and one inner form."""
    moved = [context.cast(v, PgType(to.oid)) if v.oid != to.oid else v for v in values]
    if to.oid == NUMERIC.oid:
        return context.target.numbers.unify(moved)
    inner = element(to)
    if inner is not None and inner.oid == NUMERIC.oid and len({v.shape for v in moved if not v.is_null}) > 1:
        return [exact_elements(context, v) for v in moved]
    if to.oid == BPCHAR.oid:
        widths = {v.width for v in moved if not v.is_null}
        width = widths.pop() if len(widths) == 1 else None
        return [replace(v, width=width) for v in moved]
    return moved


def merged(context: Context, values: list[Value], sql: str, to: PgType, scale_sql: str | None = None) -> Value:
    """A Value of expression `sql` whose inner form is that of the unified `values`."""
    first = next((v for v in values if not v.is_null), values[0])
    typmods = {v.type.typmod for v in values if not v.is_null}
    typmod = typmods.pop() if len(typmods) == 1 and to.typmod >= 0 else -1
    context.target.syntax.type_name(PgType(to.oid, typmod), first.shape)
    return Value(sql, PgType(to.oid, typmod), shape=first.shape, scale_sql=scale_sql, width=first.width)
