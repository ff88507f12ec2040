"""The shapes renderers give (bodies), and how a body becomes length-prefixed fields and rows. No type is known here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Matrix = npt.NDArray[np.uint8]
"""(rows, width) bytes: every value has the same width."""
Body: TypeAlias = "Matrix | pa.BinaryArray"
"""One value a row, before length words. What stands at a NULL row is of no account (it may be NULL itself)."""
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.signedinteger[Any]]

EMPTY = pa.scalar(b"", pa.binary())


@dataclass(frozen=True, slots=True)
class Rule:
    """How the values of one column are written in one format.

    `one` writes a single value as `values` picks it out of the array; `vector` writes a whole column (None: by `one`).
    Both give the same bytes.
    """

    one: Callable[[Any], bytes]
    vector: Callable[[pa.Array], Body] | None = None
    values: Callable[[pa.Array], list[Any]] = pa.Array.to_pylist

    def body(self, array: pa.Array) -> Body:
        """The column's values; NULL rows hold anything."""
        if self.vector is not None:
            return self.vector(array)
        return pa.array(self.cells(array), pa.binary())

    def cells(self, array: pa.Array) -> list[bytes | None]:
        """The column's values one by one: quicker than `body` for a handful of rows."""
        one = self.one
        return [None if value is None else one(value) for value in self.values(array)]


@dataclass(frozen=True, slots=True)
class Fields:
    """A column as length-prefixed fields: `parts` are to be joined in order; `size` is bytes per row."""

    parts: tuple[Body, ...]
    size: int | Ints


def nulls(array: pa.Array) -> Bools | None:
    """True where NULL; None if there is no NULL."""
    return array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None


def raw(array: pa.Array, dtype: npt.DTypeLike, words: int = 1) -> npt.NDArray[Any]:
    """The values buffer, `words` items a row, honouring the array's offset; NULL rows hold garbage."""
    buffer = array.buffers()[1]
    if buffer is None or len(array) == 0:
        return np.zeros(len(array) * words, dtype)
    return np.frombuffer(buffer, dtype)[array.offset * words : (array.offset + len(array)) * words]


def offsets_data(array: pa.Array) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Offsets (rows + 1, absolute) and the whole data buffer of a binary or string array."""
    _, offsets, data = array.buffers()
    if offsets is None or offsets.size == 0:
        return np.zeros(1, np.int32), np.zeros(0, np.uint8)
    cut = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
    return cut, np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)


def data_of(array: pa.Array) -> npt.NDArray[np.uint8]:
    """All bytes of a binary or string array, in one run."""
    offsets, data = offsets_data(array)
    return data[offsets[0] : offsets[-1]]


def from_offsets(offsets: npt.NDArray[Any], data: npt.NDArray[Any]) -> pa.BinaryArray:
    """A binary array over buffers; `offsets` must fit int32."""
    buffers = [None, pa.py_buffer(np.ascontiguousarray(offsets, np.int32)), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)


def as_binary(array: pa.Array) -> pa.BinaryArray:
    """A string or binary array (of any layout) with 32-bit offsets, as binary."""
    if pa.types.is_binary(array.type):
        return array
    return array.view(pa.binary()) if pa.types.is_string(array.type) else pc.cast(array, pa.binary())


def binary_body(body: Body) -> pa.BinaryArray:
    """The body as a binary array."""
    if not isinstance(body, np.ndarray):
        return as_binary(body)
    rows, width = body.shape
    return from_offsets(np.arange(rows + 1, dtype=np.int64) * width, body)


def ragged(matrix: Matrix, keep: Bools) -> pa.BinaryArray:
    """Rows of the matrix, less the bytes not kept."""
    offsets = np.zeros(len(matrix) + 1, np.int64)
    np.cumsum(keep.sum(axis=1), out=offsets[1:])
    return from_offsets(offsets, matrix[keep])


def big_endian(values: npt.NDArray[Any], dtype: str) -> Matrix:
    """Numbers as a matrix of their big-endian bytes."""
    wide = np.ascontiguousarray(values.astype(dtype, copy=False))
    return wide.view(np.uint8).reshape(len(values), wide.itemsize)


def patched(body: Body, odd: Bools, cells: list[bytes | None]) -> pa.BinaryArray:
    """The body with the rows marked `odd` replaced by `cells`, in order."""
    return pc.replace_with_mask(binary_body(body), pa.array(odd), pa.array(cells, pa.binary()))


def fields(body: Body, isnull: Bools | None) -> Fields:
    """Put the length word before every value; -1 and no bytes for NULL."""
    if isinstance(body, np.ndarray):
        return _fixed_fields(body, isnull)
    if isnull is not None:
        body = body.fill_null(b"") if body.null_count else pc.if_else(pa.array(isnull), EMPTY, body)
    offsets, _ = offsets_data(body)
    lengths = np.diff(offsets).astype(">i4")
    size: Ints = lengths.astype(np.int32) + 4
    if isnull is not None:
        lengths[isnull] = -1
    return Fields((lengths.view(np.uint8).reshape(len(body), 4), body), size)


def _fixed_fields(matrix: Matrix, isnull: Bools | None) -> Fields:
    rows, width = matrix.shape
    framed = np.empty((rows, 4 + width), np.uint8)
    framed[:, :4] = np.frombuffer(width.to_bytes(4, "big"), np.uint8)
    framed[:, 4:] = matrix
    if isnull is None:
        return Fields((framed,), 4 + width)
    framed[isnull, :4] = 255
    keep = np.ones(framed.shape, np.bool_)
    keep[isnull, 4:] = False
    return Fields((ragged(framed, keep),), np.where(isnull, 4, 4 + width).astype(np.int32))


def joined(parts: Sequence[Body | pa.Scalar]) -> pa.BinaryArray:
    """Concatenate the parts row by row. No part may hold NULL. Neighbouring matrices are merged first."""
    merged: list[pa.BinaryArray | pa.Scalar] = []
    run: list[Matrix] = []
    for part in [*parts, None]:
        if isinstance(part, np.ndarray):
            run.append(part)
            continue
        if run:
            merged.append(binary_body(run[0] if len(run) == 1 else np.concatenate(run, axis=1)))
            run = []
        if part is not None:
            merged.append(part)
    return merged[0] if len(merged) == 1 else pc.binary_join_element_wise(*merged, EMPTY)
