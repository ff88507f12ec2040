"""One-dimensional arrays: constructors, subscripts, slices, operators. An engine's half writes the text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from catalog.types import BOOL, INT4, JSONB, NUMERIC, TEXT, UNKNOWN, PgType, array_of, element, format_type
from engine.dialect import comparisons
from engine.dialect.context import Context
from engine.dialect.functions import exact_elements
from engine.dialect.lattice import array_oid, common_type
from engine.dialect.value import Value, refuse, value


class Arrays(ABC):
    """Arrays in their inner form; numeric elements have one shape, or exact text."""

    @abstractmethod
    def json_step(self, document: str, key: str) -> str:
        """jsonb[key]"""

    @abstractmethod
    def at(self, array: str, index: Value) -> str:
        """array[index]: NULL outside the bounds, never counted from the end."""

    @abstractmethod
    def part(self, array: str, first: str, last: str | None) -> str:
        """array[first:last], to its end where `last` is None."""

    @abstractmethod
    def joined(self, left: Value, right: Value, *, arrays: tuple[bool, bool]) -> str:
        """left || right; `arrays` tells which are arrays, the other is an element."""

    @abstractmethod
    def contains(self, whole: str, part: str) -> str:
        """whole @> part. NULL elements never match."""

    @abstractmethod
    def overlap(self, left: str, right: str) -> str:
        """left && right. NULL elements never match."""

    @abstractmethod
    def collected(self, context: Context, item: Value, source: str) -> Value:
        """ARRAY(SELECT ...): `item` over `source` (a FROM item) in its order; an empty array for no rows."""

    def empty(self, context: Context, pg: PgType) -> Value:
        """ARRAY[]::type[]"""
        shape = (1, 0) if (element(pg) or pg).oid == NUMERIC.oid else None
        return _typed(context, [], PgType(pg.oid), shape)

    def constructor(self, context: Context, items: list[Value]) -> Value:
        """ARRAY[...]"""
        if not items:
            raise refuse("an empty ARRAY without a cast")
        inner = common_type([i.type for i in items])
        if inner is None or any(i.row is not None for i in items):
            raise refuse("ARRAY of different types")
        return self.literal_as(context, items, PgType(array_oid(inner.oid)))

    def literal_as(self, context: Context, items: list[Value], pg: PgType) -> Value:
        """An array of `items` as the array type `pg`."""
        inner = element(pg)
        if inner is None or any(element(i.type) is not None for i in items):
            raise refuse("an array of more than one dimension")
        inner = PgType(inner.oid)
        unified = comparisons.unify(context, items, inner)
        if any(v.scale_sql for v in unified):
            to_exact = context.target.numbers.to_exact
            unified = [to_exact(v) if not v.is_null else Value("NULL", NUMERIC, is_null=True) for v in unified]
        shape = next((v.shape for v in unified if not v.is_null), unified[0].shape if unified else None)
        return _typed(context, [v.sql for v in unified], PgType(pg.oid), shape)

    def item(self, context: Context, array: Value, index: Value) -> Value:
        """array[index]; jsonb[key]: one step of a path."""
        if array.oid == JSONB.oid:
            return value(self.json_step(array.sql, context.cast(index, TEXT).sql), JSONB)
        inner = _element(array)
        return Value(self.at(array.sql, context.cast(index, INT4)), inner, shape=array.shape)

    def slice_of(self, context: Context, array: Value, low: Value | None, high: Value | None) -> Value:
        """array[low:high]"""
        _element(array)
        first = "1" if low is None else context.cast(low, INT4).sql
        return array.with_sql(self.part(array.sql, first, None if high is None else context.cast(high, INT4).sql))

    def concatenate(self, context: Context, left: Value, right: Value) -> Value:
        """array || array, array || element, element || array."""
        a, b = element(left.type), element(right.type)
        if left.oid == UNKNOWN.oid:
            left, a = context.cast(left, right.type), b
        elif right.oid == UNKNOWN.oid:
            right, b = context.cast(right, left.type), a
        inners = [t for t in (a, b) if t is not None] + [v.type for v, t in ((left, a), (right, b)) if t is None]
        inner = common_type([PgType(t.oid) for t in inners])
        if inner is None:
            raise refuse("operator || of these types")
        whole = PgType(array_oid(inner.oid))
        left = context.cast(left, whole if a else inner)
        right = context.cast(right, whole if b else inner)
        if left.shape != right.shape or left.scale_sql or right.scale_sql:
            left, right = exact_elements(context, left), exact_elements(context, right)
        return Value(self.joined(left, right, arrays=(a is not None, b is not None)), whole, shape=left.shape)

    def operator(self, context: Context, symbol: str, left: Value, right: Value) -> Value:
        """`@>`, `<@` and `&&`. NULL elements never match."""
        if symbol not in ("@>", "<@", "&&"):
            raise refuse(f"operator {symbol} of arrays")
        if left.oid == UNKNOWN.oid:
            left = context.cast(left, right.type)
        if right.oid == UNKNOWN.oid:
            right = context.cast(right, left.type)
        if left.oid != right.oid:
            inner = common_type([PgType((element(v.type) or v.type).oid) for v in (left, right)])
            if inner is None:
                raise refuse(f"operator {symbol} of arrays of different types")
            left, right = (context.cast(v, array_of(PgType(inner.oid))) for v in (left, right))
        if (element(left.type) or left.type).oid == NUMERIC.oid:
            a, b = (comparisons.array_key(context, exact_elements(context, v)) for v in (left, right))
        else:
            a, b = left.sql, right.sql
        if symbol == "&&":
            return value(self.overlap(a, b), BOOL)
        return value(self.contains(b, a) if symbol == "<@" else self.contains(a, b), BOOL)


def _typed(context: Context, texts: Sequence[str], pg: PgType, shape: tuple[int, int] | None) -> Value:
    syntax = context.target.syntax
    return Value(f"CAST({syntax.listed(texts)} AS {syntax.type_name(pg, shape)})", pg, shape=shape)


def _element(v: Value) -> PgType:
    inner = element(v.type)
    if inner is None:
        raise refuse(f"a subscript of type {format_type(v.type)}")
    return PgType(inner.oid)
