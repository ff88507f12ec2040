"""Clusters of all tenants in the metadata store: what the reconciler reads and writes. Statements use `tenant`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    cast,
    delete,
    extract,
    func,
    insert,
    null,
    or_,
    select,
    update,
)

from catalog.clusters import usage
from catalog.clusters.documents import spec_from
from catalog.clusters.model import Cluster, ClusterEvent, ClusterState, Desired, Observed
from catalog.clusters.places import Places, counted
from catalog.clusters.usage import Prices
from catalog.clusters.watch import CHANNEL, ClusterWatch
from catalog.store.database import Database
from catalog.store.tables import cluster_events, clusters, tenants

EVENTS_KEPT = 2_000
"""Of one cluster."""


class Clusters:
    """Usable from any thread. All raise SqlError (08006) if the store cannot be reached."""

    def __init__(self, database: Database, instance: int, prices: Prices = MappingProxyType({})) -> None:
        """`prices`: of workers, where budgets and bills are in money."""
        self.database, self.prices = database, prices
        self._instance = instance

    def watch(self) -> ClusterWatch:
        """Hears of changes and may lead; to be closed. Raises ConnectionFailure."""
        return ClusterWatch(self.database)

    def places(self) -> Places:
        """Of this gateway on all clusters; to be closed. Raises SqlError."""
        return Places(self.database, self._instance)

    def all(self) -> list[Cluster]:
        """Every cluster there is something of, dropped ones whose parts are still being removed included."""
        with self.database.begin() as connection:
            return self.read(connection)

    def read(self, connection: Connection, *conditions: ColumnElement[bool]) -> list[Cluster]:
        """The clusters for which the conditions hold, by tenant and name."""
        found = [_cluster(row) for row in connection.execute(_rows().where(*conditions))]
        budgeted = {one.id: one.spec.size in self.prices for one in found if one.spec.budget is not None}
        spent = usage.spending(connection, budgeted, self.prices)
        return [replace(one, spending=spent[one.id]) if one.id in spent else one for one in found]

    def observe(self, cluster: UUID, observed: Observed) -> None:
        """Note what has been seen, with the event that tells of it and what was used until now, all or nothing.

        `state_since` moves with the state. What changes is decided by the row, not by what the caller knew: seen twice,
        by whomever, it is noted once.
        """
        values: dict[str, Any] = {
            "state": observed.state.value,
            "reason": observed.reason,
            "observed_generation": observed.generation,
            "workers": observed.workers,
            "endpoint": observed.endpoint,
            "ui": observed.ui,
        }
        with self.database.begin() as connection:
            at = usage.add(connection, [cluster], self.prices)
            row = connection.execute(_rows().where(clusters.c.id == cluster)).one_or_none()
            if row is None:
                return
            before = _cluster(row).observed
            if before.state is not observed.state:
                values["state_since"] = at
            connection.execute(update(clusters).where(clusters.c.id == cluster).values(values))
            told = change_event(before, observed)
            if told is not None:
                note(connection, cluster, *told, workers=observed.workers, at=at)
            notify(connection)

    def add_usage(self) -> None:
        """Add what running clusters have used, where that has not been done for a while."""
        with self.database.begin() as connection:
            due = usage.due(connection)
            if due:
                usage.add(connection, due, self.prices)

    def suspend_idle(self, cluster: UUID, generation: int, idle_before: datetime) -> bool:
        """Want it SUSPENDED, unless it has been used since `idle_before`, is in use, or has been changed meanwhile.

        With the event that tells of it; so do the next two.
        """
        unused = (clusters.c.last_used < idle_before, counted(running=True) + counted(running=False) == 0)
        told = ("suspend", "not used for as long as auto_suspend says")
        return self._want(cluster, generation, told, {"desired": Desired.SUSPENDED.value}, *unused)

    def terminate(self, cluster: UUID, generation: int, why: str) -> bool:
        """Want it TERMINATED, unless it has been changed meanwhile."""
        return self._want(cluster, generation, ("terminate", why), {"desired": Desired.TERMINATED.value})

    def spent(self, cluster: UUID, generation: int, since: date, why: str, *, suspend: bool) -> bool:
        """Note that the budget of the period from `since` on is used up, and want it SUSPENDED if `suspend`.

        False if that is known already, or it has been changed meanwhile.
        """
        news = or_(clusters.c.budget_noted.is_(None), clusters.c.budget_noted < since)
        values: dict[str, Any] = {"budget_noted": since}
        if suspend:
            news = or_(news, clusters.c.desired == Desired.RUNNING.value)
            values["desired"] = Desired.SUSPENDED.value
        return self._want(cluster, generation, ("budget", why), values, news)

    def remove(self, cluster: UUID) -> None:
        """Nothing is left of it: the row goes, if it is wanted TERMINATED."""
        gone = delete(clusters).where(clusters.c.id == cluster, clusters.c.desired == Desired.TERMINATED.value)
        with self.database.begin() as connection:
            connection.execute(gone)
            notify(connection)

    def aborts(self) -> dict[UUID, float | None]:
        """How many seconds ago the queries on a cluster were to be aborted; None: never. Dropped clusters are missing.

        Not a moment: the clocks of gateways differ.
        """
        age = extract("epoch", func.clock_timestamp() - clusters.c.abort_before)
        alive = clusters.c.desired != Desired.TERMINATED.value
        with self.database.begin() as connection:
            found = connection.execute(select(clusters.c.id, age.label("age")).where(alive))
            return {row.id: None if row.age is None else float(row.age) for row in found}

    def _want(
        self,
        cluster: UUID,
        generation: int,
        told: tuple[str, str],
        values: Mapping[str, Any],
        *conditions: ColumnElement[bool],
    ) -> bool:
        change = (
            update(clusters)
            .where(clusters.c.id == cluster, clusters.c.generation == generation, *conditions)
            .values(**values, generation=clusters.c.generation + 1)
        )
        with self.database.begin() as connection:
            changed = connection.execute(change).rowcount == 1
            if changed:
                note(connection, cluster, *told)
                notify(connection)
            return changed


def notify(connection: Connection) -> None:
    """Tell all gateways, at the end of the transaction, that a cluster has changed."""
    connection.execute(select(func.pg_notify(CHANNEL, "")))


def note(
    connection: Connection,
    cluster: UUID,
    kind: str,
    message: str,
    *,
    user: str | None = None,
    workers: int | None = None,
    at: datetime | None = None,
) -> None:
    """Add an event; the oldest of a cluster with very many go. `at` None: now."""
    row = select(
        clusters.c.tenant_id,
        clusters.c.id,
        clusters.c.name,
        *(cast(value, cluster_events.c.kind.type) for value in (kind, message)),
        cast(user, cluster_events.c.user.type) if user is not None else null(),
        _number(workers) if workers is not None else null(),
        cast(at, cluster_events.c.at.type) if at is not None else func.clock_timestamp(),
    ).where(clusters.c.id == cluster)
    names = ["tenant_id", "cluster_id", "cluster", "kind", "message", "user", "workers", "at"]
    connection.execute(insert(cluster_events).from_select(names, row))
    newest = (
        select(cluster_events.c.id)
        .where(cluster_events.c.cluster_id == cluster)
        .order_by(cluster_events.c.id.desc())
        .offset(EVENTS_KEPT)
        .limit(1)
    )
    old = delete(cluster_events).where(
        cluster_events.c.cluster_id == cluster, cluster_events.c.id <= newest.scalar_subquery()
    )
    connection.execute(old)


def change_event(before: Observed, after: Observed) -> tuple[str, str] | None:
    """(kind, message) of the event for a change: of the state, of the reason for failure, of the number of workers."""
    failed = after.state is ClusterState.FAILED and after.reason != before.reason
    if after.state is not before.state or failed:
        return after.state.value.lower(), after.reason or after.state.value.lower()
    if after.workers != before.workers:
        return "workers", f"{after.workers} workers"
    return None


def events(connection: Connection, tenant: UUID, cluster: str | None, limit: int) -> list[ClusterEvent]:
    """Newest first."""
    columns = cluster_events.c
    wanted = select(columns.cluster, columns.at, columns.kind, columns.message, columns.user, columns.workers)
    wanted = wanted.where(columns.tenant_id == tenant).order_by(columns.id.desc()).limit(limit)
    if cluster is not None:
        wanted = wanted.where(columns.cluster == cluster)
    return [ClusterEvent(*row) for row in connection.execute(wanted)]


def _rows() -> Select[Any]:
    counts = (counted(running=True).label("running"), counted(running=False).label("queued"))
    joined = clusters.join(tenants, tenants.c.id == clusters.c.tenant_id)
    found = select(clusters, tenants.c.name.label("tenant"), *counts).select_from(joined)
    return found.order_by(tenants.c.name, clusters.c.name, clusters.c.id)


def _number(value: int) -> ColumnElement[int]:
    return cast(value, cluster_events.c.workers.type)


def _cluster(row: Row[Any]) -> Cluster:
    observed = Observed(ClusterState(row.state), row.reason, row.observed_generation, row.workers, row.endpoint, row.ui)
    made = Cluster(
        id=row.id,
        tenant=row.tenant,
        name=row.name,
        owner=row.owner,
        spec=spec_from(row.spec),
        desired=Desired(row.desired),
        generation=row.generation,
        restarts=row.restarts,
        workers_wanted=row.workers_wanted,
        observed=observed,
        created_at=row.created_at,
        state_since=row.state_since,
        last_used=row.last_used,
        token=row.token,
        comment=row.comment,
        acl=tuple((role, right) for role, right in row.acl),
        started_by=row.started_by,
        budget_noted=row.budget_noted,
    )
    return replace(made, running=int(row.running), queued=int(row.queued))
