"""The grammar of operands: literals, columns, casts, CASE, subqueries, with their postfixes (`::`, `[]`, `.`)."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from catalog.errors import FeatureNotSupported, SqlSyntaxError
from engine.dialect import call_grammar
from engine.dialect.keywords import RESERVED, TYPE_OR_FUNCTION
from engine.dialect.lexer import Kind
from engine.dialect.reader import Reader
from engine.dialect.typenames import interval_type, starts_type, type_name

Rule = Callable[..., exp.Expression]
VALUE_FUNCTIONS = frozenset(
    """current_date current_time current_timestamp localtime localtimestamp current_role current_user session_user user
    current_catalog current_schema system_user""".split()
)


def starts_query(r: Reader) -> bool:
    """Whether a query comes next, perhaps behind parentheses: `((SELECT ...`."""
    offset = 0
    while r.ahead(offset).kind is Kind.PUNCTUATION and r.ahead(offset).text == "(":
        offset += 1
    token = r.ahead(offset)
    if token.kind is not Kind.WORD or token.text not in ("select", "values", "with", "table"):
        return False
    return offset == 0 or _closes_as_query(r, offset)


def _closes_as_query(r: Reader, parentheses: int) -> bool:
    """Whether what follows the inner closing parenthesis still belongs to a query, not to an expression."""
    at, depth = r.at + parentheses, parentheses
    while depth >= 1 and r.tokens[at].kind is not Kind.END:
        token = r.tokens[at]
        if token.kind is Kind.PUNCTUATION and token.text in "()":
            depth += 1 if token.text == "(" else -1
            if depth < parentheses:
                following = r.tokens[at + 1]
                words = ("union", "intersect", "except", "order", "limit", "offset", "fetch", "for")
                if following.kind is Kind.WORD and following.text in words:
                    return True
                if not (following.kind is Kind.PUNCTUATION and following.text == ")"):
                    return depth == 0
                parentheses -= 1
        at += 1
    return True


def postfixed(r: Reader, rule: Rule) -> exp.Expression:
    """An operand with its casts, subscripts and field selections."""
    node = operand(r, rule)
    while True:
        if r.mark("::"):
            node = exp.Cast(this=node, to=type_name(r))
        elif r.mark("["):
            node = _subscript(r, node, rule)
        elif r.is_mark("."):
            r.refuse("selecting a field of a row value")
        else:
            return node


def _subscript(r: Reader, node: exp.Expression, rule: Rule) -> exp.Expression:
    low = None if r.is_mark(":") else rule(r)
    index: exp.Expression
    if low is None or r.is_mark(":"):
        r.expect_mark(":")
        index = exp.Slice(this=low, expression=None if r.is_mark("]") else rule(r))
    else:
        index = low
    r.expect_mark("]")
    return exp.Bracket(this=node, expressions=[index])


def operand(r: Reader, rule: Rule) -> exp.Expression:
    """What an operator stands between: a literal, parameter, name, call, or something in parentheses."""
    token = r.here
    if token.kind is Kind.STRING:
        r.take()
        if r.is_word("uescape"):
            r.refuse("UESCAPE")
        return _at(exp.Literal.string(token.text), token.start)
    if token.kind in (Kind.INTEGER, Kind.DECIMAL):
        r.take()
        return _at(exp.Literal.number(token.text), token.start)
    if token.kind is Kind.PARAM:
        r.take()
        return _at(exp.Parameter(this=exp.Literal.number(int(token.text))), token.start)
    if token.kind is Kind.BITS:
        raise FeatureNotSupported("type bit is not supported", position=token.start + 1)
    if r.is_mark("("):
        return _parenthesised(r, rule)
    if token.kind is Kind.WORD:
        return _word(r, rule)
    if token.kind is Kind.QUOTED:
        return call_grammar.column_or_call(r, rule)
    r.fail()


def _at(node: exp.Expression, start: int) -> exp.Expression:
    node.meta["start"] = start
    return node


def _parenthesised(r: Reader, rule: Rule) -> exp.Expression:
    if starts_query_in_parentheses(r):
        r.expect_mark("(")
        query = r.query(r)
        r.expect_mark(")")
        return exp.Subquery(this=query)
    start = r.take().start
    first = rule(r)
    if r.mark(","):
        items = [first, rule(r)]
        while r.mark(","):
            items.append(rule(r))
        r.expect_mark(")")
        return _at(exp.Tuple(expressions=items), start)
    r.expect_mark(")")
    return exp.Paren(this=first)


def starts_query_in_parentheses(r: Reader) -> bool:
    r.at += 1
    found = starts_query(r)
    r.at -= 1
    return found


def _word(r: Reader, rule: Rule) -> exp.Expression:
    token = r.here
    word = token.text
    if word in _CONSTANTS:
        r.take()
        return _CONSTANTS[word]()
    if word == "case":
        return _case(r, rule)
    if word in ("cast", "treat"):
        return _cast(r, rule)
    if word == "exists" and r.ahead().text == "(":
        r.take()
        r.expect_mark("(")
        node = exp.Exists(this=r.query(r))
        r.expect_mark(")")
        return node
    if word == "array":
        return _array(r, rule)
    if word == "row" and r.ahead().text == "(":
        return _row(r, rule)
    if word in VALUE_FUNCTIONS:
        return _value_function(r)
    if word == "interval" and r.ahead().kind in (Kind.STRING, Kind.PUNCTUATION):
        return _interval(r)
    if starts_type(r):
        literal = _typed_literal(r)
        if literal is not None:
            return literal
    if word in RESERVED and word not in ("any", "some"):
        r.fail()
    if word in TYPE_OR_FUNCTION and r.ahead().text != "(" and r.ahead().kind is not Kind.STRING:
        r.fail()
    return call_grammar.column_or_call(r, rule)


_CONSTANTS: dict[str, Callable[[], exp.Expression]] = {
    "null": exp.Null,
    "true": lambda: exp.Boolean(this=True),
    "false": lambda: exp.Boolean(this=False),
    "default": lambda: exp.Var(this="DEFAULT"),
}


def _typed_literal(r: Reader) -> exp.Expression | None:
    """`type 'text'`; None (and nothing taken) if no string follows the type."""
    start = r.at
    try:
        to = type_name(r)
    except (SqlSyntaxError, FeatureNotSupported):
        to = None
    if to is None or r.here.kind is not Kind.STRING:
        r.at = start
        return None
    text = r.take()
    return exp.Cast(this=_at(exp.Literal.string(text.text), text.start), to=to)


def _interval(r: Reader) -> exp.Expression:
    """INTERVAL 'text' [fields] and INTERVAL(p) 'text'; else a column of that name."""
    start = r.at
    r.take()
    to = interval_type(r)
    if r.here.kind is not Kind.STRING:
        r.at = start
        return call_grammar.column(r)
    text = r.take()
    if "precision" not in to.meta:
        to = interval_type(r)
    return exp.Cast(this=_at(exp.Literal.string(text.text), text.start), to=to)


def _value_function(r: Reader) -> exp.Expression:
    token = r.take()
    node = exp.Anonymous(this=token.text, expressions=[])
    node.meta["keyword"] = True
    if r.is_mark("(") and token.text in ("current_time", "current_timestamp", "localtime", "localtimestamp"):
        r.take()
        precision = r.take()
        if precision.kind is not Kind.INTEGER:
            r.fail(precision)
        r.expect_mark(")")
        node.set("expressions", [exp.Literal.number(precision.text)])
    return _at(node, token.start)


def _case(r: Reader, rule: Rule) -> exp.Expression:
    r.take()
    subject = None if r.is_word("when") else rule(r)
    ifs = []
    while r.words("when"):
        condition = rule(r)
        r.expect_words("then")
        ifs.append(exp.If(this=condition, true=rule(r)))
    if not ifs:
        r.fail()
    default = rule(r) if r.words("else") else None
    r.expect_words("end")
    return exp.Case(this=subject, ifs=ifs, default=default)


def _cast(r: Reader, rule: Rule) -> exp.Expression:
    if r.take().text == "treat":
        r.refuse("TREAT")
    r.expect_mark("(")
    node = rule(r)
    r.expect_words("as")
    cast = exp.Cast(this=node, to=type_name(r))
    r.expect_mark(")")
    return cast


def _array(r: Reader, rule: Rule) -> exp.Expression:
    r.take()
    if r.mark("("):
        query = exp.Subquery(this=r.query(r))
        r.expect_mark(")")
        return exp.Array(expressions=[query], bracket_notation=False)
    return _array_items(r, rule)


def _array_items(r: Reader, rule: Rule) -> exp.Expression:
    start = r.here.start
    r.expect_mark("[")
    items: list[exp.Expression] = []
    while not r.is_mark("]"):
        items.append(_array_items(r, rule) if r.is_mark("[") else rule(r))
        if not r.mark(","):
            break
    r.expect_mark("]")
    return _at(exp.Array(expressions=items, bracket_notation=True), start)


def _row(r: Reader, rule: Rule) -> exp.Expression:
    start = r.take().start
    r.expect_mark("(")
    items: list[exp.Expression] = []
    while not r.is_mark(")"):
        items.append(rule(r))
        if not r.mark(","):
            break
    r.expect_mark(")")
    return _at(exp.Tuple(expressions=items), start)
