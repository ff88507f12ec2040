"""Calls into the query history: one record when a call starts, one when it has ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from catalog.history import QueryHistory, QueryRecord, QueryState
from sql_extensions.call import Call, Outcome
from sql_extensions.redaction import concealed, redacted

_STATES = {
    Outcome.DONE: QueryState.FINISHED,
    Outcome.FAILED: QueryState.FAILED,
    Outcome.CANCELED: QueryState.CANCELED,
    Outcome.ABANDONED: QueryState.ABANDONED,
}


class HistoryObserver:
    """`started(call)` belongs right before a call runs; the object itself is the observer of its end."""

    def __init__(self, history: QueryHistory) -> None:
        self._history = history

    def started(self, call: Call) -> None:
        self._history.started(record_of(call, QueryState.RUNNING))

    def __call__(self, call: Call, outcome: Outcome) -> None:
        self._history.finished(record_of(call, _STATES[outcome]))


def record_of(call: Call, state: QueryState) -> QueryRecord:
    """What the history keeps of a call as it stands now."""
    running = state is QueryState.RUNNING
    ended = None if running else call.queued_at + timedelta(seconds=call.seconds)
    return QueryRecord(
        id=call.id,
        tenant=call.principal.tenant,
        user=call.principal.user,
        query=redacted(call.sql),
        state=state,
        queued_at=call.queued_at,
        pid=call.pid,
        started_at=datetime.now(UTC) if running else call.queued_at,
        ended_at=ended,
        cluster=call.route.cluster if call.route else None,
        engine=call.route.engine if call.route else None,
        route_reason=call.route.reason.value if call.route else None,
        rows=None if running else call.rows,
        bytes=None if running else call.bytes,
        bytes_scanned=call.bytes_scanned,
        sqlstate=call.error.code if call.error else None,
        error=concealed(call.error.message, call.sql) if call.error else None,
    )
