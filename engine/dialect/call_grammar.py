"""The grammar of columns, function calls and what surrounds them: ORDER BY inside, FILTER, WITHIN GROUP, OVER."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from engine.dialect.lexer import Kind
from engine.dialect.reader import Reader

Rule = Callable[..., exp.Expression]
_REFUSED = frozenset(
    """xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlparse xmlpi xmlroot xmlserialize xmltable json_array
    json_arrayagg json_object json_objectagg normalize treat""".split()
)


def column_or_call(r: Reader, rule: Rule) -> exp.Expression:
    """A name chain: a column, `t.*`, a function call, or a literal with its type's name in front."""
    start = r.at
    if r.here.kind is Kind.WORD and r.ahead().text == "(" and r.ahead().kind is Kind.PUNCTUATION:
        if r.here.text in _REFUSED:
            r.refuse(r.here.text.upper())
        if (special := _SPECIAL.get(r.here.text)) is not None:
            return special(r, rule)
    if r.ahead().kind is Kind.STRING:
        from engine.dialect.typenames import type_name

        to = type_name(r)
        text = r.take()
        literal = exp.Literal.string(text.text)
        literal.meta["start"] = text.start
        return exp.Cast(this=literal, to=to)
    offset = 1
    while r.ahead(offset).text == "." and r.ahead(offset + 1).kind in (Kind.WORD, Kind.QUOTED):
        offset += 2
    if r.ahead(offset).kind is Kind.PUNCTUATION and r.ahead(offset).text == "(":
        return _call_or_literal(r, rule, start)
    return column(r)


def column(r: Reader) -> exp.Expression:
    """`c`, `t.c`, `s.t.c`, `t.*`"""
    start = r.here.start
    parts: list[exp.Expression] = [r.label()]
    while r.mark("."):
        if r.operator("*"):
            parts.append(exp.Star())
            break
        parts.append(r.label())
    if len(parts) > 4:
        r.refuse("a name of more than four parts")
    node = exp.Column(**dict(zip(("this", "table", "db", "catalog"), reversed(parts), strict=False)))
    node.meta["start"] = start
    return node


def _call_or_literal(r: Reader, rule: Rule, start: int) -> exp.Expression:
    call = _call(r, rule)
    if r.here.kind is not Kind.STRING:
        return call
    from engine.dialect.typenames import type_name

    r.at = start
    to = type_name(r)
    return exp.Cast(this=exp.Literal.string(r.take().text), to=to)


def _call(r: Reader, rule: Rule) -> exp.Expression:
    start = r.here.start
    names = [r.label()]
    while r.mark("."):
        names.append(r.label())
    r.expect_mark("(")
    node: exp.Expression = exp.Anonymous(this=names[-1].name, expressions=_arguments(r, rule))
    r.expect_mark(")")
    node.meta["start"] = start
    if len(names) > 1 and not (len(names) == 2 and names[0].name == "pg_catalog"):
        qualifier: exp.Expression = names[0]
        for name in names[1:-1]:
            qualifier = exp.Dot(this=qualifier, expression=name)
        node = exp.Dot(this=qualifier, expression=node)
    return _surroundings(r, node, rule)


def _arguments(r: Reader, rule: Rule) -> list[exp.Expression]:
    if r.is_mark(")"):
        return []
    if r.operator("*"):
        return [exp.Star()]
    distinct = r.words("distinct")
    if not distinct:
        r.words("all")
    items = [_argument(r, rule)]
    while r.mark(","):
        items.append(_argument(r, rule))
    if distinct:
        items = [exp.Distinct(expressions=items)]
    if r.is_word("order"):
        items[-1] = exp.Order(this=items[-1], expressions=order_by(r, rule))
    return items


def _argument(r: Reader, rule: Rule) -> exp.Expression:
    if r.words("variadic"):
        return exp.Variadic(this=rule(r))
    if r.here.kind in (Kind.WORD, Kind.QUOTED) and r.ahead().text in ("=>", ":="):
        name = r.label()
        r.take()
        return exp.Kwarg(this=exp.Var(this=name.name), expression=rule(r))
    return rule(r)


def order_by(r: Reader, rule: Rule) -> list[exp.Expression]:
    """`ORDER BY item [ASC | DESC] [NULLS FIRST | LAST], ...` as exp.Ordered with `nulls_first` always set."""
    r.expect_words("order", "by")
    items = [_ordered(r, rule)]
    while r.mark(","):
        items.append(_ordered(r, rule))
    return items


def _ordered(r: Reader, rule: Rule) -> exp.Expression:
    node = rule(r)
    descending = False
    if r.words("desc"):
        descending = True
    elif r.words("asc"):
        pass
    elif r.words("using"):
        token = r.take()
        if token.text not in ("<", ">"):
            r.refuse("ORDER BY ... USING", token)
        descending = token.text == ">"
    nulls_first = descending
    if r.words("nulls"):
        nulls_first = r.any_word("first", "last") == "first"
    return exp.Ordered(this=node, desc=descending, nulls_first=nulls_first)


def _surroundings(r: Reader, node: exp.Expression, rule: Rule) -> exp.Expression:
    if r.words("within", "group"):
        r.expect_mark("(")
        node = exp.WithinGroup(this=node, expression=exp.Order(expressions=order_by(r, rule)))
        r.expect_mark(")")
    if r.is_word("filter") and r.ahead().text == "(":
        r.take()
        r.expect_mark("(")
        r.expect_words("where")
        node = exp.Filter(this=node, expression=exp.Where(this=rule(r)))
        r.expect_mark(")")
    if r.words("over"):
        return _over(r, node, rule)
    return node


