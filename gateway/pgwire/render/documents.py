"""Structs, lists and maps as JSON text, as row_to_json writes them."""

from __future__ import annotations

from collections.abc import Callable
from json.encoder import encode_basestring

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gateway.pgwire.render.arrays import bracketed, child
from gateway.pgwire.render.column import Body, Rule, binary_body, joined, nulls
from gateway.pgwire.render.escapes import JSON

ScalarRule = Callable[[pa.DataType], Rule]
"""The text rule of a type that is no container, dates in xsd form."""

_NULL = pa.scalar(b"null", pa.binary())
_QUOTE = pa.scalar(b'"', pa.binary())


def document(arrow: pa.DataType, scalar: ScalarRule) -> Rule:
    """The JSON rule of a struct, list or map column."""
    write = _writer(arrow, scalar)
    return Rule(lambda value: value, write, lambda array: _listed(array, write))


Write = Callable[[pa.Array], Body]


def _listed(array: pa.Array, write: Write) -> list[bytes | None]:
    cells: list[bytes | None] = binary_body(write(array)).to_pylist()
    isnull = nulls(array)
    return cells if isnull is None else [None if gone else cell for cell, gone in zip(cells, isnull, strict=True)]


def _writer(arrow: pa.DataType, scalar: ScalarRule) -> Write:
    """Writes a column as JSON; what stands at NULL is of no account."""
    kind = pa.types
    if kind.is_struct(arrow):
        return _struct(arrow, scalar)
    if kind.is_map(arrow):
        return _map(arrow, scalar)
    if kind.is_list(arrow):
        return _list(_writer(arrow.value_type, scalar))
    rule = scalar(arrow)
    if kind.is_boolean(arrow):
        return lambda array: pc.if_else(array, b"true", b"false")
    if kind.is_integer(arrow) or (kind.is_decimal(arrow)):
        return rule.body
    if kind.is_floating(arrow):
        return lambda array: _finite(array, binary_body(rule.body(array)))
    return lambda array: joined([_QUOTE, JSON.column(_present(rule.body(array))), _QUOTE])


def _present(body: Body) -> pa.BinaryArray:
    """Null-free."""
    binary = binary_body(body)
    return binary.fill_null(b"") if binary.null_count else binary


def _finite(array: pa.Array, texts: pa.BinaryArray) -> pa.BinaryArray:
    """NaN and the infinities are no JSON numbers: they are quoted."""
    special = pc.invert(pc.is_finite(array)).fill_null(False)
    if not pc.any(special).as_py():
        return texts
    return pc.if_else(special, pc.binary_join_element_wise(_QUOTE, texts, _QUOTE, pa.scalar(b"", pa.binary())), texts)


def _or_null(array: pa.Array, body: Body) -> pa.BinaryArray:
    isnull = nulls(array)
    binary = binary_body(body)
    return binary if isnull is None else pc.if_else(pa.array(isnull), _NULL, binary)


def _struct(arrow: pa.DataType, scalar: ScalarRule) -> Write:
    names = [field.name for field in arrow]
    heads = [
        pa.scalar((("," if at else "{") + encode_basestring(name) + ":").encode(), pa.binary())
        for at, name in enumerate(names)
    ]
    writers = [_writer(field.type, scalar) for field in arrow]
    end = pa.scalar(b"}", pa.binary())

    def write(array: pa.Array) -> Body:
        if not names:
            return binary_body(np.tile(np.frombuffer(b"{}", np.uint8), (len(array), 1)))
        parts: list[Body | pa.Scalar] = []
        for at, (head, inner) in enumerate(zip(heads, writers, strict=True)):
            values = array.field(at)
            parts += [head, _or_null(values, inner(values))]
        return joined([*parts, end])

    return write


def _list(inner: Write) -> Write:
    start, end = pa.scalar(b"[", pa.binary()), pa.scalar(b"]", pa.binary())

    def write(array: pa.Array) -> Body:
        offsets, values = child(array)
        return joined([start, bracketed(offsets, _or_null(values, inner(values))), end])

    return write


def _map(arrow: pa.DataType, scalar: ScalarRule) -> Write:
    names, inner = scalar(arrow.key_type), _writer(arrow.item_type, scalar)
    start, end, colon = pa.scalar(b"{", pa.binary()), pa.scalar(b"}", pa.binary()), pa.scalar(b":", pa.binary())

    def write(array: pa.Array) -> Body:
        offsets = np.asarray(array.offsets).astype(np.int64)
        keys = array.keys.slice(offsets[0], offsets[-1] - offsets[0])
        items = array.items.slice(offsets[0], offsets[-1] - offsets[0])
        named = joined([_QUOTE, JSON.column(_present(names.body(keys))), _QUOTE])
        pairs = joined([named, colon, _or_null(items, inner(items))])
        return joined([start, bracketed(offsets - offsets[0], pairs), end])

    return write
