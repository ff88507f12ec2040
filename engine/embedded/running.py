"""A query under way on its own DuckDB cursor: start, stream, cancel, clean up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import duckdb
import pyarrow as pa

from catalog.errors import InternalError, QueryCanceled
from catalog.names import quote_literal
from engine.base import ArrowRows, Query
from engine.conform import Conformer
from engine.delta.snapshot import Snapshots
from engine.embedded import errors
from engine.embedded.instance import EmbeddedSettings, Instance
from engine.embedded.relations import with_relations

INTERRUPT_EVERY_S = 0.02
"""An interrupt that lands before DuckDB has begun is lost: it is repeated at this interval until the call has ended."""
INTERRUPT_FOR_S = 60.0

_T = TypeVar("_T")


class EmbeddedRunning:
    """One query. `result` is called once, from a worker thread; `cancel` from anywhere."""

    def __init__(self, instance: Instance, snapshots: Snapshots, settings: EmbeddedSettings, query: Query) -> None:
        self._instance, self._snapshots, self._settings, self._query = instance, snapshots, settings, query
        self._canceled = threading.Event()
        self._working = threading.Lock()
        """Held while DuckDB works for this query, and while the cursor is opened or closed."""
        self._canceller = threading.Lock()
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._generation = 0
        self._reader: pa.RecordBatchReader | None = None
        self._reading = instance.lake.reading() if instance.lake is not None else None

    def result(self) -> ArrowRows:
        """Prepare, start, and return the stream. Closing its reader, or its end, frees the cursor."""
        try:
            reader = self._retrying(self._begin)
            conform = Conformer(reader.schema, self._query.fields)
        except BaseException:
            self._finish()
            raise
        stream = pa.RecordBatchReader.from_batches(conform.schema, self._batches(reader, conform))
        return ArrowRows(self._query.fields, stream)

    def explain(self) -> str:
        """DuckDB's plan as text, instead of a result."""
        try:
            return self._retrying(self._explain)
        finally:
            self._finish()

    def cancel(self) -> None:
        """Returns at once; a thread repeats the interrupt as long as DuckDB works on."""
        self._canceled.set()
        if self._reading is not None:
            self._reading.cancel()
        if self._working.acquire(blocking=False):
            try:
                self._release()
            finally:
                self._working.release()
        elif self._canceller.acquire(blocking=False):
            threading.Thread(target=self._interrupt, name="embedded-cancel", daemon=True).start()

    def _interrupt(self) -> None:
        deadline = time.monotonic() + INTERRUPT_FOR_S
        try:
            while time.monotonic() < deadline:
                cursor = self._cursor
                if cursor is not None:
                    try:
                        cursor.interrupt()
                    except duckdb.ConnectionException:
                        return  # closed in the meantime: the query has ended
                if self._working.acquire(timeout=INTERRUPT_EVERY_S):
                    try:
                        self._release()
                    finally:
                        self._working.release()
                    return
        finally:
            self._canceller.release()

    def _retrying(self, step: Callable[[], _T]) -> _T:
        """Run `step` in a turn; once more if another query had invalidated the instance before this one began."""
        try:
            with self._turn():
                return step()
        except InternalError as error:
            if "database has been invalidated" not in str(error.__cause__):
                raise
        self._finish()
        with self._turn():
            return step()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One call into DuckDB: not after a cancel, its errors mapped, a broken instance replaced."""
        with self._working:
            self._check_canceled()
            try:
                yield
            except StopIteration:
                raise
            except (duckdb.Error, OSError, pa.ArrowException, RuntimeError) as error:
                if errors.is_invalidated(error):
                    self._instance.invalidate(self._generation)
                if self._canceled.is_set():
                    raise QueryCanceled("canceling statement due to user request") from error
                raise errors.translate(error) from error

    def _check_canceled(self) -> None:
        if self._canceled.is_set():
            raise QueryCanceled("canceling statement due to user request")

    def _prepare(self) -> tuple[duckdb.DuckDBPyConnection, str]:
        """A cursor, and the query with all it reads."""
        query = self._query
        self._cursor, self._generation = self._instance.cursor()
        cursor = self._cursor
        self._instance.checked.check(cursor, query.sql, [read.view for read in query.tables])
        cursor.execute(f"SET TimeZone = {quote_literal(query.time_zone)}")
        sql = with_relations(cursor, query.sql, query.tables, self._snapshots, self._settings.readable(), self._reading)
        self._check_canceled()
        return cursor, sql

    def _begin(self) -> pa.RecordBatchReader:
        cursor, sql = self._prepare()
        relation = cursor.sql(sql, params=list(self._query.params) or None)
        self._reader = relation.to_arrow_reader(self._settings.batch_rows)
        return self._reader

    def _explain(self) -> str:
        cursor, sql = self._prepare()
        rows = cursor.execute("EXPLAIN " + sql, list(self._query.params) or None).fetchall()
        return "\n".join(str(row[-1]) for row in rows)

    def _batches(self, reader: pa.RecordBatchReader, conform: Conformer) -> Iterator[pa.RecordBatch]:
        try:
            while True:
                with self._turn():
                    batch = next(reader, None)
                if batch is None:
                    return
                yield conform(batch)
        finally:
            self._finish()

    def _finish(self) -> None:
        with self._working:
            self._release()

    def _release(self) -> None:
        """Close the cursor, with its views and its stream. Called with `_working` held."""
        reader, self._reader = self._reader, None
        cursor, self._cursor = self._cursor, None
        if reader is not None:
            reader.close()
        if cursor is not None:
            cursor.close()
        if self._reading is not None:
            self._reading.close()
