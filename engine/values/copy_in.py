"""COPY FROM STDIN: the client's stream, cut anywhere, into Arrow batches of the table's columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import BadCopyFileFormat, FeatureNotSupported, ProgramLimitExceeded, SqlError
from catalog.types import NUMERIC, PgType, arrow_type, element, format_type, precision_scale
from engine.values.binary import arrow_from_binary, parse_binary
from engine.values.build import build
from engine.values.copy_options import CopyOptions, check, chosen
from engine.values.copy_split import Lines, Splitter, unescape, unquote
from engine.values.copy_tuples import TupleReader
from engine.values.scalars import decoded
from engine.values.text import arrow_from_text, parse_text

BLOCK_BYTES = 1 << 20
LINE_BYTES_MAX = 1 << 28
_SHOWN_MAX = 100
_DATES = (1082, 1114, 1184)

Column = tuple[str, PgType]


def stored_type(pg: PgType) -> pa.DataType:
    """The Arrow type COPY FROM gives a column: canonical, but a bare numeric is decimal(38,18)."""
    return pa.decimal128(38, 18) if pg.oid == NUMERIC.oid and precision_scale(pg) is None else arrow_type(pg)


class Settings(Protocol):
    """What of a session's settings matters to input."""

    @property
    def time_zone(self) -> str: ...

    @property
    def date_style(self) -> str: ...


class CopyInDecoder:
    """Decodes one COPY FROM STDIN. Feed every CopyData, then call `finish` once (at CopyDone).

    Rows come out in the order sent, with one column per entry of `columns`. Errors are PostgreSQL's (22P04 for the file
    format, the input functions' for values), with CONTEXT naming `relation`, line and column; a decoder that has raised
    is of no further use. Up to `BLOCK_BYTES` and one line are held back.
    """

    def __init__(
        self, relation: str, columns: Sequence[Column], options: CopyOptions, settings: Settings | None = None
    ) -> None:
        self.options = check(options, reading=True)
        time_zone = settings.time_zone if settings is not None else "UTC"
        if settings is not None and not options.binary:
            _check_date_order(settings.date_style, columns)
        make = _BinaryBlocks if options.binary else _TextBlocks
        self._blocks: _Blocks = make(tuple(columns), self.options, relation, time_zone)
        self._held: list[bytes] = []
        self._size, self._wanted = 0, BLOCK_BYTES

    def feed(self, data: bytes) -> list[pa.RecordBatch]:
        """Batches that are complete; often none."""
        self._held.append(bytes(data))
        self._size += len(data)
        return self._decode(last=False) if self._size >= self._wanted else []

    def finish(self) -> list[pa.RecordBatch]:
        """The remaining batches."""
        return self._decode(last=True)

    def _decode(self, *, last: bool) -> list[pa.RecordBatch]:
        block = b"".join(self._held)
        batches, used = self._blocks.decode(block, last=last)
        rest = block[used:]
        if len(rest) > LINE_BYTES_MAX:
            raise ProgramLimitExceeded(f"a COPY line cannot be longer than {LINE_BYTES_MAX} bytes")
        self._held, self._size = [rest], len(rest)
        self._wanted = max(BLOCK_BYTES, 2 * len(rest))
        return batches


def _check_date_order(date_style: str, columns: Sequence[Column]) -> None:
    """1/2/2020 means what DateStyle says, and only MDY is read here: refuse rather than misread."""
    order = date_style.lower().replace(",", " ").split()
    if not {"dmy", "ymd", "european", "euro"}.isdisjoint(order):
        for name, pg in columns:
            if (element(pg) or pg).oid in _DATES:
                raise FeatureNotSupported(
                    f'COPY FROM into column "{name}" of type {format_type(pg)} needs a DateStyle with MDY',
                    hint="SET datestyle = 'ISO, MDY' and send dates as YYYY-MM-DD.",
                )


class _Blocks(Protocol):
    def decode(self, block: bytes, *, last: bool) -> tuple[list[pa.RecordBatch], int]:
        """Batches of the whole rows in the block, and how many bytes they took."""
        ...


