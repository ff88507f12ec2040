"""The grammar of expressions: operators with PostgreSQL's precedence (documentation 4.1.6), as sqlglot nodes.

Functions arrive as `exp.Anonymous` under PostgreSQL's own name and syntax such as `EXTRACT(f FROM x)` as the function
call PostgreSQL makes of it, so that no rule reads a function by its shape. Operators without a class of their own
are `exp.Operator`.
"""

from __future__ import annotations

from typing import TypeVar

from sqlglot import exp

from engine.dialect import primary_grammar
from engine.dialect.lexer import Kind
from engine.dialect.reader import Reader

_OR, _AND, _NOT, _IS, _COMPARE, _LIKE, _ESCAPE, _OTHER, _ADD, _MULTIPLY, _POWER, _AT, _COLLATE, _SIGN = range(1, 15)
_BINARY: dict[str, tuple[int, type[exp.Expression]]] = {
    "=": (_COMPARE, exp.EQ),
    "<>": (_COMPARE, exp.NEQ),
    "<": (_COMPARE, exp.LT),
    "<=": (_COMPARE, exp.LTE),
    ">": (_COMPARE, exp.GT),
    ">=": (_COMPARE, exp.GTE),
    "||": (_OTHER, exp.DPipe),
    "+": (_ADD, exp.Add),
    "-": (_ADD, exp.Sub),
    "*": (_MULTIPLY, exp.Mul),
    "/": (_MULTIPLY, exp.Div),
    "%": (_MULTIPLY, exp.Mod),
    "^": (_POWER, exp.Pow),
}
_PATTERNS: dict[str, type[exp.Expression]] = {"like": exp.Like, "ilike": exp.ILike, "similar": exp.SimilarTo}
Node = TypeVar("Node", bound=exp.Expression)


def expression(r: Reader, floor: int = 0) -> exp.Expression:
    """An expression whose operators all bind tighter than `floor`."""
    r.enter()
    left = _prefix(r)
    while (joined := _infix(r, left, floor)) is not None:
        left = joined
    r.leave()
    return left


def tight_expression(r: Reader) -> exp.Expression:
    """PostgreSQL's b_expr: no boolean operators, IN, LIKE or BETWEEN at its top level."""
    return expression(r, _ESCAPE)


def _prefix(r: Reader) -> exp.Expression:
    if r.words("not"):
        return exp.Not(this=expression(r, _NOT - 1))
    token = r.here
    if token.kind is Kind.OPERATOR and token.text != "*":
        r.take()
        if token.text == "-":
            return located(exp.Neg(this=expression(r, _SIGN - 1)), token.start)
        if token.text == "+":
            return exp.Anonymous(this="+", expressions=[expression(r, _SIGN - 1)])
        operand = expression(r, _OTHER)
        return located(exp.Operator(operator=token.text, expression=operand), token.start)
    return primary_grammar.postfixed(r, expression)


def located(node: Node, start: int) -> Node:
    """`node`, knowing where it starts in the source (an offset from 0)."""
    node.meta["start"] = start
    return node


def _infix(r: Reader, left: exp.Expression, floor: int) -> exp.Expression | None:
    token = r.here
    if token.kind is Kind.OPERATOR:
        return _operator(r, left, floor)
    if token.kind is not Kind.WORD:
        return None
    word = token.text
    if word == "or" and floor < _OR:
        r.take()
        return exp.Or(this=left, expression=expression(r, _OR))
    if word == "and" and floor < _AND:
        r.take()
        return exp.And(this=left, expression=expression(r, _AND))
    if word in ("is", "isnull", "notnull") and floor < _IS:
        return _is(r, left)
    if word in ("not", "between", "in", "like", "ilike", "similar") and floor < _LIKE:
        return _range(r, left)
    if word == "overlaps" and floor < _LIKE:
        r.take()
        return exp.Overlaps(this=left, expression=expression(r, _LIKE))
    if word == "at" and floor < _AT and r.words("at", "time", "zone"):
        zone = expression(r, _AT)
        return located(exp.Anonymous(this="timezone", expressions=[zone, left]), token.start)
    if word == "collate" and floor < _COLLATE:
        r.take()
        name = r.label()
        while r.mark("."):
            name = r.label()
        return exp.Collate(this=left, expression=name)
    if word == "operator" and floor < _OTHER and r.ahead().text == "(":
        return _qualified_operator(r, left)
    return None


