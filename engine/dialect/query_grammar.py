"""The grammar of queries: SELECT, VALUES, TABLE, set operations, WITH, FROM items."""

from __future__ import annotations

from sqlglot import exp

from engine.dialect.call_grammar import _call, order_by, window_specification
from engine.dialect.expression_grammar import expression, expressions
from engine.dialect.keywords import NOT_BARE_LABELS
from engine.dialect.lexer import Kind
from engine.dialect.primary_grammar import starts_query_in_parentheses
from engine.dialect.reader import Reader

_SET_OPERATIONS = {"union": exp.Union, "intersect": exp.Intersect, "except": exp.Except}


def query(r: Reader) -> exp.Expression:
    """A query with its WITH, ORDER BY, LIMIT and locking clauses."""
    r.enter()
    with_ = _with(r) if r.is_word("with") else None
    node = _set_operation(r, 0)
    node = _modifiers(r, node)
    if with_ is not None:
        if isinstance(node, exp.Subquery):
            node = exp.Subquery(this=node.this) if not node.args.get("with_") else node
        node.set("with_", with_)
    r.leave()
    return node


def _set_operation(r: Reader, floor: int) -> exp.Expression:
    left = _term(r)
    while r.is_word("union", "except", "intersect"):
        level = 2 if r.is_word("intersect") else 1
        if level <= floor:
            break
        word = r.take().text
        distinct = not r.words("all")
        if distinct:
            r.words("distinct")
        right = _set_operation(r, level)
        left = _SET_OPERATIONS[word](this=left, expression=right, distinct=distinct)
    return left


def _term(r: Reader) -> exp.Expression:
    if r.mark("("):
        inner = query(r)
        r.expect_mark(")")
        return exp.Subquery(this=inner)
    if r.words("values"):
        return _values(r)
    if r.words("table"):
        table = _table_name(r)
        return exp.Select(expressions=[exp.Star()], from_=exp.From(this=table))
    return _select(r)


def _values(r: Reader) -> exp.Expression:
    rows: list[exp.Expression] = []
    while True:
        r.expect_mark("(")
        rows.append(exp.Tuple(expressions=expressions(r)))
        r.expect_mark(")")
        if not r.mark(","):
            return exp.Values(expressions=rows)


def _select(r: Reader) -> exp.Expression:
    r.expect_words("select")
    node = exp.Select()
    if r.words("distinct"):
        on = None
        if r.words("on"):
            r.expect_mark("(")
            on = exp.Tuple(expressions=expressions(r))
            r.expect_mark(")")
        node.set("distinct", exp.Distinct(on=on))
    else:
        r.words("all")
    node.set("expressions", _targets(r))
    if r.is_word("into"):
        r.refuse("SELECT INTO")
    if r.words("from"):
        _from(r, node)
    if r.words("where"):
        node.set("where", exp.Where(this=expression(r)))
    if r.words("group", "by"):
        node.set("group", _group(r))
    if r.words("having"):
        node.set("having", exp.Having(this=expression(r)))
    if r.words("window"):
        node.set("windows", _windows(r))
    return node


def _targets(r: Reader) -> list[exp.Expression]:
    items: list[exp.Expression] = []
    if r.here.kind is Kind.END or r.is_mark(")") or r.is_word("from", "where", "union", "order", "limit"):
        return items
    while True:
        items.append(target(r))
        if not r.mark(","):
            return items


def target(r: Reader) -> exp.Expression:
    """One item of a select or RETURNING list."""
    if r.operator("*"):
        return exp.Star()
    node = expression(r)
    if r.words("as"):
        return exp.Alias(this=node, alias=r.label())
    token = r.here
    if token.kind is Kind.QUOTED or (token.kind is Kind.WORD and token.text not in NOT_BARE_LABELS):
        return exp.Alias(this=node, alias=r.label())
    return node


def _from(r: Reader, node: exp.Select) -> None:
    first, joins = _joined(r)
    node.set("from_", exp.From(this=first))
    while r.mark(","):
        item, more = _joined(r)
        if more:
            item.set("joins", more)
        joins.append(exp.Join(this=item))
    if joins:
        node.set("joins", joins)


