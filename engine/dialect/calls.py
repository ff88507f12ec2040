"""Function calls: plain, aggregate, window, set-returning; their arguments, order, filter and frame."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from catalog.errors import FeatureNotSupported
from catalog.types import INT4, NUMERIC, PgType
from engine.dialect import comparisons
from engine.dialect.context import Context
from engine.dialect.functions import AGGREGATES, SCALARS, Call, Emit, SortKey, find_call
from engine.dialect.scope import Scope
from engine.dialect.session_functions import session_function
from engine.dialect.value import Value, refuse, value


def compile_value_function(context: Context, node: exp.Expression) -> Value:
    """current_date and the other functions written without parentheses."""
    precision = int(node.expressions[0].name) if node.expressions else None
    found = session_function(context.session, node.this, precision, context.target.forms)
    if found is None:
        raise refuse(node.this.upper())
    return found


def compile_call(context: Context, name: str, arguments: list[Value]) -> Value:
    """A scalar function on values at hand."""
    if any(a.row is not None for a in arguments):
        raise refuse(f"function {name} of row values")
    found = find_call("scalar", context, name, arguments)
    if found is None:
        raise unsupported(name)
    emit, moved = found
    return context.once(moved, lambda v: emit(Call(context, name, v)))


def unsupported(name: str) -> FeatureNotSupported:
    return refuse(f"function {name}")


def compile_function(context: Context, scope: Scope, node: exp.Expression) -> Value:
    """Any call, with what surrounds it."""
    window = node if isinstance(node, exp.Window) else None
    if window is not None:
        node = window.this
    condition = node.expression.this if isinstance(node, exp.Filter) else None
    if isinstance(node, exp.Filter):
        node = node.this
    within = node.expression if isinstance(node, exp.WithinGroup) else None
    if isinstance(node, exp.WithinGroup):
        node = node.this
    if not isinstance(node, exp.Anonymous):
        raise refuse("a function of another schema")
    name = node.this
    if within is None and window is None and condition is None:
        scalar = _scalar(context, scope, name, node.expressions)
        if scalar is not None:
            return scalar
    return _aggregate(context, scope, name, node.expressions, condition, within, window)


def _scalar(context: Context, scope: Scope, name: str, nodes: list[exp.Expression]) -> Value | None:
    from engine.dialect.expressions import compile_expression

    if name == "+" and len(nodes) == 1:
        return compile_expression(context, scope, nodes[0])
    if name == "grouping":
        return _grouping(context, scope, nodes)
    if not nodes and (found := session_function(context.session, name, None, context.target.forms)) is not None:
        return found
    if name not in SCALARS.rows:
        return None
    arguments = [compile_expression(context, scope, _positional(name, n)) for n in nodes]
    found_call = find_call("scalar", context, name, arguments)
    if found_call is None:
        if name in AGGREGATES.rows:
            return None
        raise unsupported(name)
    emit, moved = found_call
    return context.once(moved, lambda v: emit(Call(context, name, v)))


def _positional(name: str, node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Kwarg | exp.Variadic):
        raise refuse(f"named or VARIADIC arguments of function {name}")
    return node


def _grouping(context: Context, scope: Scope, nodes: list[exp.Expression]) -> Value:
    from engine.dialect.expressions import compile_expression

    if context.no_rows:
        return value(f"CAST({(1 << len(nodes)) - 1} AS {context.target.syntax.type_name(INT4)})", INT4)
    keys = [comparisons.key(context, compile_expression(context, scope, n)) for n in nodes]
    if len(keys) > 1 and not context.target.syntax.grouping_of_many:
        bits = [f"CAST(grouping({k}) AS INTEGER) * {1 << i}" for i, k in enumerate(reversed(keys))]
        return value(f"({' + '.join(bits)})", INT4)
    return value(f"CAST(grouping({', '.join(keys)}) AS INTEGER)", INT4)


def _aggregate(
    context: Context,
    scope: Scope,
    name: str,
    nodes: list[exp.Expression],
    condition: exp.Expression | None,
    within: exp.Expression | None,
    window: exp.Window | None,
) -> Value:
    from engine.dialect.expressions import compile_expression

    nodes = list(nodes)
    order: list[exp.Expression] = []
    distinct = False
    if nodes and isinstance(nodes[-1], exp.Order):
        order = nodes[-1].expressions
        nodes[-1] = nodes[-1].this
    if nodes and isinstance(nodes[0], exp.Distinct):
        distinct = True
        nodes = nodes[0].expressions
    if within is not None:
        nodes = [*nodes, *(o.this for o in within.expressions)]
        order = within.expressions
    if len(nodes) == 1 and isinstance(nodes[0], exp.Star):
        nodes = []
    wide = context.wide
    if name in ("sum", "avg"):
        # The bulk of analytic arithmetic: 64-bit decimals are faster, and DuckDB raises an error where they overflow.
        context.wide = context.wide_sums
    arguments = [compile_expression(context, scope, _positional(name, n)) for n in nodes]
    context.wide = wide
    emit, moved = _find(context, name, arguments, windowed=window is not None)
    keys = tuple(_sort_key(context, scope, o) for o in order)
    call = Call(
        context,
        name,
        moved,
        keys=keys,
        distinct=distinct,
        order=" ORDER BY " + ", ".join(order_text(context, k.value, o) for k, o in zip(keys, order, strict=True))
        if order
        else "",
        filter=_filter(context, scope, condition),
        over=" OVER (" + window_sql(context, scope, window) + ")" if window is not None else "",
    )
    if distinct and not order and name in ("array_agg", "string_agg"):
        # PostgreSQL finds duplicates by sorting, and shows the values in that order.
        call = replace(
            call,
            order=f" ORDER BY {comparisons.key(context, moved[0])} ASC NULLS LAST",
            keys=(SortKey(moved[0], descending=False, nulls_first=False),),
        )
    if distinct and any(a.is_exact_text for a in moved):
        raise refuse(f"{name}(DISTINCT numeric computed by division)")
    return emit(call)


def _filter(context: Context, scope: Scope, condition: exp.Expression | None) -> str:
    from engine.dialect.expressions import compile_condition

    if context.no_rows:
        return " FILTER (WHERE false)"
    return f" FILTER (WHERE {compile_condition(context, scope, condition)})" if condition is not None else ""


def _sort_key(context: Context, scope: Scope, node: exp.Expression) -> SortKey:
    from engine.dialect.expressions import compile_expression

    v = compile_expression(context, scope, node.this)
    return SortKey(v, descending=bool(node.args.get("desc")), nulls_first=bool(node.args.get("nulls_first")))


def _find(context: Context, name: str, arguments: list[Value], *, windowed: bool) -> tuple[Emit, list[Value]]:
    if name != "count" and any(a.row is not None for a in arguments):
        raise refuse(f"function {name} of row values")
    for kind in ("window", "aggregate") if windowed else ("aggregate",):
        if (found := find_call(kind, context, name, arguments)) is not None:
            return found
    raise unsupported(name)


def order_item(context: Context, scope: Scope, node: exp.Expression) -> str:
    """One ORDER BY item, with NULLS always written out."""
    from engine.dialect.expressions import compile_expression

    v = compile_expression(context, scope, node.this)
    return order_text(context, v, node)


def order_text(context: Context, v: Value, node: exp.Expression, sql: str | None = None) -> str:
    """A sort key with direction and NULLS as `node` (exp.Ordered) has them."""
    if v.row is not None:
        raise refuse("ORDER BY a row value")
    direction = "DESC" if node.args.get("desc") else "ASC"
    nulls = "FIRST" if node.args.get("nulls_first") else "LAST"
    return f"{comparisons.sort_key(context, v, sql)} {direction} NULLS {nulls}"


def window_sql(context: Context, scope: Scope, window: exp.Window) -> str:
    """The inside of OVER ( ... ), with a named window written out."""
    from engine.dialect.expressions import compile_expression

    partition = list(window.args.get("partition_by") or [])
    order = window.args.get("order")
    spec = window.args.get("spec")
    base = window.args.get("alias")
    seen = 0
    while base is not None:
        named = scope.windows.get(base.name)
        if named is None or seen > 20:
            raise refuse(f'window "{base.name}"')
        partition = partition or list(named.args.get("partition_by") or [])
        order = order or named.args.get("order")
        spec = spec or named.args.get("spec")
        base = named.args.get("alias")
        seen += 1
    parts = []
    if partition:
        keys = [comparisons.key(context, compile_expression(context, scope, n)) for n in partition]
        parts.append("PARTITION BY " + ", ".join(keys))
    if order is not None:
        items = [order_item(context, scope, o) for o in order.expressions]
        if spec is not None and _ranges_over_dates(context, scope, spec, order):
            v = compile_expression(context, scope, order.expressions[0].this)
            items = [order_text(context, v, order.expressions[0], f"CAST({v.sql} AS TIMESTAMP)")]
        parts.append("ORDER BY " + ", ".join(items))
    if spec is not None:
        parts.append(_frame(context, scope, spec, order))
    return " ".join(parts)


def _frame(context: Context, scope: Scope, spec: exp.WindowSpec, order: exp.Expression | None) -> str:
    kind = spec.args["kind"]
    if not context.target.syntax.ordered_frames:
        _check_frame(kind, spec)
    bounds = []
    for which in ("start", "end"):
        bound, side = spec.args[which], spec.args.get(f"{which}_side")
        if isinstance(bound, str):
            bounds.append(f"{bound} {side}" if side else bound)
        else:
            bounds.append(f"{_offset(context, scope, kind, bound, order)} {side}")
    text = f"{kind} BETWEEN {bounds[0]} AND {bounds[1]}"
    exclude = spec.args.get("exclude")
    return f"{text} EXCLUDE {exclude.name}" if exclude is not None else text


def _check_frame(kind: str, spec: exp.WindowSpec) -> None:
    """Refuse frames other than ROWS with constant offsets and RANGE without offset."""
    if kind == "GROUPS" or spec.args.get("exclude") is not None:
        raise refuse("a window frame with GROUPS or EXCLUDE")
    offsets = [spec.args[which] for which in ("start", "end") if isinstance(spec.args[which], exp.Expression)]
    if offsets and kind == "RANGE":
        raise refuse("a RANGE frame with an offset")
    if any(not isinstance(o, exp.Literal) or o.is_string or not o.name.isdigit() for o in offsets):
        raise refuse("a ROWS frame whose offset is not a constant")


def _ranges_over_dates(context: Context, scope: Scope, spec: exp.WindowSpec, order: exp.Expression) -> bool:
    """A RANGE frame with an offset in intervals: the dates are compared as timestamps."""
    from engine.dialect.expressions import compile_expression

    offsets = any(isinstance(spec.args[which], exp.Expression) for which in ("start", "end"))
    if spec.args["kind"] != "RANGE" or not offsets:
        return False
    return compile_expression(context, scope, order.expressions[0].this).oid == 1082


def _offset(context: Context, scope: Scope, kind: str, node: exp.Expression, order: exp.Expression | None) -> str:
    from engine.dialect.expressions import compile_expression

    v = compile_expression(context, scope, node)
    if kind != "RANGE":
        return f"pg_frame_offset({context.cast(v, PgType(20)).sql})" if v.constant is None else v.constant
    if order is None:
        raise refuse("a RANGE frame without ORDER BY")
    key = compile_expression(context, scope, order.expressions[0].this)
    if v.oid == 705:
        v = context.cast(v, key.type if key.oid not in (1082, 1083, 1114, 1184) else PgType(1186))
    if NUMERIC.oid in (key.oid, v.oid) and (key.shape is None or v.shape is None):
        raise refuse("a RANGE frame over this numeric")
    return v.sql
