"""text and its relatives, "char", bytea, uuid."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.values.scalars import parse_uuid
from gateway.pgwire.render.column import Body, Matrix, Rule, as_binary, data_of, from_offsets, offsets_data, raw

_HEX = np.frombuffer(b"".join(b"%02x" % i for i in range(256)), np.uint16)
_HEX_PREFIX = np.frombuffer(b"\\x", np.uint8)


def plain() -> Rule:
    """The bytes as they are: text in both formats, bytea in binary."""
    return Rule(lambda value: value, as_binary, lambda array: as_binary(array).to_pylist())


def bytea_text(output: str) -> Rule:
    """`output` is bytea_output: hex or escape."""
    if output.lower() == "escape":
        return Rule(bytea_escape, values=lambda array: as_binary(array).to_pylist())
    return Rule(lambda value: b"\\x" + value.hex().encode(), _hex_column, lambda array: as_binary(array).to_pylist())


def uuid_text(arrow: pa.DataType) -> Rule:
    """uuid kept as 16 bytes, or as text in any form PostgreSQL takes."""
    if _is_text(arrow):
        return Rule(lambda value: str(parse_uuid(value)).encode(), values=lambda array: array.to_pylist())
    return Rule(lambda value: str(UUID(bytes=value)).encode(), _dashed)


def uuid_binary(arrow: pa.DataType) -> Rule:
    if _is_text(arrow):
        return Rule(lambda value: parse_uuid(value).bytes, values=lambda array: array.to_pylist())
    return Rule(lambda value: value, _uuid_bytes)


def bytea_escape(value: bytes) -> bytes:
    """byteaout with bytea_output = escape."""
    return b"".join(_ESCAPES[byte] for byte in value)


_ESCAPES = [
    b"\\\\" if byte == 0x5C else bytes([byte]) if 0x20 <= byte <= 0x7E else b"\\%03o" % byte for byte in range(256)
]


def _is_text(arrow: pa.DataType) -> bool:
    return bool(pa.types.is_string(arrow) or pa.types.is_large_string(arrow) or pa.types.is_string_view(arrow))


def _hex_column(array: pa.Array) -> Body:
    source = as_binary(array)
    offsets, _ = offsets_data(source)
    rows = np.arange(len(offsets), dtype=np.int64)
    digits = _HEX[data_of(source)].view(np.uint8)
    starts = (offsets - offsets[0]).astype(np.int64) * 2
    if len(array) == 0:
        return from_offsets(starts, digits)
    # "\x" goes before each value: shift every value right by two bytes per row up to and including its own.
    out = np.empty(len(digits) + 2 * len(array), np.uint8)
    heads = starts[:-1] + 2 * rows[:-1]
    mask = np.ones(len(out), np.bool_)
    mask[heads] = mask[heads + 1] = False
    out[mask] = digits
    out[heads], out[heads + 1] = _HEX_PREFIX
    return from_offsets(starts + 2 * rows, out)


def _uuid_bytes(array: pa.Array) -> Matrix:
    matrix: Matrix = raw(array, np.uint8, 16).reshape(len(array), 16)
    return matrix


def _dashed(array: pa.Array) -> Matrix:
    digits = _HEX[_uuid_bytes(array)].view(np.uint8).reshape(len(array), 32)
    out = np.full((len(array), 36), ord("-"), np.uint8)
    for to, at, width in ((0, 0, 8), (9, 8, 4), (14, 12, 4), (19, 16, 4), (24, 20, 12)):
        out[:, to : to + width] = digits[:, at : at + width]
    return out


def padded(length: int) -> Rule:
    """char(n): blanks up to `length` characters."""
    return Rule(
        lambda value: value.ljust(length).encode(),
        lambda array: as_binary(pc.utf8_rpad(pc.cast(array, pa.string()), length)),
        lambda array: pc.cast(array, pa.string()).to_pylist(),
    )
