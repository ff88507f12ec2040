"""numeric: from decimals of one scale, and from text where each value has its own scale."""

from __future__ import annotations

import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import InvalidTextRepresentation
from gateway.pgwire.render.column import Body, Rule, as_binary, data_of, from_offsets, nulls, raw

_SIGNS = {"NaN": (0xC000, 0), "Infinity": (0xD000, 32), "-Infinity": (0xF000, 32)}


def decimal_text(arrow: pa.DataType) -> Rule:
    """Exactly `scale` decimals, never an exponent."""
    # Arrow's cast turns to exponents below 1e-6, so only with more than six decimals (or a negative scale).
    vector = _plain_text if 0 <= arrow.scale <= 6 else _spliced
    if _fits_64(arrow):
        return Rule(_shown_64(arrow.scale), vector, _unscaled_64)
    return Rule(lambda value: format(value, "f").encode(), vector, _decimals)


def decimal_binary(arrow: pa.DataType) -> Rule:
    if _fits_64(arrow):
        return Rule(_sent_64(arrow.scale), _base_10000, _unscaled_64)
    return Rule(lambda value: numeric_binary(format(value, "f")), _base_10000, _decimals)


def text_text() -> Rule:
    """numeric that comes as PostgreSQL's own text."""
    return Rule(lambda value: value, as_binary, lambda array: as_binary(array).to_pylist())


def text_binary() -> Rule:
    return Rule(numeric_binary)


