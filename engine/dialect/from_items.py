"""FROM clauses: tables, subqueries, functions, joins. Fills a Scope and gives the DuckDB text."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from catalog.errors import SqlSyntaxError, UndefinedTable
from engine.dialect import comparisons
from engine.dialect.context import Context
from engine.dialect.lattice import common_type
from engine.dialect.scope import Column, OutputColumn, Relation, Scope, subquery_relation, table_relation
from engine.dialect.table_functions import compile_table_function
from engine.dialect.value import Value, refuse


def compile_from(context: Context, scope: Scope, node: exp.Select) -> str:
    """The text behind FROM; `scope` gets the relations. Empty without a FROM clause."""
    first = node.args.get("from_")
    if first is None:
        return ""
    sql = _item_with_joins(context, scope, first.this)
    for join in node.args.get("joins") or ():
        sql = _join(context, scope, sql, join)
    return sql


def _item_with_joins(context: Context, scope: Scope, node: exp.Expression) -> str:
    sql = _item(context, scope, node)
    for join in node.args.get("joins") or ():
        sql = _join(context, scope, sql, join)
    return sql if not node.args.get("joins") else f"({sql})"


def _item(context: Context, scope: Scope, node: exp.Expression) -> str:
    if isinstance(node, exp.Table):
        return _table(context, scope, node)
    if isinstance(node, exp.Lateral):
        return _lateral(context, scope, node)
    if isinstance(node, exp.Subquery):
        if isinstance(node.this, exp.Table | exp.Subquery) and _is_join_tree(node.this):
            return _join_tree(context, scope, node)
        return _subquery(context, scope, node, lateral=False)
    if isinstance(node, exp.Values):
        return _subquery(context, scope, exp.Subquery(this=node, alias=node.args.get("alias")), lateral=False)
    raise refuse(f"{type(node).__name__.upper()} in FROM")


def _is_join_tree(node: exp.Expression) -> bool:
    return isinstance(node, exp.Table) or bool(node.args.get("joins"))


def _join_tree(context: Context, scope: Scope, node: exp.Subquery) -> str:
    """`(a JOIN b ...) [AS alias]`"""
    alias = node.args.get("alias")
    inner = Scope(scope.parent, scope.ctes, windows=scope.windows)
    inner.relations = list(scope.relations)
    before = len(inner.relations)
    sql = _item_with_joins(context, inner, node.this)
    new = inner.relations[before:]
    if alias is None:
        scope.relations += new
        scope.merged.update(inner.merged)
        return sql
    hidden = {id(v) for v in inner.hidden}
    columns = [Column(name, v) for name, v in inner.merged.items()]
    columns += [c for r in new for c in r.columns if id(c.value) not in hidden]
    scope.relations.append(Relation(alias.this.name, _renamed(tuple(columns), alias)))
    return sql


def _table(context: Context, scope: Scope, node: exp.Table) -> str:
    if isinstance(node.this, exp.Anonymous | exp.Dot | exp.Window | exp.Filter):
        return compile_table_function(
            context, scope, node.this, node.args.get("alias"), bool(node.args.get("ordinality"))
        )
    alias = node.args.get("alias")
    name = node.this.name
    shown = alias.this.name if alias is not None and alias.this is not None else name
    sql_alias = context.alias()
    if node.args.get("db") is None and (cte := scope.ctes.get(name)) is not None:
        relation = subquery_relation(shown, sql_alias, cte.columns)
        source = cte.sql_name
    elif name in context.relations:
        relation = table_relation(context.target.syntax, shown, sql_alias, context.relations[name])
        source = context.target.syntax.quote(name)
    else:
        raise UndefinedTable(f'relation "{name}" does not exist')
    if alias is not None:
        relation = Relation(relation.alias, _renamed(relation.columns, alias))
    scope.relations.append(relation)
    return f"{source} AS {sql_alias}"


def _renamed(columns: tuple[Column, ...], alias: exp.TableAlias) -> tuple[Column, ...]:
    names = [c.name for c in alias.args.get("columns") or ()]
    if len(names) > len(columns):
        raise SqlSyntaxError("too many column aliases", code="42P10")
    return tuple(Column(names[i] if i < len(names) else c.name, c.value) for i, c in enumerate(columns))


def _subquery(context: Context, scope: Scope, node: exp.Subquery, *, lateral: bool) -> str:
    from engine.dialect.queries import compile_query

    parent = scope if lateral else scope.parent
    outside = Scope(parent, scope.ctes) if not lateral else scope
    sql, columns = compile_query(context, outside if not lateral else scope, _unwrapped(node))
    return _attach(context, scope, sql, columns, node.args.get("alias"), lateral=lateral)


def _unwrapped(node: exp.Subquery) -> exp.Expression:
    inner: exp.Expression = node.this
    return inner


def _attach(
    context: Context,
    scope: Scope,
    sql: str,
    columns: Sequence[OutputColumn],
    alias: exp.TableAlias | None,
    *,
    lateral: bool,
) -> str:
    sql_alias = context.alias()
    relation = subquery_relation(alias.this.name if alias is not None else None, sql_alias, columns)
    if alias is not None:
        relation = Relation(relation.alias, _renamed(relation.columns, alias))
    scope.relations.append(relation)
    return f"{'LATERAL ' if lateral else ''}({sql}) AS {sql_alias}"


def _lateral(context: Context, scope: Scope, node: exp.Lateral) -> str:
    alias = node.args.get("alias")
    if isinstance(node.this, exp.Subquery):
        from engine.dialect.queries import compile_query

        sql, columns = compile_query(context, scope, node.this.this)
        return _attach(context, scope, sql, columns, alias, lateral=True)
    return compile_table_function(context, scope, node.this, alias, bool(node.args.get("ordinality")))


def _join(context: Context, scope: Scope, left_sql: str, node: exp.Join) -> str:
    before = len(scope.relations)
    merged_before = dict(scope.merged)
    right = _item_with_joins(context, scope, node.this)
    side, kind = node.args.get("side"), node.args.get("kind")
    using = [i.name for i in node.args.get("using") or ()]
    if node.args.get("method") == "NATURAL":
        using = _shared_names(scope, before, merged_before)
        if not using:
            return f"{left_sql} {_word(side)} JOIN {right} ON true"
    if using:
        condition = _merge(context, scope, using, before, merged_before, side)
        return f"{left_sql} {_word(side)} JOIN {right} ON {condition}"
    on = node.args.get("on")
    if on is None:
        return f"{left_sql} {'CROSS JOIN' if kind == 'CROSS' else ','} {right}"
    from engine.dialect.expressions import compile_condition

    return f"{left_sql} {_word(side)} JOIN {right} ON {compile_condition(context, scope, on)}"


def _word(side: str | None) -> str:
    return side if side else "INNER"


def _shared_names(scope: Scope, split: int, merged: dict[str, Value]) -> list[str]:
    left = [c.name for r in scope.relations[:split] for c in r.columns if not scope.is_hidden(c.value)]
    left = [*merged, *left]
    right = {c.name for r in scope.relations[split:] for c in r.columns if not scope.is_hidden(c.value)}
    right |= {n for n in scope.merged if n not in merged}
    return [n for n in dict.fromkeys(left) if n in right]


def _merge(
    context: Context, scope: Scope, using: list[str], split: int, merged_before: dict[str, Value], side: str | None
) -> str:
    """USING: equality of the columns, which become one column of the join."""
    conditions = []
    for name in using:
        left = _one(scope, name, scope.relations[:split], merged_before)
        fresh = {k: v for k, v in scope.merged.items() if merged_before.get(k) is not v}
        right = _one(scope, name, scope.relations[split:], fresh)
        conditions.append(comparisons.compare(context, "=", left, right))
        to = common_type([left.type, right.type])
        if to is None:
            raise refuse("JOIN USING columns of different types")
        unified = comparisons.unify(context, [left, right], to)
        if any(v.scale_sql for v in unified):
            raise refuse("JOIN USING numeric columns of different scales")
        if side == "FULL":
            found = comparisons.merged(context, unified, f"coalesce({unified[0].sql}, {unified[1].sql})", to)
        else:
            found = comparisons.merged(context, unified, unified[1 if side == "RIGHT" else 0].sql, to)
        scope.hidden += [left, right]
        scope.merged.pop(name, None)
        scope.merged[name] = found
    return " AND ".join(conditions)


def _one(scope: Scope, name: str, relations: Sequence[Relation], merged: dict[str, Value]) -> Value:
    if name in merged:
        return merged[name]
    found = [c.value for r in relations for c in r.columns if c.name == name]
    if len(found) != 1:
        raise SqlSyntaxError(f'column "{name}" specified in USING clause is ambiguous or missing', code="42702")
    return found[0]
