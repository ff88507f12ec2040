"""Stopping queries and connections: CANCEL QUERY, pg_cancel_backend, pg_terminate_backend."""

from __future__ import annotations

import time

from catalog.errors import InsufficientPrivilege, ObjectInUse, UndefinedObject
from catalog.history import QueryState
from engine.base import Notice
from sql_extensions.call import CANCEL_REPEAT_S, Call
from sql_extensions.context import Context

WAIT_S = 30.0
"""How long to wait for an engine to stop before saying that it does not (55006)."""


def cancel_query(ctx: Context, query_id: str) -> bool:
    """Stop a query and wait until it has stopped; False (with a WARNING) if it had ended already.

    Raises UndefinedObject (42704) for an unknown id, InsufficientPrivilege (42501) for another user's query,
    ObjectInUse (55006) if the engine does not stop in time.
    """
    session, tenant = ctx.session, ctx.session.tenant
    call = tenant.calls.find(query_id)
    if call is None or call.principal.tenant != tenant.name:
        return _ended(ctx, query_id)
    if not tenant.may_see(session.principal, call):
        raise InsufficientPrivilege(f'permission denied to cancel query "{query_id}"')
    _stop(ctx, call)
    return True


def cancel_backend(ctx: Context, pid: int) -> bool:
    """pg_cancel_backend: stop what the connection runs; True also if it runs nothing, as in PostgreSQL."""
    call = _call_of(ctx, pid)
    if call is None:
        return _idle(ctx, pid)
    call.cancel()
    return True


def terminate_backend(ctx: Context, pid: int) -> bool:
    """pg_terminate_backend: end the connection. Raises InsufficientPrivilege for one of another user."""
    call = _call_of(ctx, pid)
    tenant = ctx.session.tenant
    if call is None and not _idle(ctx, pid):
        return False
    return tenant.calls.terminate(pid)


def _call_of(ctx: Context, pid: int) -> Call | None:
    """The call that a connection of the same database runs, if the user may stop it."""
    tenant = ctx.session.tenant
    call = tenant.calls.by_pid(pid)
    if call is None or call.principal.tenant != tenant.name:
        return None
    if not tenant.may_see(ctx.session.principal, call):
        raise InsufficientPrivilege(
            "permission denied to terminate process"
            if "terminate" in ctx.statement.sql
            else "must be a member of the role whose query is being canceled or member of pg_signal_backend"
        )
    return call


def _idle(ctx: Context, pid: int) -> bool:
    """Whether the pid is a connection's that is idle. One's own is; others are known to administrators only."""
    if pid == ctx.session.pid:
        return True
    owner = ctx.session.tenant.calls.owner(pid)
    principal = ctx.session.principal
    if owner is None or owner.tenant != principal.tenant:
        ctx.call.notice(Notice("WARNING", f"PID {pid} is not a PostgreSQL server process", "01000"))
        return False
    if not principal.admin and owner.user != principal.user:
        raise InsufficientPrivilege("permission denied: the connection belongs to another user")
    return True


def _ended(ctx: Context, query_id: str) -> bool:
    tenant, principal = ctx.session.tenant, ctx.session.principal
    known = tenant.history.queries(tenant.name, query_id=query_id).to_pylist()
    if not known:
        raise UndefinedObject(f'query "{query_id}" does not exist')
    if not principal.admin and known[0]["user"] != principal.user:
        raise InsufficientPrivilege(f'permission denied to cancel query "{query_id}"')
    state = known[0]["state"]
    if state in (QueryState.QUEUED.value, QueryState.RUNNING.value):
        raise ObjectInUse(f'query "{query_id}" runs on another server', hint="Cancel it there.")
    ctx.call.notice(Notice("WARNING", f'query "{query_id}" has already ended ({state})', "01000"))
    return False


def _stop(ctx: Context, call: Call) -> None:
    """Ask until it has ended: an interrupt that reaches an engine before its query begins is lost."""
    deadline = time.monotonic() + WAIT_S
    call.cancel()
    while not call.over.wait(CANCEL_REPEAT_S):
        ctx.call.check_canceled()
        if time.monotonic() > deadline:
            raise ObjectInUse(f'query "{call.id}" has not stopped within {WAIT_S:.0f} seconds')
        call.cancel()
