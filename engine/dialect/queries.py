"""Queries: SELECT, VALUES, set operations, WITH. Gives DuckDB text and typed output columns c1, c2, ..."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from catalog.errors import InternalError
from catalog.types import BPCHAR, INT8, NUMERIC, TEXT, UNKNOWN, PgType
from engine.base import Field
from engine.dialect import comparisons
from engine.dialect.calls import order_text
from engine.dialect.context import Context
from engine.dialect.expressions import compile_expression
from engine.dialect.lattice import common_type
from engine.dialect.scope import CommonTable, OutputColumn, Scope, outer
from engine.dialect.selects import Select, compile_select, compile_values
from engine.dialect.value import Value, refuse

_OPERATIONS: dict[type[exp.Expression], str] = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}
Compiled = tuple[str, list[OutputColumn]]


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
        return _finish_select(context, select, node, fields)
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


def _finish_select(context: Context, select: Select, node: exp.Select, fields: Sequence[Field] | None) -> Compiled:
    """ORDER BY and LIMIT inside the SELECT, or around it when DISTINCT stands between."""
    order = node.args["order"].expressions if node.args.get("order") else []
    keys = [select.order_key(context, item) for item in order]
    if node.args.get("distinct") is not None and (order or fields is not None):
        return _finish_distinct(context, select, node, order, keys, fields)
    tail = ""
    if keys:
        tail += " ORDER BY " + _order_list(context, keys, order)
    ties = _ties(node)
    if ties is not None:
        return _with_ties(context, select, keys, order, ties, fields)
    tail += limit_text(context, select.scope, node)
    listed, columns = select_list(context, [(c.name, c.value) for c in select.columns], fields)
    return f"SELECT {select.head}{listed}{select.tail}{tail}", columns


def select_list(
    context: Context, items: Sequence[tuple[str, Value]], fields: Sequence[Field] | None
) -> tuple[str, list[OutputColumn]]:
    """`expression AS c1, ...` with hidden scale columns; in the outer form when `fields` are given."""
    parts, columns = [], []
    named = context.target.syntax.named
    for i, (name, v) in enumerate(items):
        sql = f"c{i + 1}"
        if fields is not None:
            if i >= len(fields):
                raise InternalError(f"the query has {len(items)} columns, PostgreSQL described {len(fields)}")
            parts.append(named(context.target.casts.deliver(v, fields[i].type, context.session), sql))
            columns.append(OutputColumn(name, sql, v))
            continue
        scale = f"c{i + 1}_s" if v.scale_sql is not None else None
        parts.append(named(v.sql, sql))
        if scale:
            parts.append(named(v.scale_sql or "NULL", scale))
        columns.append(OutputColumn(name, sql, v, scale))
    if not parts:
        return "1 AS c0", columns
    return ", ".join(parts), columns


def _finish_distinct(
    context: Context,
    select: Select,
    node: exp.Select,
    order: list[exp.Expression],
    keys: list[Value],
    fields: Sequence[Field] | None,
) -> Compiled:
    """SELECT DISTINCT [ON] in a subquery that also shows the sort keys; order, limit and outer forms around it."""
    if _ties(node) is not None:
        raise refuse("WITH TIES with DISTINCT")
    on = node.args["distinct"].args.get("on") is not None
    inner_list, columns = select_list(context, [(c.name, c.value) for c in select.columns], None)
    alias = context.alias()
    hidden, outer_keys = [], []
    for i, (v, item) in enumerate(zip(keys, order, strict=True)):
        own = next((c for c in columns if c.value.sql == v.sql), None)
        if own is not None:
            outer_keys.append(order_text(context, outer(own.value, f"{alias}.{own.sql}", None), item))
        elif on:
            hidden.append(f"{comparisons.key(context, v)} AS s{i + 1}")
            outer_keys.append(order_text(context, v, item, f"{alias}.s{i + 1}"))
        else:
            raise refuse("ORDER BY of SELECT DISTINCT on an expression")
    inner_order = ""
    if on and keys:
        inner_order = " ORDER BY " + _order_list(context, keys, order)
    if on and not context.target.syntax.distinct_on:
        sql = _first_of_each(context, select, node, [inner_list, *hidden], _order_list(context, keys, order))
    else:
        sql = f"SELECT {select.head}{', '.join([inner_list, *hidden])}{select.tail}{inner_order}"
    seen = [(c.name, outer(c.value, f"{alias}.{c.sql}", f"{alias}.{c.scale}" if c.scale else None)) for c in columns]
    listed, columns = select_list(context, seen, fields)
    tail = f" ORDER BY {', '.join(outer_keys)}" if outer_keys else ""
    return f"SELECT {listed} FROM ({sql}) AS {alias}{tail}{limit_text(context, select.scope, node)}", columns


def _first_of_each(context: Context, select: Select, node: exp.Select, items: list[str], sort: str) -> str:
    """DISTINCT ON by row_number(), for targets without it."""
    if node.args.get("group") is not None or node.args.get("having") is not None or select.has_rows:
        raise refuse("DISTINCT ON with GROUP BY")
    alias = context.alias()
    over = f"PARTITION BY {', '.join(select.distinct_keys)} ORDER BY {sort or ', '.join(select.distinct_keys)}"
    inner = f"SELECT {', '.join(items)}, row_number() OVER ({over}) AS rn{select.tail}"
    return f"SELECT * FROM ({inner}) AS {alias} WHERE {alias}.rn = 1"


def _order_list(context: Context, keys: list[Value], order: list[exp.Expression]) -> str:
    return ", ".join(order_text(context, v, item) for v, item in zip(keys, order, strict=True))


def _ties(node: exp.Expression) -> exp.Expression | None:
    limit = node.args.get("limit")
    if isinstance(limit, exp.Fetch):
        options = limit.args.get("limit_options")
        if options is not None and options.args.get("with_ties"):
            count = limit.args["count"]
            return count if isinstance(count, exp.Expression) else None
    return None


def _with_ties(
    context: Context,
    select: Select,
    keys: list[Value],
    order: list[exp.Expression],
    count: exp.Expression,
    fields: Sequence[Field] | None,
) -> Compiled:
    """FETCH FIRST n ROWS WITH TIES: rank() up to n."""
    if select.node.args.get("offset") is not None or not keys or select.has_rows:
        raise refuse("WITH TIES with OFFSET")
    sort = _order_list(context, keys, order)
    listed, columns = select_list(context, [(c.name, c.value) for c in select.columns], None)
    shown = [f"{comparisons.key(context, v)} AS s{i + 1}" for i, v in enumerate(keys)]
    alias = context.alias()
    limit = context.cast(compile_expression(context, select.scope, count), INT8).sql
    inner = f"SELECT {', '.join([listed, *shown])}, rank() OVER (ORDER BY {sort}) AS rk{select.tail}"
    seen = [(c.name, outer(c.value, f"{alias}.{c.sql}", f"{alias}.{c.scale}" if c.scale else None)) for c in columns]
    outer_list, columns = select_list(context, seen, fields)
    again = ", ".join(
        order_text(context, v, item, f"{alias}.s{i + 1}") for i, (v, item) in enumerate(zip(keys, order, strict=True))
    )
    return f"SELECT {outer_list} FROM ({inner}) AS {alias} WHERE {alias}.rk <= {limit} ORDER BY {again}", columns


def limit_text(context: Context, scope: Scope, node: exp.Expression) -> str:
    """LIMIT and OFFSET. Negative values raise 2201W and 2201X; NULL means none."""
    sql = ""
    limit, offset = node.args.get("limit"), node.args.get("offset")
    if limit is not None:
        count = limit.args["count"] if isinstance(limit, exp.Fetch) else limit.expression
        sql += _row_count(context, scope, count, "limit")
    if offset is not None:
        sql += _row_count(context, scope, offset.expression, "offset")
    return sql


def _row_count(context: Context, scope: Scope, node: exp.Expression, word: str) -> str:
    v = context.cast(compile_expression(context, scope, node), INT8)
    if v.is_null:
        return ""
    plain = v.constant is not None and not v.constant.startswith("-")
    return f" {word.upper()} {v.constant if plain else context.target.syntax.row_count(word, v)}"


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
        pair = [_seen(x, a), _seen(y, b)]
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


def _seen(column: OutputColumn, alias: str) -> Value:
    return outer(column.value, f"{alias}.{column.sql}", f"{alias}.{column.scale}" if column.scale else None)


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
    if _ties(node) is not None:
        raise refuse("WITH TIES on a set operation")
    alias = context.alias()
    items = []
    for item in order:
        column = _named_output(body.columns, item.this)
        items.append(order_text(context, _seen(column, alias), item))
    listed, columns = select_list(context, [(c.name, _seen(c, alias)) for c in body.columns], fields)
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
