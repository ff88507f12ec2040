"""Expressions to typed DuckDB text: one handler per class of node; a class without a handler is refused."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from catalog.errors import InternalError, UndefinedObject, UndefinedParameter
from catalog.types import BOOL, FLOAT8, INT4, INT8, INTERVAL, JSONB, NUMERIC, TEXT, UNKNOWN, PgType, element
from engine.dialect import comparisons, numbers, operators
from engine.dialect.calls import compile_call, compile_value_function
from engine.dialect.conditionals import compile_case, compile_coalesce, compile_extremes, compile_nullif
from engine.dialect.context import Context
from engine.dialect.intervals import parse_interval
from engine.dialect.lattice import common_type
from engine.dialect.literals import integer
from engine.dialect.pattern_operators import LIKE_OPERATORS, REGEX_OPERATORS, like_operator
from engine.dialect.scope import Scope, check_readable
from engine.dialect.subqueries import compile_exists, compile_in_query, compile_quantified, compile_scalar
from engine.dialect.typenames import pg_type
from engine.dialect.value import Value, refuse, unknown, value

Handler = Callable[[Context, Scope, exp.Expression], Value]
_COMPARISONS: dict[type[exp.Expression], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_ARITHMETIC: dict[type[exp.Expression], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.Pow: "^",
}


def compile_expression(context: Context, scope: Scope, node: exp.Expression) -> Value:
    """The Value of any expression. Raises SqlError; FeatureNotSupported for what is not listed."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        raise refuse(f"{type(node).__name__.upper()} in an expression")
    return handler(context, scope, node)


def compile_condition(context: Context, scope: Scope, node: exp.Expression) -> str:
    """A boolean expression, for WHERE, ON, HAVING, FILTER, WHEN."""
    return boolean(context, compile_expression(context, scope, node))


def compile_filter(context: Context, scope: Scope, node: exp.Expression) -> str:
    """A WHERE condition, of which false and NULL are the same: its terms may use IN (subquery) of any target."""
    if context.target.syntax.three_valued_in:
        return compile_condition(context, scope, node)
    terms: list[exp.Expression] = []
    while isinstance(node, exp.And):
        terms.append(node.expression)
        node = node.this
    return " AND ".join(_filter_term(context, scope, term) for term in reversed([*terms, node]))


def _filter_term(context: Context, scope: Scope, node: exp.Expression) -> str:
    bare = node
    while isinstance(bare, exp.Paren):
        bare = bare.this
    if isinstance(bare, exp.And):
        return f"({compile_filter(context, scope, bare)})"
    negated = isinstance(bare, exp.Not)
    inner = bare.this if negated else bare
    while isinstance(inner, exp.Paren):
        inner = inner.this
    if isinstance(inner, exp.In) and inner.args.get("query") is not None:
        left = compile_expression(context, scope, inner.this)
        found = compile_in_query(context, scope, left, inner.args["query"], as_filter=True).sql
        return f"(NOT {found})" if negated else found
    return f"({compile_condition(context, scope, node)})"


def boolean(context: Context, v: Value) -> str:
    return context.cast(v, BOOL).sql if v.oid != BOOL.oid else v.sql


def _literal(context: Context, scope: Scope, node: exp.Expression) -> Value:
    if node.is_string:
        return unknown(node.name, context.target.syntax.string(node.name))
    digits = node.name
    if not digits.isdigit():
        return numbers.literal(digits)
    number = int(digits)
    if number < 2**31:
        return integer(number, INT4, context.target.forms)
    return integer(number, INT8, context.target.forms) if number < 2**63 else numbers.literal(digits)


def _null(context: Context, scope: Scope, node: exp.Expression) -> Value:
    return unknown(None, "NULL")


def _boolean(context: Context, scope: Scope, node: exp.Expression) -> Value:
    return value("true" if node.this else "false", BOOL)


def _parameter(context: Context, scope: Scope, node: exp.Expression) -> Value:
    index = int(node.this.name)
    if not 1 <= index <= len(context.params):
        raise UndefinedParameter(f"there is no parameter ${index}")
    pg = context.params[index - 1]
    if pg.oid == UNKNOWN.oid:
        pg = TEXT
    return context.target.syntax.parameter(index, pg)


def _column(context: Context, scope: Scope, node: exp.Expression) -> Value:
    if isinstance(node.this, exp.Star):
        raise refuse("a whole row as a value")
    if node.args.get("db"):
        raise refuse("a column name with a schema")
    table = node.args.get("table")
    name = node.this.name
    found = scope.column(name, table.name if table is not None else None)
    return check_readable(context.target.syntax, found, name)