def _joined(r: Reader) -> tuple[exp.Expression, list[exp.Expression]]:
    """A FROM item with the JOINs that follow it."""
    item = from_item(r)
    joins: list[exp.Expression] = []
    while (join := _join(r)) is not None:
        joins.append(join)
    return item, joins


def _join(r: Reader) -> exp.Expression | None:
    if r.words("cross", "join"):
        return exp.Join(this=from_item(r), kind="CROSS")
    start = r.at
    natural = r.words("natural")
    side = r.any_word("left", "right", "full")
    kind = None
    if side:
        r.words("outer")
    elif r.words("inner"):
        kind = "INNER"
    if not r.words("join"):
        if natural or side or kind:
            r.fail()
        r.at = start
        return None
    item = from_item(r)
    nested: list[exp.Expression] = []
    while natural is False and not r.is_word("on", "using") and (inner := _join(r)) is not None:
        nested.append(inner)
    if nested:
        item.set("joins", nested)
    join = exp.Join(this=item, side=side.upper() if side else None, kind=kind, method="NATURAL" if natural else None)
    if not natural:
        _join_condition(r, join)
    return join


def _join_condition(r: Reader, join: exp.Join) -> None:
    if r.words("on"):
        join.set("on", expression(r))
    elif r.words("using"):
        join.set("using", r.names())
        if r.words("as"):
            r.refuse("JOIN USING ... AS")
    else:
        r.fail()


def from_item(r: Reader) -> exp.Expression:
    """A table, function, subquery or parenthesised join, with its alias."""
    lateral = r.words("lateral")
    if r.is_mark("("):
        node = _from_parentheses(r)
    elif r.is_word("rows") and r.ahead().text == "from":
        r.refuse("ROWS FROM")
    elif _is_call(r):
        node = _table_function(r, lateral=lateral)
        lateral = False
    else:
        node = _table_name(r)
        _alias(r, node)
        if r.is_word("tablesample"):
            r.refuse("TABLESAMPLE")
        return node
    if isinstance(node, exp.Subquery):
        alias = _alias_of(r)
        if lateral:
            return exp.Lateral(this=node, alias=alias)
        node.set("alias", alias)
    return node


def _from_parentheses(r: Reader) -> exp.Expression:
    if starts_query_in_parentheses(r):
        r.expect_mark("(")
        inner = query(r)
        r.expect_mark(")")
        return exp.Subquery(this=inner)
    r.expect_mark("(")
    first, joins = _joined(r)
    if joins:
        first.set("joins", [*(first.args.get("joins") or []), *joins])
    r.expect_mark(")")
    return exp.Subquery(this=first)


def _is_call(r: Reader) -> bool:
    offset = 1
    while r.ahead(offset).text == "." and r.ahead(offset + 1).kind in (Kind.WORD, Kind.QUOTED):
        offset += 2
    return r.ahead(offset).kind is Kind.PUNCTUATION and r.ahead(offset).text == "("


def _table_function(r: Reader, *, lateral: bool) -> exp.Expression:
    call = _call(r, expression)
    ordinality = r.words("with", "ordinality")
    alias = _alias_of(r)
    if lateral:
        return exp.Lateral(this=call, alias=alias, ordinality=ordinality)
    return exp.Table(this=call, alias=alias, ordinality=ordinality)


def _table_name(r: Reader) -> exp.Table:
    only = r.words("only")
    wrapped = only and r.mark("(")
    start = r.here.start
    parts = [r.name()]
    while r.mark("."):
        parts.append(r.label())
    if wrapped:
        r.expect_mark(")")
    r.operator("*")
    if len(parts) > 3:
        r.refuse("a table name of more than three parts")
    node = exp.Table(**dict(zip(("this", "db", "catalog"), reversed(parts), strict=False)))
    if only:
        node.set("only", True)
    node.meta["start"] = start
    return node


def _alias(r: Reader, node: exp.Expression) -> None:
    node.set("alias", _alias_of(r))


