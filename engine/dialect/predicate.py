"""Conditions simple enough to be given to Delta as text, in DataFusion's SQL."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from catalog.errors import SqlError
from catalog.names import quote_literal
from catalog.types import BOOL, DATE, INT2, INT4, INT8, NUMERIC, TEXT, VARCHAR, PgType, precision_scale
from engine.dialect.expression_grammar import expression
from engine.dialect.lexer import Kind
from engine.dialect.query_grammar import query
from engine.dialect.reader import Reader

_COMPARISONS: dict[type[exp.Expression], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_INTEGERS = {INT2.oid: 15, INT4.oid: 31, INT8.oid: 63}


class _NotSimpleError(Exception):
    """The condition needs an engine."""


def simple_predicate(condition: str, columns: Mapping[str, PgType], alias: str) -> str | None:
    """`condition` (PostgreSQL text over one table) as DataFusion SQL, or None where it is not of the simple form.

    Simple: columns compared with literals, AND, OR, NOT, IS [NOT] NULL, IN (literals), BETWEEN; columns of integer,
    numeric(p,s), text, boolean and date types, literals of the column's own type. Anything else, also what does not
    parse, gives None: the engine then judges it.
    """
    try:
        reader = Reader(condition, query)
        tree = expression(reader)
        if reader.here.kind is not Kind.END:
            return None
        return _condition(tree, columns, alias)
    except (SqlError, _NotSimpleError):
        return None


def _condition(node: exp.Expression, columns: Mapping[str, PgType], alias: str) -> str:
    if isinstance(node, exp.Paren):
        return _condition(node.this, columns, alias)
    if isinstance(node, exp.And | exp.Or):
        word = "AND" if isinstance(node, exp.And) else "OR"
        return f"({_condition(node.this, columns, alias)} {word} {_condition(node.expression, columns, alias)})"
    if isinstance(node, exp.Not):
        return f"(NOT {_condition(node.this, columns, alias)})"
    if isinstance(node, exp.Boolean):
        return "true" if node.this else "false"
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        name, _ = _column(node.this, columns, alias)
        return f"({name} IS NULL)"
    if isinstance(node, exp.Between) and not node.args.get("symmetric"):
        name, pg = _column(node.this, columns, alias)
        return f"({name} BETWEEN {_literal(node.args['low'], pg)} AND {_literal(node.args['high'], pg)})"
    if isinstance(node, exp.In) and not node.args.get("query"):
        name, pg = _column(node.this, columns, alias)
        return f"({name} IN ({', '.join(_literal(item, pg) for item in node.expressions)}))"
    if type(node) in _COMPARISONS:
        return _comparison(node, columns, alias)
    if isinstance(node, exp.Column):
        name, pg = _column(node, columns, alias)
        if pg.oid == BOOL.oid:
            return name
    raise _NotSimpleError


def _comparison(node: exp.Expression, columns: Mapping[str, PgType], alias: str) -> str:
    symbol = _COMPARISONS[type(node)]
    left, right = _bare(node.this), _bare(node.expression)
    if not isinstance(left, exp.Column):
        left, right, symbol = right, left, _MIRRORED[symbol]
    name, pg = _column(left, columns, alias)
    return f"({name} {symbol} {_literal(right, pg)})"


def _bare(node: exp.Expression) -> exp.Expression:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _column(node: exp.Expression, columns: Mapping[str, PgType], alias: str) -> tuple[str, PgType]:
    node = _bare(node)
    if not isinstance(node, exp.Column) or node.args.get("db") or not isinstance(node.this, exp.Identifier):
        raise _NotSimpleError
    table = node.args.get("table")
    pg = columns.get(node.this.name)
    if pg is None or (table is not None and table.name != alias):
        raise _NotSimpleError
    return '"' + node.this.name.replace('"', '""') + '"', pg


def _literal(node: exp.Expression, pg: PgType) -> str:
    node = _bare(node)
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) and node.this.is_string:
        wanted = node.args["to"].meta.get("pg")
        if not isinstance(wanted, PgType) or wanted.oid != pg.oid or wanted.typmod != -1:
            raise _NotSimpleError
        node = node.this
    if isinstance(node, exp.Boolean) and pg.oid == BOOL.oid:
        return "true" if node.this else "false"
    negative = isinstance(node, exp.Neg)
    inner = _bare(node.this) if isinstance(node, exp.Neg) else node
    if not isinstance(inner, exp.Literal) or (negative and inner.is_string):
        raise _NotSimpleError
    return _string(inner.name, pg) if inner.is_string else _number(("-" if negative else "") + inner.name, pg)


def _number(text: str, pg: PgType) -> str:
    digits = text.lstrip("-")
    if pg.oid in _INTEGERS and digits.isdigit():
        if abs(int(text)) < 1 << _INTEGERS[pg.oid]:
            return text
    elif pg.oid == NUMERIC.oid and (shape := precision_scale(pg)) is not None and digits.replace(".", "", 1).isdigit():
        whole, _, fraction = digits.partition(".")
        if len(whole.lstrip("0")) <= shape[0] - shape[1] and len(fraction) <= shape[1]:
            return f"CAST('{text}' AS DECIMAL({shape[0]},{shape[1]}))"
    raise _NotSimpleError


def _string(text: str, pg: PgType) -> str:
    if pg.oid in (TEXT.oid, VARCHAR.oid) and "\\" not in text and "\x00" not in text:
        return quote_literal(text)
    if pg.oid == DATE.oid and len(text) == 10 and text[4] == text[7] == "-" and text.replace("-", "").isdigit():
        return f"CAST('{text}' AS DATE)"
    if pg.oid in _INTEGERS and text.lstrip("-").isdigit():
        return _number(text, pg)
    raise _NotSimpleError