def _paren(context: Context, scope: Scope, node: exp.Expression) -> Value:
    return compile_expression(context, scope, node.this)


def _tuple(context: Context, scope: Scope, node: exp.Expression) -> Value:
    items = tuple(compile_expression(context, scope, item) for item in node.expressions)
    return Value("", PgType(2249), row=items)


def _and_or(context: Context, scope: Scope, node: exp.Expression) -> Value:
    word = "AND" if isinstance(node, exp.And) else "OR"
    terms: list[exp.Expression] = []
    kind = type(node)
    while isinstance(node, kind):
        terms.append(node.expression)
        node = node.this
    terms.append(node)
    texts = [compile_condition(context, scope, term) for term in reversed(terms)]
    return value(f"({f' {word} '.join(texts)})", BOOL)


def _not(context: Context, scope: Scope, node: exp.Expression) -> Value:
    return value(f"(NOT {compile_condition(context, scope, node.this)})", BOOL)


def _comparison(context: Context, scope: Scope, node: exp.Expression) -> Value:
    symbol = _COMPARISONS[type(node)]
    left = compile_expression(context, scope, node.this)
    if isinstance(node.expression, exp.Any | exp.All):
        return compile_quantified(context, scope, left, symbol, node.expression)
    right = compile_expression(context, scope, node.expression)
    return value(comparisons.compare(context, symbol, left, right), BOOL)


def _distinct_from(context: Context, scope: Scope, node: exp.Expression) -> Value:
    left, right = (compile_expression(context, scope, n) for n in (node.this, node.expression))
    return value(comparisons.distinct_from(context, left, right, negated=isinstance(node, exp.NullSafeEQ)), BOOL)


def _arithmetic(context: Context, scope: Scope, node: exp.Expression) -> Value:
    left, right = (compile_expression(context, scope, n) for n in (node.this, node.expression))
    return operators.apply(context, _ARITHMETIC[type(node)], left, right)


def _concat(context: Context, scope: Scope, node: exp.Expression) -> Value:
    left, right = (compile_expression(context, scope, n) for n in (node.this, node.expression))
    if element(left.type) is not None or element(right.type) is not None:
        return context.target.arrays.concatenate(context, left, right)
    if 3802 in (left.oid, right.oid):
        raise refuse("operator jsonb || jsonb")
    if left.oid == 17 and right.oid in (17, UNKNOWN.oid):
        return value(f"({left.sql} || {context.cast(right, left.type).sql})", left.type)
    return context.target.operands.concatenate(context, left, right)


def _negative(context: Context, scope: Scope, node: exp.Expression) -> Value:
    inner = node.this
    while isinstance(inner, exp.Paren):
        inner = inner.this
    if isinstance(inner, exp.Literal) and not inner.is_string and inner.name.isdigit():
        # The grammar makes one constant of sign and digits, so that -2147483648 is an integer.
        number = -int(inner.name)
        if number >= -(2**63):
            return integer(number, INT4 if number >= -(2**31) else INT8, context.target.forms)
    return operators.negate(context, compile_expression(context, scope, node.this))


def _operator(context: Context, scope: Scope, node: exp.Expression) -> Value:
    symbol = node.args["operator"]
    if node.args.get("this") is None:
        return operators_prefix(context, symbol, compile_expression(context, scope, node.expression))
    left = compile_expression(context, scope, node.this)
    if isinstance(node.expression, exp.Any | exp.All):
        return compile_quantified(context, scope, left, symbol, node.expression)
    right = compile_expression(context, scope, node.expression)
    if symbol in REGEX_OPERATORS:
        return context.target.patterns.regex_operator(context, symbol, left, right)
    if symbol in LIKE_OPERATORS:
        return like_operator(context, symbol, left, right)
    if symbol == "^@":
        return compile_call(context, "starts_with", [left, right])
    if element(left.type) is not None or element(right.type) is not None:
        return context.target.arrays.operator(context, symbol, left, right)
    return operators.apply(context, symbol, left, right)


def operators_prefix(context: Context, symbol: str, v: Value) -> Value:
    """Prefix operators other than the signs."""
    name = {"@": "abs", "|/": "sqrt", "||/": "cbrt"}.get(symbol)
    if name is not None:
        wanted = v if symbol == "@" and v.oid != UNKNOWN.oid else context.cast(v, FLOAT8)
        return compile_call(context, name, [wanted])
    if symbol == "~" and v.oid in (20, 21, 23):
        return value(f"(~{v.sql})", v.type)
    raise refuse(f"prefix operator {symbol}")


