"""Cursors of SQL (DECLARE, FETCH, MOVE): where one stands and how it moves, as PostgreSQL's portals do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path

import pyarrow as pa

from catalog.errors import ObjectNotInPrerequisiteState
from engine.base import ArrowRows, Field
from sql_extensions.portal import RowsReader
from sql_extensions.spool import Spool

BATCH_ROWS = 8192


class Direction(Enum):
    FORWARD = "forward"
    BACKWARD = "backward"
    ABSOLUTE = "absolute"
    RELATIVE = "relative"


class SqlCursor:
    """`scroll`: may move backward; `hold`: outlives its transaction; `binary`: declared BINARY.

    `cancel` stops the query behind it. Not for several threads at once. Positions follow PostgreSQL's portal:
    `position` rows have been passed; before the first row `at_start`, after the last `at_end`.
    """

    def __init__(
        self,
        name: str,
        rows: ArrowRows,
        folder: Path,
        *,
        sql: str,
        cancel: Callable[[], None],
        scroll: bool = False,
        hold: bool = False,
        binary: bool = False,
    ) -> None:
        self.name, self.sql, self.cancel = name, sql, cancel
        self.scroll, self.hold, self.binary = scroll, hold, binary
        self.position = 0
        self.at_start, self.at_end = True, False
        self._schema = rows.reader.schema
        self._reader = RowsReader(rows)
        self._spool: Spool | None = Spool(self._schema, folder) if scroll else None
        self._folder = folder
        self._skipped = 0
        """Rows passed before the first row of the spool."""

    @property
    def fields(self) -> tuple[Field, ...]:
        return self._reader.fields

    def fetch(self, direction: Direction, count: int | None) -> ArrowRows:
        """The rows of one FETCH, read as they are asked for; `count` None is ALL.

        Raises ObjectNotInPrerequisiteState (55000) for going backward without SCROLL.
        """
        batches = self._go(direction, count)
        return ArrowRows(self.fields, pa.RecordBatchReader.from_batches(self._schema, batches))

    def move(self, direction: Direction, count: int | None) -> int:
        """MOVE: the number of rows a FETCH would have given."""
        if count == 0 and direction in (Direction.FORWARD, Direction.BACKWARD, Direction.RELATIVE):
            return int(not self.at_start and not self.at_end)
        return _pass(self._go(direction, count))

    def keep(self) -> None:
        """Set all remaining rows aside and let go of the query: the transaction is about to end."""
        if self._spool is None:
            self._skipped = self.position
            self._spool = Spool(self._schema, self._folder)
        while not self._reader.exhausted:
            self._pull(self._spool)
        self._reader.close()

    def close(self) -> None:
        """Let go of the query and of rows set aside; safe to call twice."""
        self._reader.close()
        if self._spool is not None:
            self._spool.close()

    # -- PostgreSQL's DoPortalRunFetch ------------------------------------------------------------------------------

    def _go(self, direction: Direction, count: int | None) -> Iterator[pa.RecordBatch]:
        if direction is Direction.ABSOLUTE:
            return self._absolute(count or 0)
        if direction is Direction.RELATIVE:
            if count:
                _pass(self._forward(count - 1) if count > 0 else self._backward(-count - 1))
                return self._forward(1) if count > 0 else self._backward(1)
            direction = Direction.FORWARD
        forward = (direction is Direction.FORWARD) == (count is None or count >= 0)
        if count is not None:
            count = abs(count)
        if count == 0:
            if self.at_start or self.at_end:
                return iter(())
            _pass(self._backward(1))
            return self._forward(1)
        return self._forward(count) if forward else self._backward(count)

    def _absolute(self, count: int) -> Iterator[pa.RecordBatch]:
        if count > 0:
            if count - 1 <= self.position // 2:
                self._rewind()
                _pass(self._forward(count - 1))
            else:
                here = self.position + self.at_end
                _pass(self._backward(here - count + 1) if count <= here else self._forward(count - here - 1))
            return self._forward(1)
        if count < 0:
            _pass(self._forward(None))
            _pass(self._backward(-count - 1))
            return self._backward(1)
        self._rewind()
        return iter(())

    def _rewind(self) -> None:
        if self.at_start and not self.at_end:
            return
        self._require_scroll()
        self.at_start, self.at_end, self.position = True, False, 0

    def _forward(self, count: int | None) -> Iterator[pa.RecordBatch]:
        if self.at_end:
            return
        left = count
        while left is None or left > 0:
            batch = self._next(BATCH_ROWS if left is None else min(left, BATCH_ROWS))
            if batch is None:
                self.at_end = True
                return
            self.at_start = False
            self.position += batch.num_rows
            left = None if left is None else left - batch.num_rows
            yield batch

    def _backward(self, count: int | None) -> Iterator[pa.RecordBatch]:
        if count == 0:
            return iter(())
        self._require_scroll()
        if self.at_start:
            return iter(())
        here = self.position + self.at_end
        given = here - 1 if count is None else min(count, here - 1)
        if given:
            self.at_end = False
        if count is None or given < count:
            self.at_start, self.position = True, 0
        else:
            self.position = here - given
        return self._reversed(here - 1 - given, here - 1)

    # -- rows -------------------------------------------------------------------------------------------------------

    def _next(self, rows: int) -> pa.RecordBatch | None:
        """The rows after `position`, at most `rows`."""
        if self._spool is None:
            return self._reader.next_batch(rows)
        first = self.position - self._skipped
        while self._spool.rows <= first and not self._reader.exhausted:
            self._pull(self._spool)
        return next(self._spool.read(first, rows), None)

    def _pull(self, spool: Spool) -> None:
        batch = self._reader.next_batch(BATCH_ROWS)
        if batch is not None:
            spool.append(batch)

    def _reversed(self, first: int, end: int) -> Iterator[pa.RecordBatch]:
        """Rows `first` to before `end` (from 0), last first."""
        while self._spool is not None and end > first:
            begin = max(first, end - BATCH_ROWS)
            table = pa.Table.from_batches(self._spool.read(begin, end - begin), self._schema)
            yield from table.take(pa.array(range(table.num_rows - 1, -1, -1), pa.int64())).to_batches()
            end = begin

    def _require_scroll(self) -> None:
        if not self.scroll:
            raise ObjectNotInPrerequisiteState(
                "cursor can only scan forward", hint="Declare it with SCROLL option to enable backward scan."
            )


def _pass(batches: Iterator[pa.RecordBatch]) -> int:
    return sum(batch.num_rows for batch in batches)
