"""bool, the integers and oid."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gateway.pgwire.render.column import Body, Matrix, Rule, as_binary, big_endian, raw


def bool_text() -> Rule:
    return Rule(lambda value: b"t" if value else b"f", lambda array: _flags(array, ord("t"), ord("f")))


def bool_binary() -> Rule:
    return Rule(lambda value: b"\x01" if value else b"\x00", lambda array: _flags(array, 1, 0))


def integer_text() -> Rule:
    return Rule(lambda value: b"%d" % value, _digits)


def integer_binary(code: str, arrow: pa.DataType) -> Rule:
    """`code` is struct's letter for the width sent: h, i, q, or I for oid; `arrow` the integer type of the column."""
    pack = struct.Struct("!" + code).pack
    source, dtype = arrow.to_pandas_dtype(), {"h": ">i2", "i": ">i4", "q": ">i8", "I": ">u4"}[code]
    vector: Callable[[Any], Matrix] = lambda array: big_endian(raw(array, source), dtype)  # noqa: E731
    return Rule(pack, vector)


def _flags(array: pa.Array, true: int, false: int) -> Matrix:
    flags = array.fill_null(False) if array.null_count else array
    return np.where(flags.to_numpy(zero_copy_only=False), np.uint8(true), np.uint8(false)).reshape(len(array), 1)


def _digits(array: pa.Array) -> Body:
    return as_binary(pc.cast(array, pa.string()))
