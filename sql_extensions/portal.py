"""A query's rows, read piece by piece: cursors of SQL and portals with row limits share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from catalog.errors import SqlError
from engine.base import ArrowRows, Field, Rows, WireRows


class RowsReader:
    """Takes rows from a result a limited number at a time. Not for several threads at once."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.exhausted = False
        self._left: pa.RecordBatch | None = None
        self._taken = 0

    @property
    def fields(self) -> tuple[Field, ...]:
        return self.rows.fields

    def next_batch(self, max_rows: int, max_bytes: int | None = None) -> pa.RecordBatch | None:
        """Up to `max_rows` Arrow rows (only for ArrowRows); None at the end. Blocking; raises SqlError.

        `max_bytes` cuts the batch shorter where rows are wide; one row is always given.
        """
        if not isinstance(self.rows, ArrowRows):
            raise TypeError("these rows are already encoded")
        while self._left is None or self._left.num_rows == 0:
            try:
                self._left = self.rows.reader.read_next_batch()
            except StopIteration:
                self.exhausted = True
                return None
        batch = self._left.slice(0, max_rows)
        if max_bytes is not None and batch.num_rows > 1 and batch.nbytes > max_bytes:
            batch = batch.slice(0, max(1, batch.num_rows * max_bytes // batch.nbytes))
        self._left = self._left.slice(batch.num_rows) if batch.num_rows < self._left.num_rows else None
        return batch

    def next_block(self, max_rows: int) -> Sequence[Sequence[bytes | None]] | None:
        """Up to `max_rows` encoded rows (only for WireRows); None at the end."""
        if not isinstance(self.rows, WireRows):
            raise TypeError("these rows are Arrow batches")
        block = self.rows.blocks.next_block(max_rows)
        if block is None:
            self.exhausted = True
        return block

    def close(self) -> None:
        """Let go of the engine's query; safe to call twice."""
        if isinstance(self.rows, WireRows):
            self.rows.blocks.close()
        else:
            self.rows.reader.close()


class LimitedBlocks:
    """At most `count` rows of another reader, as WireBlocks: what FETCH n answers with."""

    def __init__(self, reader: RowsReader, count: int | None, moved: Callable[[int], None]) -> None:
        self._reader, self._left, self._moved = reader, count, moved

    def next_block(self, max_rows: int) -> Sequence[Sequence[bytes | None]] | None:
        if self._left == 0:
            return None
        block = self._reader.next_block(max_rows if self._left is None else min(max_rows, self._left))
        if block is not None:
            self._moved(len(block))
            if self._left is not None:
                self._left -= len(block)
        return block

    def close(self) -> None:
        """The cursor stays open."""


class SqlCursor:
    """DECLAREd: a name, its rows, and where it stands."""

    def __init__(self, name: str, reader: RowsReader, *, hold: bool, sql: str) -> None:
        self.name, self.hold, self.sql = name, hold, sql
        self._reader = reader
        self.position = 0
        """Rows passed; the cursor stands on this row, 0 before the first."""

    @property
    def fields(self) -> tuple[Field, ...]:
        return self._reader.fields

    def fetch(self, count: int | None) -> Rows:
        """The next `count` rows (None: all that are left), forward only."""
        if isinstance(self._reader.rows, WireRows):
            blocks = LimitedBlocks(self._reader, count, self._move)
            return WireRows(self._reader.rows.fields, self._reader.rows.binary, blocks)
        schema = self._reader.rows.reader.schema
        batches = self._batches(count)
        return ArrowRows(self.fields, pa.RecordBatchReader.from_batches(schema, batches))

    def skip(self, count: int | None) -> int:
        """MOVE: pass over rows without giving them; how many were passed."""
        passed = 0
        while count is None or passed < count:
            want = 8192 if count is None else min(8192, count - passed)
            piece = (
                self._reader.next_block(want)
                if isinstance(self._reader.rows, WireRows)
                else self._reader.next_batch(want)
            )
            if piece is None:
                break
            passed += len(piece) if isinstance(self._reader.rows, WireRows) else piece.num_rows
        self._move(passed)
        return passed

    def close(self) -> None:
        self._reader.close()

    def _move(self, rows: int) -> None:
        self.position += rows

    def _batches(self, count: int | None):  # type: ignore[no-untyped-def]
        left = count
        while left is None or left > 0:
            batch = self._reader.next_batch(8192 if left is None else left)
            if batch is None:
                return
            self._move(batch.num_rows)
            if left is not None:
                left -= batch.num_rows
            yield batch


def first_error(error: Exception) -> SqlError | None:
    """The SqlError inside an exception that crossed pyarrow's reader, which wraps what a generator raises."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, SqlError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None
