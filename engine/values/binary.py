"""Columns and values from PostgreSQL's binary format (what a type's receive function takes)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import (
    DatetimeFieldOverflow,
    FeatureNotSupported,
    InvalidBinaryRepresentation,
    NumericValueOutOfRange,
    ProgramLimitExceeded,
)
from catalog.types import BY_OID, NUMERIC, PgType, arrow_type, char_length, element, format_type, precision_scale
from engine.values import datetimes as dates
from engine.values import scalars
from engine.values.arrays import MAX_DIMENSIONS
from engine.values.build import build
from engine.values.intervals import Interval

_EPOCH_DAYS, _EPOCH_US = 10957, 946_684_800_000_000
_FIXED = {20: ">i8", 21: ">i2", 23: ">i4", 26: ">u4", 700: ">f4", 701: ">f8", 1082: ">i4", 1114: ">i8", 1184: ">i8"}
_STAMPS = (dates.US_MIN, dates.US_END, _EPOCH_US)
_EPOCHS = {1082: (dates.DAYS_MIN, dates.DAYS_END, _EPOCH_DAYS), 1114: _STAMPS, 1184: _STAMPS}
"""First and end of the range, and what to add, of dates and timestamps."""
_STR_BITS_MAX = 13_000  # about 3,900 digits
_SPECIAL = {0xC000: Decimal("NaN"), 0xD000: Decimal("Infinity"), 0xF000: Decimal("-Infinity")}


def arrow_from_binary(
    values: Sequence[bytes | None] | pa.Array, pg: PgType, *, arrow: pa.DataType | None = None
) -> pa.Array:
    """PostgreSQL's binary forms as an array of the canonical type (or of `arrow`: a decimal for bare numeric).

    `values` may be a binary array. Raises 22P03 for malformed values, 22021 for bad UTF-8.
    """
    wanted = arrow if arrow is not None else arrow_type(pg)
    listed = values.to_pylist() if isinstance(values, pa.Array) else values
    quick = _quickly(listed, pg, wanted)
    if quick is not None:
        return quick
    return build([None if value is None else parse_binary(value, pg) for value in listed], pg, wanted)


def _quickly(values: Sequence[bytes | None], pg: PgType, wanted: pa.DataType) -> pa.Array | None:
    """The column if all its values are ordinary; else None."""
    if pg.oid in _FIXED and pg.typmod < 0:
        return _numbers(values, pg, wanted)
    if pg.oid == 25 or (pg.oid == 1043 and pg.typmod < 0):
        try:
            text = pc.cast(pa.array(values, pa.binary()), pa.string())
        except pa.ArrowInvalid:
            return None
        return None if pc.any(pc.match_substring(text, "\0")).as_py() else text
    if pg.oid == NUMERIC.oid and pa.types.is_decimal128(wanted) and wanted.precision <= 18 and wanted.scale >= 0:
        return _small_decimals(values, wanted)
    return None


def _numbers(values: Sequence[bytes | None], pg: PgType, wanted: pa.DataType) -> pa.Array | None:
    dtype = np.dtype(_FIXED[pg.oid])
    filler = bytes(dtype.itemsize)
    data = b"".join([filler if value is None else value for value in values])
    if any(value is not None and len(value) != dtype.itemsize for value in values):
        return None
    numbers = np.frombuffer(data, dtype).astype(dtype.newbyteorder("="))
    if pg.oid in _EPOCHS:
        low, high, shift = _EPOCHS[pg.oid]
        if ((numbers < low - shift) | (numbers >= high - shift)).any():
            return None
        numbers = numbers + np.asarray(shift, numbers.dtype)
    mask = np.array([value is None for value in values], np.bool_)
    if pg.oid in _EPOCHS:
        return pa.array(numbers, mask=mask).view(wanted)
    return pa.array(numbers, wanted, mask=mask)


def parse_binary(value: bytes, pg: PgType) -> Any:
    """One value, as `build` describes parsed values."""
    oid = pg.oid
    if (inner := element(pg)) is not None:
        return _array(value, inner)
    if oid in _RECEIVERS:
        return _RECEIVERS[oid](value)
    if oid == NUMERIC.oid:
        return _fitted(_numeric(value), precision_scale(pg))
    if oid in (1114, 1184):
        return _timestamp(value, pg.typmod)
    if oid == 1083:
        return dates.round_us(_time(value), pg.typmod)
    if oid == 1266:
        us, west = _exact(value, "!qi")
        return dates.timetz_text(dates.round_us(_time_range(us), pg.typmod), -west)
    text = scalars.decoded(value)
    if (length := char_length(pg)) is not None:
        return scalars.fit(text, length, blank_padded=oid == 1042)
    if oid in BY_OID:
        return text
    raise FeatureNotSupported(f"binary values of {format_type(pg)} cannot be read here")


def _exact(value: bytes, layout: str) -> tuple[Any, ...]:
    size = struct.calcsize(layout)
    if len(value) < size:
        raise InvalidBinaryRepresentation("insufficient data left in message", code="08P01")
    if len(value) > size:
        raise InvalidBinaryRepresentation("incorrect binary data format")
    return struct.unpack(layout, value)


def _date(value: bytes) -> int:
    (days,) = _exact(value, "!i")
    if days == 2**31 - 1:
        return dates.DAYS_INFINITE
    if days == -(2**31):
        return -dates.DAYS_INFINITE
    if not dates.DAYS_MIN <= days + _EPOCH_DAYS < dates.DAYS_END:
        raise DatetimeFieldOverflow("date out of range")
    return int(days) + _EPOCH_DAYS


def _timestamp(value: bytes, precision: int) -> int:
    (us,) = _exact(value, "!q")
    if us == 2**63 - 1:
        return dates.US_INFINITE
    if us == -(2**63):
        return -dates.US_INFINITE
    if not dates.US_MIN <= us + _EPOCH_US < dates.US_END:
        raise DatetimeFieldOverflow("timestamp out of range")
    return dates.round_us(us, precision) + _EPOCH_US


def _time(value: bytes) -> int:
    return _time_range(_exact(value, "!q")[0])


def _time_range(us: int) -> int:
    if not 0 <= us <= dates.DAY_US:
        raise DatetimeFieldOverflow("time out of range")
    return us


def _interval(value: bytes) -> Interval:
    us, days, months = _exact(value, "!qii")
    return Interval(months, days, us)


def _uuid(value: bytes) -> bytes:
    _exact(value, "!16s")
    return value


def _jsonb(value: bytes) -> str:
    if value[:1] != b"\x01":
        version = value[0] if value else 0
        raise InvalidBinaryRepresentation(f"unsupported jsonb version number {version}", code="XX000")
    return scalars.check_json(scalars.decoded(value[1:]))


def _char(value: bytes) -> str:
    (byte,) = _exact(value, "!1s")
    return byte.decode("latin-1") if byte != b"\0" else ""


_RECEIVERS: dict[int, Callable[[bytes], Any]] = {
    16: lambda value: _exact(value, "!b")[0] != 0,
    17: lambda value: value,
    18: _char,
    20: lambda value: _exact(value, "!q")[0],
    21: lambda value: _exact(value, "!h")[0],
    23: lambda value: _exact(value, "!i")[0],
    26: lambda value: _exact(value, "!I")[0],
    114: lambda value: scalars.check_json(scalars.decoded(value)),
    700: lambda value: _exact(value, "!f")[0],
    701: lambda value: _exact(value, "!d")[0],
    1082: _date,
    1186: _interval,
    2950: _uuid,
    3802: _jsonb,
}


def _numeric(value: bytes) -> Decimal:
    if len(value) < 8:
        raise InvalidBinaryRepresentation("insufficient data left in message", code="08P01")
    count, weight, sign, scale = struct.unpack_from("!HhHH", value)
    if sign in _SPECIAL:
        return _SPECIAL[sign]
    if sign not in (0, 0x4000):
        raise InvalidBinaryRepresentation('invalid sign in external "numeric" value')
    if scale > 0x3FFF:
        raise InvalidBinaryRepresentation('invalid scale in external "numeric" value')
    groups = _exact(value[8:], f"!{count}H")
    if any(group > 9999 for group in groups):
        raise InvalidBinaryRepresentation('invalid digit in external "numeric" value')
    whole = 0
    for group in groups:
        whole = whole * 10000 + group
    shift = 4 * (weight + 1 - count) + scale  # digits to move the unscaled integer by
    unscaled = whole * 10**shift if shift >= 0 else whole // 10**-shift
    if unscaled.bit_length() < _STR_BITS_MAX:
        return Decimal(f"{'-' if sign and unscaled else ''}{unscaled}E{-scale}")
    return Decimal((1 if sign else 0, _digits(unscaled), -scale))


def _digits(number: int) -> tuple[int, ...]:
    """Python limits str() of large integers; numeric does not."""
    out: list[int] = []
    base: int = 10**4000
    while number:
        number, low = divmod(number, base)
        part = [int(char) for char in str(low)]
        out = [0] * (4000 - len(part) if number else 0) + part + out
    return tuple(out)


def _small_decimals(values: Sequence[bytes | None], arrow: pa.DataType) -> pa.Array | None:
    """A numeric column of at most 18 digits, vectorised; None if any value is out of the ordinary."""
    data = b"".join([value for value in values if value is not None])
    lengths = np.array([0 if value is None else len(value) for value in values], np.int64)
    isnull = np.array([value is None for value in values], np.bool_)
    if (lengths[~isnull] < 8).any() or not len(data):
        return None
    raw = np.frombuffer(data + bytes(32), np.uint8).astype(np.int64)
    at = np.concatenate([[0], np.cumsum(lengths)[:-1]])

    def word(offset: int) -> Any:
        return raw[at + offset] * 256 + raw[at + offset + 1]

    count, weight, sign, scale = word(0), word(2), word(4), word(6)
    weight = np.where(weight >= 2**15, weight - 2**16, weight)
    usual = (lengths == 8 + 2 * count) & (count <= 5) & np.isin(sign, (0, 0x4000)) & (scale <= arrow.scale)
    # The first digit must leave the number below 10^18, the last must not lie below the scale.
    usual &= (count == 0) | ((weight >= -5) & (4 * (weight + 1) + arrow.scale <= 20))
    if not (usual | isnull).all():
        return None
    total = np.zeros(len(values), np.int64)
    for index in range(int(count[~isnull].max())):
        here = (index < count) & ~isnull
        digit = np.where(here, word(8 + 2 * index), 0)
        shift = 4 * (weight - index) + arrow.scale
        if (digit > 9999).any() or (here & (shift > 14) & (digit >= 10 ** np.clip(18 - shift, 0, 4))).any():
            return None
        power = 10 ** np.clip(np.abs(shift), 0, 18).astype(np.int64)
        total += np.where(shift >= 0, digit * power, digit // power)
    if (total >= 10**arrow.precision).any():
        return None
    words = np.empty((len(values), 2), np.int64)
    words[:, 0] = np.where(sign == 0x4000, -total, total)
    words[:, 1] = words[:, 0] >> 63
    numbers = pa.Array.from_buffers(arrow, len(values), [None, pa.py_buffer(words)])
    return pc.if_else(pa.array(isnull), None, numbers) if isnull.any() else numbers


def _fitted(value: Decimal, shape: tuple[int, int] | None) -> Decimal:
    if shape is None:
        return value
    if value.is_infinite():
        raise NumericValueOutOfRange(
            "numeric field overflow",
            detail=f"A field with precision {shape[0]}, scale {shape[1]} cannot hold an infinite value.",
        )
    return value if value.is_nan() else scalars.rounded(value, *shape)


def _array(value: bytes, inner: PgType) -> list[Any]:
    if len(value) < 12:
        raise InvalidBinaryRepresentation("insufficient data left in message", code="08P01")
    dimensions, flags, oid = struct.unpack_from("!iiI", value)
    if dimensions > MAX_DIMENSIONS:
        raise ProgramLimitExceeded(
            f"number of array dimensions ({dimensions}) exceeds the maximum allowed ({MAX_DIMENSIONS})"
        )
    if dimensions < 0:
        raise InvalidBinaryRepresentation(f"invalid number of dimensions: {dimensions}")
    if flags not in (0, 1):
        raise InvalidBinaryRepresentation(f"invalid array flags: {flags}")
    if oid != inner.oid:
        raise InvalidBinaryRepresentation(
            f"binary data has array element type {oid} ({format_type(PgType(oid))}) "
            f"instead of expected {inner.oid} ({format_type(PgType(inner.oid))})",
            code="42804",
        )
    if not dimensions:
        return []
    try:
        sizes = [struct.unpack_from("!ii", value, 12 + 8 * at) for at in range(dimensions)]
        if any(lower != 1 for _, lower in sizes) or dimensions > 1:
            raise FeatureNotSupported("arrays of more than one dimension or not starting at 1 are not supported here")
        at = 12 + 8 * dimensions
        found: list[Any] = []
        for _ in range(sizes[0][0]):
            (size,) = struct.unpack_from("!i", value, at)
            at += 4
            if size < 0:
                found.append(None)
                continue
            if at + size > len(value):
                raise InvalidBinaryRepresentation("insufficient data left in message", code="08P01")
            found.append(parse_binary(value[at : at + size], inner))
            at += size
    except struct.error:
        raise InvalidBinaryRepresentation("insufficient data left in message", code="08P01") from None
    if at != len(value):
        raise InvalidBinaryRepresentation("incorrect binary data format")
    return found