class _TextBlocks:
    """Text and CSV."""

    def __init__(self, columns: tuple[Column, ...], options: CopyOptions, relation: str, time_zone: str) -> None:
        self.columns, self.options, self.relation, self.time_zone = columns, options, relation, time_zone
        self.names = [name for name, _ in columns]
        self.splitter = Splitter(options)
        self.force_null = chosen(options.force_null, self.names)
        self.force_not_null = chosen(options.force_not_null, self.names)
        self.schema = pa.schema([(name, stored_type(pg)) for name, pg in columns])
        self.header_due, self.lines, self.done = bool(options.header), 0, False

    def decode(self, block: bytes, *, last: bool) -> tuple[list[pa.RecordBatch], int]:
        if self.done:
            return [], len(block)
        lines = self.splitter.split(block, last=last)
        self.done = lines.done
        first = 0
        if self.header_due and len(lines.ends):
            self.header_due, first = False, 1
            if self.options.header == "match":
                self._check_header(lines)
        count = len(lines.ends) - first
        batches = self._rows(lines, first) if count else []
        if lines.error is not None:
            shown = "" if lines.error_text is None else f': "{_shown(lines.error_text)}"'
            raise _with_context(lines.error, self._place(self.lines + lines.error_line) + shown)
        self.lines += int(lines.newlines[-1]) if len(lines.newlines) else 0
        return batches, lines.used if not lines.done else len(block)

    def _rows(self, lines: Lines, first: int) -> list[pa.RecordBatch]:
        width = len(self.columns)
        before = int(lines.ends[first - 1]) if first else 0
        counts = np.diff(lines.ends[first:], prepend=before)
        if width == 0:
            return self._no_columns(lines, first)
        wrong = np.flatnonzero(counts != width)
        good = int(wrong[0]) if len(wrong) else len(counts)
        fields = lines.fields.slice(before, good * width)
        batches = [self._batch(fields, good, lines, first)] if good else []
        if len(wrong):
            self._wrong_count(lines, first + good, int(counts[good]))
        return batches

    def _no_columns(self, lines: Lines, first: int) -> list[pa.RecordBatch]:
        for line in range(first, len(lines.ends)):
            if lines.text(line):
                self._wrong_count(lines, line, 1)
        rows = pa.table({"": pa.nulls(len(lines.ends) - first)}).select([])
        return list(rows.to_batches())

    def _wrong_count(self, lines: Lines, line: int, count: int) -> None:
        width = len(self.columns)
        if count > width:
            problem = "extra data after last expected column"
        else:
            values = self._cells(lines, line, count)
            for at, value in enumerate(values):
                self._parse(value, at, lines, line)
            problem = f'missing data for column "{self.names[count]}"'
        raise _with_context(BadCopyFileFormat(problem), self._line_place(lines, line))

    def _cells(self, lines: Lines, line: int, count: int) -> list[bytes | None]:
        start = int(lines.ends[line]) - count
        return [self._column(lines.fields.slice(start + at, 1), at).to_pylist()[0] for at in range(count)]

    def _batch(self, fields: pa.BinaryArray, rows: int, lines: Lines, first: int) -> pa.RecordBatch:
        width = len(self.columns)
        texts, arrays = [], []
        for at in range(width):
            index = pa.array(np.arange(at, rows * width, width))
            texts.append(self._column(fields.take(index) if width > 1 else fields, at))
        try:
            for text, (_, pg), field in zip(texts, self.columns, self.schema, strict=True):
                arrays.append(arrow_from_text(text, pg, arrow=field.type, time_zone=self.time_zone))
        except SqlError as error:
            self._locate(texts, lines, first)
            raise error
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _locate(self, texts: list[pa.BinaryArray], lines: Lines, first: int) -> None:
        """Raise the error of the first bad value in row order."""
        for row, values in enumerate(zip(*(text.to_pylist() for text in texts), strict=True)):
            self._check_encoding(values, lines, first + row)
            for at, value in enumerate(values):
                self._parse(value, at, lines, first + row)

    def _check_encoding(self, values: Sequence[bytes | None], lines: Lines, line: int) -> None:
        """All values of a line are decoded before the first is read."""
        for value in values:
            try:
                decoded(value or b"")
            except SqlError as error:
                bare = self._place(self.lines + int(lines.newlines[line]))
                raw = lines.text(line)
                raise _with_context(error, bare if not _is_utf8(raw) else self._line_place(lines, line)) from None

    def _parse(self, value: bytes | None, at: int, lines: Lines, line: int) -> None:
        if value is None:
            return
        name, pg = self.columns[at]
        try:
            build([parse_text(value, pg, self.time_zone)], pg, stored_type(pg))
        except SqlError as error:
            where = self._place(self.lines + int(lines.newlines[line]))
            raise _with_context(error, f'{where}, column {name}: "{_shown(value)}"') from None

    def _column(self, raw: pa.BinaryArray, at: int) -> pa.BinaryArray:
        """The column's texts, NULL where NULL, without quotes and escapes."""
        null = pc.equal(raw, pa.scalar(self.options.null_text.encode(), pa.binary()))
        mark = self.options.quote_text if self.options.csv else "\\"
        marked = pc.match_substring(raw, mark)
        if not pc.any(marked).as_py():
            return raw if at in self.force_not_null else pc.if_else(null, pa.scalar(None, pa.binary()), raw)
        if self.options.csv:
            return self._unquoted(raw, at, null, marked)
        todo = pc.and_not(marked, null).to_numpy(zero_copy_only=False)
        if todo.any():
            cells = [unescape(value) for value in raw.filter(pa.array(todo)).to_pylist()]
            raw = pc.replace_with_mask(raw, pa.array(todo), pa.array(cells, pa.binary()))
        return pc.if_else(null, pa.scalar(None, pa.binary()), raw)

    def _unquoted(self, raw: pa.BinaryArray, at: int, null: pa.BooleanArray, marked: pa.BooleanArray) -> pa.BinaryArray:
        simple = self._plainly_quoted(raw)
        plain, odd = pc.if_else(simple, pc.binary_slice(raw, 1, -1), raw), pc.and_not(marked, simple)
        if pc.any(odd).as_py():
            cells = [unquote(value, self.options) for value in raw.filter(odd).to_pylist()]
            plain = pc.replace_with_mask(plain, odd, pa.array(cells, pa.binary()))
        isnull = pc.and_not(null, marked)
        if at in self.force_not_null:
            isnull = pc.and_(isnull, False)
        if at in self.force_null:
            empty = pa.scalar(self.options.null_text.encode(), pa.binary())
            isnull = pc.or_(isnull, pc.and_(marked, pc.equal(plain, empty)))
        return pc.if_else(isnull, pa.scalar(None, pa.binary()), plain)

    def _plainly_quoted(self, raw: pa.BinaryArray) -> pa.BooleanArray:
        """Fields that are one pair of quotes with neither quotes nor escapes between."""
        quote, escape = self.options.quote_text, self.options.escape_text
        found = pc.and_(pc.starts_with(raw, quote), pc.ends_with(raw, quote))
        found = pc.and_(found, pc.equal(pc.count_substring(raw, quote), 2))
        return found if escape == quote else pc.and_not(found, pc.match_substring(raw, escape))

    def _check_header(self, lines: Lines) -> None:
        count = int(lines.ends[0])
        cells = self._cells(lines, 0, count)
        place = self._line_place(lines, 0)
        if count != len(self.names):
            raise _with_context(
                BadCopyFileFormat(f"wrong number of fields in header line: got {count}, expected {len(self.names)}"),
                place,
            )
        for at, (cell, name) in enumerate(zip(cells, self.names, strict=True), 1):
            if cell is None:
                got = f'got null value ("{self.options.null_text}")'
            elif cell != name.encode():
                got = f'got "{cell.decode(errors="replace")}"'
            else:
                continue
            message = f'column name mismatch in header line field {at}: {got}, expected "{name}"'
            raise _with_context(BadCopyFileFormat(message), place)

    def _place(self, line: int) -> str:
        return f"COPY {self.relation}, line {line}"

    def _line_place(self, lines: Lines, line: int) -> str:
        return f'{self._place(self.lines + int(lines.newlines[line]))}: "{_shown(lines.text(line))}"'


