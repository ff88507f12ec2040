"""Queries: SELECT, VALUES, set operations, WITH. Gives DuckDB text and typed output columns c1, c2, ..."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from catalog.types import BPCHAR, NUMERIC, TEXT, UNKNOWN, PgType
from engine.base import Field
from engine.dialect import comparisons
from engine.dialect.calls import order_text
from engine.dialect.context import Context
from engine.dialect.lattice import common_type
from engine.dialect.ordering import Compiled, finish_select, limit_text, seen, select_list, ties
from engine.dialect.scope import CommonTable, OutputColumn, Scope
from engine.dialect.selects import compile_select, compile_values
from engine.dialect.value import Value, refuse

_OPERATIONS: dict[type[exp.Expression], str] = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}


@dataclass(slots=True)
class _Body:
    """A query without ORDER BY and LIMIT."""

    sql: str
    columns: list[OutputColumn]


def compile_query(context: Context, scope: Scope | None, node: exp.Expression) -> Compiled:
    """A nested query; `scope` is the level around it (None at the top)."""
    prefix, ctes = _with(context, scope, node)
    sql, columns = _body_with_order(context, scope, ctes, node, None)
    return prefix + sql, columns


def compile_top(context: Context, node: exp.Expression, fields: Sequence[Field]) -> Compiled:
    """The whole statement, its columns in their outer form."""
    prefix, ctes = _with(context, None, node)
    sql, columns = _body_with_order(context, None, ctes, node, fields)
    return prefix + sql, columns


def _with(context: Context, scope: Scope | None, node: exp.Expression) -> tuple[str, dict[str, CommonTable]]:
    ctes = dict(scope.ctes) if scope is not None else {}
    with_ = node.args.get("with_")
    if with_ is None:
        return "", ctes
    parts = []
    recursive = bool(with_.args.get("recursive"))
    for cte in with_.expressions:
        parts.append(_common_table(context, scope, ctes, cte, recursive=recursive))
    return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(parts)} ", ctes


def _common_table(
    context: Context, scope: Scope | None, ctes: dict[str, CommonTable], cte: exp.CTE, *, recursive: bool
) -> str:
    name = cte.args["alias"].this.name
    names = [c.name for c in cte.args["alias"].args.get("columns") or ()]
    sql_name = f"w{context.alias()}"
    body = cte.this
    if recursive and any(t.this.name == name and not t.args.get("db") for t in _plain_tables(body)):
        sql, columns = _recursive(context, scope, ctes, body, name, sql_name, names)
    else:
        around = Scope(scope, ctes)
        sql, columns = compile_query(context, around, body)
    columns = [replace(c, name=names[i] if i < len(names) else c.name) for i, c in enumerate(columns)]
    ctes[name] = CommonTable(sql_name, columns)
    kind = {True: "MATERIALIZED ", False: "NOT MATERIALIZED ", None: ""}[cte.args.get("materialized")]
    if not context.target.syntax.materialized_words:
        kind = ""
    listed = [c.sql for c in columns] + [c.scale for c in columns if c.scale]
    return f"{sql_name}({', '.join(listed)}) AS {kind}({sql})"


def _plain_tables(node: exp.Expression) -> list[exp.Table]:
    return [t for t in node.find_all(exp.Table) if isinstance(t.this, exp.Identifier)]


def _recursive(
    context: Context,
    scope: Scope | None,
    ctes: dict[str, CommonTable],
    node: exp.Expression,
    name: str,
    sql_name: str,
    names: list[str],
) -> Compiled:
    """The types are those of the non-recursive term (documentation 7.8.2)."""
    if not isinstance(node, exp.Union) or any(node.args.get(k) for k in ("order", "limit", "offset", "with_")):
        raise refuse("this form of a recursive query")
    first, columns = compile_query(context, Scope(scope, dict(ctes)), node.this)
    if any(c.scale for c in columns):
        raise refuse("a recursive query over numerics of varying scale")
    columns = [replace(c, value=_settled(context, c.value)) for c in columns]
    inner = dict(ctes)
    seen = [replace(c, name=names[i] if i < len(names) else c.name) for i, c in enumerate(columns)]
    inner[name] = CommonTable(sql_name, seen)
    second, others = compile_query(context, Scope(scope, inner), node.expression)
    if len(others) != len(columns):
        raise refuse("a recursive query of different widths")
    for column, other in zip(columns, others, strict=True):
        mine, its = column.value, other.value
        if its.oid != UNKNOWN.oid and (its.oid != mine.oid or its.shape != mine.shape or other.scale):
            if mine.oid == NUMERIC.oid:
                raise refuse("a recursive query whose numeric column changes its scale")
            raise refuse("a recursive query whose terms differ in type")
    word = "UNION" if node.args.get("distinct") else "UNION ALL"
    if word == "UNION" and not context.target.syntax.recursive_union:
        raise refuse("WITH RECURSIVE with UNION (without ALL)")
    return f"{_cast_all(context, first, columns)} {word} {_cast_all(context, second, columns)}", columns


def _settled(context: Context, v: Value) -> Value:
    return context.cast(v, TEXT) if v.oid == UNKNOWN.oid else v


def _cast_all(context: Context, sql: str, columns: list[OutputColumn]) -> str:
    alias = context.alias()
    parts = [
        f"CAST({alias}.{c.sql} AS {context.target.syntax.type_name(c.value.type, c.value.shape)}) AS {c.sql}"
        for c in columns
    ]
    return f"(SELECT {', '.join(parts)} FROM ({sql}) AS {alias})"


def _body_with_order(
    context: Context,
    scope: Scope | None,
    ctes: dict[str, CommonTable],
    node: exp.Expression,
    fields: Sequence[Field] | None,
) -> Compiled:
    node = _stripped(node)
    if isinstance(node, exp.Select):
        select = compile_select(context, scope, ctes, node)
        return finish_select(context, select, node, fields)
    if isinstance(node, exp.Subquery):
        sql, columns = compile_query(context, Scope(scope, ctes), node.this)
        body = _Body(sql, columns)
    elif isinstance(node, exp.Values):
        body = _Body(*compile_values(context, Scope(scope, ctes), node))
    elif type(node) in _OPERATIONS:
        body = _set_operation(context, scope, ctes, node)
    else:
        raise refuse(f"{type(node).__name__.upper()} as a query")
    return _finish_body(context, scope, ctes, body, node, fields)


def _stripped(node: exp.Expression) -> exp.Expression:
    """Parentheses around a query that add nothing."""
    while isinstance(node, exp.Subquery) and not any(
        node.args.get(k) for k in ("order", "limit", "offset", "with_", "alias")
    ):
        inner = node.this
        if inner.args.get("with_"):
            return node
        node = inner
    return node


def _set_operation(context: Context, scope: Scope | None, ctes: dict[str, CommonTable], node: exp.Expression) -> _Body:
    left, left_columns = compile_query(context, Scope(scope, ctes), node.this)
    right, right_columns = compile_query(context, Scope(scope, ctes), node.expression)
    if len(left_columns) != len(right_columns):
        raise refuse("a set operation of different widths")
    distinct = bool(node.args.get("distinct")) or not isinstance(node, exp.Union)
    a, b = context.alias(), context.alias()
    parts: tuple[list[str], list[str]] = ([], [])
    columns = []
    for i, (x, y) in enumerate(zip(left_columns, right_columns, strict=True)):
        pair = [seen(x, a), seen(y, b)]
        pair = [
            replace(p, literal=c.value.literal, is_null=c.value.is_null and p.oid == UNKNOWN.oid)
            for p, c in zip(pair, (x, y), strict=True)
        ]
        to = common_type([p.type for p in pair])
        if to is None:
            raise refuse("a set operation of different types")
        unified = comparisons.unify(context, [_settle(context, p, to) for p in pair], to)
        if any(v.scale_sql or (v.oid == NUMERIC.oid and v.shape is None) for v in unified):
            unified = [context.target.numbers.to_exact(v) for v in unified]
            if distinct:
                raise refuse("a set operation without ALL over numerics of different scales")
        if distinct and to.oid in (114, 3802):
            raise refuse("a set operation without ALL over json values")
        if to.oid == BPCHAR.oid and any(v.width is None for v in unified):
            raise refuse("a set operation over character of different lengths")
        for side, v in zip(parts, unified, strict=True):
            side.append(context.target.syntax.named(v.sql, f"c{i + 1}"))
        columns.append(OutputColumn(x.name, f"c{i + 1}", comparisons.merged(context, unified, f"c{i + 1}", to)))
    word = _OPERATIONS[type(node)] + ("" if node.args.get("distinct") else " ALL")
    sql = " ".join(
        (
            f"(SELECT {', '.join(parts[0]) or '1 AS c0'} FROM ({left}) AS {a})",
            word,
            f"(SELECT {', '.join(parts[1]) or '1 AS c0'} FROM ({right}) AS {b})",
        )
    )
    return _Body(sql, columns)


def _settle(context: Context, v: Value, to: PgType) -> Value:
    """A literal column of a set operation takes its type from the other side."""
    if v.oid != UNKNOWN.oid or v.is_null or v.literal is None:
        return context.cast(v, to) if v.oid == UNKNOWN.oid and v.is_null else v
    return context.cast(v, to)


def _finish_body(
    context: Context,
    scope: Scope | None,
    ctes: dict[str, CommonTable],
    body: _Body,
    node: exp.Expression,
    fields: Sequence[Field] | None,
) -> Compiled:
    """ORDER BY (output columns only), LIMIT and outer forms around a set operation or VALUES."""
    order = node.args["order"].expressions if node.args.get("order") else []
    if not order and fields is None and not node.args.get("limit") and not node.args.get("offset"):
        return body.sql, body.columns
    if ties(node) is not None:
        raise refuse("WITH TIES on a set operation")
    alias = context.alias()
    items = []
    for item in order:
        column = _named_output(body.columns, item.this)
        items.append(order_text(context, seen(column, alias), item))
    listed, columns = select_list(context, [(c.name, seen(c, alias)) for c in body.columns], fields)
    tail = f" ORDER BY {', '.join(items)}" if items else ""
    limit = limit_text(context, Scope(scope, ctes), node)
    return f"SELECT {listed} FROM ({body.sql}) AS {alias}{tail}{limit}", columns


def _named_output(columns: list[OutputColumn], node: exp.Expression) -> OutputColumn:
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
        return columns[int(node.name) - 1]
    if isinstance(node, exp.Column) and node.args.get("table") is None:
        for column in columns:
            if column.name == node.this.name:
                return column
    raise refuse("ORDER BY of a set operation on an expression")
