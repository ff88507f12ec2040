"""kadali.clusters, kadali.cluster_events and the rows of DESCRIBE CLUSTER."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from urllib.parse import quote

import pyarrow as pa

from catalog.clusters.model import Cluster, ClusterEvent, UsageDay
from sql_extensions.cluster_actions import visible
from sql_extensions.cluster_state import has_right
from sql_extensions.session import Session

INTERVAL = pa.month_day_nano_interval()
MOMENT = pa.timestamp("us", "UTC")
SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("state", pa.string()),
        ("engine", pa.string()),
        ("size", pa.string()),
        ("workers", pa.int32()),
        ("min_workers", pa.int32()),
        ("max_workers", pa.int32()),
        ("running", pa.int32()),
        ("queued", pa.int32()),
        ("auto_suspend", INTERVAL),
        ("idle_for", INTERVAL),
        ("owner", pa.string()),
        ("created_at", MOMENT),
        ("comment", pa.string()),
    ]
)
EVENTS = pa.schema(
    [
        ("cluster", pa.string()),
        ("at", MOMENT),
        ("kind", pa.string()),
        ("message", pa.string()),
        ("user", pa.string()),
        ("workers", pa.int32()),
    ]
)
DETAIL = pa.schema([("key", pa.string()), ("value", pa.string())])
USAGE = pa.schema(
    [
        ("cluster", pa.string()),
        ("period_start", MOMENT),
        ("period_end", MOMENT),
        ("worker_seconds", pa.float64()),
        ("driver_seconds", pa.float64()),
        ("cost", pa.float64()),
    ]
)
EVENTS_SHOWN = 10


def rows(session: Session) -> pa.Table:
    """By name: those the user owns or has a right on; all for administrators. Raises ConnectionFailure."""
    now = datetime.now(UTC)
    found = [_row(cluster, now) for cluster in _visible(session)]
    return pa.Table.from_pylist(found, SCHEMA)


def events(session: Session) -> pa.Table:
    """Newest first, of clusters the user may monitor; of those dropped too for administrators."""
    clusters = session.tenant.clusters
    if clusters is None:
        return pa.Table.from_pylist([], EVENTS)
    seen = monitored(session)
    found = [event for event in clusters.events() if session.principal.admin or event.cluster in seen]
    return pa.Table.from_pylist([_event(event) for event in found], EVENTS)


def usage(session: Session) -> pa.Table:
    """By day (UTC), newest first, of clusters the user may monitor; of those dropped too for administrators."""
    clusters = session.tenant.clusters
    if clusters is None:
        return pa.Table.from_pylist([], USAGE)
    seen = {one.id for one in clusters.list() if has_right(one, session.principal, "MONITOR")}
    found = [day for day in clusters.usage() if session.principal.admin or day.id in seen]
    return pa.Table.from_pylist([_usage(day) for day in found], USAGE)


def monitored(session: Session) -> tuple[str, ...]:
    """By name: the clusters on which the user sees what happens, and the queries of others."""
    clusters = session.tenant.clusters
    found = () if clusters is None else clusters.list()
    return tuple(one.name for one in found if has_right(one, session.principal, "MONITOR"))


def detail(session: Session, cluster: Cluster) -> pa.Table:
    """One cluster as key and value, in the order of the reference."""
    now = datetime.now(UTC)
    clusters = session.tenant.clusters
    happened = list(clusters.events(cluster.name)) if clusters is not None else []
    spec, observed = cluster.spec, cluster.observed
    idle = _idle(cluster, now)
    suspends = None
    if idle is not None and spec.auto_suspend_s is not None:
        suspends = max(timedelta(seconds=spec.auto_suspend_s) - idle, timedelta())
    errors = [event.message for event in happened if event.kind == "failed"]
    values = {
        "state": cluster.state.value,
        "reason": observed.reason,
        "size": spec.size,
        "workers": f"{observed.workers}/{spec.min_workers}/{spec.max_workers}",
        "queued": str(cluster.queued),
        "running": str(cluster.running),
        "idle_for": _clock(idle),
        "suspends_in": _clock(suspends),
        "started_by": cluster.started_by,
        "rights": _rights(cluster),
        "ui_url": None if observed.ui is None or clusters is None else clusters.web + ui_path(cluster),
        "cost_today": _cost_today(session, cluster, now),
        "budget": _budget(cluster),
        "last_error": errors[0] if errors else None,
        "events": "\n".join(f"{e.at:%Y-%m-%d %H:%M:%S} {e.kind}: {e.message}" for e in happened[:EVENTS_SHOWN]),
    }
    return pa.Table.from_pylist([{"key": key, "value": value} for key, value in values.items()], DETAIL)


def ui_path(cluster: Cluster) -> str:
    """Where the Spark UI is, below the gateway's HTTP address."""
    return f"/tenants/{quote(cluster.tenant, safe='')}/clusters/{quote(cluster.name, safe='')}/ui/"


