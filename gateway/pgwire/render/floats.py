"""float4 and float8 as PostgreSQL prints them (its Ryu: shortest digits that round-trip, ties refused)."""

from __future__ import annotations

import math
import struct

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gateway.pgwire.render.column import Body, Bools, Rule, as_binary, big_endian, nulls, patched, raw

_TIES_FROM_8, _TIES_FROM_4 = 2.0**53, 2.0**24
# A decimal half way between neighbours is m * 2^e with m < 2^54, so at most 23 factors of five: 17 + 23 digits.
_TIES_BELOW = 1e41
_FLOAT4_MAX = np.finfo(np.float32).max


def float_text(arrow: pa.DataType, extra_float_digits: int) -> Rule:
    """`arrow` is float32 or float64. Below 1, extra_float_digits takes digits away from 6 or 15 (min. 1)."""
    single = pa.types.is_float32(arrow)
    if extra_float_digits <= 0:
        digits = max((6 if single else 15) + extra_float_digits, 1)
        return Rule(lambda value: _rounded(value, digits))
    if single:
        return Rule(float4_text, _float4_column, _singles)
    return Rule(float8_text, _float8_column)


def float_binary(arrow: pa.DataType) -> Rule:
    if pa.types.is_float32(arrow):
        pack4 = struct.Struct("!f").pack
        return Rule(pack4, lambda array: big_endian(raw(array, np.float32), ">f4"), _singles)
    pack8 = struct.Struct("!d").pack
    return Rule(pack8, lambda array: big_endian(raw(array, np.float64), ">f8"))


def float8_text(value: float) -> bytes:
    """One float8, extra_float_digits >= 1."""
    size = abs(value)
    if size < 1e15 and (size >= 1e-4 or size == 0):
        text = repr(value)
        return (text[:-2] if text.endswith(".0") else text).encode()
    if not math.isfinite(value):
        return _special(value)
    text = repr(value)
    if "e" not in text:
        text = np.format_float_scientific(value, unique=True, trim="-", exp_digits=2)
    if _TIES_FROM_8 <= size < _TIES_BELOW:
        text = _untied(text, value, math.nextafter(size, 0), math.nextafter(size, math.inf), 17)
    return text.encode()


def float4_text(value: np.float32) -> bytes:
    """One float4, extra_float_digits >= 1."""
    size = abs(value)
    if size == 0:
        return b"-0" if np.signbit(value) else b"0"
    if 1e-4 <= size < 1e6:
        return np.format_float_positional(value, unique=True, trim="-").encode()
    if not np.isfinite(value):
        return _special(float(value))
    text = np.format_float_scientific(value, unique=True, trim="-", exp_digits=2)
    if size >= _TIES_FROM_4:
        below = float(np.nextafter(size, np.float32(0)))
        above = float(np.nextafter(size, np.float32(np.inf))) if size < _FLOAT4_MAX else 2.0**128
        text = _untied(text, float(value), below, above, 9)
    return text.encode()


def _special(value: float) -> bytes:
    return b"NaN" if math.isnan(value) else b"Infinity" if value > 0 else b"-Infinity"


def _rounded(value: float, digits: int) -> bytes:
    return f"{value:.{digits}g}".encode() if math.isfinite(value) else _special(value)


def _untied(text: str, value: float, below: float, above: float, digits: int) -> str:
    """`text`, unless it lies exactly half way between neighbours: then the shortest decimal strictly between them.

    `below` and `above` are the neighbours of |value|; all are whole numbers at this size.
    """
    size, low, high = int(abs(value)), int(below), int(above) if math.isfinite(above) else 2**1024
    chosen = abs(_whole(text))
    if chosen == size or 2 * chosen not in (size + low, size + high):
        return text
    for count in range(1, digits + 1):
        candidate = f"{value:.{count - 1}e}"
        if size + low < 2 * abs(_whole(candidate)) < size + high:
            mantissa, _, exponent = candidate.partition("e")
            return (mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa) + "e" + exponent
    return text


def _whole(text: str) -> int:
    """The integer a scientific decimal denotes (exponent large enough)."""
    mantissa, _, exponent = text.partition("e")
    head, _, tail = mantissa.partition(".")
    shift = int(exponent) - len(tail)
    digits = int(head + tail)
    power: int = 10 ** abs(shift)
    return digits * power if shift >= 0 else digits // power


def _singles(array: pa.Array) -> list[np.float32 | None]:
    values = raw(array, np.float32)
    isnull = nulls(array)
    if isnull is None:
        return list(values)
    return [None if gone else value for value, gone in zip(values, isnull, strict=True)]


def _float8_column(array: pa.Array) -> Body:
    values = raw(array, np.float64)
    size = np.abs(values)
    with np.errstate(invalid="ignore"):
        plain = (size == 0) | ((size >= 1e-4) & (size < 1e10)) | ((size >= 1e15) & (size < _TIES_FROM_8))
        plain |= (size >= _TIES_BELOW) & np.isfinite(size)
    odd = _odd(array, plain)
    text = as_binary(pc.cast(array, pa.string()))
    return patched(text, odd, [float8_text(value) for value in values[odd].tolist()]) if odd.any() else text


def _float4_column(array: pa.Array) -> Body:
    values = raw(array, np.float32)
    size = np.abs(values)
    with np.errstate(invalid="ignore"):
        plain = (size == 0) | ((size >= np.float32(1e-4)) & (size < np.float32(1e6)))
    odd = _odd(array, plain)
    text = as_binary(pc.cast(array, pa.string()))
    return patched(text, odd, [float4_text(value) for value in values[odd]]) if odd.any() else text


def _odd(array: pa.Array, plain: Bools) -> Bools:
    """Where Arrow's own text does not agree with PostgreSQL's."""
    isnull = nulls(array)
    odd: Bools = ~plain if isnull is None else ~(plain | isnull)
    return odd
