"""The table of rules: which renderer writes a column of a PostgreSQL type that arrives as a given Arrow type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import DatatypeMismatch, FeatureNotSupported, NumericValueOutOfRange
from catalog.types import (
    BY_OID,
    BYTEA,
    FLOAT4,
    FLOAT8,
    INTERVAL,
    JSON,
    JSONB,
    NUMERIC,
    TEXT,
    TIMESTAMPTZ,
    UUID,
    PgType,
    arrow_type,
    char_length,
    element,
    format_type,
    from_arrow,
    precision_scale,
)
from engine.values.lists import in_order, is_list, is_list_view
from gateway.pgwire.render import arrays, dates, floats, intervals, jsonb, numbers, numerics, strings, times
from gateway.pgwire.render.column import Body, Rule
from gateway.pgwire.render.documents import document
from gateway.pgwire.render.style import DateStyle, Style

_TIMETZ_OID, _CHAR_OID, _NAME_OID = 1266, 18, 19
_TEXT_OIDS = frozenset((_CHAR_OID, _NAME_OID, 25, 114, 705, 1042, 1043))
_INTEGER_CODES = {20: "q", 21: "h", 23: "i", 26: "I"}
_UNQUOTED = frozenset((16, 20, 21, 23, 26, 700, 701, 1700, 2950, 1083))
"""Types whose text never needs quotes inside an array."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """A column's rule, and `prepare`, which gives an array of the Arrow type the rule reads."""

    prepare: Callable[[pa.Array], pa.Array]
    rule: Rule

    def body(self, array: pa.Array) -> Body:
        """See `Rule.body`; `array` as it came, not prepared."""
        return self.rule.body(self.prepare(array))

    def cells(self, array: pa.Array) -> list[bytes | None]:
        """See `Rule.cells`."""
        return self.rule.cells(self.prepare(array))


@lru_cache(maxsize=4096)
def renderer(pg: PgType, arrow: pa.DataType, style: Style, *, binary: bool) -> Renderer:
    """The renderer of a column, which has no state; raises 0A000 for a pair nothing here can write faithfully."""
    plain = _plain(arrow)
    target = _target(pg, plain)
    rule = _rule(pg, target, style, binary=binary)
    if target == arrow:
        return Renderer(lambda array: array, rule)
    return Renderer(lambda array: _cast(array, target), rule)


def _plain(arrow: pa.DataType) -> pa.DataType:
    """The type without extension, dictionary, view, large or fixed-size layouts, at every depth."""
    kind = pa.types
    if isinstance(arrow, pa.BaseExtensionType):
        return _plain(arrow.storage_type)
    if kind.is_dictionary(arrow):
        return _plain(arrow.value_type)
    if kind.is_large_string(arrow) or kind.is_string_view(arrow):
        return pa.string()
    if kind.is_large_binary(arrow) or kind.is_binary_view(arrow):
        return pa.binary()
    if kind.is_float16(arrow):
        return pa.float32()
    if kind.is_decimal32(arrow) or kind.is_decimal64(arrow):
        return pa.decimal128(arrow.precision, arrow.scale)
    if kind.is_map(arrow):
        return pa.map_(_plain(arrow.key_type), _plain(arrow.item_type))
    if is_list(arrow):
        if is_list_view(arrow.value_type):
            raise FeatureNotSupported(f"Arrow type {arrow} is not supported: list views may not be nested")
        return pa.list_(_plain(arrow.value_type))
    if kind.is_struct(arrow):
        if any(is_list_view(field.type) for field in arrow):
            raise FeatureNotSupported(f"Arrow type {arrow} is not supported: list views may not be nested")
        return pa.struct([pa.field(field.name, _plain(field.type)) for field in arrow])
    return arrow


def _is_nested(arrow: pa.DataType) -> bool:
    return bool(pa.types.is_struct(arrow) or pa.types.is_map(arrow) or pa.types.is_list(arrow))


