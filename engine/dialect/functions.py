"""Functions: PostgreSQL's names and signatures, which all targets share, and what each target writes for them.

The rows live with the targets (`duckdb/functions_*`, `spark/functions_*`). Overloads are chosen among all signatures
that any target knows, so that a function one target lacks is refused there instead of another overload being taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from catalog.types import NUMERIC, PgType, element
from engine.dialect import numbers
from engine.dialect.context import Context
from engine.dialect.lattice import ANY, ANYARRAY, ANYELEMENT, array_oid, choose, common_type
from engine.dialect.value import Value, refuse, value


@dataclass(frozen=True, slots=True)
class SortKey:
    """One item of ORDER BY inside a call."""

    value: Value
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One call: arguments already in the signature's types. `over`, `filter`, `order` are the target's text or
    empty; `keys` are what `order` sorts by.
    """

    context: Context
    name: str
    arguments: Sequence[Value]
    distinct: bool = False
    order: str = ""
    filter: str = ""
    over: str = ""
    keys: tuple[SortKey, ...] = ()

    def sql(self, index: int) -> str:
        return self.arguments[index].sql

    def aggregate(self, function: str, *arguments: str) -> str:
        """An aggregate of the target over `arguments` with this call's DISTINCT, ORDER BY, FILTER and OVER."""
        head = "DISTINCT " if self.distinct else ""
        return f"{function}({head}{', '.join(arguments)}{self.order}){self.filter}{self.over}"


Emit = Callable[[Call], Value]


@dataclass(frozen=True, slots=True)
class Signature:
    """The types a function takes. `variadic`: the last one repeats."""

    arguments: tuple[int, ...]
    variadic: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A signature stretched to a call's number of arguments."""

    arguments: tuple[int, ...]
    signature: Signature


@dataclass(slots=True)
class Signatures:
    """Functions of one kind by PostgreSQL's name."""

    rows: dict[str, list[Signature]] = field(default_factory=dict)

    def declare(self, name: str, signature: Signature) -> None:
        known = self.rows.setdefault(name, [])
        if signature not in known:
            known.append(signature)

    def find(self, name: str, types: Sequence[int]) -> Candidate | None:
        """The one PostgreSQL chooses."""
        fitting = [_stretched(s, len(types)) for s in self.rows.get(name, ()) if _takes(s, len(types))]
        return choose(fitting, types)


SCALARS, AGGREGATES, WINDOWS = Signatures(), Signatures(), Signatures()
KINDS = {"scalar": SCALARS, "aggregate": AGGREGATES, "window": WINDOWS}


@dataclass(slots=True)
class Emissions:
    """What one target writes for the functions of one kind; a signature without a row is refused there."""

    signatures: Signatures
    rows: dict[tuple[str, Signature], Emit] = field(default_factory=dict)

    def add(self, name: str, arguments: Sequence[PgType | int], emit: Emit, *, variadic: bool = False) -> None:
        """`emit` writes calls of `name` with these argument types (ANYELEMENT, ANYARRAY, ANY of `lattice` too)."""
        signature = Signature(tuple(a.oid if isinstance(a, PgType) else a for a in arguments), variadic)
        self.signatures.declare(name, signature)
        self.rows[name, signature] = emit

    def plain(self, name: str, arguments: Sequence[PgType], result: PgType, template: str | None = None) -> None:
        """A function that is one expression; `{0}` is the first argument."""
        text = template or f"{name}({', '.join(f'{{{i}}}' for i in range(len(arguments)))})"
        self.add(name, arguments, lambda c: value(text.format(*(a.sql for a in c.arguments)), result))


def on_exact_text(name: str) -> Emit:
    """A numeric function computed on exact text."""

    def emit(call: Call) -> Value:
        text_of = call.context.target.numbers.text_of
        texts = [text_of(a) if a.oid == NUMERIC.oid else a.sql for a in call.arguments]
        return numbers.exact(f"{name}({', '.join(texts)})")

    return emit


def _takes(signature: Signature, count: int) -> bool:
    own = len(signature.arguments)
    return count >= own if signature.variadic else count == own


def _stretched(signature: Signature, count: int) -> Candidate:
    extra = max(count - len(signature.arguments), 0)
    return Candidate(signature.arguments + signature.arguments[-1:] * extra, signature)


def coerce(context: Context, function: Candidate, arguments: Sequence[Value]) -> list[Value]:
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
    return _same_numeric_shape(context, found, function)


def _same_numeric_shape(context: Context, arguments: list[Value], function: Candidate) -> list[Value]:
    """Polymorphic numeric arguments, elements and arrays alike, in one inner form."""
    at = [i for i, kind in enumerate(function.arguments) if kind in (ANYELEMENT, ANYARRAY)]
    shapes = {arguments[i].shape for i in at if _is_numeric(arguments[i])}
    scaled = any(arguments[i].scale_sql for i in at)
    if len(at) < 2 or (len(shapes) <= 1 and not scaled):
        return arguments
    for i in at:
        arguments[i] = exact_elements(context, arguments[i])
    return arguments


def _is_numeric(v: Value) -> bool:
    return (element(v.type) or v.type).oid == NUMERIC.oid


def exact_elements(context: Context, v: Value) -> Value:
    """A numeric, or an array of numeric, in exact text."""
    own = context.target.numbers
    if v.oid == NUMERIC.oid:
        return own.to_exact(v)
    if v.shape is None:
        return v
    return Value(context.target.syntax.mapped(v.sql, "pg_e", own.plain_text("pg_e", v.shape)), v.type)


def find_call(kind: str, context: Context, name: str, arguments: Sequence[Value]) -> tuple[Emit, list[Value]] | None:
    """How the target writes the signature PostgreSQL chooses, and the arguments in its types; None if there is none.

    Raises FeatureNotSupported for a function that the target lacks.
    """
    found = KINDS[kind].find(name, [a.oid for a in arguments])
    if found is None:
        return None
    emit = context.target.emissions[kind].rows.get((name, found.signature))
    if emit is None:
        raise refuse(f"function {name}")
    return emit, coerce(context, found, arguments)
