"""One SELECT without its ORDER BY and LIMIT: select list, FROM, WHERE, GROUP BY, HAVING; and VALUES."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import exp

from catalog.errors import SqlSyntaxError
from catalog.types import NUMERIC, TEXT, UNKNOWN
from engine.dialect import comparisons
from engine.dialect.context import Context
from engine.dialect.expressions import compile_condition, compile_expression, compile_filter
from engine.dialect.from_items import compile_from
from engine.dialect.lattice import FLOATS, common_type
from engine.dialect.names import output_name
from engine.dialect.scope import Column, CommonTable, OutputColumn, Scope
from engine.dialect.sets import expanded
from engine.dialect.totals import check_total, empty_sets, scope_of_nothing, tail_of_nothing
from engine.dialect.value import Value, refuse


@dataclass(slots=True)
class Select:
    """`head` (DISTINCT), select list, `tail` (FROM ... HAVING) of one SELECT, and its scope for sort keys."""

    node: exp.Select
    scope: Scope
    columns: list[Column]
    head: str
    tail: str
    has_rows: bool
    distinct_keys: list[str]
    total: Select | None = None
    """The row of the empty grouping set over no rows, where the target does not give it."""

    def order_key(self, context: Context, item: exp.Expression) -> Value:
        """An ORDER BY item: an output column by number or name, else an expression over the input."""
        node = item.this
        if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
            at = int(node.name)
            if not 1 <= at <= len(self.columns):
                raise SqlSyntaxError(f"ORDER BY position {at} is not in select list", code="42P10")
            return _settle(context, self.columns[at - 1].value)
        if isinstance(node, exp.Column) and node.args.get("table") is None and isinstance(node.this, exp.Identifier):
            named = [c.value for c in self.columns if c.name == node.this.name]
            if named:
                return _settle(context, named[0])
        return _settle(context, compile_expression(context, self.scope, node))


def _settle(context: Context, v: Value) -> Value:
    return context.cast(v, TEXT) if v.oid == UNKNOWN.oid else v


def compile_select(context: Context, parent: Scope | None, ctes: dict[str, CommonTable], node: exp.Select) -> Select:
    """Raises SqlError; refuses clauses that are not listed here."""
    _check_clauses(node)
    scope = Scope(parent, ctes)
    from_sql = compile_from(context, scope, node)
    scope.windows = {w.this.name: w for w in node.args.get("windows") or ()}
    columns = _targets(context, scope, node)
    has_rows = any(c.value.srf for c in columns)
    tail = f" FROM {from_sql}" if from_sql else ""
    if has_rows and not context.target.syntax.sets_in_lists:
        columns, tail = expanded(context, node, columns, tail)
    if (where := node.args.get("where")) is not None:
        tail += f" WHERE {compile_filter(context, scope, where.this)}"
    source = tail
    if (group := node.args.get("group")) is not None:
        tail += f" GROUP BY {_group(context, scope, group, columns)}"
        if not context.target.syntax.groups_keep_zeros:
            columns = _with_signs(context, scope, group, columns)
    if (having := node.args.get("having")) is not None:
        tail += f" HAVING {compile_condition(context, scope, having.this)}"
    head, keys = _head(context, scope, node, columns)
    total = None if group is None else _total(context, scope, node, group, source)
    return Select(node, scope, columns, head, tail, has_rows, keys, total)


def _total(context: Context, scope: Scope, node: exp.Select, group: exp.Group, source: str) -> Select | None:
    count = empty_sets(group)
    if not count or context.target.syntax.total_of_nothing:
        return None
    check_total(node, count)
    nothing, having = scope_of_nothing(context, scope), node.args.get("having")
    context.no_rows = True
    columns = _targets(context, nothing, node)
    condition = compile_condition(context, nothing, having.this) if having is not None else None
    context.no_rows = False
    return Select(node, nothing, columns, "", tail_of_nothing(context, source, condition), False, [])


_CLAUSES = frozenset("expressions from_ joins where group having windows distinct order limit offset with_".split())


def _check_clauses(node: exp.Select) -> None:
    for name, given in node.args.items():
        if given and name not in _CLAUSES:
            raise refuse(f"the {name.rstrip('_').upper()} clause")


def _targets(context: Context, scope: Scope, node: exp.Select) -> list[Column]:
    columns: list[Column] = []
    for target in node.expressions:
        if isinstance(target, exp.Star):
            columns += _all_columns(scope)
        elif isinstance(target, exp.Column) and isinstance(target.this, exp.Star):
            relation = scope.relation(target.args["table"].name)
            columns += relation.columns
        else:
            v = compile_expression(context, scope, target.this if isinstance(target, exp.Alias) else target)
            if v.row is not None:
                raise refuse("a row value in a select list")
            columns.append(Column(output_name(target), v))
    return columns


def _all_columns(scope: Scope) -> list[Column]:
    found = [Column(name, v) for name, v in scope.merged.items()]
    found += [c for r in scope.relations for c in r.columns if not scope.is_hidden(c.value)]
    return found


def _head(context: Context, scope: Scope, node: exp.Select, columns: list[Column]) -> tuple[str, list[str]]:
    distinct = node.args.get("distinct")
    if distinct is None:
        return "", []
    on = distinct.args.get("on")
    if on is None:
        for c in columns:
            v = c.value
            if v.scale_sql is not None or (v.oid == NUMERIC.oid and v.shape is None):
                raise refuse("SELECT DISTINCT over numerics of varying scale")
            comparisons.key(context, _settle(context, v))
        return "DISTINCT ", []
    keys = [comparisons.key(context, _by_position(context, scope, n, columns)) for n in on.expressions]
    return f"DISTINCT ON ({', '.join(keys)}) ", keys


def _by_position(context: Context, scope: Scope, node: exp.Expression, columns: list[Column]) -> Value:
    """GROUP BY and DISTINCT ON: an input column first, else an output name, or a position."""
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
        at = int(node.name)
        if not 1 <= at <= len(columns):
            raise SqlSyntaxError(f"position {at} is not in select list", code="42P10")
        return _settle(context, columns[at - 1].value)
    if isinstance(node, exp.Column) and node.args.get("table") is None and isinstance(node.this, exp.Identifier):
        name = node.this.name
        local = name in scope.merged or any(c.name == name for r in scope.relations for c in r.columns)
        if not local:
            named = [c.value for c in columns if c.name == name]
            if named:
                return _settle(context, named[0])
    return _settle(context, compile_expression(context, scope, node))


def _group(context: Context, scope: Scope, group: exp.Group, columns: list[Column]) -> str:
    return ", ".join(_grouping(context, scope, item, columns) for item in group.expressions)


def _with_signs(context: Context, scope: Scope, group: exp.Group, columns: list[Column]) -> list[Column]:
    """Float keys by their least value: all are equal, but of 0 and -0, of which the key itself would show 0."""
    if any(isinstance(n, exp.GroupingSets | exp.Rollup | exp.Cube | exp.Tuple) for n in group.expressions):
        return columns
    keys = {_group_key(context, scope, n, columns) for n in group.expressions}
    return [
        replace(c, value=c.value.with_sql(f"min({c.value.sql})"))
        if c.value.oid in FLOATS and c.value.sql in keys
        else c
        for c in columns
    ]


def _grouping(context: Context, scope: Scope, node: exp.Expression, columns: list[Column]) -> str:
    if isinstance(node, exp.GroupingSets):
        sets = [_grouping_set(context, scope, item, columns) for item in node.expressions]
        return f"GROUPING SETS ({', '.join(sets)})"
    if isinstance(node, exp.Rollup | exp.Cube):
        word = "ROLLUP" if isinstance(node, exp.Rollup) else "CUBE"
        items = [_grouping_set(context, scope, item, columns) for item in node.expressions]
        return f"{word} ({', '.join(items)})"
    if isinstance(node, exp.Tuple) and not node.expressions:
        return "()"
    if isinstance(node, exp.Tuple):
        return ", ".join(_group_key(context, scope, n, columns) for n in node.expressions)
    return _group_key(context, scope, node, columns)


def _grouping_set(context: Context, scope: Scope, node: exp.Expression, columns: list[Column]) -> str:
    if isinstance(node, exp.Tuple):
        return f"({', '.join(_group_key(context, scope, n, columns) for n in node.expressions)})"
    if isinstance(node, exp.Paren):
        return f"({_group_key(context, scope, node.this, columns)})"
    return _grouping(context, scope, node, columns)


def _group_key(context: Context, scope: Scope, node: exp.Expression, columns: list[Column]) -> str:
    v = _by_position(context, scope, node, columns)
    if v.uniform:
        return v.sql
    if v.row is not None or v.scale_sql is not None or (v.oid == NUMERIC.oid and v.shape is None):
        raise refuse("GROUP BY a numeric of varying scale")
    if v.srf:
        raise refuse("GROUP BY a set-returning function")
    return comparisons.key(context, v)


def compile_values(context: Context, scope: Scope, node: exp.Values) -> tuple[str, list[OutputColumn]]:
    """VALUES with the columns' common types."""
    rows = [[compile_expression(context, scope, n) for n in row.expressions] for row in node.expressions]
    width = len(rows[0])
    if any(len(row) != width for row in rows):
        raise SqlSyntaxError("VALUES lists must all be the same length")
    columns, texts = [], [[] for _ in rows]  # type: list[OutputColumn], list[list[str]]
    for i in range(width):
        items = [row[i] for row in rows]
        to = common_type([v.type for v in items])
        if to is None or any(v.row is not None for v in items):
            raise refuse("VALUES of different types")
        unified = comparisons.unify(context, items, to)
        scaled = any(v.scale_sql for v in unified)
        for text, v in zip(texts, unified, strict=True):
            text.append(v.sql)
        column = comparisons.merged(context, unified, f"c{i + 1}", to)
        columns.append(OutputColumn(f"column{i + 1}", f"c{i + 1}", column, f"c{i + 1}_s" if scaled else None))
        if scaled:
            for text, v in zip(texts, unified, strict=True):
                text.append(v.scale_sql or "NULL")
    names = [n for c in columns for n in ((c.sql, c.scale) if c.scale else (c.sql,))]
    listed = ", ".join(f"({', '.join(text)})" for text in texts)
    alias = context.alias()
    return f"SELECT * FROM (VALUES {listed}) AS {alias}({', '.join(names)})", columns