def _over(r: Reader, node: exp.Expression, rule: Rule) -> exp.Expression:
    if not r.is_mark("("):
        return exp.Window(this=node, alias=r.name())
    window = window_specification(r, rule)
    window.set("this", node)
    return window


def window_specification(r: Reader, rule: Rule) -> exp.Window:
    """`( [base] [PARTITION BY ...] [ORDER BY ...] [frame] )` as exp.Window without `this`."""
    r.expect_mark("(")
    base = None
    if r.is_name() and not r.is_word("partition", "range", "rows", "groups"):
        base = r.name()
    partition: list[exp.Expression] = []
    if r.words("partition", "by"):
        partition.append(rule(r))
        while r.mark(","):
            partition.append(rule(r))
    order = exp.Order(expressions=order_by(r, rule)) if r.is_word("order") else None
    spec = _frame(r, rule)
    r.expect_mark(")")
    return exp.Window(partition_by=partition, order=order, spec=spec, alias=base)


def _frame(r: Reader, rule: Rule) -> exp.WindowSpec | None:
    kind = r.any_word("rows", "range", "groups")
    if kind is None:
        return None
    if r.words("between"):
        start, start_side = _bound(r, rule)
        r.expect_words("and")
        end, end_side = _bound(r, rule)
    else:
        start, start_side = _bound(r, rule)
        end, end_side = "CURRENT ROW", None
    exclude = None
    if r.words("exclude"):
        exclude = next(
            (words for words in ("current row", "group", "ties", "no others") if r.words(*words.split())), None
        )
        if exclude is None:
            r.fail()
    return exp.WindowSpec(
        kind=kind.upper(),
        start=start,
        start_side=start_side,
        end=end,
        end_side=end_side,
        exclude=exp.Var(this=exclude.upper()) if exclude else None,
    )


def _bound(r: Reader, rule: Rule) -> tuple[exp.Expression | str, str | None]:
    if r.words("current", "row"):
        return "CURRENT ROW", None
    value: exp.Expression | str = "UNBOUNDED" if r.words("unbounded") else rule(r)
    side = r.any_word("preceding", "following")
    if side is None:
        r.fail()
    return value, side.upper()


def _function(r: Reader, name: str, arguments: list[exp.Expression], start: int, rule: Rule) -> exp.Expression:
    r.expect_mark(")")
    node = exp.Anonymous(this=name, expressions=arguments)
    node.meta["start"] = start
    return _surroundings(r, node, rule)


def _extract(r: Reader, rule: Rule) -> exp.Expression:
    start = r.take().start
    r.expect_mark("(")
    field = r.take()
    if field.kind not in (Kind.WORD, Kind.QUOTED, Kind.STRING):
        r.fail(field)
    r.expect_words("from")
    return _function(r, "extract", [exp.Literal.string(field.text.lower()), rule(r)], start, rule)


def _substring(r: Reader, rule: Rule) -> exp.Expression:
    start = r.take().start
    r.expect_mark("(")
    items = [rule(r)]
    if r.words("similar"):
        items.append(rule(r))
        r.expect_words("escape")
        items.append(rule(r))
        return _function(r, "substring_similar", items, start, rule)
    from_, length = None, None
    while True:
        if r.words("from"):
            from_ = rule(r)
        elif r.words("for"):
            length = rule(r)
        elif r.mark(","):
            items.append(rule(r))
        else:
            break
    if length is not None and from_ is None:
        from_ = exp.Literal.number(1)
    items += [item for item in (from_, length) if item is not None]
    return _function(r, "substring", items, start, rule)


def _position(r: Reader, rule: Rule) -> exp.Expression:
    from engine.dialect.expression_grammar import tight_expression

    start = r.take().start
    r.expect_mark("(")
    needle = tight_expression(r)
    r.expect_words("in")
    return _function(r, "position", [tight_expression(r), needle], start, rule)


def _trim(r: Reader, rule: Rule) -> exp.Expression:
    start = r.take().start
    r.expect_mark("(")
    name = {"leading": "ltrim", "trailing": "rtrim"}.get(r.any_word("leading", "trailing", "both") or "", "btrim")
    characters: list[exp.Expression] = []
    if r.words("from"):
        source = [rule(r)]
    else:
        source = [rule(r)]
        if r.words("from"):
            characters, source = source, [rule(r)]
    while r.mark(","):
        source.append(rule(r))
    return _function(r, name, source + characters, start, rule)


def _overlay(r: Reader, rule: Rule) -> exp.Expression:
    start = r.take().start
    r.expect_mark("(")
    items = [rule(r)]
    while r.any_word("placing", "from", "for") or r.mark(","):
        items.append(rule(r))
    return _function(r, "overlay", items, start, rule)


def _variadic_node(r: Reader, rule: Rule) -> exp.Expression:
    word = r.take().text
    r.expect_mark("(")
    items = [rule(r)]
    while r.mark(","):
        items.append(rule(r))
    r.expect_mark(")")
    nodes: dict[str, type[exp.Expression]] = {"coalesce": exp.Coalesce, "greatest": exp.Greatest, "least": exp.Least}
    return nodes[word](this=items[0], expressions=items[1:])


def _nullif(r: Reader, rule: Rule) -> exp.Expression:
    r.take()
    r.expect_mark("(")
    first = rule(r)
    r.expect_mark(",")
    node = exp.Nullif(this=first, expression=rule(r))
    r.expect_mark(")")
    return node


_SPECIAL: dict[str, Callable[[Reader, Rule], exp.Expression]] = {
    "extract": _extract,
    "substring": _substring,
    "position": _position,
    "trim": _trim,
    "overlay": _overlay,
    "coalesce": _variadic_node,
    "greatest": _variadic_node,
    "least": _variadic_node,
    "nullif": _nullif,
}
