"""Spark as an engine: one session on one cluster answers queries and runs commands. Routing is elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from catalog.errors import ProgramLimitExceeded
from engine.base import Dialect, Query, TableRead
from engine.spark.execution import Cancelable, Execution
from engine.spark.literals import inline
from engine.spark.plans import explain
from engine.spark.progress import Watcher
from engine.spark.relations import bind
from engine.spark.running import Options, SparkRunning, next_batches
from engine.spark.session import ConnectSession
from engine.spark.staged import Staging

COMMAND_ROWS_MAX = 1_000_000
"""Rows of a command's answer that are kept in memory."""


@dataclass(frozen=True, slots=True)
class SparkOutcome:
    """What a command gave, in Spark's own types: UPDATE, DELETE and MERGE one row of counts; None for no answer."""

    rows: pa.Table | None


class SparkCommand(Cancelable):
    """A statement of Spark's own: DML, OPTIMIZE and the like. `run` is called once; `cancel` from anywhere."""

    def __init__(
        self,
        session: ConnectSession,
        sql: str,
        tables: Sequence[TableRead],
        *,
        time_zone: str,
        watch: Watcher | None,
        own_text: bool,
    ) -> None:
        super().__init__()
        self._session, self._sql, self._tables, self._time_zone, self._watch = session, sql, tables, time_zone, watch
        self._own_text = sql if own_text else None

    def run(self) -> SparkOutcome:
        """Wait for the end; raises SqlError. A connection lost (08006) leaves open whether it was done."""
        return self._session.retrying(self._run)

    def _run(self) -> SparkOutcome:
        plan = bind(self._session, self._sql, self._tables).plan()
        key = self._session.key(self._time_zone)
        execution = self._begin(self._session.execution(key, plan, watch=self._watch, own_text=self._own_text))
        try:
            return SparkOutcome(_table(execution))
        finally:
            if not execution.ended:
                execution.stop()


class SparkEngine:
    """Satisfies `engine.base.Engine`. Safe for many threads. `close` gives the session back to the cluster."""

    dialect = Dialect.SPARK

    def __init__(
        self, name: str, session: ConnectSession, staging: Staging | None = None, options: Options | None = None
    ) -> None:
        self.name = name
        self.session = session
        self._staging = staging
        self._options = options or Options()

    def start(self, query: Query, *, options: Options | None = None) -> SparkRunning:
        """Nothing happens before `result()` is called. `options` for this query alone."""
        return SparkRunning(self.session, self._staging, query, options or self._options)

    def with_options(self, options: Options) -> SparkEngine:
        """The same session, with other options for what is started from here on."""
        return SparkEngine(self.name, self.session, self._staging, options)

    def explain(self, query: Query) -> str:
        """Spark's plan as text. Raises SqlError."""
        bound = bind(self.session, inline(query.sql, query.params), query.tables)
        return explain(self.session, bound, query.time_zone)

    def prepare(
        self,
        sql: str,
        params: Sequence[object] = (),
        *,
        tables: Sequence[TableRead] = (),
        time_zone: str = "UTC",
        watch: Watcher | None = None,
        own_text: bool = False,
    ) -> SparkCommand:
        """A command, not yet sent. `own_text`: the client wrote it: errors get positions in it."""
        return SparkCommand(
            self.session,
            inline(sql, params),
            tables,
            time_zone=time_zone,
            watch=watch or self._options.watch,
            own_text=own_text,
        )

    def run(
        self, sql: str, params: Sequence[object] = (), *, time_zone: str = "UTC", own_text: bool = False
    ) -> SparkOutcome:
        """Run a command to its end; raises SqlError."""
        return self.prepare(sql, params, time_zone=time_zone, own_text=own_text).run()

    def close(self) -> None:
        """What runs is stopped."""
        self.session.close()


def _table(execution: Execution) -> pa.Table | None:
    schema: pa.Schema | None = None
    batches: list[pa.RecordBatch] = []
    rows = 0
    while (more := next_batches(execution)) is not None:
        schema = more[0]
        batches.extend(more[1])
        rows += sum(batch.num_rows for batch in more[1])
        if rows > COMMAND_ROWS_MAX:
            raise ProgramLimitExceeded("the answer of the command has too many rows")
    if schema is None or not schema.names:
        return None
    return pa.Table.from_batches(batches, schema)