def _visible(session: Session) -> list[Cluster]:
    clusters = session.tenant.clusters
    found = () if clusters is None else clusters.list(fresh=True)
    return sorted((one for one in found if visible(one, session.principal)), key=lambda one: one.name)


def _row(cluster: Cluster, now: datetime) -> dict[str, object]:
    spec = cluster.spec
    return {
        "name": cluster.name,
        "state": cluster.state.value,
        "engine": spec.engine.value,
        "size": spec.size,
        "workers": cluster.observed.workers,
        "min_workers": spec.min_workers,
        "max_workers": spec.max_workers,
        "running": cluster.running,
        "queued": cluster.queued,
        "auto_suspend": None if spec.auto_suspend_s is None else _interval(timedelta(seconds=spec.auto_suspend_s)),
        "idle_for": _interval(_idle(cluster, now)),
        "owner": cluster.owner,
        "created_at": cluster.created_at,
        "comment": cluster.comment,
    }


def _idle(cluster: Cluster, now: datetime) -> timedelta | None:
    """How long nobody has used it; None while it is in use or not running."""
    if not cluster.state.answers or cluster.running or cluster.queued:
        return None
    return max(now - max(cluster.last_used, cluster.state_since), timedelta())


def _interval(length: timedelta | None) -> pa.MonthDayNano | None:
    if length is None:
        return None
    return pa.MonthDayNano([0, 0, (length.days * 86_400 + length.seconds) * 1_000_000_000])


def _cost_today(session: Session, cluster: Cluster, now: datetime) -> str:
    clusters = session.tenant.clusters
    days = () if clusters is None else clusters.usage(now.date())
    today = next((day for day in days if day.id == cluster.id), None)
    hours = f"{0 if today is None else today.worker_s / 3600:.3f} worker hours"
    return hours if today is None or today.cost is None else f"{today.cost:.2f} ({hours})"


def _budget(cluster: Cluster) -> str | None:
    if cluster.spending is None:
        return None
    return f"{cluster.spending.spent:.3f} of {cluster.budget_text}, then {cluster.spec.on_budget}"


def _rights(cluster: Cluster) -> str | None:
    """Those granted, by role: `bi: USAGE, MONITOR`."""
    given: dict[str, list[str]] = {}
    for role, right in cluster.acl:
        given.setdefault(role, []).append(right)
    return "; ".join(f"{role}: {', '.join(rights)}" for role, rights in given.items()) or None


def _usage(day: UsageDay) -> dict[str, object]:
    return {
        "cluster": day.cluster,
        "period_start": datetime.combine(day.day, time(), UTC),
        "period_end": day.until,
        "worker_seconds": day.worker_s,
        "driver_seconds": day.driver_s,
        "cost": day.cost,
    }


def _clock(length: timedelta | None) -> str | None:
    if length is None:
        return None
    seconds = length.days * 86_400 + length.seconds
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _event(event: ClusterEvent) -> dict[str, object]:
    return {
        "cluster": event.cluster,
        "at": event.at,
        "kind": event.kind,
        "message": event.message,
        "user": event.user,
        "workers": event.workers,
    }
