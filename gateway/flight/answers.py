"""Running one statement for Flight: the shared `execute()`, its commit, and rows that no longer need the session.

Rows of an ordinary query over Delta tables stream from the engine: they are pinned to versions, so the implicit
transaction ends before they are read. All other rows (of the catalog, of RETURNING, of a transaction that has written)
are set aside first, since what gives them does not outlive the statement.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from catalog.errors import FeatureNotSupported, SqlError, sql_error_in
from engine.base import Action, ArrowRows, Notice, Result, Rows
from gateway.execute import Services, execute, settle
from gateway.flight.schemas import schema_of, shown
from gateway.outcome import as_sql_error, outcome_of, with_reason
from sql_extensions.call import Call, Outcome
from sql_extensions.portal import RowsReader
from sql_extensions.rows import to_arrow
from sql_extensions.session import Session
from sql_extensions.spool import Spool

BATCH_ROWS = 65_536
BATCH_BYTES_MAX = 8 << 20


@dataclass(slots=True, eq=False)
class Answer:
    """What a statement gave. `count`: rows it changed, None for rows to read; `schema` is empty without rows."""

    call: Call
    schema: pa.Schema
    count: int | None
    tag: str
    notices: tuple[Notice, ...]
    _source: _Source | None
    _settle: Callable[[Outcome, SqlError | None], None]
    _reading: threading.Lock = field(default_factory=threading.Lock)
    """Held while rows are taken."""

    def __post_init__(self) -> None:
        self.call.on_cancel(self._stop)

    @classmethod
    def empty(cls, call: Call) -> Answer:
        """Of an empty text; `call` is settled."""
        return cls(call, pa.schema([]), 0, "", (), None, lambda outcome, error: None)

    def next_batch(self) -> pa.RecordBatch | None:
        """The next rows; None at the end, when the call is settled. Raises SqlError, which settles it too."""
        try:
            with self._reading:
                self.call.check_canceled()
                found = None if self._source is None else self._source.next_batch()
        except Exception as error:
            known = with_reason(as_sql_error(sql_error_in(error) or error), self.call)
            self.settle(outcome_of(known, lost=False), known)
            raise known from error
        if found is None:
            self.settle(Outcome.DONE)
            return None
        batch, size = found
        self.call.rows += batch.num_rows
        self.call.bytes += size
        return batch

    def drain(self) -> int:
        """To the end: how many rows were changed. Rows given (RETURNING) are counted, not kept. Raises SqlError."""
        rows = 0
        while (batch := self.next_batch()) is not None:
            rows += batch.num_rows
        return rows if self.count is None else self.count

    def settle(self, outcome: Outcome, error: SqlError | None = None) -> None:
        """Let go of the engine and tell the observers; the second time nothing."""
        with self._reading:
            source, self._source = self._source, None
        if source is not None:
            source.close()
        self._settle(outcome, error)

    def _stop(self) -> None:
        """On cancel: an answer whose client does not take its rows just now would never notice by itself."""
        if self._reading.acquire(blocking=False):
            self._reading.release()
            self.settle(Outcome.CANCELED)


class _Source:
    """Batches of `schema` from the engine (`reader`) or from a spool that is full already."""

    def __init__(self, schema: pa.Schema, reader: RowsReader | None, spool: Spool | None = None) -> None:
        self._schema, self._reader, self._spool = schema, reader, spool
        self._kept: Iterator[tuple[pa.RecordBatch, int]] = iter(()) if spool is None else spool.batches()

    def next_batch(self) -> tuple[pa.RecordBatch, int] | None:
        """And its size in bytes, which takes Arrow as long to find as all else that is done here."""
        if self._reader is None:
            return next(self._kept, None)
        batch = self._reader.next_batch(BATCH_ROWS, BATCH_BYTES_MAX)
        return None if batch is None else (shown(batch, self._schema), batch.nbytes)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        if self._spool is not None:
            self._spool.close()


def run(call: Call, core: Session, services: Services) -> Answer:
    """Carry out `call.statement` and what ends with it. Blocking; raises SqlError, the call being settled then."""
    settled = False

    def finish(outcome: Outcome, error: SqlError | None = None) -> None:
        nonlocal settled
        if not settled:
            settled = True
            call.error = error
            settle(call, outcome, services)

    core.transaction.alone = True
    try:
        result = execute(call, core, services)
        answer = _answer(call, core, result, finish)
    except Exception as error:
        known = with_reason(as_sql_error(error), call)
        core.transaction.fail()
        finish(outcome_of(known, lost=False), known)
        raise known from error
    finally:
        core.transaction.alone = False
    return answer


def _answer(call: Call, core: Session, result: Result, finish: Callable[[Outcome, SqlError | None], None]) -> Answer:
    if result.copy_in is not None:
        result.copy_in.abort("COPY FROM STDIN by Flight SQL")
        raise FeatureNotSupported("COPY FROM STDIN is not supported over Flight SQL", hint="Use bulk ingestion.")
    rows = result.rows
    if result.copy_out is not None and rows is not None:
        RowsReader(rows).close()
        raise FeatureNotSupported("COPY TO STDOUT is not supported over Flight SQL", hint="Run the query itself.")
    notices = tuple(result.notices)
    if rows is None:
        _end(call, core)
        return Answer(call, pa.schema([]), _count(result.tag), result.tag, notices, None, finish)
    arrow = rows if isinstance(rows, ArrowRows) else to_arrow(rows)
    schema = schema_of(arrow.fields, arrow.reader.schema, core.settings.flight_numeric)
    if _independent(call, core, rows):
        _end(call, core)
        source = _Source(schema, RowsReader(arrow))
    else:
        source = _Source(schema, None, _set_aside(call, RowsReader(arrow), schema, core.tenant.staging))
        if not isinstance(rows, ArrowRows):
            rows.blocks.close()
        _end(call, core)
    return Answer(call, schema, None, result.tag, notices, source, finish)


def _independent(call: Call, core: Session, rows: Rows) -> bool:
    """Whether the rows need nothing of the session any more."""
    statement = call.statement
    return (
        isinstance(rows, ArrowRows)
        and statement is not None
        and statement.spec is None
        and statement.action is Action.READ
        and not core.transaction.has_written
    )


def _set_aside(call: Call, reader: RowsReader, schema: pa.Schema, folder: Path) -> Spool:
    spool = Spool(schema, folder)
    try:
        while (batch := reader.next_batch(BATCH_ROWS, BATCH_BYTES_MAX)) is not None:
            call.check_canceled()
            spool.append(shown(batch, schema))
    except BaseException:
        spool.close()
        raise
    finally:
        reader.close()
    return spool


def _end(call: Call, core: Session) -> None:
    """The implicit transaction commits, unless the client has said to stop."""
    if core.transaction.in_block:
        return
    call.check_canceled()
    core.transaction.end_implicit()


def _count(tag: str) -> int:
    """Rows changed, as the command tag tells: its last word."""
    last = tag.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0
