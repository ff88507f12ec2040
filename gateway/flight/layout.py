"""Arrow arrays of every layout made into the plain one of their type: no extensions, dictionaries, run ends, views,
large or fixed-size containers, times in microseconds as PostgreSQL has them. Values stay what they are, or are refused;
what reads arrays after this knows one layout of each type.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import (
    CharacterNotInRepertoire,
    DatetimeFieldOverflow,
    FeatureNotSupported,
    ProgramLimitExceeded,
    ProtocolViolation,
)
from engine.values.lists import in_order, is_list, is_list_view

_kind = pa.types


def checked(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch itself, once its offsets and texts are known to be sound: Arrow believes what a client sends.

    Raises ProtocolViolation (08P01), CharacterNotInRepertoire (22021) for text that is no UTF-8.
    """
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid as error:
        if "UTF8" in str(error):
            raise CharacterNotInRepertoire('invalid byte sequence for encoding "UTF8"') from error
        raise ProtocolViolation("malformed Arrow data", detail=str(error).partition("\n")[0]) from error
    return batch


def plain_type(arrow: pa.DataType) -> pa.DataType:
    """The type that `plain` gives. Raises FeatureNotSupported for unions and what stands inside of nothing we read."""
    if isinstance(arrow, pa.BaseExtensionType):
        return plain_type(arrow.storage_type)
    if _kind.is_dictionary(arrow) or _kind.is_run_end_encoded(arrow):
        return plain_type(arrow.value_type)
    if _kind.is_large_string(arrow) or _kind.is_string_view(arrow):
        return pa.string()
    if _kind.is_large_binary(arrow) or _kind.is_binary_view(arrow):
        return pa.binary()
    if _kind.is_float16(arrow):
        return pa.float32()
    if _kind.is_timestamp(arrow):
        return pa.timestamp("us", arrow.tz)
    if _kind.is_time(arrow):
        return pa.time64("us")
    if _kind.is_duration(arrow):
        return pa.duration("us")
    if _kind.is_date64(arrow):
        return pa.date32()
    if _kind.is_decimal32(arrow) or _kind.is_decimal64(arrow):
        return pa.decimal128(arrow.precision, arrow.scale)
    if _kind.is_map(arrow):
        return pa.map_(_inside(arrow.key_type), _inside(arrow.item_type))
    if is_list(arrow):
        return pa.list_(_inside(arrow.value_type))
    if _kind.is_struct(arrow):
        return pa.struct([pa.field(field.name, _inside(field.type)) for field in arrow])
    if _kind.is_union(arrow):
        raise FeatureNotSupported(f"Arrow type {arrow} is not supported")
    return arrow


def plain(array: pa.Array) -> pa.Array:
    """The same values in the layout of `plain_type`; texts free of zero bytes. Raises SqlError."""
    while True:
        if isinstance(array, pa.ExtensionArray):
            array = array.storage
        elif _kind.is_dictionary(array.type):
            array = array.dictionary_decode()
        elif _kind.is_run_end_encoded(array.type):
            array = pc.run_end_decode(array)
        elif is_list_view(array.type):
            array = in_order(array)
        else:
            break
    target = plain_type(array.type)
    try:
        array = array if array.type.equals(target) else array.cast(target)
    except pa.ArrowInvalid as error:
        if not any(word in str(error) for word in ("would lose data", "out of bounds", "overflow")):
            raise ProgramLimitExceeded(
                "a batch of rows has more than 2 GB in one column", hint="Send smaller ones."
            ) from error
        raise _not_exact(array.type) from error
    except pa.ArrowNotImplementedError as error:
        raise FeatureNotSupported(f"Arrow type {array.type} is not supported") from error
    _refuse_zero_bytes(array)
    if _kind.is_interval(array.type):
        _refuse_nanoseconds(array)
    return array


def _inside(arrow: pa.DataType) -> pa.DataType:
    """Of a container's values, which Arrow's own cast has to reach."""
    if is_list_view(arrow) or _kind.is_run_end_encoded(arrow):
        raise FeatureNotSupported(f"Arrow type {arrow} is not supported inside of others")
    return plain_type(arrow)


def _refuse_zero_bytes(array: pa.Array) -> None:
    """PostgreSQL's texts have none. Raises CharacterNotInRepertoire (22021)."""
    if _kind.is_string(array.type):
        first, last = _ends(array)
        text = np.frombuffer(array.buffers()[2] or b"", np.uint8)[first:last]
        if np.count_nonzero(text) != len(text):
            raise CharacterNotInRepertoire('invalid byte sequence for encoding "UTF8": 0x00')
    elif _kind.is_struct(array.type):
        for index in range(array.type.num_fields):
            _refuse_zero_bytes(array.field(index))
    elif _kind.is_map(array.type):
        _refuse_zero_bytes(array.keys)
        _refuse_zero_bytes(array.items)
    elif _kind.is_list(array.type):
        _refuse_zero_bytes(array.values)


def _refuse_nanoseconds(array: pa.Array) -> None:
    """Of intervals: months, days, and nanoseconds that have to be whole microseconds."""
    if array.type != pa.month_day_nano_interval():
        raise FeatureNotSupported(f"Arrow type {array.type} is not supported")
    parts = np.frombuffer(array.buffers()[1] or b"", np.dtype([("m", "<i4"), ("d", "<i4"), ("ns", "<i8")]))
    valid = array.is_valid().to_numpy(zero_copy_only=False)
    if (parts["ns"][array.offset : array.offset + len(array)][valid] % 1000).any():
        raise _not_exact(array.type)


def _not_exact(arrow: pa.DataType) -> DatetimeFieldOverflow:
    return DatetimeFieldOverflow(
        f"a value of Arrow type {arrow} is beyond what PostgreSQL's type holds: microseconds, or its range",
        hint="Values are taken as they are or not at all: convert the column before it is sent.",
    )


def _ends(array: pa.Array) -> tuple[int, int]:
    if not len(array):
        return 0, 0
    offsets = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + len(array) + 1]
    return int(offsets[0]), int(offsets[-1])
