"""kadali.queries: the history of queries, with those still running as they stand now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pyarrow as pa

from catalog.history import QUERIES_SCHEMA, QueryState
from sql_extensions.call import Call
from sql_extensions.redaction import redacted
from sql_extensions.relations import clusters
from sql_extensions.session import Session

SCHEMA = QUERIES_SCHEMA
UNENDED = (QueryState.QUEUED.value, QueryState.RUNNING.value)


def rows(session: Session) -> pa.Table:
    """Newest first: the user's own queries, those on clusters he may monitor, or all of the database for
    administrators. Raises ConnectionFailure.
    """
    principal, tenant = session.principal, session.tenant
    monitored = () if principal.admin else clusters.monitored(session)
    user = None if principal.admin else principal.user
    recorded = tenant.history.queries(tenant.name, user=user, clusters=monitored)
    return with_running(session, recorded, monitored)


def with_running(session: Session, recorded: pa.Table, monitored: Sequence[str] = ()) -> pa.Table:
    """`recorded` with the running calls, which know their rows and bytes so far, in the place of their records.

    `monitored` are clusters on which the calls of others are seen too.
    """
    tenant, principal = session.tenant, session.principal

    def seen(call: Call) -> bool:
        if tenant.may_see(principal, call):
            return True
        on = call.data_route.cluster if call.data_route is not None else None
        return call.principal.tenant == principal.tenant and on is not None and on in monitored

    running = {call.id: call for call in tenant.calls.running() if seen(call)}
    found = [row for row in recorded.to_pylist() if row["id"] not in running]
    found += [record(call) for call in running.values()]
    found.sort(key=lambda row: (row["queued_at"], row["id"]), reverse=True)
    return pa.Table.from_pylist(found, SCHEMA)


def record(call: Call) -> dict[str, object]:
    """A call as a row of SCHEMA, as it stands now."""
    ended = None if call.ended is None else call.queued_at + timedelta(seconds=call.seconds)
    return {
        "id": call.id,
        "pid": call.pid,
        "user": call.principal.user,
        "tenant": call.principal.tenant,
        "cluster": call.route.cluster if call.route else None,
        "engine": call.route.engine if call.route else None,
        "state": (QueryState.QUEUED if call.waiting else QueryState.RUNNING).value,
        "queued_at": call.queued_at,
        "started_at": call.queued_at,
        "ended_at": ended,
        "rows": call.rows,
        "query": redacted(call.sql),
        "database": call.principal.tenant,
        "route": call.route.engine if call.route else None,
        "route_reason": call.route.reason.value if call.route else None,
        "bytes": call.bytes,
        "bytes_scanned": call.bytes_scanned,
        "progress": call.progress,
    }
