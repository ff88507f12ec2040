"""What stands around a SELECT: its list, DISTINCT, ORDER BY, LIMIT, OFFSET and WITH TIES."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from catalog.errors import InternalError
from catalog.types import INT8
from engine.base import Field
from engine.dialect import comparisons
from engine.dialect.calls import order_text
from engine.dialect.context import Context
from engine.dialect.expressions import compile_expression
from engine.dialect.scope import OutputColumn, Scope, is_column, outer
from engine.dialect.selects import Select
from engine.dialect.value import Value, refuse

Compiled = tuple[str, list[OutputColumn]]


def finish_select(context: Context, select: Select, node: exp.Select, fields: Sequence[Field] | None) -> Compiled:
    """ORDER BY and LIMIT inside the SELECT, or around it when DISTINCT stands between."""
    order = node.args["order"].expressions if node.args.get("order") else []
    keys = [select.order_key(context, item) for item in order]
    distinct = node.args.get("distinct")
    numbered = bool(select.distinct_keys) and not context.target.syntax.distinct_on
    if distinct is not None and (order or fields is not None or numbered):
        return _finish_distinct(context, select, node, order, keys, fields)
    if _in_subquery(context, select, node, keys):
        return _finish_sorted(context, select, node, order, keys, fields)
    tail = ""
    if keys:
        tail += " ORDER BY " + _order_list(context, keys, order)
    tied = ties(node)
    if tied is not None:
        return _with_ties(context, select, keys, order, tied, fields)
    tail += limit_text(context, select.scope, node)
    listed, columns = select_list(context, [(c.name, c.value) for c in select.columns], fields)
    return f"SELECT {select.head}{listed}{select.tail}{tail}", columns


def _in_subquery(context: Context, select: Select, node: exp.Select, keys: list[Value]) -> bool:
    """Whether sort keys have to be columns first."""
    if context.target.syntax.sorts_anything or ties(node) is not None:
        return False
    plain = node.args.get("group") is None and node.args.get("having") is None
    return select.total is not None or not (plain and all(map(is_column, keys)))


def _finish_sorted(
    context: Context,
    select: Select,
    node: exp.Select,
    order: list[exp.Expression],
    keys: list[Value],
    fields: Sequence[Field] | None,
) -> Compiled:
    """The SELECT in a subquery that also shows the sort keys; order, limit and outer forms around it."""
    listed, columns = select_list(context, [(c.name, c.value) for c in select.columns], None)
    sql = f"SELECT {', '.join([listed, *_shown_keys(context, keys)])}{select.tail}"
    if (total := select.total) is not None:
        context.no_rows = True
        own_keys = [total.order_key(context, item) for item in order]
        own, _ = select_list(context, [(c.name, c.value) for c in total.columns], None)
        context.no_rows = False
        sql = f"({sql}) UNION ALL (SELECT {', '.join([own, *_shown_keys(context, own_keys)])}{total.tail})"
    alias = context.alias()
    sort = [
        _outer_key(context, columns, v, item, alias, i) for i, (v, item) in enumerate(zip(keys, order, strict=True))
    ]
    listed, columns = select_list(context, [(c.name, seen(c, alias)) for c in columns], fields)
    tail = f" ORDER BY {', '.join(sort)}" if sort else ""
    return f"SELECT {listed} FROM ({sql}) AS {alias}{tail}{limit_text(context, select.scope, node)}", columns


def _shown_keys(context: Context, keys: list[Value]) -> list[str]:
    return [f"{comparisons.key(context, v)} AS s{i + 1}" for i, v in enumerate(keys) if not v.srf]


def _outer_key(
    context: Context, columns: list[OutputColumn], v: Value, item: exp.Expression, alias: str, at: int
) -> str:
    """Sort key number `at` around the subquery; rows of a set-returning function are sorted as they were given."""
    if not v.srf:
        return order_text(context, v, item, f"{alias}.s{at + 1}")
    own = next((c for c in columns if c.value.sql == v.sql), None)
    if own is None:
        raise refuse("ORDER BY a set-returning function")
    return order_text(context, seen(own, alias), item)


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
    if ties(node) is not None:
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


def ties(node: exp.Expression) -> exp.Expression | None:
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


def seen(column: OutputColumn, alias: str) -> Value:
    """A column of a subquery called `alias`."""
    return outer(column.value, f"{alias}.{column.sql}", f"{alias}.{column.scale}" if column.scale else None)
