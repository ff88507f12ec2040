"""Functions in FROM: set-returning ones as subqueries, any other as one row."""

from __future__ import annotations

from sqlglot import exp

from catalog.types import INT8
from engine.dialect.context import Context
from engine.dialect.scope import Column, Relation, Scope, outer
from engine.dialect.value import Value, refuse


def compile_table_function(
    context: Context, scope: Scope, node: exp.Expression, alias: exp.TableAlias | None, ordinality: bool
) -> str:
    """`function(...) [WITH ORDINALITY] [AS alias (columns)]`; LATERAL is implied."""
    from engine.dialect.expressions import compile_expression

    if not isinstance(node, exp.Anonymous):
        raise refuse("this function in FROM")
    name = node.this
    unnested = name == "unnest" and len(node.expressions) > 1
    if unnested:
        values = [
            compile_expression(context, scope, exp.Anonymous(this="unnest", expressions=[n])) for n in node.expressions
        ]
    else:
        values = [compile_expression(context, scope, node)]
    sql_alias = context.alias()
    shown = alias.this.name if alias is not None else name
    names = [c.name for c in (alias.args.get("columns") or ())] if alias is not None else []
    columns: list[Column] = []
    parts: list[str] = []
    for i, v in enumerate(values):
        if v.row is not None or v.scale_sql is not None:
            raise refuse(f"function {name} in FROM")
        default = name if unnested else shown
        columns.append(Column(names[i] if i < len(names) else default, outer(v, f"{sql_alias}.c{i + 1}", None)))
        parts.append(f"{v.sql} AS c{i + 1}")
    at = len(values)
    sql = f"SELECT {', '.join(parts)}"
    if any(v.srf for v in values) and not context.target.syntax.sets_in_lists:
        sql = _generated(context, values, ordinality=ordinality)
    elif ordinality:
        if not context.target.syntax.unordered_numbers:
            raise refuse("WITH ORDINALITY")
        inner = context.alias()
        listed = ", ".join(f"{inner}.c{i + 1}" for i in range(at))
        sql = f"SELECT {listed}, row_number() OVER () AS c{at + 1} FROM ({sql}) AS {inner}"
    if ordinality:
        columns.append(Column(names[at] if at < len(names) else "ordinality", Value(f"{sql_alias}.c{at + 1}", INT8)))
    scope.relations.append(Relation(shown, tuple(columns), scalar=len(columns) == 1))
    return f"LATERAL ({sql}) AS {sql_alias}" if scope.relations[:-1] else f"({sql}) AS {sql_alias}"


def _generated(context: Context, values: list[Value], *, ordinality: bool) -> str:
    """A SELECT of the rows of set-returning functions, numbered from 1."""
    generator = context.target.syntax.generator([v.sql for v in values], numbered=ordinality)
    names = ", ".join(f"c{i + 1}" for i in range(len(values)))
    if not ordinality:
        return f"SELECT {generator} AS ({names})"
    inner = context.alias()
    return f"SELECT {inner}.c1, CAST({inner}.n + 1 AS BIGINT) AS c2 FROM (SELECT {generator} AS (n, c1)) AS {inner}"