def _operator(r: Reader, left: exp.Expression, floor: int) -> exp.Expression | None:
    token = r.here
    level, node = _BINARY.get(token.text, (_OTHER, None))
    if level <= floor:
        return None
    r.take()
    right = _quantified(r) or expression(r, level)
    if level == _COMPARE and r.here.kind is Kind.OPERATOR and _BINARY.get(r.here.text, (0,))[0] == _COMPARE:
        r.fail()
    if node is not None:
        return located(node(this=left, expression=right), token.start)
    return located(exp.Operator(this=left, operator=token.text, expression=right), token.start)


def _qualified_operator(r: Reader, left: exp.Expression) -> exp.Expression:
    """`OPERATOR(pg_catalog.=)`, with the precedence of any other operator."""
    token = r.take()
    r.expect_mark("(")
    while r.here.kind in (Kind.WORD, Kind.QUOTED):
        if r.take().text != "pg_catalog":
            r.refuse("an operator of another schema")
        r.expect_mark(".")
    symbol = r.take().text
    r.expect_mark(")")
    right = _quantified(r) or expression(r, _OTHER)
    node = _BINARY[symbol][1](this=left, expression=right) if symbol in _BINARY else None
    return located(node or exp.Operator(this=left, operator=symbol, expression=right), token.start)


def _quantified(r: Reader) -> exp.Expression | None:
    """`ANY (...)`, `ALL (...)` after an operator: an array expression or a subquery."""
    if not (r.is_word("any", "some", "all") and r.ahead().text == "("):
        return None
    kind = exp.All if r.take().text == "all" else exp.Any
    r.expect_mark("(")
    inner = exp.Subquery(this=r.query(r)) if primary_grammar.starts_query(r) else expression(r)
    r.expect_mark(")")
    return kind(this=inner)


def _is(r: Reader, left: exp.Expression) -> exp.Expression:
    token = r.take()
    if token.text == "isnull":
        return exp.Is(this=left, expression=exp.Null())
    if token.text == "notnull":
        return exp.Not(this=exp.Is(this=left, expression=exp.Null()))
    negated = r.words("not")
    node: exp.Expression
    if r.words("distinct", "from"):
        kind = exp.NullSafeEQ if negated else exp.NullSafeNEQ
        return kind(this=left, expression=expression(r, _IS))
    if r.words("null"):
        node = exp.Is(this=left, expression=exp.Null())
    elif (truth := r.any_word("true", "false")) is not None:
        node = exp.Is(this=left, expression=exp.Boolean(this=truth == "true"))
    elif r.words("unknown"):
        node = exp.Is(this=left, expression=exp.Var(this="unknown"))
    elif r.is_word("json", "normalized", "nfc", "nfd", "nfkc", "nfkd", "document"):
        r.refuse(f"IS {r.here.text.upper()}")
    else:
        r.fail()
    return exp.Not(this=node) if negated else node


def _range(r: Reader, left: exp.Expression) -> exp.Expression | None:
    start = r.at
    negated = r.words("not")
    word = r.any_word("between", "in", "like", "ilike", "similar")
    node: exp.Expression
    if word is None:
        r.at = start
        return None
    if word == "between":
        symmetric = r.words("symmetric")
        if not symmetric:
            r.words("asymmetric")
        low = tight_expression(r)
        r.expect_words("and")
        node = exp.Between(this=left, low=low, high=expression(r, _LIKE), symmetric=symmetric)
    elif word == "in":
        node = _in(r, left)
    else:
        if word == "similar":
            r.expect_words("to")
        node = _PATTERNS[word](this=left, expression=_quantified(r) or expression(r, _LIKE))
        if r.words("escape"):
            node = exp.Escape(this=node, expression=expression(r, _ESCAPE))
    located(node, r.tokens[start].start)
    return exp.Not(this=node) if negated else node


def _in(r: Reader, left: exp.Expression) -> exp.Expression:
    r.expect_mark("(")
    if primary_grammar.starts_query(r):
        node = exp.In(this=left, query=exp.Subquery(this=r.query(r)))
    else:
        node = exp.In(this=left, expressions=expressions(r))
    r.expect_mark(")")
    return node


def expressions(r: Reader) -> list[exp.Expression]:
    """One or more, with commas between."""
    found = [expression(r)]
    while r.mark(","):
        found.append(expression(r))
    return found
