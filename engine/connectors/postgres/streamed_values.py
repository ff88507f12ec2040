"""Columns of a stream of changes from the text forms in which a source's pgoutput sends values.

The forms are those of a session set up as `replication` does. What a value comes to, and which have no image and come
as NULL, is the same as when the table is read (`select_list`, `images`).
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import CharacterNotInRepertoire, DataException, SqlError
from catalog.types import arrow_type
from engine.connectors.model import SourceColumn
from engine.values.arrays import parse_array

_FINITE = r"^-?[0-9$]"
_MONEY = "$"
"""Only money has it in its text (with lc_monetary C)."""
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_MOMENT = r"^[0-9]{4}-[^B]*$"
"""Of the years 1 to 9999: later ones have more digits, earlier ones end in BC; infinities begin with no digit."""
_HEX_PREFIX = len("\\x")


def decoded(texts: pa.BinaryArray, column: SourceColumn, delimiter: str) -> pa.Array:
    """Text forms as an array of the canonical type of `column.type`. `delimiter`: between elements of an array.

    Raises DataException (22000), CharacterNotInRepertoire (22021).
    """
    wanted = arrow_type(column.type)
    try:
        text = pc.cast(texts, pa.string())
    except pa.ArrowInvalid as error:
        raise CharacterNotInRepertoire(
            "the source has text that is not UTF-8", detail=str(error), hint="Its encoding is SQL_ASCII: any bytes."
        ) from error
    try:
        return _lists(text, wanted, delimiter) if pa.types.is_list(wanted) else _values(text, wanted)
    except (pa.ArrowInvalid, SqlError) as error:
        raise DataException(
            f'a value of column "{column.name}" of type {column.source_type} cannot be read from the source\'s log',
            detail=" ".join(str(error).split()),
        ) from error


def _values(text: pa.StringArray, wanted: pa.DataType) -> pa.Array:
    kind = pa.types
    if kind.is_string(wanted):
        return text
    if kind.is_boolean(wanted):
        return pc.equal(text, "t")
    if kind.is_decimal(wanted):
        return _decimals(_only(text, _FINITE), wanted)
    if kind.is_date(wanted):
        return pc.cast(_only(text, _DAY), wanted)
    if kind.is_timestamp(wanted):
        return pc.cast(_only(text, _MOMENT), wanted)
    if kind.is_fixed_size_binary(wanted):
        return _uuids(text, wanted)
    if kind.is_binary(wanted):
        return _bytes(text)
    return pc.cast(text, wanted)


def _only(text: pa.StringArray, pattern: str) -> pa.StringArray:
    fits = pc.match_substring_regex(text, pattern)
    return text if pc.all(fits).as_py() is not False else pc.if_else(fits, text, None)


def _decimals(text: pa.StringArray, wanted: pa.DataType) -> pa.Array:
    if not pc.any(pc.match_substring(text, _MONEY)).as_py():
        return pc.cast(text, wanted)
    # Money is a count of the smallest coin, and only the source's own locale tells how many make a whole.
    coins = pc.cast(pc.cast(pc.replace_substring_regex(text, "[^0-9-]", ""), pa.int64()), pa.decimal128(19, 0))
    return pa.Array.from_buffers(wanted, len(coins), coins.buffers(), offset=coins.offset)


def _lists(text: pa.StringArray, wanted: pa.DataType, delimiter: str) -> pa.Array:
    """Arrays of one dimension; NULL for those of more."""
    swap = str.maketrans({",": delimiter, delimiter: ","})
    bare = pc.replace_substring_regex(text, r"^\[[^=]*=", "")  # bounds: a list of Arrow begins where it begins
    parsed = [None if value is None else parse_array(value.translate(swap)) for value in bare.to_pylist()]
    flat = [None if one is None or any(isinstance(each, list) for each in one) else one for one in parsed]
    mask = np.array([one is None for one in flat], np.bool_)
    sizes = np.array([0 if one is None else len(one) for one in flat], np.int32)
    offsets = np.concatenate([np.zeros(1, np.int32), np.cumsum(sizes, dtype=np.int32)])
    items: list[Any] = list(chain.from_iterable(one for one in flat if one is not None))
    if delimiter != ",":
        items = [None if item is None else item.translate(swap) for item in items]
    inner = _values(pa.array(items, pa.string()), wanted.value_type)
    return pa.ListArray.from_arrays(pa.array(offsets), inner, type=wanted, mask=pa.array(mask))


def _uuids(text: pa.StringArray, wanted: pa.DataType) -> pa.Array:
    digits = "".join(pc.replace_substring(pc.fill_null(text, "0" * 32), "-", "").to_pylist())
    valid = np.packbits(pc.is_valid(text).to_numpy(zero_copy_only=False), bitorder="little")
    return pa.Array.from_buffers(wanted, len(text), [pa.py_buffer(valid), pa.py_buffer(bytes.fromhex(digits))])


def _bytes(text: pa.StringArray) -> pa.BinaryArray:
    digits = pc.utf8_slice_codeunits(text, _HEX_PREFIX)  # a new array: its offset is 0
    mask, offsets, data = digits.buffers()
    ends = np.frombuffer(offsets, np.int32)[: len(digits) + 1]
    raw = bytes.fromhex(data.to_pybytes()[: int(ends[-1])].decode()) if data is not None else b""
    return pa.Array.from_buffers(pa.binary(), len(digits), [mask, pa.py_buffer(ends // 2), pa.py_buffer(raw)])
