"""Clusters, tiers and a store in memory for tests of what decides."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from catalog.clusters.model import Backend, Cluster, ClusterSpec, ClusterState, Desired, EngineKind, Observed, Tier
from catalog.clusters.store import change_event

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GIB = 1 << 30
TIER = Tier("default", clusters=5, workers=4, cores=8, memory=16 * GIB)
ID = UUID("3f2a91bc-0d4e-4aaa-8bbb-0123456789ab")
SPEC = ClusterSpec(
    engine=EngineKind.SPARK,
    backend=Backend.KUBERNETES,
    size="xsmall",
    min_workers=2,
    max_workers=2,
    driver_cores=0.5,
    driver_memory=GIB,
    worker_cores=0.25,
    worker_memory=768 << 20,
)


def cluster(
    *,
    state: ClusterState = ClusterState.SUSPENDED,
    desired: Desired = Desired.RUNNING,
    reason: str | None = None,
    workers: int = 0,
    spec: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Cluster:
    """A cluster `etl` of tenant `acme`, used just now."""
    made = Cluster(
        id=ID,
        tenant="acme",
        name="etl",
        owner="ann",
        spec=replace(SPEC, **(spec or {})),
        desired=desired,
        generation=7,
        restarts=0,
        workers_wanted=2,
        observed=Observed(state, reason, workers=workers),
        created_at=NOW - timedelta(hours=1),
        state_since=NOW,
        last_used=NOW,
        token="secret",
    )
    return replace(made, **fields)


class MemoryStore:
    """Rows as the metadata store keeps them, without a database. `now` is the clock of `state_since`."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Cluster] = {}
        self.events: list[tuple[str, str, int | None]] = []
        self.now = NOW
        self._lock = threading.Lock()

    def put(self, row: Cluster) -> Cluster:
        with self._lock:
            self.rows[row.id] = row
        return row

    def change(self, cluster_id: UUID, **fields: Any) -> Cluster:
        """As a statement would: the generation rises."""
        with self._lock:
            row = self.rows[cluster_id]
            self.rows[cluster_id] = replace(row, generation=row.generation + 1, **fields)
            return self.rows[cluster_id]

    def all(self) -> list[Cluster]:
        with self._lock:
            return list(self.rows.values())

    def observe(self, cluster: UUID, observed: Observed) -> None:
        with self._lock:
            row = self.rows.get(cluster)
            if row is None:
                return
            since = row.state_since if row.state is observed.state else self.now
            self.rows[cluster] = replace(row, observed=observed, state_since=since)
            told = change_event(row.observed, observed)
            if told is not None:
                self.events.append((*told, observed.workers))

    def add_usage(self) -> None: ...

    def suspend_idle(self, cluster: UUID, generation: int, idle_before: datetime) -> bool:
        with self._lock:
            row = self.rows.get(cluster)
            if row is None or row.generation != generation or row.last_used >= idle_before or row.running:
                return False
        self.change(cluster, desired=Desired.SUSPENDED)
        return True

    def terminate(self, cluster: UUID, generation: int, why: str) -> bool:
        with self._lock:
            row = self.rows.get(cluster)
            if row is None or row.generation != generation:
                return False
        self.change(cluster, desired=Desired.TERMINATED)
        return True

    def spent(self, cluster: UUID, generation: int, since: date, why: str, *, suspend: bool) -> bool:
        with self._lock:
            row = self.rows[cluster]
            known = row.budget_noted == since and not (suspend and row.desired is Desired.RUNNING)
            if row.generation != generation or known:
                return False
        self.change(cluster, budget_noted=since, desired=Desired.SUSPENDED if suspend else row.desired)
        return True

    def remove(self, cluster: UUID) -> None:
        with self._lock:
            if cluster in self.rows and self.rows[cluster].desired is Desired.TERMINATED:
                del self.rows[cluster]
