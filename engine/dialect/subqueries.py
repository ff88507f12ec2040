"""Subqueries in expressions: scalar, EXISTS, IN, ANY, ALL and ARRAY(...)."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from catalog.types import BOOL, NUMERIC, PgType, array_of, element
from engine.dialect import comparisons, numbers, operators
from engine.dialect.context import Context
from engine.dialect.pattern_operators import LIKE_OPERATORS, REGEX_OPERATORS, like_operator
from engine.dialect.scope import OutputColumn, Scope, outer
from engine.dialect.value import Value, refuse, value

_MIRROR = {"=": "=", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def _compile(context: Context, scope: Scope, node: exp.Expression) -> tuple[str, list[OutputColumn]]:
    from engine.dialect.queries import compile_query

    while isinstance(node, exp.Subquery) and not any(node.args.get(k) for k in ("order", "limit", "offset", "with_")):
        node = node.this
    return compile_query(context, scope, node)


def compile_scalar(context: Context, scope: Scope, node: exp.Expression) -> Value:
    """`(SELECT ...)` as a value; several columns make a row, which is refused."""
    sql, columns = _compile(context, scope, node)
    if len(columns) != 1:
        raise refuse("a subquery of several columns as a value")
    only = columns[0]
    if only.scale is None:
        return replace(outer(only.value, f"({sql})", None), inner=(sql, only.sql))
    alias = context.alias()
    text = context.target.numbers.text_of(outer(only.value, f"{alias}.{only.sql}", f"{alias}.{only.scale}"))
    return numbers.exact(f"(SELECT {text} FROM ({sql}) AS {alias})")


def compile_exists(context: Context, scope: Scope, node: exp.Expression) -> Value:
    sql, _ = _compile(context, scope, node)
    return value(f"EXISTS ({sql})", BOOL)


def compile_array(context: Context, scope: Scope, node: exp.Expression) -> Value:
    """ARRAY(SELECT ...): the rows in the query's order; an empty array for none."""
    sql, columns = _compile(context, scope, node)
    only = columns[0]
    if element(only.value.type) is not None:
        raise refuse("ARRAY(subquery) of arrays")
    alias = context.alias()
    item = (
        context.target.numbers.fixed(
            outer(only.value, f"{alias}.{only.sql}", f"{alias}.{only.scale}" if only.scale else None)
        )
        if only.value.oid == NUMERIC.oid
        else outer(only.value, f"{alias}.{only.sql}", None)
    )
    return context.target.arrays.collected(context, item, f"({sql}) AS {alias}")


def compile_in_query(
    context: Context, scope: Scope, left: Value, node: exp.Expression, *, as_filter: bool = False
) -> Value:
    """left IN (SELECT ...); `as_filter`: as a term of WHERE, where NULL is as good as false."""
    sql, columns = _compile(context, scope, node)
    lefts = left.row if left.row is not None else (left,)
    if len(lefts) != len(columns):
        raise refuse("IN with a subquery of another number of columns")
    alias = context.alias()
    rights = [outer(c.value, f"{alias}.{c.sql}", None) for c in columns]
    pairs = [comparisons.keys(context, *comparisons.align(context, a, b)) for a, b in zip(lefts, rights, strict=True)]
    if len(pairs) > 1 or not (as_filter or context.target.syntax.three_valued_in):
        return _row_in(pairs, sql, alias)
    ((own, other),) = pairs
    return value(f"({own} IN (SELECT {other} FROM ({sql}) AS {alias}))", BOOL)


def _row_in(pairs: list[tuple[str, str]], sql: str, alias: str) -> Value:
    """Row IN with SQL's three-valued result, which DuckDB's comparison of structs does not give."""
    equal = " AND ".join(f"{a} = {b}" for a, b in pairs)
    maybe = " AND ".join(f"({a} = {b}) IS NOT FALSE" for a, b in pairs)
    source = f"FROM ({sql}) AS {alias}"
    return value(
        f"(CASE WHEN EXISTS (SELECT 1 {source} WHERE {equal}) THEN true"
        f" WHEN EXISTS (SELECT 1 {source} WHERE {maybe}) THEN NULL ELSE false END)",
        BOOL,
    )


def compile_quantified(context: Context, scope: Scope, left: Value, symbol: str, node: exp.Expression) -> Value:
    """left op ANY | ALL (array or subquery)."""
    from engine.dialect.expressions import compile_expression

    every = isinstance(node, exp.All)
    if isinstance(node.this, exp.Subquery):
        return _quantified_query(context, scope, left, symbol, node.this, every=every)
    right = compile_expression(context, scope, node.this)
    if right.literal is not None and right.oid == 705:
        inner = left.type if left.oid not in (705,) else PgType(25)
        right = context.cast(right, array_of(PgType(inner.oid)))
    found = element(right.type)
    if found is None:
        raise refuse(f"{symbol} ANY of something else than an array")
    item = Value("pg_e", PgType(found.oid), shape=right.shape)
    test = one_test(context, symbol, left, item)
    return value(context.target.syntax.quantified(right.sql, "pg_e", test, every=every), BOOL)


def one_test(context: Context, symbol: str, left: Value, right: Value) -> str:
    """left `symbol` right as a condition, for any operator that gives a boolean."""
    if symbol in _MIRROR:
        return comparisons.compare(context, symbol, left, right)
    if symbol in LIKE_OPERATORS:
        return like_operator(context, symbol, left, right).sql
    if symbol in REGEX_OPERATORS:
        return context.target.patterns.regex_operator(context, symbol, left, right).sql
    found = operators.apply(context, symbol, left, right)
    if found.oid != BOOL.oid:
        raise refuse(f"operator {symbol} with ANY or ALL")
    return found.sql


def _quantified_query(
    context: Context, scope: Scope, left: Value, symbol: str, node: exp.Expression, *, every: bool
) -> Value:
    if symbol == "=" and not every:
        return compile_in_query(context, scope, left, node)
    if symbol == "<>" and every:
        return value(f"(NOT {compile_in_query(context, scope, left, node).sql})", BOOL)
    if left.row is not None or symbol not in _MIRROR:
        raise refuse(f"operator {symbol} with a subquery")
    sql, columns = _compile(context, scope, node)
    if len(columns) != 1 or columns[0].scale is not None:
        raise refuse(f"operator {symbol} with this subquery")
    alias = context.alias()
    right = outer(columns[0].value, f"{alias}.{columns[0].sql}", None)
    if not context.target.syntax.quantified_queries:
        return _by_exists(comparisons.compare(context, symbol, left, right), f"FROM ({sql}) AS {alias}", every=every)
    own, other = comparisons.keys(context, *comparisons.align(context, left, right))
    word = "ALL" if every else "ANY"
    return value(f"({own} {symbol} {word} (SELECT {other} FROM ({sql}) AS {alias}))", BOOL)


def _by_exists(test: str, source: str, *, every: bool) -> Value:
    """ANY and ALL with SQL's three-valued result, by EXISTS, which has two values."""
    decided = f"(NOT {test})" if every else test
    found, none = ("false", "true") if every else ("true", "false")
    return value(
        f"(CASE WHEN EXISTS (SELECT 1 {source} WHERE {decided}) THEN {found}"
        f" WHEN EXISTS (SELECT 1 {source} WHERE ({test}) IS NULL) THEN NULL ELSE {none} END)",
        BOOL,
    )
