"""Rows as protocol messages: RowDescription, and DataRows from Arrow batches or from values already encoded.

Values are written by `render`; sockets and portals are elsewhere.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from catalog.types import sent_size
from engine.base import Field
from gateway.pgwire.render.column import Body, Ints, data_of, fields, joined, nulls
from gateway.pgwire.render.style import Style
from gateway.pgwire.render.table import Renderer, renderer

__all__ = ["ChunkRamp", "RowEncoder", "Style", "encode_blocks", "row_description"]

SCALAR_ROWS_MAX = 32
"""Up to here a batch is encoded value by value: the vectorised path has a fixed cost per column."""

_DATA_ROW = struct.Struct("!cih").pack
_PREFIXES = tuple(length.to_bytes(4, "big") for length in range(1024))
_NULL = b"\xff\xff\xff\xff"
_JOIN_BYTES_MAX = 1 << 30  # a join's output must stay below the 2 GiB of 32-bit offsets


def row_description(described: Sequence[Field], formats: Sequence[int]) -> bytes:
    """Message 'T'. `formats` holds 0 (text) or 1 (binary) per field."""
    parts = [struct.pack("!h", len(described))]
    for field, code in zip(described, formats, strict=True):
        parts.append(field.name.encode() + b"\0")
        parts.append(
            struct.pack(
                "!IhIhih", field.table_oid, field.attnum, field.type.oid, sent_size(field.type), field.type.typmod, code
            )
        )
    body = b"".join(parts)
    return b"T" + struct.pack("!i", len(body) + 4) + body


class RowEncoder:
    """Encodes the batches of one result. Renderers are chosen when the Arrow types are first seen.

    `formats` holds 0 (text) or 1 (binary) per field. Pure and blocking; not for two threads at a time.
    """

    def __init__(self, described: Sequence[Field], formats: Sequence[int], style: Style) -> None:
        self._fields, self._formats, self._style = tuple(described), tuple(formats), style
        if len(self._fields) != len(self._formats):
            raise ValueError("one format code per field")
        self._schema: pa.Schema | None = None
        self._renderers: tuple[Renderer, ...] = ()

    def renderers(self, schema: pa.Schema) -> tuple[Renderer, ...]:
        """One renderer per column; raises FeatureNotSupported for a column that cannot be written."""
        if self._schema is not schema and self._schema != schema:
            self._renderers = tuple(
                renderer(field.type, arrow, self._style, binary=code == 1)
                for field, arrow, code in zip(self._fields, schema.types, self._formats, strict=True)
            )
            self._schema = schema
        return self._renderers

    def encode(self, batch: pa.RecordBatch) -> memoryview | bytes:
        """The batch as consecutive DataRow messages; raises SqlError for values that cannot be sent."""
        renderers = self.renderers(batch.schema)
        if batch.num_rows <= SCALAR_ROWS_MAX or not renderers:
            return _few_rows(batch, renderers)
        if batch.nbytes > _JOIN_BYTES_MAX // 8:
            half = batch.num_rows // 2
            return b"".join([self.encode(batch.slice(0, half)), self.encode(batch.slice(half))])
        return _many_rows(batch, renderers)


def encode_blocks(rows: Sequence[Sequence[bytes | None]], tag: bytes = b"D") -> bytes:
    """DataRow messages from values already in the format asked for. With tag "d": CopyData with a tuple each."""
    out: list[bytes] = []
    prefixes, head = _PREFIXES, _DATA_ROW
    for row in rows:
        parts = []
        for value in row:
            if value is None:
                parts.append(_NULL)
                continue
            length = len(value)
            parts.append(prefixes[length] if length < 1024 else length.to_bytes(4, "big"))
            parts.append(value)
        body = b"".join(parts)
        out.append(head(tag, len(body) + 6, len(row)))
        out.append(body)
    return b"".join(out)


@dataclass(slots=True)
class ChunkRamp:
    """How many rows to encode next: few first, for a quick first byte, then more, as far as bytes allow."""

    bytes_max: int = 2 << 20
    steps: tuple[int, ...] = (256, 1024, 4096, 8192)
    _step: int = 0
    _row_bytes: float = 0.0

    def next_rows(self) -> int:
        """Rows of the next chunk."""
        rows = self.steps[min(self._step, len(self.steps) - 1)]
        if self._row_bytes:
            rows = min(rows, max(1, int(self.bytes_max / self._row_bytes)))
        return rows

    def sent(self, rows: int, size: int) -> None:
        """Tell what a chunk took: `size` encoded bytes."""
        self._step += 1
        if rows:
            self._row_bytes = max(size / rows, self._row_bytes * 0.5)


def _few_rows(batch: pa.RecordBatch, renderers: Sequence[Renderer]) -> bytes:
    if not renderers:
        empty: bytes = _DATA_ROW(b"D", 6, 0)
        return empty * int(batch.num_rows)
    columns = [each.cells(column) for each, column in zip(renderers, batch.columns, strict=True)]
    return encode_blocks(list(zip(*columns, strict=True)))


def _many_rows(batch: pa.RecordBatch, renderers: Sequence[Renderer]) -> memoryview:
    rows = batch.num_rows
    parts: list[Body] = []
    size: int | Ints = 6  # the length itself, and the number of columns
    for column, each in zip(batch.columns, renderers, strict=True):
        array = each.prepare(column)
        field = fields(each.rule.body(array), nulls(array))
        parts += field.parts
        size = size + field.size
    head = np.empty((rows, 7), np.uint8)
    head[:, 0] = ord("D")
    head[:, 1:5] = np.broadcast_to(size, (rows,)).astype(">i4").view(np.uint8).reshape(rows, 4)
    head[:, 5:] = np.frombuffer(struct.pack("!h", batch.num_columns), np.uint8)
    return data_of(joined([head, *parts])).data
