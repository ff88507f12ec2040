"""Casts between types in their inner forms, with PostgreSQL's rounding, truncation and errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace

from catalog.types import (
    BOOL,
    BPCHAR,
    BYTEA,
    DATE,
    FLOAT4,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    INTERVAL,
    JSON,
    JSONB,
    NUMERIC,
    OID,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    UNKNOWN,
    UUID,
    VARCHAR,
    PgType,
    char_length,
    element,
    format_type,
    precision_scale,
)
from engine.dialect import literals, numbers
from engine.dialect.lattice import FLOATS, INTEGERS, TEXTS
from engine.dialect.literals import Forms
from engine.dialect.session import SessionConstants
from engine.dialect.value import Value, refuse, value

Convert = Callable[[Value, SessionConstants], Value]
Pairs = dict[tuple[int, int], Convert]

_WHOLE = frozenset({*INTEGERS, OID.oid})
_ROUNDED = {TIMESTAMP.oid: "timestamp", TIMESTAMPTZ.oid: "timestamptz", TIME.oid: "time", INTERVAL.oid: "interval"}
_OUTPUT = {
    FLOAT4.oid: "pg_float4_text",
    FLOAT8.oid: "pg_float8_text",
    DATE.oid: "pg_date_text",
    TIMESTAMP.oid: "pg_timestamp_text",
    INTERVAL.oid: "pg_interval_text",
}
_INPUT = {
    BOOL.oid: "pg_bool_in",
    FLOAT4.oid: "pg_float4_in",
    FLOAT8.oid: "pg_float8_in",
    DATE.oid: "pg_date_in",
    TIMESTAMP.oid: "pg_timestamp_in",
    INTERVAL.oid: "pg_interval_in",
    UUID.oid: "pg_uuid_in",
    JSON.oid: "pg_json_in",
    JSONB.oid: "pg_jsonb_in",
    BYTEA.oid: "pg_bytea_in",
}


class Casts(ABC):
    """Conversions to the inner form of a type, to its text, and to the outer form of a result."""

    def __init__(self, forms: Forms) -> None:
        self.forms = forms
        self._pairs: Mapping[tuple[int, int], Convert] = {**self._common_pairs(), **self.own_pairs()}

    @abstractmethod
    def own_pairs(self) -> Pairs:
        """Conversions between types other than texts and arrays that the target writes its own way, by their oids."""

    @abstractmethod
    def own_text(self, v: Value, session: SessionConstants) -> str | None:
        """The output function of a type that no other target writes alike; None for all other types."""

    @abstractmethod
    def own_input(self, sql: str, to: PgType, session: SessionConstants) -> str | None:
        """The input function of a type that no other target writes alike; None for all other types."""

    @abstractmethod
    def steps(self, count: int) -> str:
        """The unit to which moments are rounded, in microseconds, as 64-bit constant."""

    @abstractmethod
    def shown_text(self, sql: str) -> str:
        """A text as column of a result."""

    @abstractmethod
    def column(self, v: Value) -> str:
        """A value as column of a result, in the engine's type of its inner form."""

    @abstractmethod
    def shown(self, v: Value) -> str:
        """What is neither numeric nor char(n), as column of a result; raises FeatureNotSupported where it cannot be."""

    def type_name(self, pg: PgType, shape: tuple[int, int] | None = None) -> str:
        return self.forms.syntax.type_name(pg, shape)

    def cast(self, v: Value, to: PgType, session: SessionConstants, *, explicit: bool = False) -> Value:
        """`v` as type `to`, typmod included. An explicit cast to varchar(n) truncates, any other raises 22001."""
        if v.row is not None:
            raise refuse("a row value as an operand")
        if v.type == to and to.oid not in (NUMERIC.oid, BPCHAR.oid):
            return v
        if v.oid == UNKNOWN.oid:
            return self._from_unknown(v, to, session, explicit=explicit)
        moved = v if v.oid == to.oid else self._convert(v, to, session)
        return self._apply_typmod(moved, to, explicit=explicit)

    def null(self, to: PgType) -> Value:
        """A typed NULL."""
        shape = None
        if to.oid == NUMERIC.oid:
            shape = precision_scale(to) or (1, 0)
            if shape[0] > numbers.PRECISION_MAX or not 0 <= shape[1] <= shape[0]:
                shape = None
        return Value(f"CAST(NULL AS {self.type_name(to, shape)})", to, shape=shape, is_null=True)

    def text_sql(self, v: Value, session: SessionConstants) -> str:
        """What the type's output function prints, as an expression of the engine's text type."""
        if v.oid in TEXTS or v.oid == UNKNOWN.oid:
            return v.sql
        if v.oid == NUMERIC.oid:
            return self.forms.numbers.text_of(v)
        if v.oid in _WHOLE or v.oid == BOOL.oid:
            return f"CAST({v.sql} AS {self.type_name(TEXT)})"
        if (own := self.own_text(v, session)) is not None:
            return own
        if v.oid in _OUTPUT:
            return f"{_OUTPUT[v.oid]}({v.sql})"
        inner = element(v.type)
        if inner is not None:
            item = self.text_sql(Value("pg_e", PgType(inner.oid), shape=v.shape), session)
            return f"pg_array_text({self.forms.syntax.mapped(v.sql, 'pg_e', item)})"
        raise refuse(f"the text form of {format_type(v.type)}")

    def deliver(self, v: Value, to: PgType, session: SessionConstants) -> str:
        """`v` in the outer form of a result column: the engine's canonical type, char(n) padded, numeric by scale."""
        if v.oid == UNKNOWN.oid:
            v = self.cast(v, to if to.oid != UNKNOWN.oid else TEXT, session)
        if v.oid == NUMERIC.oid:
            return self._deliver_numeric(v, to)
        if v.oid == BPCHAR.oid:
            if v.width is None:
                raise refuse("a result of type character with values of different lengths")
            return self.shown_text(f"rpad({v.sql}, {v.width}, ' ')")
        return self.shown(v)

    def _deliver_numeric(self, v: Value, to: PgType) -> str:
        shape = precision_scale(to)
        if shape is not None:
            if v.shape is None or v.scale_sql is not None or v.scale != shape[1]:
                raise refuse(f"a result of type {format_type(to)} computed this way")
            return f"CAST({v.sql} AS DECIMAL({shape[0]},{shape[1]}))"
        if v.shape is None or v.scale_sql is not None:
            return self.shown_text(self.forms.numbers.text_of(v))
        return self.column(v)

    def _from_unknown(self, v: Value, to: PgType, session: SessionConstants, *, explicit: bool) -> Value:
        if to.oid == UNKNOWN.oid:
            return v
        if v.is_null:
            return self.null(to)
        if v.literal is None:
            return self.cast(Value(v.sql, TEXT), to, session, explicit=explicit)
        return self._apply_typmod(literals.read(v.literal, to, session, self.forms), to, explicit=True)

    def _apply_typmod(self, v: Value, to: PgType, *, explicit: bool) -> Value:
        if to.oid == NUMERIC.oid:
            shape = precision_scale(to)
            if shape is None:
                return numbers.bare(v) if v.type.typmod != -1 else v
            if shape[0] > numbers.PRECISION_MAX or not 0 <= shape[1] <= shape[0]:
                raise refuse(f"type {format_type(to)}")
            return numbers.typed(v, *shape)
        if to.typmod < 0:
            if v.type.typmod >= 0 and to.oid != BPCHAR.oid:
                return replace(v, type=to)
            return v
        length = char_length(to)
        if length is not None:
            return self._limit_text(v, to, length, explicit=explicit)
        if to.oid in _ROUNDED and to.typmod < 6:
            if v.type.typmod == to.typmod:
                return v
            return Value(f"pg_round_{_ROUNDED[to.oid]}({v.sql}, {self.steps(10 ** (6 - to.typmod))})", to)
        return replace(v, type=to)

    def _limit_text(self, v: Value, to: PgType, length: int, *, explicit: bool) -> Value:
        if to.oid == BPCHAR.oid:
            if v.type == to and v.width == length:
                return v
            cut = self.forms.syntax.unpadded(f"left({v.sql}, {length})")
            return Value(cut if explicit else f"pg_fit_bpchar({v.sql}, {length})", to, width=length)
        if v.type == to:
            return v
        limit = char_length(v.type)
        if limit is not None and v.oid == VARCHAR.oid and limit <= length:
            return replace(v, type=to)
        sql = f"left({v.sql}, {length})" if explicit else f"pg_fit_varchar({v.sql}, {length})"
        return Value(sql, to)

    def _convert(self, v: Value, to: PgType, session: SessionConstants) -> Value:
        """Between different types, to `to` without its typmod."""
        target = to.oid
        if v.is_null:
            return self.null(PgType(target))
        if target in TEXTS:
            return self._to_text(v, to, session)
        if (inner := element(to)) is not None:
            return self._to_array(v, inner, to, session)
        if v.oid in TEXTS:
            return self._from_text(v, PgType(target), session)
        convert = self._pairs.get((v.oid, target))
        if convert is None:
            raise refuse(f"the cast from {format_type(PgType(v.oid))} to {format_type(PgType(target))}")
        return convert(v, session)

    def _to_text(self, v: Value, to: PgType, session: SessionConstants) -> Value:
        sql = self.text_sql(v, session)
        width = v.width if to.oid == BPCHAR.oid else None
        if to.oid == BPCHAR.oid and v.oid != BPCHAR.oid:
            sql = self.forms.syntax.unpadded(sql)
        if to.oid == 18:
            raise refuse('type "char"')
        return Value(sql, PgType(to.oid), width=width, text=v.text if v.oid in TEXTS and v.oid != BPCHAR.oid else None)

    def _to_array(self, v: Value, inner: PgType, to: PgType, session: SessionConstants) -> Value:
        source = element(v.type)
        if source is None:
            raise refuse(f"the cast from {format_type(PgType(v.oid))} to {format_type(to)}")
        item = self.cast(Value("pg_e", PgType(source.oid), shape=v.shape), inner, session, explicit=True)
        return Value(self.forms.syntax.mapped(v.sql, "pg_e", item.sql), PgType(to.oid), shape=item.shape)

    def _from_text(self, v: Value, to: PgType, session: SessionConstants) -> Value:
        if to.oid == NUMERIC.oid:
            return numbers.exact(f"pg_numeric_in({v.sql})")
        if (own := self.own_input(v.sql, to, session)) is not None:
            return value(own, to)
        reader = _INPUT.get(to.oid)
        if reader is None:
            raise refuse(f"the cast from {format_type(PgType(v.oid))} to {format_type(to)}")
        return value(f"{reader}({v.sql})", to)

    def plain(self, to: PgType) -> Convert:
        """The engine's own CAST."""

        def convert(v: Value, session: SessionConstants) -> Value:
            constant = v.constant if v.oid in INTEGERS else None
            return replace(value(f"CAST({v.sql} AS {self.type_name(to)})", to), constant=constant)

        return convert

    def call(self, template: str, to: PgType) -> Convert:
        """An expression; `{}` is the value and `{zone}` the session's time zone."""
        string = self.forms.syntax.string
        return lambda v, session: value(template.format(v.sql, zone=string(session.time_zone)), to)

    def _common_pairs(self) -> Pairs:
        pairs: Pairs = {}
        for source in (INT2, INT4, INT8):
            for target in (INT2, INT4, INT8, FLOAT4, FLOAT8, OID):
                pairs[source.oid, target.oid] = self.plain(target)
            pairs[source.oid, NUMERIC.oid] = lambda v, session: numbers.from_integer(v)
        for oid in FLOATS:
            pairs[oid, NUMERIC.oid] = _float_to_numeric
        for source, target in ((OID, INT8), (OID, INT4), (BOOL, INT4), (FLOAT4, FLOAT8), (DATE, TIMESTAMP),
                               (TIMESTAMP, DATE)):  # fmt: skip
            pairs[source.oid, target.oid] = self.plain(target)
        pairs[FLOAT8.oid, FLOAT4.oid] = self.call("pg_float8_float4({})", FLOAT4)
        pairs[NUMERIC.oid, FLOAT8.oid] = self._numeric_to_float8
        pairs[NUMERIC.oid, FLOAT4.oid] = self._numeric_to_float4
        pairs[INT4.oid, BOOL.oid] = self.call("({} <> 0)", BOOL)
        pairs[JSONB.oid, JSON.oid] = lambda v, session: replace(v, type=JSON)
        return pairs

    def _numeric_to_float8(self, v: Value, session: SessionConstants) -> Value:
        return replace(value(self.forms.numbers.to_float(v), FLOAT8), constant=v.constant)

    def _numeric_to_float4(self, v: Value, session: SessionConstants) -> Value:
        return value(f"pg_float4_in({self.forms.numbers.text_of(v)})", FLOAT4)


def _float_to_numeric(v: Value, session: SessionConstants) -> Value:
    return numbers.exact(f"pg_float{4 if v.oid == FLOAT4.oid else 8}_numeric({v.sql})")