def numeric_binary(text: str) -> bytes:
    """numeric_send of a number in plain notation (no exponent), or of NaN or an infinity; dscale as written."""
    if text in _SIGNS:
        sign, dscale = _SIGNS[text]
        return struct.pack("!4H", 0, 0, sign, dscale)
    negative = text[:1] == "-"
    whole, _, fraction = text.lstrip("+-").partition(".")
    if not (whole + fraction).isascii() or not (whole + fraction).isdigit():
        return _from_exponent(text)
    digits = whole.rjust(-(-len(whole) // 4) * 4, "0") + fraction.ljust(-(-len(fraction) // 4) * 4, "0")
    groups = [int(digits[at : at + 4]) for at in range(0, len(digits), 4)]
    weight = -(-len(whole) // 4) - 1
    first = next((at for at, group in enumerate(groups) if group), len(groups))
    groups = groups[first:]
    while groups and not groups[-1]:
        groups.pop()
    sign = 0x4000 if negative and groups else 0
    return struct.pack(
        f"!HhHH{len(groups)}H", len(groups), weight - first if groups else 0, sign, len(fraction), *groups
    )


def _from_exponent(text: str) -> bytes:
    try:
        plain = format(Decimal(text), "f")
    except ArithmeticError:
        raise InvalidTextRepresentation(f'invalid input syntax for type numeric: "{text}"') from None
    if not plain.lstrip("-").replace(".", "", 1).isdigit():
        raise InvalidTextRepresentation(f'invalid input syntax for type numeric: "{text}"')
    return numeric_binary(plain)


def _unscaled_64(array: pa.Array) -> list[int | None]:
    found: list[int | None] = raw(array, np.int64, 2)[::2].tolist()
    if array.null_count:
        return [value if ok else None for value, ok in zip(found, array.is_valid().to_pylist(), strict=True)]
    return found


def _shown_64(scale: int) -> Callable[[int], bytes]:
    if not scale:
        return lambda value: b"%d" % value
    base: int = 10**scale
    plus, minus = b"%d.%0" + b"%d" % scale + b"d", b"-%d.%0" + b"%d" % scale + b"d"
    return lambda value: plus % divmod(value, base) if value >= 0 else minus % divmod(-value, base)


_SENT = tuple(struct.Struct(f"!HhHH{count}H").pack for count in range(12))


def _sent_64(scale: int) -> Callable[[int], bytes]:
    of_fraction = -(-scale // 4)
    pad: int = 10 ** (-scale % 4)
    zero = _SENT[0](0, 0, 0, scale)

    def one(value: int) -> bytes:
        if not value:
            return zero
        rest = abs(value) * pad
        groups: list[int] = []
        below = 0  # zero digits left out at the end
        while rest:
            rest, digit = divmod(rest, 10000)
            if groups or digit:
                groups.append(digit)
            else:
                below += 1
        weight = below + len(groups) - 1 - of_fraction
        return _SENT[len(groups)](len(groups), weight, 0x4000 if value < 0 else 0, scale, *reversed(groups))

    return one


def _decimals(array: pa.Array) -> list[Decimal | None]:
    values: list[Decimal | None] = array.to_pylist()
    if array.type.scale < 0:
        return [None if value is None else value.quantize(Decimal(1)) for value in values]
    return values


def _plain_text(array: pa.Array) -> Body:
    return as_binary(pc.cast(array, pa.string()))


def _unscaled(array: pa.Array) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Decimal digits of the absolute unscaled integers, and which are negative (False at NULL)."""
    kind = array.type
    whole = (
        pa.decimal256(max(kind.precision, 1), 0)
        if pa.types.is_decimal256(kind)
        else pa.decimal128(max(kind.precision, 1), 0)
    )
    numbers = pa.Array.from_buffers(whole, len(array), array.buffers(), array.null_count, array.offset)
    words = 4 if pa.types.is_decimal256(kind) else 2
    negative = raw(array, np.int64, words)[words - 1 :: words] < 0
    isnull = nulls(array)
    if isnull is not None:
        negative = negative & ~isnull
    return pc.ascii_ltrim(pc.cast(numbers, pa.string()), "-"), negative


def _spliced(array: pa.Array) -> Body:
    digits, negative = _unscaled(array)
    scale = array.type.scale
    if scale > 0:
        padded = pc.ascii_lpad(digits, scale + 1, "0")
        text = pc.utf8_replace_slice(padded, -scale, -scale, ".")
    else:
        zero = pc.equal(digits, "0")
        text = pc.if_else(zero, digits, pc.binary_join_element_wise(digits, "0" * -scale, ""))
    if negative.any():
        sign = pa.DictionaryArray.from_arrays(
            pa.array(negative.astype(np.int8)), pa.array(["", "-"])
        ).dictionary_decode()
        text = pc.binary_join_element_wise(sign, text, "")
    return as_binary(text)


def _base_10000(array: pa.Array) -> Body:
    """numeric_send, vectorised: base-10000 digits as (digits, rows), less the zero digits at both ends."""
    groups, whole, negative = _groups_64(array) if _fits_64(array.type) else _groups_text(array)
    width, rows = groups.shape
    first, last = np.zeros(rows, np.int16), np.zeros(rows, np.int16)
    filled = groups != 0
    for at in range(width):
        np.copyto(first, np.int16(width - 1 - at), where=filled[width - 1 - at])
        np.copyto(last, np.int16(at + 1), where=filled[at])
    some = last > 0
    out = np.empty((rows, 4 + width), ">u2")
    keep = np.ones((rows, 4 + width), np.bool_)
    out[:, 0] = last - first
    out[:, 1] = np.where(some, whole - 1 - first, 0).astype(np.int16).view(np.uint16)
    out[:, 2] = np.where(negative & some, 0x4000, 0)
    out[:, 3] = max(array.type.scale, 0)
    for at in range(width):
        out[:, 4 + at] = groups[at]
        keep[:, 4 + at] = (first <= at) & (at < last)
    matrix = out.view(np.uint8).reshape(rows, 2 * (4 + width))
    if keep.all():
        return matrix
    offsets = np.zeros(rows + 1, np.int64)
    np.cumsum(8 + 2 * (last - first).astype(np.int64), out=offsets[1:])
    return from_offsets(offsets, out[keep].view(np.uint8))


def _fits_64(kind: pa.DataType) -> bool:
    # The fraction is scaled up to whole groups of four digits: 10^16 times the pad must stay below 2^64.
    return bool(pa.types.is_decimal128(kind) and kind.precision <= 18 and 0 <= kind.scale <= 16)


def _groups_64(array: pa.Array) -> tuple[npt.NDArray[np.uint16], int, npt.NDArray[np.bool_]]:
    scale = array.type.scale
    values = raw(array, np.int64, 2)[::2]
    isnull = nulls(array)
    if isnull is not None:
        values = np.where(isnull, 0, values)
    size = np.abs(values).astype(np.uint64)
    base = np.uint64(10**scale)
    rest = size // base
    fraction = (size - rest * base) * np.uint64(10 ** (-scale % 4))
    of_fraction, of_whole = -(-scale // 4), max(1, -(-len(str(rest.max(initial=0))) // 4))
    groups = np.empty((of_whole + of_fraction, len(array)), np.uint16)
    _fill(groups, of_whole - 1, -1, rest)
    _fill(groups, of_whole + of_fraction - 1, of_whole - 1, fraction)
    return groups, of_whole, values < 0


def _fill(groups: npt.NDArray[np.uint16], start: int, stop: int, rest: npt.NDArray[Any]) -> None:
    if len(rest) and rest.max() < 2**32:
        rest = rest.astype(np.uint32)  # divides faster
    for at in range(start, stop, -1):
        if at == stop + 1:
            groups[at] = rest
            return
        quotient = rest // 10000
        groups[at] = rest - quotient * 10000
        rest = quotient


def _groups_text(array: pa.Array) -> tuple[npt.NDArray[np.uint16], int, npt.NDArray[np.bool_]]:
    """Any precision: digits as text, padded to whole groups on both sides of the point."""
    digits, negative = _unscaled(array)
    precision, scale = array.type.precision, array.type.scale
    of_fraction = -(-max(scale, 0) // 4)
    of_whole = max(1, -(-(max(precision, scale) - scale) // 4))
    lead = 4 * of_whole + scale  # digits of the unscaled number, zeros to its left
    padded = pc.ascii_lpad(digits.fill_null("0"), lead, "0")
    matrix = np.zeros((len(array), 4 * (of_whole + of_fraction)), np.uint8)
    matrix[:, :lead] = data_of(padded).reshape(len(array), lead) - ord("0")
    quads = matrix.reshape(len(array), of_whole + of_fraction, 4).astype(np.uint16)
    groups = (quads @ np.array([1000, 100, 10, 1], np.uint16)).T
    return np.ascontiguousarray(groups), of_whole, negative


def float_numeric(text: bytes, *, binary: bool) -> bytes:
    """A number in float8's notation, as numeric."""
    shown = text.decode()
    if "e" in shown:
        shown = format(Decimal(shown), "f")
    return numeric_binary(shown) if binary else shown.encode()