def _is(context: Context, scope: Scope, node: exp.Expression) -> Value:
    operand = compile_expression(context, scope, node.this)
    test = node.expression
    if isinstance(test, exp.Null):
        if operand.row is not None:
            return value("(" + " AND ".join(f"{i.sql} IS NULL" for i in operand.row) + ")", BOOL)
        if operand.oid == UNKNOWN.oid:
            return value("true" if operand.is_null else "false", BOOL)
        return value(f"({operand.sql} IS NULL)", BOOL)
    sql = boolean(context, operand)
    if isinstance(test, exp.Var):
        return value(f"({sql} IS NULL)", BOOL)
    return value(f"({sql} IS NOT DISTINCT FROM {'true' if test.this else 'false'})", BOOL)


def _not_null_row(context: Context, scope: Scope, node: exp.Expression) -> Value:
    """NOT, where `row IS NOT NULL` means that every column is not null."""
    inner = node.this
    if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
        operand = compile_expression(context, scope, inner.this)
        if operand.row is not None:
            return value("(" + " AND ".join(f"{i.sql} IS NOT NULL" for i in operand.row) + ")", BOOL)
        if operand.oid != UNKNOWN.oid:
            return value(f"({operand.sql} IS NOT NULL)", BOOL)
    return _not(context, scope, node)


def _between(context: Context, scope: Scope, node: exp.Expression) -> Value:
    subject, low, high = (compile_expression(context, scope, node.args[k]) for k in ("this", "low", "high"))

    def inside(a: Value, b: Value) -> str:
        lower = comparisons.compare(context, ">=", subject, a)
        return f"({lower} AND {comparisons.compare(context, '<=', subject, b)})"

    if node.args.get("symmetric"):
        return value(f"({inside(low, high)} OR {inside(high, low)})", BOOL)
    return value(inside(low, high), BOOL)


def _in(context: Context, scope: Scope, node: exp.Expression) -> Value:
    left = compile_expression(context, scope, node.this)
    if node.args.get("query") is not None:
        return compile_in_query(context, scope, left, node.args["query"])
    items = [compile_expression(context, scope, item) for item in node.expressions]
    if left.row is None and all(i.row is None for i in items):
        wanted = common_type([left.type, *(i.type for i in items)])
        plain = wanted is not None and wanted.oid not in (NUMERIC.oid,) and all(not i.srf for i in items)
        if plain and wanted is not None and (len(items) > 1):
            found = comparisons.unify(context, [left, *items], PgType(wanted.oid))
            keys = [comparisons.key(context, v) for v in found]
            return value(f"({keys[0]} IN ({', '.join(keys[1:])}))", BOOL)
    tests = [comparisons.compare(context, "=", left, item) for item in items]
    return value(f"({' OR '.join(tests)})", BOOL)


def _cast(context: Context, scope: Scope, node: exp.Expression) -> Value:
    to = node.args["to"]
    pg = pg_type(to)
    if pg is None:
        name = str(to.meta.get("name", "?"))
        if name.startswith("reg"):
            raise refuse(f"type {name}")
        raise UndefinedObject(f'type "{name}" does not exist') if not to.meta else refuse(f"type {name}")
    literal = node.this
    if isinstance(literal, exp.Array) and not literal.expressions and element(pg) is not None:
        return context.target.arrays.empty(context, pg)
    operand = compile_expression(context, scope, literal)
    if pg.oid == INTERVAL.oid and (to.meta.get("fields") or to.meta.get("precision") is not None):
        if operand.literal is None or operand.oid != UNKNOWN.oid:
            if to.meta.get("fields"):
                raise refuse("an interval cast with fields")
            step = 10 ** (6 - to.meta["precision"])
            return value(f"pg_round_interval({context.cast(operand, INTERVAL).sql}, {step})", INTERVAL)
        return context.target.constants.interval(
            parse_interval(operand.literal, to.meta.get("fields"), to.meta.get("precision"))
        )
    if isinstance(literal, exp.Array) and element(pg) is not None and operand.oid != pg.oid:
        operand = context.target.arrays.literal_as(
            context, [compile_expression(context, scope, n) for n in literal.expressions], pg
        )
    return context.cast(operand, pg, explicit=True)


