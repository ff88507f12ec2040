"""A query's rows, read piece by piece: cursors of SQL (sql_cursor.py) and portals with row limits share it."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

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
