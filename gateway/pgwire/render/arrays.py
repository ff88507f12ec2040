"""One-dimensional arrays, and rectangular arrays of more dimensions, over the rule of their elements."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import DataException
from gateway.pgwire.render.column import (
    Body,
    Rule,
    as_binary,
    binary_body,
    data_of,
    fields,
    from_offsets,
    joined,
    nulls,
    offsets_data,
)
from gateway.pgwire.render.escapes import QUOTED

_MARKS = np.zeros(256, np.bool_)
_MARKS[list(b'{},"\\ \t\n\v\f\r')] = True
_MUST_QUOTE = rb'[{},"\\ \t\n\x0b\f\r]|^$|^(?i:null)$'
_MARK_BYTES = frozenset(b'{},"\\ \t\n\v\f\r')
_PREFIX = struct.Struct("!i").pack


def array_text(element: Rule, *, quotes: bool) -> Rule:
    """`element` writes the elements of the (32-bit list) column; `quotes` False: they never need quotes."""
    column = _text_column(element, quotes=quotes)
    return Rule(
        lambda cells: b"{" + b",".join([_element(cell, quotes=quotes) for cell in cells]) + b"}",
        column,
        lambda array: _cells(array, element),
    )


def array_binary(element: Rule, oid: int) -> Rule:
    """`oid` is the element type's."""
    return Rule(lambda cells: _sent(cells, oid), _binary_column(element, oid), lambda array: _cells(array, element))


def nested_text(element: Rule, *, quotes: bool) -> Rule:
    """Lists of lists as one array of several dimensions."""
    return Rule(
        lambda value: _braces(value, quotes=quotes) if _shape(value)[0] else b"{}",
        values=lambda array: _deep_cells(array, element),
    )


def nested_binary(element: Rule, oid: int) -> Rule:
    return Rule(lambda value: _sent_deep(value, oid), values=lambda array: _deep_cells(array, element))


def child(array: pa.Array) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """Offsets from 0 (rows + 1) and the elements of a list array, honouring slices."""
    offsets = np.asarray(array.offsets).astype(np.int64)
    return offsets - offsets[0], array.values.slice(offsets[0], offsets[-1] - offsets[0])


def _cells(array: pa.Array, element: Rule) -> list[list[bytes | None] | None]:
    offsets, values = child(array)
    cells = element.cells(values)
    cuts = offsets.tolist()
    rows: list[list[bytes | None] | None] = [cells[a:b] for a, b in itertools.pairwise(cuts)]
    isnull = nulls(array)
    if isnull is not None:
        return [None if gone else row for row, gone in zip(rows, isnull, strict=True)]
    return rows


def _element(cell: bytes | None, *, quotes: bool) -> bytes:
    if cell is None:
        return b"NULL"
    if quotes and (not cell or not _MARK_BYTES.isdisjoint(cell) or cell.lower() == b"null"):
        return b'"' + QUOTED.one(cell) + b'"'
    return cell


def _text_column(element: Rule, *, quotes: bool) -> Callable[[pa.Array], Body]:
    def column(array: pa.Array) -> Body:
        offsets, values = child(array)
        isnull = nulls(values)
        texts = binary_body(element.body(values))
        if isnull is not None:
            texts = pc.if_else(pa.array(isnull), pa.scalar(b"", pa.binary()), texts)
        if quotes and len(texts):
            texts = _quoted(texts)
        if isnull is not None:
            texts = pc.if_else(pa.array(isnull), pa.scalar(b"NULL", pa.binary()), texts)
        return joined([_BRACE, bracketed(offsets, texts), _END])

    return column


_BRACE, _END = pa.scalar(b"{", pa.binary()), pa.scalar(b"}", pa.binary())


def bracketed(offsets: npt.NDArray[np.int64], texts: pa.BinaryArray) -> pa.BinaryArray:
    """Each row's texts joined by commas; `texts` has no NULL."""
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), texts)
    return pc.binary_join(lists, b",")


