"""The names PostgreSQL gives to unnamed output columns (FigureColname of parse_target.c)."""

from __future__ import annotations

from sqlglot import exp

_NODES: dict[type[exp.Expression], str] = {
    exp.Coalesce: "coalesce",
    exp.Greatest: "greatest",
    exp.Least: "least",
    exp.Nullif: "nullif",
    exp.Exists: "exists",
    exp.Array: "array",
    exp.Tuple: "row",
}


def output_name(node: exp.Expression) -> str:
    """The column's name: its alias, else what the expression suggests, else ?column?."""
    if isinstance(node, exp.Alias):
        return str(node.args["alias"].name)
    return _figure(node)[0] or "?column?"


def _figure(node: exp.Expression) -> tuple[str | None, int]:
    """A name and its strength: 2 from a column or function, 1 from a cast or CASE, 0 none."""
    if isinstance(node, exp.Column):
        return node.this.name, 2
    if isinstance(node, exp.Paren | exp.Collate | exp.Bracket):
        return _figure(node.this)
    if isinstance(node, exp.Window | exp.Filter | exp.WithinGroup):
        return _figure(node.this)
    if isinstance(node, exp.Dot):
        return _figure(node.expression)
    if isinstance(node, exp.Anonymous):
        return (None, 0) if node.this == "+" else (str(node.this), 2)
    if isinstance(node, exp.Cast):
        name, strength = _figure(node.this)
        if strength <= 1:
            return str(_type_label(node)), 1
        return name, strength
    if isinstance(node, exp.Case):
        default = node.args.get("default")
        name, strength = _figure(default) if default is not None else (None, 0)
        return (name, strength) if strength > 1 else ("case", 1)
    if isinstance(node, exp.Subquery):
        return _subquery(node)
    if type(node) in _NODES:
        return _NODES[type(node)], 2
    return None, 0


def _type_label(node: exp.Cast) -> object:
    name = str(node.args["to"].meta.get("name", "?column?"))
    return name.removesuffix("[]")


def _subquery(node: exp.Expression) -> tuple[str | None, int]:
    inner = node.this
    while isinstance(inner, exp.Subquery | exp.Union | exp.Except | exp.Intersect):
        inner = inner.this
    if isinstance(inner, exp.Values):
        return "column1", 2
    if isinstance(inner, exp.Select) and inner.expressions:
        first = inner.expressions[0]
        if isinstance(first, exp.Alias):
            return first.args["alias"].name, 2
        return _figure(first)
    return None, 0
