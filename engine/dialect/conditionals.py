"""Conditional expressions: CASE, COALESCE, GREATEST, LEAST, NULLIF, with the common type and scale of their results."""

from __future__ import annotations

from sqlglot import exp

from catalog.types import NUMERIC, TEXT, UNKNOWN, PgType
from engine.dialect import comparisons, numbers
from engine.dialect.context import Context
from engine.dialect.lattice import common_type
from engine.dialect.scope import Scope
from engine.dialect.value import Value, refuse, unknown


def compile_case(context: Context, scope: Scope, node: exp.Expression) -> Value:
    """CASE, with or without a subject. Raises FeatureNotSupported where the results have no type in common."""
    from engine.dialect.expressions import compile_condition, compile_expression

    subject = node.args.get("this")
    base = compile_expression(context, scope, subject) if subject is not None else None
    if base is not None and base.oid == UNKNOWN.oid:
        base = context.cast(base, TEXT)
    conditions: list[str] = []
    results: list[Value] = []
    for branch in node.args["ifs"]:
        if base is None:
            conditions.append(compile_condition(context, scope, branch.this))
        else:
            conditions.append(comparisons.compare(context, "=", base, compile_expression(context, scope, branch.this)))
        results.append(compile_expression(context, scope, branch.args["true"]))
    default = node.args.get("default")
    results.append(compile_expression(context, scope, default) if default is not None else unknown(None, "NULL"))
    to = _joint_type([results[-1], *results[:-1]], "CASE")
    unified = comparisons.unify(context, results, to)
    sql = _case_sql(conditions, [v.sql for v in unified])
    scales = [v.scale_sql for v in unified]
    scale_sql = _case_sql(conditions, [s or "NULL" for s in scales]) if any(scales) else None
    return comparisons.merged(context, unified, sql, to, scale_sql)


def _case_sql(conditions: list[str], results: list[str]) -> str:
    branches = " ".join(f"WHEN {c} THEN {r}" for c, r in zip(conditions, results[:-1], strict=True))
    return f"(CASE {branches} ELSE {results[-1]} END)"


def _joint_type(values: list[Value], construct: str) -> PgType:
    if any(v.row is not None for v in values):
        raise refuse(f"row values in {construct}")
    to = common_type([v.type for v in values])
    if to is None:
        raise refuse(f"{construct} of different types")
    return to


def compile_coalesce(context: Context, scope: Scope, node: exp.Expression) -> Value:
    """COALESCE; a bare numeric keeps the scale of the argument that is given."""
    from engine.dialect.expressions import compile_expression

    values = [compile_expression(context, scope, n) for n in (node.this, *node.expressions)]
    to = _joint_type(values, "COALESCE")
    unified = comparisons.unify(context, values, to)
    scale_sql = None
    if any(v.scale_sql for v in unified):
        tests = [f"{v.sql} IS NOT NULL" for v in unified[:-1]]
        scale_sql = _case_sql(tests, [v.scale_sql or "NULL" for v in unified]) if tests else unified[0].scale_sql
    return comparisons.merged(context, unified, f"coalesce({', '.join(v.sql for v in unified)})", to, scale_sql)


def compile_extremes(context: Context, scope: Scope, node: exp.Expression) -> Value:
    """GREATEST and LEAST, which pass over NULL."""
    from engine.dialect.expressions import compile_expression

    name = "greatest" if isinstance(node, exp.Greatest) else "least"
    values = [compile_expression(context, scope, n) for n in (node.this, *node.expressions)]
    to = _joint_type(values, name.upper())
    unified = comparisons.unify(context, values, to)
    if to.oid == NUMERIC.oid and (unified[0].shape is None or any(v.scale_sql for v in unified)):
        texts = context.target.syntax.listed([context.target.numbers.text_of(v) for v in unified])
        return numbers.exact(f"pg_numeric_{name}({texts})")
    if len(unified) == 1:
        return unified[0]
    keys = [comparisons.key(context, v) for v in unified]
    if any(comparisons.sort_key(context, v) != k for v, k in zip(unified, keys, strict=True)):
        raise refuse(f"{name.upper()} of arrays")
    return comparisons.merged(context, unified, f"{name}({', '.join(keys)})", to)


def compile_nullif(context: Context, scope: Scope, node: exp.Expression) -> Value:
    """NULLIF: the left argument's type, equality as of `=`."""
    from engine.dialect.expressions import compile_expression

    left, right = (compile_expression(context, scope, n) for n in (node.this, node.expression))
    if left.oid == UNKNOWN.oid:
        left = context.cast(left, TEXT if right.oid == UNKNOWN.oid else right.type)
    equal = comparisons.compare(context, "=", left, right)
    result = left
    if left.oid in (20, 21, 23) and right.oid == NUMERIC.oid:
        result = context.cast(left, NUMERIC)
    return result.with_sql(f"(CASE WHEN {equal} THEN NULL ELSE {result.sql} END)")