class _BinaryBlocks:
    """The binary format."""

    def __init__(self, columns: tuple[Column, ...], options: CopyOptions, relation: str, time_zone: str) -> None:
        self.columns, self.relation = columns, relation
        self.reader = TupleReader(len(columns))
        self.schema = pa.schema([(name, stored_type(pg)) for name, pg in columns])

    def decode(self, block: bytes, *, last: bool) -> tuple[list[pa.RecordBatch], int]:
        start = self.reader.rows
        read = self.reader.read(block, last=last)
        batches = []
        if read.rows:
            arrays: list[Any] = []
            try:
                for values, (_, pg), field in zip(read.columns, self.columns, self.schema, strict=True):
                    arrays.append(arrow_from_binary(values, pg, arrow=field.type))
            except SqlError as error:
                self._locate(read.columns, start)
                raise error
            batch = pa.RecordBatch.from_arrays(arrays, schema=self.schema)
            batches.append(batch)
        if read.error is not None:
            where = f"COPY {self.relation}, line {start + read.rows + 1}"
            column = f", column {self.columns[read.at][0]}" if read.at is not None else ""
            if not self.reader.started:
                raise read.error
            raise _with_context(read.error, where + column)
        return batches, read.used

    def _locate(self, columns: Sequence[Sequence[bytes | None]], start: int) -> None:
        for row, values in enumerate(zip(*columns, strict=True)):
            for value, (name, pg) in zip(values, self.columns, strict=True):
                if value is None:
                    continue
                try:
                    build([parse_binary(value, pg)], pg, stored_type(pg))
                except SqlError as error:
                    place = f"COPY {self.relation}, line {start + row + 1}, column {name}"
                    raise _with_context(error, place) from None


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in raw


def _with_context(error: SqlError, context: str) -> SqlError:
    error.context = context
    return error


def _shown(value: bytes) -> str:
    text = value.decode(errors="replace")
    if len(value) <= _SHOWN_MAX:
        return text
    return value[:_SHOWN_MAX].decode(errors="ignore") + "..."
