"""How calls end badly, for every door: which error the client is told, and what outcome that is."""

from __future__ import annotations

import logging

from catalog.errors import InternalError, OutOfMemory, ProgramLimitExceeded, QueryCanceled, SqlError
from sql_extensions.call import Call, Outcome

log = logging.getLogger(__name__)


def outcome_of(error: SqlError, *, lost: bool) -> Outcome:
    """How a call that raised `error` ended."""
    if lost:
        return Outcome.ABANDONED
    return Outcome.CANCELED if isinstance(error, QueryCanceled) else Outcome.FAILED


def with_reason(error: SqlError, call: Call) -> SqlError:
    """An engine that was stopped does not know why: the call does."""
    if isinstance(error, QueryCanceled) and call.canceled:
        try:
            call.check_canceled()
        except QueryCanceled as told:
            return told
    return error


def as_sql_error(error: Exception) -> SqlError:
    """What the client may see: errors of ours as they are; anything else is a bug, told in the log only."""
    if isinstance(error, SqlError) and not isinstance(error, InternalError):
        return error
    if isinstance(error, RecursionError):
        return ProgramLimitExceeded("stack depth limit exceeded", code="54001")
    if isinstance(error, MemoryError):
        return OutOfMemory("out of memory")
    log.error("internal error", exc_info=error)
    return InternalError("internal error")
