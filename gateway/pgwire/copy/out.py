"""COPY TO STDOUT: batches, or values already encoded, as CopyData messages, one for each row."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.base import Field
from engine.values.copy_options import CopyOptions, check, chosen
from gateway.pgwire.render.column import (
    EMPTY,
    Body,
    Bools,
    Ints,
    as_binary,
    binary_body,
    data_of,
    fields,
    joined,
    nulls,
    offsets_data,
)
from gateway.pgwire.render.escapes import EscapeTable, any_in, runs
from gateway.pgwire.render.style import Style
from gateway.pgwire.render.table import Renderer
from gateway.pgwire.rows import RowEncoder, encode_blocks

BINARY_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
BINARY_TRAILER = struct.pack("!h", -1)
_FEW_ROWS = 32
_JOIN_BYTES_MAX = 1 << 27


class CopyOutEncoder:
    """Encodes one COPY TO. Call `header` once, `encode` or `encode_blocks` for the rows, `trailer` once.

    The binary header travels with the first row, or with the trailer if there is none, as PostgreSQL sends it.
    """

    def __init__(self, described: Sequence[Field], options: CopyOptions, style: Style) -> None:
        self.options = check(options, reading=False)
        self._names = [field.name for field in described]
        self._forced = chosen(options.force_quote, self._names)
        code = 1 if options.binary else 0
        self._rows = RowEncoder(described, [code] * len(self._names), style)
        self._cell = _csv_cell(options, len(self._names) == 1) if options.csv else _text_cell(options)
        self._pending = b""
        if options.csv:
            self._table, self._special = _csv_tables(options)
        else:
            self._table = _text_table(options)
            self._special = self._table.special
        self._runs = runs(np.flatnonzero(self._special).tolist())

    def header(self) -> bytes:
        """What goes out before any row."""
        if self.options.binary:
            self._pending = BINARY_HEADER
            return b""
        if not self.options.header:
            return b""
        delimiter, names = self.options.delimiter_text.encode(), [name.encode() for name in self._names]
        if self.options.csv:
            quoted = _csv_cell(self.options, len(names) == 1)
            return copy_data(delimiter.join([quoted(name, False) for name in names]) + b"\n")
        return copy_data(delimiter.join([self._cell(name, False) for name in names]) + b"\n")

    def encode(self, batch: pa.RecordBatch) -> memoryview | bytes:
        """The batch as CopyData messages; raises SqlError for values that cannot be sent."""
        renderers = self._rows.renderers(batch.schema)
        if batch.num_rows <= _FEW_ROWS or not renderers:
            cells = [each.cells(column) for each, column in zip(renderers, batch.columns, strict=True)]
            return self.encode_blocks(list(zip(*cells, strict=True)) if renderers else [()] * batch.num_rows)
        if batch.nbytes > _JOIN_BYTES_MAX:
            half = batch.num_rows // 2
            return b"".join([self.encode(batch.slice(0, half)), self.encode(batch.slice(half))])
        framed = self._binary_rows(batch, renderers) if self.options.binary else self._text_rows(batch, renderers)
        return self._with_pending(framed) if self._pending else framed

    def encode_blocks(self, rows: Sequence[Sequence[bytes | None]]) -> bytes:
        """CopyData messages from values already in the format of the copy."""
        if self.options.binary:
            out = encode_blocks(rows, b"d")
            return bytes(self._with_pending(out)) if self._pending and rows else out
        null, delimiter = self.options.null_text.encode(), self.options.delimiter_text.encode()
        cell, forced = self._cell, self._forced
        out_rows = []
        for row in rows:
            shown = [null if value is None else cell(value, at in forced) for at, value in enumerate(row)]
            out_rows.append(copy_data(delimiter.join(shown) + b"\n"))
        return b"".join(out_rows)

    def trailer(self) -> bytes:
        """What goes out after the last row."""
        if not self.options.binary:
            return b""
        pending, self._pending = self._pending, b""
        return copy_data(pending + BINARY_TRAILER)

    def _with_pending(self, framed: memoryview | bytes) -> bytes:
        """Put the binary header into the first CopyData."""
        pending, self._pending = self._pending, b""
        size = int.from_bytes(framed[1:5], "big")
        first = copy_data(pending + bytes(framed[5 : size + 1]))
        return first + bytes(framed[size + 1 :])

    def _binary_rows(self, batch: pa.RecordBatch, renderers: Sequence[Renderer]) -> memoryview:
        parts: list[Body | pa.Scalar] = []
        size: int | Ints = 6  # the length itself, and the number of columns
        for column, each in zip(batch.columns, renderers, strict=True):
            array = each.prepare(column)
            field = fields(each.rule.body(array), nulls(array))
            parts += field.parts
            size = size + field.size
        return _messages(batch.num_rows, size, parts, struct.pack("!h", batch.num_columns))

    def _text_rows(self, batch: pa.RecordBatch, renderers: Sequence[Renderer]) -> memoryview:
        delimiter = pa.scalar(self.options.delimiter_text.encode(), pa.binary())
        null = pa.scalar(self.options.null_text.encode(), pa.binary())
        parts: list[Body | pa.Scalar] = []
        size: int | Ints = 4 + batch.num_columns  # the length itself, delimiters, the newline
        for at, (column, each) in enumerate(zip(batch.columns, renderers, strict=True)):
            array = each.prepare(column)
            isnull, body = nulls(array), each.rule.body(array)
            if isnull is not None:
                binary = binary_body(body)
                body = binary.fill_null(b"") if binary.null_count else pc.if_else(pa.array(isnull), EMPTY, binary)
            body = self._csv_column(body, at) if self.options.csv else self._text_column(body)
            if isnull is not None:
                body = pc.if_else(pa.array(isnull), null, binary_body(body))
            parts += [delimiter, body] if at else [body]
            size = size + (body.shape[1] if isinstance(body, np.ndarray) else np.diff(offsets_data(body)[0]))
        return _messages(batch.num_rows, size, [*parts, pa.scalar(b"\n", pa.binary())])

    def _text_column(self, body: Body) -> Body:
        if isinstance(body, np.ndarray) and not any_in(body, self._runs):
            return body
        return as_binary(self._table.column(binary_body(body)))

    def _csv_column(self, body: Body, at: int) -> Body:
        binary = binary_body(body)
        offsets, _ = offsets_data(binary)
        lengths = np.diff(offsets)
        null = self.options.null_text.encode()
        must = np.full(len(binary), at in self._forced)
        data = data_of(binary)
        if at not in self._forced and any_in(data, self._runs):
            before = np.concatenate([[0], np.cumsum(self._special[data])])
            starts = offsets - offsets[0]
            must = before[starts[1:]] > before[starts[:-1]]
        must |= _equal(binary, lengths, null)
        if len(self._names) == 1:
            must |= _equal(binary, lengths, b"\\.")
        if not must.any():
            return body
        quote = pa.scalar(self.options.quote_text.encode(), pa.binary())
        return pc.if_else(pa.array(must), joined([quote, as_binary(self._table.column(binary)), quote]), binary)


def _equal(binary: pa.BinaryArray, lengths: Ints, value: bytes) -> Bools:
    same: Bools = lengths == len(value)
    if value and same.any():
        same &= pc.equal(binary, pa.scalar(value, pa.binary())).fill_null(False).to_numpy(zero_copy_only=False)
    return same


def copy_data(body: bytes) -> bytes:
    """Message 'd'."""
    return b"d" + (len(body) + 4).to_bytes(4, "big") + body


def _messages(rows: int, size: int | Ints, parts: Sequence[Body | pa.Scalar], lead: bytes = b"") -> memoryview:
    """CopyData messages: a row's `size` counts all but the tag; `lead` opens each body."""
    head = np.empty((rows, 5 + len(lead)), np.uint8)
    head[:, 0] = ord("d")
    head[:, 1:5] = np.broadcast_to(size, (rows,)).astype(">i4").view(np.uint8).reshape(rows, 4)
    head[:, 5:] = np.frombuffer(lead, np.uint8)
    return data_of(joined([head, *parts])).data