def _target(pg: PgType, plain: pa.DataType) -> pa.DataType:
    """The Arrow type the rule will read, for a column that comes as `plain`."""
    kind = pa.types
    if kind.is_null(plain):
        return arrow_type(pg)
    if pg.oid in _INTEGER_CODES or pg.oid in (16, 700, 701):
        return arrow_type(pg)
    if pg.oid == NUMERIC.oid:
        return _numeric_target(pg, plain)
    if (
        kind.is_fixed_size_binary(plain)
        and pg.oid != UUID.oid
        and not (pg.oid in _TEXT_OIDS and plain.byte_width == 16)
    ):
        return pa.binary()
    if pg.oid == UUID.oid and kind.is_binary(plain):
        return pa.binary(16)
    if pg.oid == 1082 and kind.is_timestamp(plain):
        return pa.date32()
    if pg.oid in (1114, 1184) and kind.is_date(plain):
        return pa.timestamp("us")
    return plain


def _numeric_target(pg: PgType, plain: pa.DataType) -> pa.DataType:
    kind, shape = pa.types, precision_scale(pg)
    if kind.is_decimal(plain):
        canonical = arrow_type(pg)
        return plain if shape is None or plain.scale == canonical.scale else canonical
    if kind.is_integer(plain):
        scale = 0 if shape is None else max(shape[1], 0)
        return pa.decimal128(min(20 + scale, 38), scale)  # Arrow wants room for every integer
    return plain


def _cast(array: pa.Array, target: pa.DataType) -> pa.Array:
    """Safe: raises 22003 where a value does not fit, 42804 where the types have nothing in common."""
    while isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if is_list_view(array.type):
        array = in_order(array)
    if array.type == target:
        return array
    try:
        if pa.types.is_fixed_size_binary(target) and array.type == pa.string():
            return array
        return pc.cast(array, target)
    except pa.ArrowInvalid as error:
        raise NumericValueOutOfRange(f"value out of range: {error}") from error
    except pa.ArrowNotImplementedError as error:
        raise DatatypeMismatch(f"column of type {array.type} cannot be sent as {target}") from error


def _rule(pg: PgType, arrow: pa.DataType, style: Style, *, binary: bool) -> Rule:
    inner = element(pg)
    if inner is not None and pa.types.is_list(arrow):
        return _array_rule(inner, arrow, style, binary=binary)
    if pg.oid in (JSON.oid, JSONB.oid) or (pg.oid in _TEXT_OIDS and _is_nested(arrow)):
        return _json_rule(pg, arrow, style, binary=binary)
    if pg.oid in _TEXT_OIDS:
        return _text_rule(pg, arrow, style)
    if pg.oid in BY_OID:
        return _sent_rule(pg, arrow) if binary else _shown_rule(pg, arrow, style)
    if binary:
        raise FeatureNotSupported(f"no binary output function available for type {format_type(pg)}")
    natural = TEXT if pa.types.is_string(arrow) or inner is not None else from_arrow(arrow)
    return _text_rule(pg, arrow, style) if natural is TEXT else _rule(natural, arrow, style, binary=False)


def _shown_rule(pg: PgType, arrow: pa.DataType, style: Style) -> Rule:
    """Text format."""
    oid = pg.oid
    _check(pg, arrow)
    if oid == 16:
        return numbers.bool_text()
    if oid in _INTEGER_CODES:
        return numbers.integer_text()
    if oid in (FLOAT4.oid, FLOAT8.oid):
        return floats.float_text(arrow, style.extra_float_digits)
    if oid == NUMERIC.oid:
        return _numeric_rule(arrow, style, binary=False)
    if oid == BYTEA.oid:
        return strings.bytea_text(style.bytea_output)
    if oid == UUID.oid:
        return strings.uuid_text(arrow)
    if oid == INTERVAL.oid:
        return intervals.interval_text(style.interval_style)
    if oid == 1083:
        return times.time_text()
    if oid == _TIMETZ_OID:
        return times.timetz_text()
    kind, day_first = style.dates()
    if oid == 1082:
        return dates.date_text(kind, day_first=day_first)
    zone = style.time_zone if oid == TIMESTAMPTZ.oid else None
    return dates.timestamp_text(kind, day_first=day_first, zone=zone)


def _sent_rule(pg: PgType, arrow: pa.DataType) -> Rule:
    """Binary format."""
    oid = pg.oid
    _check(pg, arrow)
    if oid == 16:
        return numbers.bool_binary()
    if oid in _INTEGER_CODES:
        return numbers.integer_binary(_INTEGER_CODES[oid], arrow)
    if oid in (FLOAT4.oid, FLOAT8.oid):
        return floats.float_binary(arrow)
    if oid == NUMERIC.oid:
        return _numeric_rule(arrow, Style(), binary=True)
    if oid == BYTEA.oid:
        return strings.plain()
    if oid == UUID.oid:
        return strings.uuid_binary(arrow)
    if oid == INTERVAL.oid:
        return intervals.interval_binary()
    if oid == 1083:
        return times.time_binary()
    if oid == _TIMETZ_OID:
        return times.timetz_binary()
    return dates.date_binary() if oid == 1082 else dates.timestamp_binary()