def _quoted(texts: pa.BinaryArray) -> pa.BinaryArray:
    offsets, _ = offsets_data(texts)
    lengths = np.diff(offsets)
    if not (_MARKS[data_of(texts)].any() or (lengths == 0).any() or (lengths == 4).any()):
        return texts
    must = pc.match_substring_regex(texts, _MUST_QUOTE.decode("latin-1"))
    quote = pa.scalar(b'"', pa.binary())
    return pc.if_else(must, joined([quote, as_binary(QUOTED.column(texts)), quote]), texts)


def _binary_column(element: Rule, oid: int) -> Callable[[pa.Array], Body]:
    def column(array: pa.Array) -> Body:
        offsets, values = child(array)
        isnull = nulls(values)
        rows, counts = len(array), np.diff(offsets)
        has_null = np.zeros(rows, np.int64)
        if isnull is not None:
            before = np.concatenate([[0], np.cumsum(isnull)])
            has_null = (before[offsets[1:]] > before[offsets[:-1]]).astype(np.int64)
        head = np.empty((rows, 5), ">i4")
        empty = counts == 0
        head[:, 0] = ~empty
        head[:, 1], head[:, 2], head[:, 3], head[:, 4] = has_null, oid, counts, 1
        keep = np.ones((rows, 5), np.bool_)
        keep[empty, 3:] = False
        starts = np.zeros(rows + 1, np.int64)
        np.cumsum(np.where(empty, 12, 20), out=starts[1:])
        heads = from_offsets(starts, head[keep].view(np.uint8))
        if len(values) == 0:
            return heads
        elements = joined(fields(element.body(values), isnull).parts)
        cuts, _ = offsets_data(elements)
        bodies = from_offsets((cuts - cuts[0])[offsets], data_of(elements))
        return joined([heads, bodies])

    return column


def _field(cell: bytes | None) -> bytes:
    return b"\xff\xff\xff\xff" if cell is None else _PREFIX(len(cell)) + cell


def _sent(cells: list[bytes | None], oid: int) -> bytes:
    if not cells:
        return struct.pack("!iii", 0, 0, oid)
    return struct.pack("!5i", 1, None in cells, oid, len(cells), 1) + b"".join([_field(cell) for cell in cells])


def _deep_cells(array: pa.Array, element: Rule) -> list[Any]:
    if not pa.types.is_list(array.type.value_type):
        return list(_cells(array, element))
    offsets, values = child(array)
    inner, cuts = _deep_cells(values, element), offsets.tolist()
    valid = array.is_valid().to_pylist()
    return [inner[a:b] if ok else None for a, b, ok in zip(cuts[:-1], cuts[1:], valid, strict=True)]


def _shape(value: Any) -> list[int]:
    """Sizes by dimension; raises 2202E (array subscript error) if the lists are not rectangular."""
    sizes, level = [], [value]
    while level and all(isinstance(each, list) for each in level):
        sizes.append(len(level[0]))
        if any(len(each) != sizes[-1] for each in level):
            break
        level = [item for each in level for item in each]
    else:
        if not any(isinstance(each, list) for each in level):
            return [0] if 0 in sizes else sizes
    raise DataException(
        "multidimensional arrays must have sub-arrays with matching dimensions",
        hint="Cast the nested list to json.",
        code="2202E",
    )


def _braces(value: Any, *, quotes: bool) -> bytes:
    if isinstance(value, list):
        return b"{" + b",".join([_braces(each, quotes=quotes) for each in value]) + b"}"
    return _element(value, quotes=quotes)


def _sent_deep(value: Any, oid: int) -> bytes:
    sizes = _shape(value)
    if not sizes[0]:
        return struct.pack("!iii", 0, 0, oid)
    level: list[Any] = value
    for _ in sizes[1:]:
        level = [item for each in level for item in each]
    head = struct.pack("!iii", len(sizes), None in level, oid)
    return head + b"".join([struct.pack("!ii", size, 1) for size in sizes]) + b"".join([_field(c) for c in level])