def _alias_of(r: Reader) -> exp.TableAlias | None:
    if r.words("as"):
        name = r.name() if not r.is_mark("(") else r.refuse("a column definition list")
    elif r.is_name():
        name = r.name()
    else:
        return None
    columns = None
    if r.is_mark("("):
        second = r.ahead(2)
        if second.kind is not Kind.PUNCTUATION or second.text not in (",", ")"):
            r.refuse("a column definition list")
        columns = r.names()
    return exp.TableAlias(this=name, columns=columns)


def _group(r: Reader) -> exp.Group:
    if r.words("distinct"):
        r.refuse("GROUP BY DISTINCT")
    r.words("all")
    items = [_grouping(r)]
    while r.mark(","):
        items.append(_grouping(r))
    return exp.Group(expressions=items)


def _grouping(r: Reader) -> exp.Expression:
    if r.mark("("):
        if r.mark(")"):
            return exp.Tuple(expressions=[])
        r.at -= 1
    if r.is_word("rollup", "cube") and r.ahead().text == "(":
        kind = exp.Rollup if r.take().text == "rollup" else exp.Cube
        r.expect_mark("(")
        node = kind(expressions=expressions(r))
        r.expect_mark(")")
        return node
    if r.words("grouping", "sets"):
        r.expect_mark("(")
        sets = [_grouping(r)]
        while r.mark(","):
            sets.append(_grouping(r))
        r.expect_mark(")")
        return exp.GroupingSets(expressions=sets)
    return expression(r)


def _windows(r: Reader) -> list[exp.Expression]:
    found: list[exp.Expression] = []
    while True:
        name = r.name()
        r.expect_words("as")
        window = window_specification(r, expression)
        window.set("this", name)
        found.append(window)
        if not r.mark(","):
            return found


def _modifiers(r: Reader, node: exp.Expression) -> exp.Expression:
    """ORDER BY, LIMIT, OFFSET, FETCH and FOR UPDATE, in any order PostgreSQL takes them."""
    target_node = node
    wrapped = isinstance(node, exp.Subquery)
    while True:
        if r.is_word("order") and not target_node.args.get("order"):
            target_node.set("order", exp.Order(expressions=order_by(r, expression)))
        elif r.is_word("limit"):
            r.take()
            if not r.words("all"):
                target_node.set("limit", exp.Limit(expression=expression(r)))
        elif r.is_word("offset"):
            r.take()
            target_node.set("offset", exp.Offset(expression=expression(r)))
            r.any_word("row", "rows")
        elif r.is_word("fetch"):
            target_node.set("limit", _fetch(r))
        elif r.is_word("for"):
            r.refuse(f"FOR {r.ahead().text.upper()}")
        else:
            break
    if wrapped and not any(target_node.args.get(k) for k in ("order", "limit", "offset")):
        return node
    return target_node


def _fetch(r: Reader) -> exp.Fetch:
    r.take()
    if r.any_word("first", "next") is None:
        r.fail()
    count: exp.Expression = exp.Literal.number(1)
    if not r.is_word("row", "rows"):
        from engine.dialect.primary_grammar import postfixed

        count = postfixed(r, expression)
    if r.any_word("row", "rows") is None:
        r.fail()
    ties = r.words("with", "ties")
    if not ties:
        r.expect_words("only")
    return exp.Fetch(
        direction="FIRST", count=count, limit_options=exp.LimitOptions(percent=False, rows=True, with_ties=ties)
    )


def _with(r: Reader) -> exp.With:
    r.expect_words("with")
    recursive = r.words("recursive")
    items = [_cte(r)]
    while r.mark(","):
        items.append(_cte(r))
    return exp.With(expressions=items, recursive=recursive or None)


def _cte(r: Reader) -> exp.CTE:
    name = r.name()
    columns = r.names() if r.is_mark("(") else None
    r.expect_words("as")
    materialized = None
    if r.words("not", "materialized"):
        materialized = False
    elif r.words("materialized"):
        materialized = True
    r.expect_mark("(")
    if r.is_word("insert", "update", "delete", "merge"):
        r.refuse(f"{r.here.text.upper()} in WITH")
    inner = query(r)
    r.expect_mark(")")
    if r.is_word("search", "cycle"):
        r.refuse(f"the {r.here.text.upper()} clause of WITH")
    return exp.CTE(this=inner, alias=exp.TableAlias(this=name, columns=columns), materialized=materialized)