_TAKES: dict[int, tuple[Callable[[pa.DataType], bool], ...]] = {
    BYTEA.oid: (pa.types.is_binary, pa.types.is_string),
    UUID.oid: (pa.types.is_fixed_size_binary, pa.types.is_string),
    INTERVAL.oid: (pa.types.is_interval, pa.types.is_duration),
    1082: (pa.types.is_date,),
    1083: (pa.types.is_time,),
    1114: (pa.types.is_timestamp,),
    1184: (pa.types.is_timestamp,),
    _TIMETZ_OID: (pa.types.is_string,),
    NUMERIC.oid: (pa.types.is_decimal, pa.types.is_string, pa.types.is_floating),
}


def _check(pg: PgType, arrow: pa.DataType) -> None:
    tests = _TAKES.get(pg.oid)
    if tests is not None and not any(test(arrow) for test in tests):
        raise FeatureNotSupported(f"a column of type {format_type(pg)} cannot be sent from Arrow type {arrow}")


def _numeric_rule(arrow: pa.DataType, style: Style, *, binary: bool) -> Rule:
    if pa.types.is_decimal(arrow):
        return numerics.decimal_binary(arrow) if binary else numerics.decimal_text(arrow)
    if pa.types.is_floating(arrow):
        text = floats.float_text(arrow, 1)
        return Rule(lambda value: numerics.float_numeric(value, binary=binary), values=text.cells)
    return numerics.text_binary() if binary else numerics.text_text()


def _text_rule(pg: PgType, arrow: pa.DataType, style: Style) -> Rule:
    """Text and its relatives: the same bytes in both formats."""
    if pa.types.is_string(arrow) or pa.types.is_binary(arrow):
        length = char_length(pg)
        return strings.padded(length) if pg.oid == 1042 and length is not None else strings.plain()
    return _rule(from_arrow(arrow), arrow, style, binary=False)


def _json_rule(pg: PgType, arrow: pa.DataType, style: Style, *, binary: bool) -> Rule:
    if pa.types.is_string(arrow) or pa.types.is_binary(arrow):
        if pg.oid != JSONB.oid:
            return strings.plain()
        return jsonb.jsonb_binary() if binary else jsonb.jsonb_text()
    text = document(arrow, lambda inner: _document_scalar(inner, style))
    if pg.oid != JSONB.oid:
        return text
    head = b"\x01" if binary else b""
    return Rule(lambda cell: head + jsonb.normal_form(cell), values=text.cells)


def _document_scalar(arrow: pa.DataType, style: Style) -> Rule:
    """A value inside a JSON document: as text in the session's settings, but dates always in xsd form."""
    pg = from_arrow(arrow)
    if pa.types.is_date(arrow):
        return dates.date_text(DateStyle.ISO, day_first=False)
    if pa.types.is_timestamp(arrow):
        zone = style.time_zone if arrow.tz else None
        return dates.timestamp_text(DateStyle.ISO, day_first=False, zone=zone, xsd=True)
    target = _target(pg, arrow)
    rule = _rule(pg, target, style, binary=False)
    if target == arrow:
        return rule
    vector = rule.body
    return Rule(rule.one, lambda array: vector(_cast(array, target)), lambda array: rule.values(_cast(array, target)))


def _array_rule(inner: PgType, arrow: pa.DataType, style: Style, *, binary: bool) -> Rule:
    value, deep = arrow.value_type, False
    while pa.types.is_list(value):
        value, deep = value.value_type, True
    target = _target(inner, value)
    base = _rule(inner, target, style, binary=binary)
    rule = base
    if target != value:
        rule = Rule(
            base.one, lambda array: base.body(_cast(array, target)), lambda array: base.values(_cast(array, target))
        )
    if binary:
        return (arrays.nested_binary if deep else arrays.array_binary)(rule, inner.oid)
    return (arrays.nested_text if deep else arrays.array_text)(rule, quotes=inner.oid not in _UNQUOTED)
