"""A query under way on a cluster: started, streamed or staged, conformed, stopped, cleaned up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import cast

import pyarrow as pa

from catalog.errors import InternalError, QueryCanceled
from engine.base import ArrowRows, Query
from engine.conform import Conformer
from engine.spark.errors import CANCELED, ResultTooLarge
from engine.spark.execution import Cancelable, Execution, SessionLost
from engine.spark.literals import inline
from engine.spark.plans import estimate
from engine.spark.progress import Watcher
from engine.spark.proto import base_pb2 as connect
from engine.spark.relations import Bound, bind
from engine.spark.session import ConnectSession
from engine.spark.staged import StagedResult, Staging, sweep

STOP_PATIENCE_S = 10.0
"""How long the folder of a staged result is kept for a query that was told to stop."""


class ResultMode(Enum):
    """How a result comes: `kadali.spark_result`. AUTO streams unless Spark estimates it, or finds it, too large."""

    AUTO = "auto"
    STREAM = "stream"
    STAGED = "staged"


@dataclass(frozen=True, slots=True)
class Options:
    """`large`: what the query reads is so large that Spark is asked for its estimate before it is streamed."""

    mode: ResultMode = ResultMode.AUTO
    large: bool = False
    watch: Watcher | None = None


class SparkRunning(Cancelable):
    """One query. `result` is called once, from a worker thread; `cancel` from anywhere."""

    def __init__(self, session: ConnectSession, staging: Staging | None, query: Query, options: Options) -> None:
        super().__init__()
        self._session, self._staging, self._query, self._options = session, staging, query, options
        self._staged: StagedResult | None = None

    def result(self) -> ArrowRows:
        """Wait for the first batch. Closing the reader, or its end, leaves nothing on the cluster."""
        try:
            return self._session.retrying(self._start)
        except BaseException:
            self._finish()
            raise

    @property
    def operation_id(self) -> str | None:
        """What the driver knows the query by, once it has begun."""
        execution = self._execution
        return execution.operation_id if execution is not None else None

    def wait_stopped(self, timeout_s: float) -> bool:
        """After `cancel`, or after the reader was closed: whether the cluster has stopped within the time."""
        execution = self._execution
        return execution is None or execution.wait_stopped(timeout_s)

    def _start(self) -> ArrowRows:
        query = self._query
        bound = bind(self._session, inline(query.sql, query.params), query.tables)
        if self._is_staged(bound):
            return self._start_staged(bound)
        try:
            return self._start_streamed(bound)
        except ResultTooLarge:
            if self._staging is None or self._options.mode is not ResultMode.AUTO:
                raise
        return self._start_staged(bound)

    def _is_staged(self, bound: Bound) -> bool:
        if self._staging is None or self._options.mode is ResultMode.STREAM:
            return False
        if self._options.mode is ResultMode.STAGED:
            return True
        limit = self._session.driver().result_bytes_max
        return bool(
            self._options.large and limit and estimate(self._session, bound, self._query.time_zone) > limit // 2
        )

    def _start_streamed(self, bound: Bound) -> ArrowRows:
        execution = self._begin_plan(bound.plan())
        first = next_batches(execution)
        if first is None:
            raise InternalError("the query on Spark gave no result")
        schema, batches = first
        conform = Conformer(schema, self._query.fields)
        return self._rows(conform, self._stream(execution, conform, batches))

    def _start_staged(self, bound: Bound) -> ArrowRows:
        staging = self._staging
        if staging is None:
            raise InternalError("there is no place for staged results")
        sweep(staging)
        self._staged = StagedResult(staging)
        execution = self._begin_plan(self._staged.plan(bound.relation(), len(self._query.fields)))
        while execution.next() is not None:
            pass
        schema, batches = self._staged.batches()
        conform = Conformer(schema, self._query.fields)
        return self._rows(conform, self._read(batches, conform))

    def _begin_plan(self, plan: connect.Plan) -> Execution:
        key = self._session.key(self._query.time_zone)
        return self._begin(self._session.execution(key, plan, watch=self._options.watch))

    def _rows(self, conform: Conformer, batches: Iterator[pa.RecordBatch | None]) -> ArrowRows:
        # begun, so that a reader that is dropped before its first batch runs the generator's `finally` as well
        next(batches)
        reader = pa.RecordBatchReader.from_batches(conform.schema, cast(Iterator[pa.RecordBatch], batches))
        return ArrowRows(self._query.fields, reader)

    def _stream(
        self, execution: Execution, conform: Conformer, first: list[pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch | None]:
        try:
            yield None
            for batch in first:
                yield conform(batch)
            while (more := self._next(execution)) is not None:
                for batch in more[1]:
                    yield conform(batch)
        finally:
            self._finish()

    def _next(self, execution: Execution) -> tuple[pa.Schema, list[pa.RecordBatch]] | None:
        try:
            return next_batches(execution)
        except SessionLost:
            self._session.forget()
            raise

    def _read(self, batches: Iterator[pa.RecordBatch], conform: Conformer) -> Iterator[pa.RecordBatch | None]:
        try:
            yield None
            for batch in batches:
                if self._canceled:
                    raise QueryCanceled(CANCELED)
                yield conform(batch)
        finally:
            self._finish()

    def _finish(self) -> None:
        """Nothing is left on the cluster or in the staging folder."""
        execution, staged = self._execution, self._staged
        whole = execution is None or execution.ended
        if execution is not None and not whole:
            execution.stop()
            if staged is not None:
                execution.wait_stopped(STOP_PATIENCE_S)
        if staged is not None:
            staged.close(whole=whole and not self._canceled)


def next_batches(execution: Execution) -> tuple[pa.Schema, list[pa.RecordBatch]] | None:
    """The next message of rows; None at the end. Raises SqlError."""
    while (message := execution.next()) is not None:
        if message.HasField("arrow_batch"):
            with pa.ipc.open_stream(message.arrow_batch.data) as reader:
                return reader.schema, list(reader)
    return None
