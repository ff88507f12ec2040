"""Writing the query history in batches on a thread of its own, and reading it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Condition, Thread

import pyarrow as pa
from sqlalchemy import delete, func, select, text, update

from catalog.errors import SqlError
from catalog.history.journal import Journal
from catalog.history.record import QueryRecord, QueryState, to_line, to_table
from catalog.store.change import relaxed
from catalog.store.database import Database
from catalog.store.listener import INSTANCE_LOCK
from catalog.store.tables import SCHEMA, queries

BATCH_S = 0.05
"""Records gather for this long before they are written together."""
BATCH_MAX = 5_000
QUEUE_MAX = 50_000
QUEUE_FULL_WAIT_S = 0.25
FLUSH_S = 5.0
STOP_S = 30.0
RETRY_S = 1.0
PRUNE_EVERY_S = 600.0
PRUNE_BATCH = 10_000

_DATA_ERRORS = ("21", "22", "23", "42")
"""Classes of errors that trying again does not cure: they lie in what is written."""
_log = logging.getLogger("kadali.history")
_COLUMNS = ", ".join(f'"{column.name}"' for column in queries.c)
_UPDATES = ", ".join(f'"{column.name}" = excluded."{column.name}"' for column in queries.c if column.name != "id")
_WRITE = text(
    f"INSERT INTO {SCHEMA}.queries AS q ({_COLUMNS}) "
    f"SELECT {_COLUMNS} FROM json_populate_recordset(NULL::{SCHEMA}.queries, CAST(:batch AS json)) "
    f"ON CONFLICT (id) DO UPDATE SET {_UPDATES} WHERE q.ended_at IS NULL"
)


class QueryHistory:
    """Owns one thread; usable from any thread. `instance` is the store's name for this gateway (`Store.instance`).

    With a `journal` folder nothing recorded is lost even if the process is killed: the next one finds it there.
    """

    def __init__(
        self,
        database: Database,
        instance: int,
        *,
        journal: Path | None = None,
        retention_s: float = 30 * 86_400.0,
        rows_max: int = 1_000_000,
    ) -> None:
        self._database = database
        self._instance = instance
        self._retention_s = retention_s
        self._rows_max = rows_max
        self._journal = None if journal is None else Journal(journal)
        self._journal_failed = False
        self._wake = Condition()
        self._waiting: dict[str, str] = {}
        self._taken = 0
        self._written = 0
        self._dropped = 0
        self._hurry = False
        self._stopping = False
        self._next_prune = 0.0
        self._recover()
        self._thread = Thread(target=self._run, name="query-history", daemon=True)
        self._thread.start()

    def started(self, record: QueryRecord) -> None:
        """Call it before the query runs: from here on it is known, whatever happens to this process."""
        self._add(record)

    def finished(self, record: QueryRecord) -> None:
        """How it ended; also for queries that never got as far as `started`."""
        self._add(record)

    def queries(
        self,
        tenant: str,
        *,
        user: str | None = None,
        clusters: Sequence[str] = (),
        query_id: str | None = None,
        states: Sequence[QueryState] | None = None,
        limit: int = 10_000,
    ) -> pa.Table:
        """The tenant's queries, newest first, in the shape of QUERIES_SCHEMA; everything recorded here is included.

        `user` None: everybody's; else also what others have run on `clusters`. `states` None: in any state. Raises
        ConnectionFailure.
        """
        self.flush(FLUSH_S)
        wanted = select(queries).where(queries.c.tenant == tenant)
        if user is not None:
            wanted = wanted.where((queries.c.user == user) | queries.c.cluster.in_(clusters))
        if query_id is not None:
            wanted = wanted.where(queries.c.id == query_id)
        if states is not None:
            wanted = wanted.where(queries.c.state.in_([state.value for state in states]))
        with self._database.begin() as connection:
            ordered = wanted.order_by(queries.c.queued_at.desc(), queries.c.id.desc()).limit(limit)
            return to_table(connection.execute(ordered).mappings())

    def flush(self, timeout_s: float = FLUSH_S) -> bool:
        """Wait until everything recorded so far is in the store; False if that took too long."""
        with self._wake:
            goal = self._taken + len(self._waiting)
            self._hurry = True
            self._wake.notify_all()
            return self._wake.wait_for(lambda: self._written >= goal, timeout_s)

    def close(self) -> None:
        """Write what is left, then stop. Idempotent."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._thread.join(STOP_S)
        if self._journal is not None and not self._thread.is_alive():
            self._journal.close()
            self._journal = None

    def _add(self, record: QueryRecord) -> None:
        line = to_line(record, self._instance)
        with self._wake:
            if len(self._waiting) >= QUEUE_MAX and record.id not in self._waiting:
                self._wake.notify_all()
                self._wake.wait_for(lambda: len(self._waiting) < QUEUE_MAX, QUEUE_FULL_WAIT_S)
                if len(self._waiting) >= QUEUE_MAX:
                    self._dropped += 1
                    return
            self._waiting[record.id] = line
            self._journaled(lambda journal: journal.append(line))
            if len(self._waiting) == 1:
                self._wake.notify_all()

    def _run(self) -> None:
        while batch := self._next_batch():
            if self._write(batch):
                with self._wake:
                    self._written += len(batch)
                    self._journaled(Journal.written)
                    self._wake.notify_all()
            elif self._stopping:
                _log.error("%d queries were not written to the history: the store cannot be reached", len(batch))
                return
            self._prune()

    def _next_batch(self) -> dict[str, str]:
        """Waits for records; empty only when stopping and all is written."""
        with self._wake:
            self._wake.wait_for(lambda: self._waiting or self._stopping)
            self._wake.wait_for(lambda: self._hurry or self._stopping or len(self._waiting) >= BATCH_MAX, BATCH_S)
            self._hurry = False
            batch, self._waiting = self._waiting, {}
            self._taken += len(batch)
            if batch:
                self._journaled(Journal.turn)
            if self._dropped:
                _log.error("%d queries are missing from the history: the store is too slow or away", self._dropped)
                self._dropped = 0
            self._wake.notify_all()
            return batch

    def _journaled(self, action: Callable[[Journal], None]) -> None:
        """A journal that cannot be written (a full disk) costs what it is for, not the statements. Holds the lock."""
        if self._journal is None:
            return
        try:
            action(self._journal)
        except OSError as error:
            if not self._journal_failed:
                _log.error("the history's journal cannot be written: %s", error)
            self._journal_failed = True
        else:
            self._journal_failed = False

    def _write(self, batch: dict[str, str]) -> bool:
        """Keeps trying while the store is away; False when stopping meanwhile. What the store refuses is left out."""
        lines = list(batch.values())
        while True:
            try:
                for at in range(0, len(lines), BATCH_MAX):
                    self._insert(lines[at : at + BATCH_MAX])
                return True
            except SqlError as error:
                _log.warning("the query history cannot be written: %s", error)
                if error.code.startswith(_DATA_ERRORS):
                    lines = self._without_refused(lines)
                    continue
                with self._wake:
                    if self._wake.wait_for(lambda: self._stopping, RETRY_S):
                        return False

    def _without_refused(self, lines: Sequence[str]) -> list[str]:
        """The lines that are still to be written, one by one, up to where the store is away."""
        for at, line in enumerate(lines):
            try:
                self._insert([line])
            except SqlError as error:
                if not error.code.startswith(_DATA_ERRORS):
                    return list(lines[at:])
                _log.error("a query is missing from the history, the store refuses it: %s", error)
        return []

    def _insert(self, lines: Sequence[str]) -> None:
        with self._database.begin() as connection:
            relaxed(connection)
            connection.execute(_WRITE, {"batch": "[" + ",".join(lines) + "]"})

    def _recover(self) -> None:
        """Write what an earlier process left in the journal; mark the unended queries of dead gateways as lost."""
        if self._journal is not None:
            lines = {}
            for line in self._journal.left_over():
                try:
                    lines[json.loads(line)["id"]] = line
                except (ValueError, KeyError):
                    _log.warning("the history's journal has a damaged line; it is left out")
            try:
                self._insert(list(lines.values()))
            except SqlError as error:
                if not error.code.startswith(_DATA_ERRORS):
                    raise
                if rest := self._without_refused(list(lines.values())):
                    self._insert(rest)
            self._journal.clear()
        with self._database.begin() as connection:
            unended = queries.c.ended_at.is_(None) & queries.c.state.in_(["queued", "running"])
            instances = connection.execute(select(queries.c.instance).where(unended).distinct()).scalars().all()
            for instance in instances:
                lock = select(func.pg_try_advisory_xact_lock(INSTANCE_LOCK, instance))
                if instance != self._instance and connection.execute(lock).scalar_one():
                    dead = update(queries).where(unended, queries.c.instance == instance)
                    connection.execute(dead.values(state=QueryState.LOST.value))

    def _prune(self) -> None:
        """Every ten minutes: away with what is too old, and with the oldest beyond `rows_max`; if that is much, a part
        of it after each batch written.
        """
        if time.monotonic() < self._next_prune:
            return
        self._next_prune = time.monotonic() + PRUNE_EVERY_S
        try:
            with self._database.begin() as connection:
                limit = select(func.now() - text(f"interval '{self._retention_s:.0f} seconds'")).scalar_subquery()
                beyond = select(queries.c.queued_at).order_by(queries.c.queued_at.desc()).offset(self._rows_max)
                cut = func.greatest(limit, beyond.limit(1).scalar_subquery())
                old = select(queries.c.id).where(queries.c.queued_at <= cut, queries.c.state != "running")
                away = connection.execute(delete(queries).where(queries.c.id.in_(old.limit(PRUNE_BATCH)))).rowcount
            if away == PRUNE_BATCH:
                self._next_prune = 0.0
        except SqlError as error:
            _log.warning("the query history cannot be shortened: %s", error)