_TEXT_ESCAPES = {ord(char): f"\\{name}".encode() for char, name in zip("\b\t\n\v\f\r\\", "btnvfr\\", strict=True)}


def _text_table(options: CopyOptions) -> EscapeTable:
    delimiter = ord(options.delimiter_text)
    special = {delimiter: b"\\" + bytes([delimiter])} | _TEXT_ESCAPES
    if delimiter in _TEXT_ESCAPES:
        special[delimiter] = _TEXT_ESCAPES[delimiter]
    return EscapeTable(special)


def _text_cell(options: CopyOptions) -> Callable[[bytes, bool], bytes]:
    table = _text_table(options)
    return lambda value, forced: table.one(value)


def _csv_tables(options: CopyOptions) -> tuple[EscapeTable, Bools]:
    """What is escaped inside quotes, and the bytes that make quotes necessary."""
    quote, escape = ord(options.quote_text), ord(options.escape_text)
    table = EscapeTable({byte: bytes([escape, byte]) for byte in (quote, escape)})
    special = np.zeros(256, np.bool_)
    special[[ord(options.delimiter_text), quote, ord("\n"), ord("\r")]] = True
    return table, special


def _csv_cell(options: CopyOptions, single: bool) -> Callable[[bytes, bool], bytes]:
    table, _ = _csv_tables(options)
    null, quote = options.null_text.encode(), options.quote_text.encode()
    special = frozenset((ord(options.delimiter_text), quote[0], ord("\n"), ord("\r")))

    def cell(value: bytes, forced: bool) -> bytes:
        if forced or value == null or not special.isdisjoint(value) or (single and value == b"\\."):
            return quote + table.one(value) + quote
        return value

    return cell
