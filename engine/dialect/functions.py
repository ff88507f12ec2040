"""The table of functions: PostgreSQL's name and signature to the DuckDB expression. Rows live in `functions_*`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from catalog.types import NUMERIC, PgType, element
from engine.dialect import numbers
from engine.dialect.context import Context
from engine.dialect.lattice import ANY, ANYARRAY, ANYELEMENT, array_oid, choose, common_type
from engine.dialect.value import Value, refuse, value


@dataclass(frozen=True, slots=True)
class Call:
    """One call: arguments already in the signature's types. `over`, `filter`, `order` are DuckDB text or empty."""

    context: Context
    name: str
    arguments: Sequence[Value]
    distinct: bool = False
    order: str = ""
    filter: str = ""
    over: str = ""

    def sql(self, index: int) -> str:
        return self.arguments[index].sql

    def aggregate(self, function: str, *arguments: str) -> str:
        """A DuckDB aggregate over `arguments` with this call's DISTINCT, ORDER BY, FILTER and OVER."""
        head = "DISTINCT " if self.distinct else ""
        return f"{function}({head}{', '.join(arguments)}{self.order}){self.filter}{self.over}"


Emit = Callable[[Call], Value]


@dataclass(frozen=True, slots=True)
class Function:
    """One signature. `variadic`: the last argument type repeats."""

    arguments: tuple[int, ...]
    emit: Emit
    variadic: bool = False


@dataclass(slots=True)
class Table:
    """Functions of one kind by PostgreSQL's name."""

    rows: dict[str, list[Function]] = field(default_factory=dict)

    def add(self, name: str, arguments: Sequence[PgType | int], emit: Emit, *, variadic: bool = False) -> None:
        oids = tuple(a.oid if isinstance(a, PgType) else a for a in arguments)
        self.rows.setdefault(name, []).append(Function(oids, emit, variadic))

    def plain(self, name: str, arguments: Sequence[PgType], result: PgType, template: str | None = None) -> None:
        """A function that is one DuckDB expression; `{0}` is the first argument."""
        text = template or f"{name}({', '.join(f'{{{i}}}' for i in range(len(arguments)))})"
        self.add(name, arguments, lambda c: value(text.format(*(a.sql for a in c.arguments)), result))

    def find(self, name: str, types: Sequence[int]) -> Function | None:
        fitting = [_widened(f, len(types)) for f in self.rows.get(name, ()) if _takes(f, len(types))]
        return choose(fitting, types)


SCALARS, AGGREGATES, WINDOWS = Table(), Table(), Table()


def _takes(function: Function, count: int) -> bool:
    own = len(function.arguments)
    return count >= own if function.variadic else count == own


def _widened(function: Function, count: int) -> Function:
    extra = count - len(function.arguments)
    if extra <= 0:
        return function
    return Function(function.arguments + function.arguments[-1:] * extra, function.emit, function.variadic)


def coerce(context: Context, function: Function, arguments: Sequence[Value]) -> list[Value]:
    """The arguments in the types of a signature; polymorphic ones agree on one element type."""
    polymorphic = [
        element(a.type) or a.type if kind == ANYARRAY else a.type
        for a, kind in zip(arguments, function.arguments, strict=True)
        if kind in (ANYELEMENT, ANYARRAY)
    ]
    inner = common_type(polymorphic) if polymorphic else None
    found = []
    for argument, kind in zip(arguments, function.arguments, strict=True):
        if kind == ANY:
            found.append(argument)
        elif kind in (ANYELEMENT, ANYARRAY):
            if inner is None:
                raise refuse("a call with arguments of different types")
            wanted = inner if kind == ANYELEMENT else PgType(array_oid(inner.oid))
            found.append(context.cast(argument, PgType(wanted.oid)) if argument.oid != wanted.oid else argument)
        else:
            found.append(context.cast(argument, PgType(kind)) if argument.oid != kind else argument)
    return _same_numeric_shape(found, function)


def _same_numeric_shape(arguments: list[Value], function: Function) -> list[Value]:
    """Polymorphic numeric arguments, elements and arrays alike, in one inner form."""
    at = [i for i, kind in enumerate(function.arguments) if kind in (ANYELEMENT, ANYARRAY)]
    shapes = {arguments[i].shape for i in at if _is_numeric(arguments[i])}
    scaled = any(arguments[i].scale_sql for i in at)
    if len(at) < 2 or (len(shapes) <= 1 and not scaled):
        return arguments
    for i in at:
        arguments[i] = exact_elements(arguments[i])
    return arguments


def _is_numeric(v: Value) -> bool:
    return (element(v.type) or v.type).oid == NUMERIC.oid


def exact_elements(v: Value) -> Value:
    """A numeric, or an array of numeric, in exact text."""
    if v.oid == NUMERIC.oid:
        return numbers.to_exact(v)
    if v.shape is None:
        return v
    return Value(f"list_transform({v.sql}, lambda pg_e: {numbers.element_text(v.shape)})", v.type)


def find_call(
    table: Table, context: Context, name: str, arguments: Sequence[Value]
) -> tuple[Function, list[Value]] | None:
    """The signature PostgreSQL chooses, and the arguments in its types; None if the table has none."""
    types = [a.oid for a in arguments]
    function = table.find(name, types)
    if function is None:
        return None
    return function, coerce(context, function, arguments)
