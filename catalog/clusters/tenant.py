"""One tenant's clusters, as its statements and sessions see and change them. Only what is wanted is written here."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, func, insert, select, update

from catalog.clusters import usage
from catalog.clusters.documents import spec_document
from catalog.clusters.model import (
    Backend,
    Cluster,
    ClusterEvent,
    ClusterSpec,
    ClusterState,
    Desired,
    Size,
    Tier,
    UsageDay,
)
from catalog.clusters.store import Clusters, events, note, notify
from catalog.errors import DuplicateObject, UndefinedObject
from catalog.store.tables import clusters, tenants

STALE_S = 0.2
"""A list older than this is read anew."""
EVENTS_MAX = 10_000
"""Rows of kadali.cluster_events at once."""
USAGE_MAX = 10_000
"""Rows of kadali.cluster_usage at once."""
Check = Callable[[Sequence[Cluster]], None]
"""Raises what forbids a change, given the tenant's other clusters; called while nobody else can change them."""


class TenantClusters:
    """Usable from any thread. Every method may raise SqlError 08006; those that take a name 42704."""

    def __init__(
        self,
        store: Clusters,
        tenant: UUID,
        name: str,
        tier: Callable[[], Tier],
        sizes: Mapping[str, Size],
        backend: Backend | None = None,
        external: Set[str] = frozenset(),
        web: str = "",
        images: Sequence[str] = (),
    ) -> None:
        """`backend`: where drivers of new clusters run; None: this server runs none, it knows endpoints of others.

        `external`: the endpoints of others (`host:port`) that a cluster may have as its url; "any" is all of them.
        `images`: those of pods that a cluster may name, with * for any text.
        `web`: the URL of the server's HTTP port, without a path; empty: unknown.
        """
        self.sizes, self.backend, self.external, self.web = sizes, backend, external, web
        self.images = tuple(images)
        self._store, self._tenant, self._name, self._tier = store, tenant, name, tier
        self._lock = threading.Lock()
        self._known: tuple[Cluster, ...] = ()
        self._read = -STALE_S

    @property
    def tier(self) -> Tier:
        """What the tenant may have."""
        return self._tier()

    def list(self, *, fresh: bool = False) -> tuple[Cluster, ...]:
        """By name, without dropped ones; as of `STALE_S` ago at most, as of now if `fresh`."""
        now = time.monotonic()
        with self._lock:
            if not fresh and now - self._read < STALE_S:
                return self._known
        with self._store.database.begin() as connection:
            found = tuple(self._mine(connection))
        with self._lock:
            self._known, self._read = found, now
        return found

    def get(self, name: str, *, fresh: bool = False) -> Cluster:
        """Raises UndefinedObject (42704)."""
        found = next((one for one in self.list(fresh=fresh) if one.name == name), None)
        if found is None and not fresh:
            return self.get(name, fresh=True)  # it may have been made a moment ago
        return found if found is not None else self._missing(name)

    def create(
        self, name: str, spec: ClusterSpec, owner: str, *, token: str | None = None, check: Check = lambda _: None
    ) -> Cluster:
        """Raises DuplicateObject (42710), and what `check` raises. `token`: of an endpoint that is not ours."""
        with self._change() as connection:
            others = self._mine(connection)
            if any(one.name == name for one in others):
                raise DuplicateObject(f'cluster "{name}" already exists')
            check(others)
            made = uuid4()
            desired = Desired.SUSPENDED if spec.initially_suspended else Desired.RUNNING
            row: dict[str, Any] = {
                "id": made,
                "tenant_id": self._tenant,
                "name": name,
                "owner": owner,
                "spec": spec_document(spec),
                "desired": desired.value,
                "generation": 1,
                "restarts": 0,
                "workers_wanted": spec.min_workers,
                "state": ClusterState.SUSPENDED.value,
                "observed_generation": 0,
                "workers": 0,
                "token": token if token is not None else secrets.token_urlsafe(32),
                "started_by": None if spec.initially_suspended else owner,
            }
            connection.execute(insert(clusters).values(row))
            note(connection, made, "create", "created", user=owner)
            return self._one(connection, name)

    def alter(
        self,
        name: str,
        by: str,
        change: Callable[[Cluster], ClusterSpec],
        *,
        token: str | None = None,
        check: Check = lambda _: None,
    ) -> Cluster:
        """Give it another specification; `check` is given the others. What SCALE TO asked for is kept within bounds."""
        with self._change() as connection:
            before = self._one(connection, name)
            spec = change(before)
            check(self._others(connection, before))
            if (spec.min_workers, spec.max_workers) == (before.spec.min_workers, before.spec.max_workers):
                workers = before.workers_wanted
            else:
                workers = spec.min_workers
            values: dict[str, Any] = {"spec": spec_document(spec), "workers_wanted": workers}
            if token is not None:
                values["token"] = token
            if (spec.budget, spec.budget_period) != (before.spec.budget, before.spec.budget_period):
                values["budget_noted"] = None
            if spec.size != before.spec.size:
                usage.add(connection, [before.id], self._store.prices)  # at the price it had
            return self._set(connection, before, values, "alter", "options changed", by)

    def want(self, name: str, desired: Desired, by: str, *, check: Check = lambda _: None) -> Cluster:
        """Have it run, be suspended, or be gone. What is so already stays untouched."""
        with self._change() as connection:
            before = self._one(connection, name)
            retry = desired is Desired.RUNNING and before.state is ClusterState.FAILED
            if before.desired is desired and not retry:
                return before
            check(self._others(connection, before))
            values: dict[str, Any] = {"desired": desired.value}
            if desired is Desired.RUNNING:
                values |= {"started_by": by, "last_used": func.now()}
            return self._set(connection, before, values, _VERBS[desired], _DONE[desired], by)

    def scale(self, name: str, workers: int, by: str, *, check: Check = lambda _: None) -> Cluster:
        """Another number of workers; bounds that do not contain it follow."""
        with self._change() as connection:
            before = self._one(connection, name)
            check(self._others(connection, before))
            spec = before.spec
            if not spec.autoscales or not spec.min_workers <= workers <= spec.max_workers:
                named = spec.named - {"min_workers", "max_workers"} | {"workers"}
                spec = replace(spec, min_workers=workers, max_workers=workers, named=named)
            values = {"workers_wanted": workers, "spec": spec_document(spec)}
            return self._set(connection, before, values, "scale", f"scale to {workers}", by)

    def restart(self, name: str, by: str) -> Cluster:
        """Replace its driver."""
        with self._change() as connection:
            before = self._one(connection, name)
            return self._set(connection, before, {"restarts": before.restarts + 1}, "restart", "restart", by)

    def abort_queries(self, name: str, by: str) -> Cluster:
        """Have all gateways cancel the queries that run on it or wait for it now."""
        with self._change() as connection:
            before = self._one(connection, name)
            return self._set(connection, before, {"abort_before": func.now()}, "abort", "queries aborted", by)

    def rename(self, name: str, new: str, by: str) -> Cluster:
        """Raises DuplicateObject (42710)."""
        with self._change() as connection:
            before = self._one(connection, name)
            if any(one.name == new for one in self._mine(connection)):
                raise DuplicateObject(f'cluster "{new}" already exists')
            return self._set(connection, before, {"name": new}, "rename", f"renamed from {name} to {new}", by)

    def swap(self, name: str, other: str, by: str) -> None:
        """The two exchange their names: sessions and settings that name one reach the other from then on."""
        with self._change() as connection:
            first, second = self._one(connection, name), self._one(connection, other)
            if first.id == second.id:
                return
            for cluster, new in ((first, f"swap {first.id} {name}"), (second, name), (first, other)):
                connection.execute(update(clusters).where(clusters.c.id == cluster.id).values(name=new))
            for cluster, new in ((first, other), (second, name)):
                note(connection, cluster.id, "swap", f"renamed from {cluster.name} to {new}", user=by)

    def give(self, name: str, owner: str, by: str) -> None:
        """To another owner."""
        with self._change() as connection:
            self._set(connection, self._one(connection, name), {"owner": owner}, "owner", f"owner {owner}", by)

    def comment(self, name: str, text: str | None) -> None:
        with self._change() as connection:
            before = self._one(connection, name)
            connection.execute(update(clusters).where(clusters.c.id == before.id).values(comment=text))

    def grant(self, name: str, rights: Sequence[str], role: str, *, revoke: bool = False) -> None:
        """Give or take USAGE, OPERATE, MONITOR; role "public" is everyone of the tenant."""
        with self._change() as connection:
            before = self._one(connection, name)
            named = {(role, right) for right in rights}
            acl = set(before.acl) - named if revoke else set(before.acl) | named
            listed = [list(pair) for pair in sorted(acl)]
            connection.execute(update(clusters).where(clusters.c.id == before.id).values(acl=listed))

    def used(self, id: UUID) -> None:  # noqa: A002 - the store's own word
        """Note that it is in use now. Wakes nobody."""
        with self._store.database.begin() as connection:
            connection.execute(update(clusters).where(clusters.c.id == id).values(last_used=func.now()))

    def events(self, name: str | None = None) -> Sequence[ClusterEvent]:
        """What happened to one or all, newest first."""
        with self._store.database.begin() as connection:
            return events(connection, self._tenant, name, EVENTS_MAX)

    def usage(self, since: date = date.min) -> Sequence[UsageDay]:
        """What all have used by day (UTC), up to now, newest first; dropped ones too."""
        with self._store.database.begin() as connection:
            return usage.days(connection, self._tenant, self._store.prices, since, USAGE_MAX)

    @contextmanager
    def _change(self) -> Iterator[Connection]:
        """A transaction in which nobody else changes the tenant's clusters; all gateways are told at its end."""
        with self._store.database.begin() as connection:
            connection.execute(select(tenants.c.id).where(tenants.c.id == self._tenant).with_for_update(key_share=True))
            yield connection
            notify(connection)
        with self._lock:
            self._read = -STALE_S

    def _mine(self, connection: Connection) -> Sequence[Cluster]:
        return self._store.read(
            connection, clusters.c.tenant_id == self._tenant, clusters.c.desired != Desired.TERMINATED.value
        )

    def _others(self, connection: Connection, cluster: Cluster) -> Sequence[Cluster]:
        return [one for one in self._mine(connection) if one.id != cluster.id]

    def _one(self, connection: Connection, name: str) -> Cluster:
        found = next((one for one in self._mine(connection) if one.name == name), None)
        return found if found is not None else self._missing(name)

    def _set(
        self, connection: Connection, before: Cluster, values: dict[str, Any], kind: str, message: str, by: str
    ) -> Cluster:
        values["generation"] = before.generation + 1
        connection.execute(update(clusters).where(clusters.c.id == before.id).values(values))
        note(connection, before.id, kind, message, user=by)
        found = self._store.read(connection, clusters.c.id == before.id)
        return found[0]

    def _missing(self, name: str) -> Cluster:
        raise UndefinedObject(f'cluster "{name}" does not exist', hint="SHOW CLUSTERS lists the clusters there are.")


_VERBS = {Desired.RUNNING: "resume", Desired.SUSPENDED: "suspend", Desired.TERMINATED: "drop"}
_DONE = {Desired.RUNNING: "wanted running", Desired.SUSPENDED: "wanted suspended", Desired.TERMINATED: "dropped"}