def _collate(context: Context, scope: Scope, node: exp.Expression) -> Value:
    if node.expression.name not in ("C", "POSIX", "ucs_basic", "default", "C.utf8", "C.UTF-8"):
        raise refuse(f'collation "{node.expression.name}"')
    return compile_expression(context, scope, node.this)


def _star(context: Context, scope: Scope, node: exp.Expression) -> Value:
    raise InternalError("* outside a select list or count(*)")


def _array(context: Context, scope: Scope, node: exp.Expression) -> Value:
    if node.args.get("bracket_notation") is False:
        from engine.dialect.subqueries import compile_array

        return compile_array(context, scope, node.expressions[0])
    return context.target.arrays.constructor(context, [compile_expression(context, scope, n) for n in node.expressions])


def _bracket(context: Context, scope: Scope, node: exp.Expression) -> Value:
    base = compile_expression(context, scope, node.this)
    innermost = node.this
    while isinstance(innermost, exp.Bracket):
        innermost = innermost.this
    if innermost is not node.this and compile_expression(context, scope, innermost).oid != JSONB.oid:
        raise refuse("a subscript of more than one dimension")
    index = node.expressions[0]
    if isinstance(index, exp.Slice):
        low, high = (
            compile_expression(context, scope, n) if n is not None else None
            for n in (index.args.get("this"), index.args.get("expression"))
        )
        return context.target.arrays.slice_of(context, base, low, high)
    return context.target.arrays.item(context, base, compile_expression(context, scope, index))


def _subquery(context: Context, scope: Scope, node: exp.Expression) -> Value:
    return compile_scalar(context, scope, node)


def _exists(context: Context, scope: Scope, node: exp.Expression) -> Value:
    return compile_exists(context, scope, node.this)


def _call(context: Context, scope: Scope, node: exp.Expression) -> Value:
    from engine.dialect.calls import compile_function

    if node.meta.get("keyword"):
        return compile_value_function(context, node)
    return compile_function(context, scope, node)


def _pattern(context: Context, scope: Scope, node: exp.Expression) -> Value:
    escape: Value | None = None
    if isinstance(node, exp.Escape):
        escape = compile_expression(context, scope, node.expression)
        node = node.this
    left = compile_expression(context, scope, node.this)
    if isinstance(node.expression, exp.Any | exp.All):
        symbol = "~~" if isinstance(node, exp.Like) else "~~*" if isinstance(node, exp.ILike) else None
        if symbol is None or escape is not None:
            raise refuse("SIMILAR TO ANY")
        return compile_quantified(context, scope, left, symbol, node.expression)
    right = compile_expression(context, scope, node.expression)
    if isinstance(node, exp.SimilarTo):
        return context.target.patterns.similar(context, left, right, escape)
    return context.target.patterns.like(context, left, right, escape, insensitive=isinstance(node, exp.ILike))


def _refused(construct: str) -> Handler:
    def handler(context: Context, scope: Scope, node: exp.Expression) -> Value:
        raise refuse(construct)

    return handler


_HANDLERS: dict[type[exp.Expression], Handler] = {
    exp.Literal: _literal,
    exp.Null: _null,
    exp.Boolean: _boolean,
    exp.Parameter: _parameter,
    exp.Column: _column,
    exp.Star: _star,
    exp.Paren: _paren,
    exp.Tuple: _tuple,
    exp.And: _and_or,
    exp.Or: _and_or,
    exp.Not: _not_null_row,
    **dict.fromkeys(_COMPARISONS, _comparison),
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    exp.NullSafeEQ: _distinct_from,
    exp.NullSafeNEQ: _distinct_from,
    exp.DPipe: _concat,
    exp.Neg: _negative,
    exp.Operator: _operator,
    exp.Is: _is,
    exp.Between: _between,
    exp.In: _in,
    exp.Case: compile_case,
    exp.Coalesce: compile_coalesce,
    exp.Greatest: compile_extremes,
    exp.Least: compile_extremes,
    exp.Nullif: compile_nullif,
    exp.Cast: _cast,
    exp.Collate: _collate,
    exp.Array: _array,
    exp.Bracket: _bracket,
    exp.Subquery: _subquery,
    exp.Exists: _exists,
    exp.Anonymous: _call,
    exp.Window: _call,
    exp.Filter: _call,
    exp.WithinGroup: _call,
    exp.Like: _pattern,
    exp.ILike: _pattern,
    exp.SimilarTo: _pattern,
    exp.Escape: _pattern,
    exp.Dot: _refused("a function of another schema"),
    exp.Overlaps: _refused("OVERLAPS"),
    exp.Var: _refused("DEFAULT"),
}
